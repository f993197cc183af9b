"""What cells and headers mean, and a row beside a provider's list: tables, and what always holds."""

import unicodedata
from itertools import product

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from config import phones, times
from people.presets import PLAIN, PRESETS
from people.rules.imports import find_header, guard, header_key, meet, name_parts, plan, read_row, unguard
from people.rules.imports.cells import tidy
from people.values import RelationshipEvent, RelationshipState
from people.values.imports import (
    ClientField,
    FileKind,
    InList,
    RowDuplicate,
    RowError,
    RowFate,
    RowOutcome,
    RowToDo,
    RowWarning,
    Said,
    outcome,
)

# Formulas


@given(st.text())
@example("")
@example("'")
@example("''=")
@example("'t Canary")
@example("\uff1dcmd")
def test_a_guarded_cell_is_read_as_what_it_was(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.sampled_from("=+-@\t\r\0\uff1d\uff0b\uff0d\uff20"), st.text())
def test_no_guarded_cell_begins_as_a_formula_does(sign: str, rest: str) -> None:
    assert guard(sign + rest).startswith("'")


# Headers


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("First Name", "first name"),
        ("  FIRST_NAME  ", "first name"),
        ("first__ \t name", "first name"),
        ("\ufeffFirst\u00a0Name", "first name"),
        ("\uff26irst Name", "first name"),
        ("FirstName", "firstname"),
        ("Straße", "strasse"),
    ],
)
def test_names_of_columns_are_compared_like_this(name: str, key: str) -> None:
    assert header_key(name) == key


def test_the_first_whole_header_counts() -> None:
    rows = [(1, ["Email"]), (2, ["First Name", "Last Name", "Email"]), (4, ["Email", "Last Name", "First Name"])]

    found = find_header(rows, PRESETS[PLAIN].columns)

    assert found is not None
    assert (found.row, found.whole) == (2, True)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole(name: str) -> None:
    preset = PRESETS[name]
    apart = {ClientField.FIRST_NAME, ClientField.LAST_NAME}

    assert preset.label
    assert preset.kinds <= set(FileKind)
    assert preset.verified == (name == PLAIN), "none was held against a real export yet"
    assert preset.columns[ClientField.EMAIL]
    assert apart <= set(preset.columns)
    keys = [header_key(column) for names in preset.columns.values() for column in names]
    assert len(keys) == len(set(keys)), "a column is one field"


# Cells


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("Ann Canary", ("Ann", "Canary")),
        ("Ann Maria Canary", ("Ann Maria", "Canary")),
        ("Canary, Ann", ("Ann", "Canary")),
        ("de Canary, Ann Maria", ("Ann Maria", "de Canary")),
        ("Canary, Jr., Ann", ("Ann", "Canary, Jr.")),
        ("Canary", ("", "Canary")),
        ("Canary,", ("", "Canary")),
        ("", ("", "")),
    ],
)
def test_a_whole_name_is_split_at_its_last_comma_or_space(full: str, parts: tuple[str, str]) -> None:
    assert name_parts(full) == parts


@given(
    st.one_of(
        st.from_regex(r"[A-Za-z0-9_.+-]{1,70}@[A-Za-z0-9.-]{1,40}", fullmatch=True),
        st.emails(),
        st.text(max_size=40),
    )
)
@example("ann@example.test")
@example("ann.@example.com")
@example("ann..canary@example.com")
@example(f"{'a' * 65}@example.com")
@example("ann@EXAMPLE.COM")
@example("ann@b\u00fccher.example.com")
def test_an_address_is_one_where_the_library_says_so(text: str) -> None:
    row = read_row(1, {ClientField.FIRST_NAME: "A", ClientField.LAST_NAME: "C", ClientField.EMAIL: text}, "US")
    try:
        wanted = validate_email(tidy(text), check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        wanted = ""
    if not wanted.isascii():
        wanted = ""

    assert (outcome(row.said) is RowOutcome.VALID) == bool(wanted)
    if wanted:
        assert row.email == wanted


@given(st.text())
def test_what_is_tidy_stays_so(text: str) -> None:
    once = tidy(text)

    assert tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("number", "region", "shown"),
    [
        ("+12125550142", "US", "(212) 555-0142"),
        ("+12125550142", "ES", "+1 212-555-0142"),
        ("+34612345678", "ES", "612 34 56 78"),
        ("+34612345678", "US", "+34 612 34 56 78"),
        ("+15555550142", "US", "(555) 555-0142"),
    ],
)
def test_a_number_is_written_so_that_it_is_read_back(number: str, region: str, shown: str) -> None:
    assert phones.written(number, region) == shown
    read = phones.possible(shown, region)
    assert read is not None
    assert read.number == number


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/New_York", "US"),
        ("US/Eastern", "US"),
        ("America/Toronto", "CA"),
        ("Europe/Madrid", "ES"),
        ("UTC", None),
    ],
)
def test_a_zone_lies_in_a_country(zone: str, country: str | None) -> None:
    assert times.territory(zone) == country


