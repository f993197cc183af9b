"""The fields of the API: what may stand in them, said once for the check and for the description.

Each type checks exactly what its JSON Schema says, as far as a schema can say it. What it cannot say, such as
whether a telephone number exists, is in its `format` and its description, and is a 400 like the rest.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from config import times
from config.errors import BadInput, Problem
from people import actions as people
from portal import text
from portal.text import ADDRESS


class Shape(BaseModel):
    """Something that is sent or answered: nothing unknown in it, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, from_attributes=True)


class Nothing(Shape):
    """No body, or no query."""


# Words

ONE_LINE, LINES = text.ONE_LINE, text.LINES

Name = Annotated[
    str, Field(min_length=1, max_length=100, pattern=ONE_LINE, examples=["Ana"]), AfterValidator(str.strip)
]
Title = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=ONE_LINE, examples=["Elm Street"]),
    AfterValidator(str.strip),
]
Sentence = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE), AfterValidator(str.strip)]
Note = Annotated[str, Field(min_length=1, max_length=1000, pattern=LINES), AfterValidator(str.strip)]
Message = Annotated[str, Field(min_length=1, max_length=2000, pattern=LINES), AfterValidator(str.strip)]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=LINES), AfterValidator(str.strip)]


# Ways to reach a person


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise PydanticCustomError("address", "Enter a mail address such as ana@example.com.") from None


def _phone(text: str) -> str:
    try:
        return people.number(text, where="")
    except BadInput as bad:
        raise PydanticCustomError("phone", bad.problems[0].sentence) from None


def _zone(text: str) -> str:
    try:
        return times.zone(text)
    except BadInput as bad:
        raise PydanticCustomError("zone", bad.problems[0].sentence) from None


Address = Annotated[
    str,
    Field(max_length=254, pattern=ADDRESS, json_schema_extra={"format": "email"}, examples=["ana@example.com"]),
    AfterValidator(_address),
]
Phone = Annotated[
    str,
    Field(
        pattern=r"^[+(0-9][0-9() ./-]{5,39}$",
        description="A telephone number; without a country code it is read as one of the United States.",
        json_schema_extra={"format": "phone"},
        examples=["+12125550142"],
    ),
    AfterValidator(_phone),
]
Zone = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="An IANA time zone.",
        json_schema_extra={"format": "iana-time-zone"},
        examples=["America/New_York"],
    ),
    AfterValidator(_zone),
]
Pin = Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["274913"])]


# Instants

_INSTANT = (
    r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ]"
    r"[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not re.match(_INSTANT, value) or value.endswith("\n"):
        raise _NO_INSTANT
    try:
        return times.utc(datetime.fromisoformat(value.upper()))
    except ValueError:
        raise _NO_INSTANT from None


_NO_INSTANT = PydanticCustomError(
    "instant", "Give an instant of this century with its offset, such as 2026-11-24T15:00:00Z."
)

# An instant as it is sent (RFC 3339, any offset); what comes of it is aware and in UTC.
Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "pattern": _INSTANT, "examples": ["2026-11-24T15:00:00Z"]}
    ),
]


# Numbers


