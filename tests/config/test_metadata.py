"""What all tables have in common, over all of `metadata`."""

import importlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    DefaultClause,
    ForeignKeyConstraint,
    Interval,
    LargeBinary,
    String,
    Table,
    Time,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from bridge.values import Outcome
from config.database import EnumText, Instant, driver_url, metadata, sqlalchemy_url

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("portal", "bridge", "scheduling", "people", "status")

MODULES = [importlib.import_module(f"{floor}.models") for floor in FLOORS if [*(ROOT / floor).glob("models*")]]
MODELS: list[type[SQLModel]] = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, SQLModel) and hasattr(kind, "__table__")
    },
    key=lambda kind: kind.__name__,
)
TABLES: list[Table] = [*metadata.tables.values()]
COLUMNS: list[Column[Any]] = [column for table in TABLES for column in table.columns]
SOUND = re.compile(r"audio|recording|transcri|speech|sound|voice|blob|media")
PERSONAL = re.compile(r"name|phone|number|mail|note|text|body|address")
CLOCK_OR_CHANCE = re.compile(
    r"now\(|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|localtime|random|uuid|"
    r"current_(date|time|timestamp)\b",
    re.IGNORECASE,
)


def checks(table: Table) -> dict[str, str]:
    return {
        str(constraint.name): str(constraint.sqltext)
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


def lengths(columns: Iterable[Column[Any]]) -> dict[str, int | None]:
    """Return how long each text may be; an enum is as long as its longest member."""
    return {str(c): c.type.length for c in columns if isinstance(c.type, String | AutoString)}


def test_every_floors_tables_are_looked_at() -> None:
    assert len(MODULES) >= 4
    assert {kind.__table__.name for kind in MODELS} == set(metadata.tables)  # type: ignore[attr-defined]
    assert len(TABLES) >= 20


def test_every_foreign_key_waits_for_the_commit() -> None:
    keys = [one for table in TABLES for one in table.constraints if isinstance(one, ForeignKeyConstraint)]

    assert len(keys) > 15
    assert [str(one.name) for one in keys if (one.deferrable, one.initially) != (True, "DEFERRED")] == []


def test_every_name_is_given_and_fits() -> None:
    """PostgreSQL cuts what is longer than 63, and then two may be one."""
    names = [str(one.name) for table in TABLES for one in (table, *table.constraints, *table.indexes, *table.columns)]

    assert [name for name in names if name == "None" or len(name) > 63] == []


def parts(annotation: Any) -> Iterator[type]:
    """Yield the types of an annotation: both sides of `X | None`."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type):
            yield one


def columns_about(*wanted: type) -> list[Column[Any]]:
    """Return the columns of all fields that are annotated as one of these."""
    return [
        kind.__table__.columns[name]  # type: ignore[attr-defined]
        for kind in MODELS
        for name, field in kind.model_fields.items()
        if any(issubclass(part, wanted) for part in parts(field.annotation))
    ]


def test_every_instant_is_aware() -> None:
    about_time = columns_about(date, time, timedelta)

    assert len(about_time) > 40
    assert [str(column) for column in about_time if not isinstance(column.type, Instant)] == []
    assert [str(column) for column in COLUMNS if isinstance(column.type, DateTime | Date | Time | Interval)] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_enum_is_text_and_checked_against_its_own_members(model: type[SQLModel]) -> None:
    table: Table = model.__table__  # type: ignore[attr-defined]
    named = {
        name: kind
        for name, field in model.model_fields.items()
        for kind in parts(field.annotation)
        if issubclass(kind, Enum)
    }
    kept = {column.name: column.type.kind for column in table.columns if isinstance(column.type, EnumText)}

    assert named == kept
    for name, kind in kept.items():
        said = checks(table)[f"ck_{table.name}_{name}"]
        assert issubclass(kind, StrEnum)
        assert said.startswith(f"{name} IN (")
        assert re.findall(r"'([^']*)'", said) == [member.value for member in kind]


def test_no_column_has_a_type_of_the_databases_own() -> None:
    """An ENUM type of PostgreSQL cannot lose a member; text with a CHECK can."""
    assert [str(column) for column in COLUMNS if isinstance(column.type, SqlEnum)] == []


def test_r97_no_column_could_hold_what_was_said() -> None:
    """Pictures of providers are the only bytes that are kept."""
    kept = [str(column) for column in COLUMNS if isinstance(column.type, LargeBinary)]
    assert kept == ["photos.large", "photos.small"]
    assert [str(column) for column in COLUMNS if SOUND.search(column.name)] == []


@pytest.mark.parametrize("name", ["calls", "call_events", "line_signs", "reveals"])
def test_r97_what_is_kept_of_a_call_has_no_room_for_words(name: str) -> None:
    texts = lengths(metadata.tables[name].columns)

    assert texts
    assert {column: length for column, length in texts.items() if length is None or length > 64} == {}


def test_no_default_reads_a_clock_or_chance() -> None:
    for column in COLUMNS:
        assert (column.onupdate, column.server_onupdate) == (None, None), column
        if column.default is not None:
            assert column.default.is_scalar, column
        if isinstance(column.server_default, DefaultClause):
            assert not CLOCK_OR_CHANCE.search(str(column.server_default.arg)), column
    for model in MODELS:
        for name, field in model.model_fields.items():
            assert field.default_factory in {None, dict, list}, (model, name)


def test_r37_the_ledger_has_no_room_for_a_note() -> None:
    ledger = [column for kind in MODELS if kind.__module__ == "status.models" for column in columns_of(kind)]
    texts = lengths(ledger)

    assert len(ledger) > 40
    assert len(texts) >= 4
    assert {column: length for column, length in texts.items() if length is None or length > 200} == {}
    assert [str(column) for column in ledger if PERSONAL.search(column.name)] == []


def columns_of(kind: type[SQLModel]) -> list[Column[Any]]:
    return list(kind.__table__.columns)  # type: ignore[attr-defined]


def test_every_text_has_an_end() -> None:
    texts = lengths(COLUMNS)

    assert len(texts) > 30
    assert [column for column, length in texts.items() if not length] == []


def test_no_model_reaches_for_others_by_itself() -> None:
    assert [kind for kind in MODELS if kind.__mapper__.relationships] == []  # type: ignore[attr-defined]


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
