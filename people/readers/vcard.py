"""Cards of contacts, vCard 2.1, 3.0 and 4.0: the small part of them that a list of clients needs (5.2).

Lines are read one at a time, each card for itself, so a card that is broken spoils no other. Only the name, the
addresses and the numbers are looked at; photos and all else go by unread.
"""

import binascii
import quopri
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from people.readers import tables, text
from people.rules.imports import name_parts, read_row
from people.values.imports import ClientField, ClientRow, FileFacts, FileKind, ReadChoices, RowError, RowWarning, Said

MOST_CARDS = 100_000
_LONGEST = 1 << 16  # characters of a property; of a longer one the rest is not read
_MOST = 50  # properties of one name in a card

_READ = frozenset({"N", "FN", "EMAIL", "TEL", "KIND", "X-ABSHOWAS"})
_UNSAID = frozenset({"BEGIN", "END", "VERSION", "PRODID", "REV", "UID"})  # nobody misses these
_HEAD = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:[^:;\"]|\"[^\"]*\")*)*):")
_PARAMETER = re.compile(r";((?:[^:;\"]|\"[^\"]*\")*)")
_CHARSET = re.compile(r"utf-8|us-ascii|iso-8859-1?\d|windows-125\d|macintosh", re.IGNORECASE)
_PART = re.compile(r"(?:\\.|[^;])*", re.DOTALL)  # up to a semicolon that no backslash keeps
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
Parameters = tuple[tuple[str, str], ...]

_PREFERRED, _UNRANKED = 1, 101  # vCard 4.0 ranks from 1 to 100


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a card: its name, its parameters in small letters, its value as text."""

    name: str
    parameters: Parameters
    value: str

    def words(self, name: str) -> set[str]:
        """Return the values of a parameter; 2.1 leaves its name away."""
        return {word for key, value in self.parameters if key in {name, ""} for word in value.split(",")}

    @property
    def rank(self) -> int:
        """Return how much it is preferred: the less, the more."""
        if "pref" in self.words("type"):
            return _PREFERRED
        ranks = [int(word) for key, word in self.parameters if key == "pref" and word.isdecimal() and len(word) < 4]
        return min(ranks, default=_UNRANKED)


@dataclass(slots=True)
class Card:
    """What is kept of a card while it is read."""

    number: int
    kept: list[Property] = field(default_factory=list)
    in_agent: int = 0  # how many cards deep in the card of somebody's agent
    agent_comes: bool = False

    def all(self, name: str) -> list[Property]:
        """Return the properties of a name that have a value."""
        return [one for one in self.kept if one.name == name and one.value.strip()]


@dataclass(slots=True)
class Told:
    """What is known of a file while its cards are read: words that show its encoding, and what nobody reads."""

    encoding: str
    samples: text.Samples
    dropped: dict[str, None] = field(default_factory=dict)


def read(file: BinaryIO, choices: ReadChoices) -> Generator[ClientRow, None, FileFacts]:
    """Yield a row for each card; at the end, return what the file is."""
    encoding = text.encoding_of(file, choices.encoding)
    told, counts = Told(encoding, text.Samples(encoding)), tables.Counts(MOST_CARDS)
    for card, whole in _cards(file, told):
        counts.is_blank([card])
        yield _row(card, choices.region, whole=whole)
    counts.ensure_some()
    return FileFacts(
        kind=FileKind.VCF,
        columns={},
        dropped=tuple(told.dropped),
        rows=counts.rows,
        blank=0,
        encoding=encoding.removesuffix("-sig"),
        guessed=choices.encoding is None and bool(told.samples.found),
        samples=tuple(told.samples.found),
    )


# A card as a client


def _row(card: Card, region: str, *, whole: bool) -> ClientRow:
    cells, said = _names(card)
    said = [Said(RowError.INCOMPLETE_CARD)] * (not whole) + said
    if not _is_person(card):
        said.insert(0, Said(RowError.NOT_A_PERSON))
    for name, about, several in (
        ("EMAIL", ClientField.EMAIL, RowWarning.SEVERAL_EMAILS),
        ("TEL", ClientField.PHONE, RowWarning.SEVERAL_PHONES),
    ):
        found = card.all(name)
        if len({one.value.strip() for one in found}) > 1:
            said.append(Said(several, about))
        if found:
            cells[about] = _chosen(found)
    return read_row(card.number, cells, region, tuple(said))


def _is_person(card: Card) -> bool:
    kind = [one.value.strip().lower() for one in card.all("KIND")]
    as_company = any(one.value.strip().upper() == "COMPANY" for one in card.all("X-ABSHOWAS"))
    return not as_company and (not kind or kind[0] == "individual")


def _names(card: Card) -> tuple[dict[ClientField, str], list[Said]]:
    """Return the two names; from the formatted one where the structured one has not both."""
    structured = card.all("N")
    last, first = _structured(structured[0].value) if structured else ("", "")
    if first and last:
        return {ClientField.FIRST_NAME: first, ClientField.LAST_NAME: last}, []
    formatted = [_unescaped(one.value) for one in card.all("FN")]
    if formatted and all(name_parts(formatted[0])):
        return {ClientField.FULL_NAME: formatted[0]}, []
    return {ClientField.FIRST_NAME: first, ClientField.LAST_NAME: last}, []


def _structured(value: str) -> tuple[str, str]:
    """Return family name and given name of `Family;Given;…`, in which a backslash keeps a semicolon together."""
    family = _part(value, 0)
    given = _part(value, len(family) + 1)
    return _unescaped(family).strip(), _unescaped(given).strip()


def _part(value: str, at: int) -> str:
    found = _PART.match(value, at)
    return found[0] if found else ""


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)


def _chosen(found: list[Property]) -> str:
    """Return the value to take: of a mobile, if there is one; then the preferred one; then the first."""
    mobile = [one for one in found if "cell" in one.words("type")]
    best = min(mobile or found, key=lambda one: one.rank)
    value = _unescaped(best.value).strip()
    return value[7:] if value.lower().startswith("mailto:") else value


# Lines


def _cards(file: BinaryIO, told: Told) -> Iterator[tuple[Card, bool]]:
    """Yield each card and whether it came to its end; cards inside of cards, as AGENT has them, go by."""
    card: Card | None = None
    number = 0
    for name, parameters, raw in _properties(file, told.encoding):
        begins, ends = ((name, raw.strip().upper()) == (word, "VCARD") for word in ("BEGIN", "END"))
        if begins and card and (card.in_agent or card.agent_comes):
            card.in_agent += 1
        elif begins:
            if card:
                yield card, False
            number += 1
            card = Card(number)
        elif card and card.in_agent:
            card.in_agent -= ends
        elif card and ends:
            yield card, True
            card = None
        elif card:
            _keep(card, name, parameters, raw, told)
        if card:
            card.agent_comes = name == "AGENT" and not raw.strip()
    if card:
        yield card, False


def _keep(card: Card, name: str, parameters: Parameters, raw: str, told: Told) -> None:
    if name in _READ:
        if len(card.all(name)) < _MOST:
            kept = Property(name, parameters, _value(raw, parameters, told.encoding))
            card.kept.append(kept)
            if not kept.words("charset"):
                told.samples.look(kept.value)
    elif name not in _UNSAID and len(told.dropped) < _MOST:
        told.dropped[name] = None


def _value(raw: str, parameters: Parameters, encoding: str) -> str:
    """Return a value as text: out of quoted-printable or base64, in the charset that it names, else in the file's."""
    data = raw.encode("utf-8" if encoding == "utf-16" else "latin-1")
    said = {word for key, value in parameters if key in {"encoding", ""} for word in value.split(",")}
    if "quoted-printable" in said:
        data = quopri.decodestring(data)
    elif said & {"b", "base64"}:
        try:
            data = binascii.a2b_base64(data)
        except binascii.Error:
            return ""
    named = next((value for key, value in parameters if key == "charset" and _CHARSET.fullmatch(value)), None)
    try:
        return data.decode(named or ("utf-8" if encoding == "utf-16" else encoding), errors="replace")
    except LookupError:  # one of a family that has no such number
        return data.decode("utf-8", errors="replace")