def _whole(value: object, info: ValidationInfo) -> object:
    """Read a number: in an address it is digits and nothing else; in a body, 2.0 is the whole number 2."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if info.mode == "json" or not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise PydanticCustomError("whole", "Give a whole number.")
    return int(value)


# Comes after the bounds of a number, else they would be in no description.
WHOLE = BeforeValidator(_whole)


# Wall time

_BIRTH_DAY = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_DAY = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_TIME_OR_24 = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def _day(value: object) -> date:
    if not isinstance(value, str) or not re.match(_DAY, value) or value.endswith("\n"):
        raise _NO_DAY
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _NO_DAY from None


_NO_DAY = PydanticCustomError("day", "Give a day of this century, such as 2026-11-24.")


def _birth_day(value: object) -> date:
    if not isinstance(value, str) or not re.match(_BIRTH_DAY, value) or value.endswith("\n"):
        raise _NO_BIRTH_DAY
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _NO_BIRTH_DAY from None


_NO_BIRTH_DAY = PydanticCustomError("birth_day", "Give a day such as 1990-02-28.")


def _minute(pattern: str, sentence: str) -> PlainValidator:
    no_time = PydanticCustomError("time_of_day", sentence)

    def read(value: object) -> int:
        if not isinstance(value, str) or not re.match(pattern, value) or value.endswith("\n"):
            raise no_time
        return int(value[:2]) * 60 + int(value[3:])

    return PlainValidator(read)


# A day on a wall calendar.
Day = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY, "examples": ["2026-11-24"]}),
]
# The day on which somebody was born; the last century counts as well.
BirthDay = Annotated[
    date,
    PlainValidator(_birth_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _BIRTH_DAY, "examples": ["1990-02-28"]}),
]
# A time of day; what comes of it is minutes since local midnight. 24:00 ends a day.
Opens = Annotated[
    int,
    _minute(_TIME, "Give a time of day from 00:00 to 23:59, such as 09:00."),
    WithJsonSchema({"type": "string", "pattern": _TIME, "examples": ["09:00"]}),
]
Closes = Annotated[
    int,
    _minute(_TIME_OR_24, "Give a time of day from 00:00 to 24:00, such as 17:00."),
    WithJsonSchema({"type": "string", "pattern": _TIME_OR_24, "examples": ["17:00"]}),
]
Weekday = Annotated[int, Field(ge=0, le=6, description="0 is Monday."), WHOLE]


# Codes

# Where somebody is licensed, or lives: the states of the Union, the District and the territories, as mail knows them.
State = Literal[
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "GA", "GU", "HI", "IA", "ID", "IL", "IN", "KS",
    "KY", "LA", "MA", "MD", "ME", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY",
    "OH", "OK", "OR", "PA", "PR", "RI", "SC", "SD", "TN", "TX", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
]  # fmt: skip
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["anxiety"])]


# Lists


def _flag(value: object, info: ValidationInfo) -> object:
    """Read a yes or no: in an address it is one of two words."""
    if info.mode == "json" or not isinstance(value, str):
        return value
    if value not in {"true", "false"}:
        raise PydanticCustomError("flag", "Give true or false.")
    return value == "true"


Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most."), WHOLE]
Version = Annotated[int, Field(ge=1, description="As it was seen."), WHOLE]
Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Where the last answer ended: its `next`.",
    ),
]


class Listing(Shape):
    """The query of a list."""

    after: Cursor | None = None
    limit: Limit = 50


# Changes


def _absent() -> Any:
    """Stand in for a field that was not sent: in no description, and never in a row; see `changes`."""
    return None


Absent = Field(default_factory=_absent)


def changes(body: Shape, *but: str) -> dict[str, Any]:
    """Return the fields that were sent, and only those: null takes a value away, absence leaves it."""
    return {name: getattr(body, name) for name in sorted(body.model_fields_set) if name not in but}


Row = TypeVar("Row")


def change(row: Row, changed: dict[str, Any]) -> Row:
    """Write changed fields into a row that counts its versions."""
    for name, value in changed.items():
        setattr(row, name, value)
    if changed and hasattr(row, "version"):
        row.version += 1
    return row


# Problems


def problems(error: ValidationError) -> Sequence[Problem]:
    """Return everything that is wrong with an input, where and what to do; never what stood there."""
    return [Problem(_where(one["loc"]), _sentence(one)) for one in error.errors(include_url=False, include_input=False)]


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:100] for part in loc) or "body"


_SENTENCES = {
    "extra_forbidden": "There is no such field.",
    "json_invalid": "This is not JSON in UTF-8.",
    "missing": "This field is needed.",
    "model_type": "Send a JSON object.",
}


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(error["ctx"]["pattern"], "This is not in the form that the description names.")
    return _SENTENCES.get(error["type"]) or f"{error['msg'].rstrip('.')}."


_PATTERNS = {
    ONE_LINE: "Write words on one line, without control characters.",
    LINES: "Write words, without control characters.",
    ADDRESS: "Enter a mail address such as ana@example.com.",
}