# A row beside the provider's list


def in_list(state: RelationshipState, *, accepted: bool = True, verified: bool = False, phone: str | None) -> InList:
    return InList(state=state, accepted=accepted, verified=verified, first_name="Ann", last_name="Canary", phone=phone)


def row(*, first: str = "New", phone: str | None = "+12125550142", replace: bool, unarchive: bool) -> RowToDo:
    return RowToDo(2, RowOutcome.VALID, first, "Canary", "ann@example.com", phone, replace, unarchive)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (in_list(RelationshipState.ACTIVE, phone=None), Said(RowDuplicate.IN_YOUR_LIST, ClientField.PHONE)),
        (in_list(RelationshipState.ACTIVE, phone="+1"), Said(RowDuplicate.IN_YOUR_LIST)),
        (in_list(RelationshipState.PROSPECT, phone="+1"), Said(RowDuplicate.IN_YOUR_LIST)),
        (in_list(RelationshipState.ACTIVE, verified=True, phone=None), Said(RowDuplicate.CLIENT_MANAGES)),
        (in_list(RelationshipState.PROPOSED, accepted=False, phone="+1"), Said(RowDuplicate.IN_YOUR_LIST)),
        (in_list(RelationshipState.ARCHIVED, phone=None), Said(RowDuplicate.ARCHIVED)),
        (in_list(RelationshipState.ARCHIVED, verified=True, phone=None), Said(RowDuplicate.ARCHIVED)),
        (in_list(RelationshipState.BLOCKED, phone=None), Said(RowDuplicate.BLOCKED)),
    ],
)
def test_what_is_said_of_somebody_in_the_list(known: InList, said: Said) -> None:
    assert meet(known) == said


def test_whoever_is_not_in_the_list_is_added_and_an_account_is_not_told_of() -> None:
    new, elsewhere = (plan(row(replace=False, unarchive=False), account=one, known=None) for one in (False, True))

    assert (new.step.value, elsewhere.step.value) == ("create", "propose")
    assert new.fate == elsewhere.fate == RowFate.ADDED


@pytest.mark.parametrize(("state", "replace", "unarchive"), [*product(RelationshipState, (False, True), (False, True))])
def test_what_becomes_of_somebody_in_the_list(state: RelationshipState, replace: bool, unarchive: bool) -> None:
    accepted = state is not RelationshipState.PROPOSED
    for verified, phone in product((False, True), (None, "+12125550199")):
        found = plan(
            row(replace=replace, unarchive=unarchive),
            account=True,
            known=in_list(state, accepted=accepted, verified=verified and accepted, phone=phone),
        )
        stays_out = state is RelationshipState.ARCHIVED and not unarchive
        if state is RelationshipState.BLOCKED or stays_out:
            assert (found.fate, found.event) == (RowFate.SKIPPED, None)
            continue
        theirs = verified and accepted
        wanted = (
            "New" if replace and not theirs else "Ann",
            phone if theirs else "+12125550142" if replace or phone is None else phone,
        )
        if found.step.value == "change":
            assert (found.first_name, found.phone) == wanted
        else:
            assert wanted == ("Ann", phone), "what would not change is left alone"
        assert found.event == {
            RelationshipState.ARCHIVED: RelationshipEvent.UNARCHIVED,
            RelationshipState.PROSPECT: RelationshipEvent.BECOMES_ACTIVE,
        }.get(state)


def test_a_row_without_a_number_takes_none_away() -> None:
    found = plan(
        row(phone=None, replace=True, unarchive=False),
        account=True,
        known=in_list(RelationshipState.ACTIVE, phone="+12125550199"),
    )

    assert (found.first_name, found.phone) == ("New", "+12125550199")


@pytest.mark.parametrize(
    ("said", "comes_to"),
    [
        ((), RowOutcome.VALID),
        ((Said(RowWarning.CAPITALS),), RowOutcome.WARNING),
        ((Said(RowWarning.CAPITALS), Said(RowDuplicate.ARCHIVED)), RowOutcome.DUPLICATE),
        ((Said(RowDuplicate.ARCHIVED), Said(RowError.NO_EMAIL), Said(RowWarning.CAPITALS)), RowOutcome.ERROR),
    ],
)
def test_a_row_comes_to_the_gravest_that_is_said_of_it(said: tuple[Said, ...], comes_to: RowOutcome) -> None:
    assert outcome(said) is comes_to