def _properties(file: BinaryIO, encoding: str) -> Iterator[tuple[str, Parameters, str]]:
    """Yield each property of a file with its lines put together, its value as it stands there.

    Bytes go through as letters of latin-1, so that each value can be decoded by the charset that it names.
    """
    with text.opened(file, encoding if encoding == "utf-16" else "latin-1", newline=None) as lines:
        for line in _unfolded(_cut(lines)):
            head = _HEAD.match(line.removeprefix("\xef\xbb\xbf"))
            if head:
                parameters = tuple(_parameter(found[1]) for found in _PARAMETER.finditer(head[2]))
                yield head[1].upper(), parameters, line.removeprefix("\xef\xbb\xbf")[head.end() :]


def _parameter(text: str) -> tuple[str, str]:
    """Return name and value of a parameter; where 2.1 leaves the name away it is empty."""
    key, equals, value = text.lower().partition("=")
    return (key.strip(), value.strip().strip('"')) if equals else ("", key.strip())


def _cut(lines: TextIO) -> Iterator[str]:
    """Yield lines without their ends; of one that is longer than anything that is read, the beginning."""
    while line := lines.readline(_LONGEST):
        rest = line
        while len(rest) == _LONGEST and not rest.endswith("\n"):
            rest = lines.readline(_LONGEST)
        yield line.rstrip("\n")


def _unfolded(lines: Iterator[str]) -> Iterator[str]:
    """Put folded lines together: by a blank at the next one's beginning, or by `=` at the end of quoted-printable."""
    whole: list[str] = []
    length = 0
    soft = quoted = False
    for line in lines:
        if whole and (soft or line.startswith((" ", "\t"))):
            part = line if soft else line[1:]
        else:
            if whole:
                yield "".join(whole)
            whole, length, part = [], 0, line
            quoted = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
        soft = quoted and part.endswith("=")
        if length < _LONGEST:
            whole.append(part[:-1] if soft else part)
            length += len(part)
    if whole:
        yield "".join(whole)
