"""What all tables have in common, over all of `metadata`."""

import importlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import CheckConstraint, Column, DefaultClause, ForeignKeyConstraint, LargeBinary, String, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlmodel import SQLModel

from bridge.values import Outcome
from config.database import EnumText, Instant, driver_url, metadata, sqlalchemy_url

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("portal", "bridge", "scheduling", "people", "status")
LONGEST_NAME = 63  # PostgreSQL cuts what is longer

MODULES = [importlib.import_module(f"{floor}.models") for floor in FLOORS if (ROOT / floor / "models.py").exists()]
MODELS: list[type[SQLModel]] = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, SQLModel) and hasattr(kind, "__table__")
    },
    key=lambda kind: kind.__name__,
)
TABLES: list[Table] = metadata.sorted_tables
COLUMNS: list[Column[Any]] = [column for table in TABLES for column in table.columns]
CLOCK_OR_CHANCE = re.compile(
    r"now\(|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|localtime|random|uuid|"
    r"current_(date|time|timestamp)\b",
    re.IGNORECASE,
)


def every(what: str) -> Any:
    """Return a parametrization over all columns or tables, each by its name."""
    things: list[Any] = {"column": COLUMNS, "table": TABLES, "model": MODELS}[what]
    return pytest.mark.parametrize(what, things, ids=[getattr(one, "__name__", str(one)) for one in things])


def test_every_floors_tables_are_looked_at() -> None:
    assert len(MODULES) >= 4
    assert {kind.__table__.name for kind in MODELS} == set(metadata.tables)  # type: ignore[attr-defined]
    assert len(TABLES) >= 20


@every("table")
def test_every_foreign_key_waits_for_the_commit(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.deferrable is True
            assert constraint.initially == "DEFERRED"


@every("table")
def test_every_name_fits(table: Table) -> None:
    names = [str(one.name) for one in (*table.constraints, *table.indexes, *table.columns)]

    assert "None" not in names
    assert max(map(len, [table.name, *names])) <= LONGEST_NAME


@every("column")
def test_every_instant_is_aware(column: Column[Any]) -> None:
    if issubclass(column.type.python_type, date):
        assert isinstance(column.type, Instant)


def kinds(annotation: Any) -> Iterator[type[Enum]]:
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, Enum):
            yield one


@every("model")
def test_every_enum_is_text_and_checked_against_its_own_members(model: type[SQLModel]) -> None:
    table: Table = model.__table__  # type: ignore[attr-defined]
    checked = {
        str(constraint.name): str(constraint.sqltext)
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    named = {name: kind for name, field in model.model_fields.items() for kind in kinds(field.annotation)}
    kept = {column.name: column.type.kind for column in table.columns if isinstance(column.type, EnumText)}

    assert named == kept
    for name, kind in kept.items():
        assert issubclass(kind, StrEnum)
        said = checked[f"ck_{table.name}_{name}"]
        assert said.startswith(f"{name} IN (")
        assert re.findall(r"'([^']*)'", said) == [member.value for member in kind]


@every("column")
def test_no_column_has_a_type_of_the_databases_own(column: Column[Any]) -> None:
    """An ENUM type of PostgreSQL cannot lose a member; text with a CHECK can."""
    assert type(column.type).__name__ not in {"Enum", "SAEnum", "ENUM"}


@every("column")
def test_r97_no_column_could_hold_what_was_said(column: Column[Any]) -> None:
    assert not isinstance(column.type, LargeBinary)
    assert not re.search(r"audio|recording|transcri|speech|sound|voice|blob|media", column.name)


@pytest.mark.parametrize("name", ["calls", "call_events", "line_signs", "reveals"])
def test_r97_what_is_kept_of_a_call_has_no_room_for_words(name: str) -> None:
    for column in metadata.tables[name].columns:
        if isinstance(column.type, String):
            assert column.type.length is not None
            assert column.type.length <= 64


@every("column")
def test_no_default_reads_a_clock_or_chance(column: Column[Any]) -> None:
    assert column.onupdate is None
    assert column.server_onupdate is None
    if column.default is not None:
        assert column.default.is_scalar or column.default.arg in {dict, list}  # type: ignore[attr-defined]
    if isinstance(column.server_default, DefaultClause):
        assert not CLOCK_OR_CHANCE.search(str(column.server_default.arg))


@every("model")
def test_no_model_makes_an_instant_or_an_id_of_its_own(model: type[SQLModel]) -> None:
    for field in model.model_fields.values():
        assert field.default_factory in {None, dict, list}


@pytest.mark.parametrize(
    "column",
    [column for column in COLUMNS if column.table.name in {"consultations", "tasks", "notices", "events"}],
    ids=str,
)
def test_r37_the_ledger_has_no_room_for_a_note(column: Column[Any]) -> None:
    if isinstance(column.type, String):
        assert column.type.length is not None
        assert column.type.length <= 200
    assert not re.search(r"name|phone|number|mail|note|text|body|address", column.name)


@every("column")
def test_every_text_has_an_end(column: Column[Any]) -> None:
    if isinstance(column.type, String):
        assert column.type.length


@every("model")
def test_no_model_reaches_for_others_by_itself(model: type[SQLModel]) -> None:
    assert not model.__mapper__.relationships  # type: ignore[attr-defined]


# The column types


POSTGRES = dialect()  # type: ignore[no-untyped-call]


def test_an_instant_goes_in_aware_and_comes_out_in_utc() -> None:
    there = datetime(2026, 11, 24, 14, 59, tzinfo=timezone(timedelta(hours=-5)))

    assert Instant().process_bind_param(there, POSTGRES) == there
    assert Instant().process_bind_param(None, POSTGRES) is None
    found = Instant().process_result_value(there, POSTGRES)
    assert found == there
    assert found is not None
    assert found.tzinfo is UTC
    with pytest.raises(ValueError, match="needs a zone"):
        Instant().process_bind_param(datetime(2026, 11, 24), POSTGRES)  # noqa: DTZ001 - that is the point


def test_an_enum_goes_in_by_value_and_comes_out_as_itself() -> None:
    kept = EnumText(Outcome)

    assert kept.process_bind_param(Outcome.NO_ANSWER, POSTGRES) == "no_answer"
    assert type(kept.process_bind_param(Outcome.NO_ANSWER, POSTGRES)) is str
    assert kept.process_result_value("no_answer", POSTGRES) is Outcome.NO_ANSWER
    assert kept.process_bind_param(None, POSTGRES) is None
    assert kept.process_result_value(None, POSTGRES) is None
    with pytest.raises(ValueError, match="answered_by_a_cat"):
        kept.process_result_value("answered_by_a_cat", POSTGRES)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@h:5432/d",
        "postgresql://u:p@h:5432/d",
        "postgresql+asyncpg://u:p@h:5432/d",
    ],
)
def test_an_address_is_taken_in_every_customary_spelling(url: str) -> None:
    assert sqlalchemy_url(url) == "postgresql+asyncpg://u:p@h:5432/d"
    assert driver_url(sqlalchemy_url(url)) == "postgresql://u:p@h:5432/d"
