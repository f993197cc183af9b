"""What is written is read as what it was: exports by our own readers, cards by another reader of cards."""

import io
from itertools import product

import pytest
import vobject  # type: ignore[import-untyped]
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config import phones
from people.readers import read
from people.rules.imports.cells import LONGEST_NAME, tidy
from people.values.imports import ClientRow, FileKind, ReadChoices, RowOutcome, RowWarning, outcome
from people.writers import as_csv, as_xlsx

HEADER = ("First Name", "Last Name", "Email", "Mobile Phone")
WRITERS = {FileKind.CSV: as_csv, FileKind.XLSX: as_xlsx}

# Names as they may stand in the database: one line, tidy; but for what is an error in a file.
letters = st.characters(
    exclude_categories=("Cc", "Cs"),
    exclude_characters="&\uff06\ufffd\ufffe\uffff\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
names = (
    st.text(letters, min_size=1, max_size=LONGEST_NAME).map(tidy).filter(lambda name: name and name[0] not in "=\uff1d")
)
numbers = st.one_of(
    st.none(),
    st.integers(0, 99).map("+121255501{:02d}".format),
    st.sampled_from(["+34612345678", "+442071838750", "+15555550142", "+390612345678"]),
)
clients = st.lists(st.tuples(names, names, numbers), min_size=1, max_size=3)


def rows_of(data: bytes, kind: FileKind, region: str = "US") -> list[ClientRow]:
    return list(read(io.BytesIO(data), kind, ReadChoices(region=region)))


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listed=clients, region=st.sampled_from(["US", "ES"]))
@example(listed=[("'Ann", "''=Canary", None), ("-Bea", "@Canary", "+34612345678")], region="US")
@example(listed=[("_x0041_", 'Can"ary', None), ("a\u200bb", "Canary, Jr.", None)], region="US")
@example(listed=[("+1", "Canar\u00fd", "+12125550142"), ("TRUE", "1e5", None)], region="ES")
def test_an_exported_list_is_read_as_the_same_clients(
    kind: FileKind, listed: list[tuple[str, str, str | None]], region: str
) -> None:
    lines = [
        (first, last, f"c{n}@example.com", phones.written(number, region) if number else "")
        for n, (first, last, number) in enumerate(listed)
    ]

    found = rows_of(WRITERS[kind](HEADER, lines), kind, region)

    assert [(row.first_name, row.last_name, row.phone) for row in found] == listed
    assert {outcome(row.said) for row in found} <= {RowOutcome.VALID, RowOutcome.WARNING}
    harmless = {RowWarning.CAPITALS, RowWarning.UNKNOWN_PHONE, RowWarning.SAME_PERSON}
    assert {one.note for row in found for one in row.said} <= harmless


def test_what_no_workbook_can_hold_is_left_out_of_it() -> None:
    (row,) = rows_of(as_xlsx(HEADER, [("Ann\uffff", "Can\ufffeary", "ann@example.com", "")]), FileKind.XLSX)

    assert (row.first_name, row.last_name) == ("Ann", "Canary")


# Cards, written and read by vobject

plain_names = (
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn"),
            exclude_characters="&\uff06\ufffd",
        ),
        min_size=1,
        max_size=60,
    )
    .map(tidy)
    .filter(lambda name: name and not name.startswith(("=", "\uff1d")))
)


@settings(max_examples=60, deadline=None)
@given(
    first=plain_names,
    last=plain_names,
    notes=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200),
)
@example(first="Ann;Bea", last="Canary, Jr.", notes="BEGIN:VCARD\nN:Other;Person\nEND:VCARD")
@example(first="A" * 60, last="C\\nary", notes="x" * 200)
def test_a_card_of_another_writer_is_read_as_it_was_meant(first: str, last: str, notes: str) -> None:
    card = vobject.vCard()
    card.add("n").value = vobject.vcard.Name(family=last, given=first)
    card.add("fn").value = f"{first} {last}"
    card.add("email").value = "ann@example.com"
    phone = card.add("tel")
    phone.value, phone.type_param = "212-555-0142", "CELL"
    card.add("note").value = notes

    (row,) = rows_of(card.serialize().encode(), FileKind.VCF)

    assert (row.first_name, row.last_name) == (first, last)
    assert (row.email, row.phone) == ("ann@example.com", "+12125550142")


@pytest.mark.parametrize(("folded", "grouped"), [*product((False, True), (False, True))])
def test_both_readers_read_the_same(folded: bool, grouped: bool) -> None:
    group = "item1." if grouped else ""
    fold = "\r\n " if folded else ""
    text = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Can" + fold + "ary;Ann\\, Bea;;;\r\nFN:Ann Canary\r\n"
        f"{group}EMAIL;TYPE=INTERNET:ann@{fold}example.com\r\n{group}TEL;TYPE=CELL:212-555-{fold}0142\r\nEND:VCARD\r\n"
    )

    other = vobject.readOne(text)
    (row,) = rows_of(text.encode(), FileKind.VCF)

    assert (other.n.value.given, other.n.value.family) == (row.first_name, row.last_name)
    assert (other.email.value, other.tel.value) == (row.email, "212-555-0142")
