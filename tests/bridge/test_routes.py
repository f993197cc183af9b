"""A decided route as it stands in a call's row: it comes back as it was, but for the two numbers."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.routes import read_route, write_route
from bridge.values import (
    AskCode,
    AskPin,
    Choice,
    Connect,
    Decline,
    Detail,
    Greet,
    Menu,
    Reason,
    Route,
)
from config.phones import Unusable
from people.values import Language

instants = st.integers(0, 10**9).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
languages = st.sampled_from(Language)
zones = st.sampled_from(["America/New_York", "Australia/Lord_Howe"])
steps = st.integers(1, 3)
routes: st.SearchStrategy[Route] = st.one_of(
    st.builds(
        Connect,
        provider_id=st.uuids(),
        appointment_id=st.uuids(),
        occurrence=st.integers(1, 9),
        caller_id=st.just("+12125550123"),
        client_number=st.just("+12125550142"),
        language=languages,
    ),
    st.builds(
        Menu,
        provider_id=st.uuids(),
        choices=st.lists(st.builds(Choice, st.sampled_from("123456789"), st.uuids(), instants), max_size=9).map(tuple),
        language=languages,
        timezone=zones,
        step=steps,
    ),
    st.builds(AskPin, language=languages, step=steps),
    st.builds(AskCode, language=languages, step=steps),
    st.builds(
        Greet,
        provider_id=st.uuids(),
        language=languages,
        timezone=zones,
        opens_at=st.none() | instants,
    ),
    st.builds(
        Decline,
        reason=st.sampled_from(Reason),
        language=languages,
        provider_id=st.none() | st.uuids(),
        appointment_id=st.none() | st.uuids(),
        timezone=st.none() | zones,
        at=st.none() | instants,
        detail=st.none() | st.sampled_from(Detail) | st.sampled_from(Unusable),
    ),
)


def stored(route: Route) -> Any:
    return orjson.loads(orjson.dumps(write_route(route)))


@settings(deadline=None)
@given(routes)
def test_what_is_written_is_read_again(route: Route) -> None:
    without_numbers = replace(route, caller_id="", client_number="") if isinstance(route, Connect) else route

    assert read_route(stored(route)) == without_numbers


@settings(deadline=None)
@given(routes)
def test_no_number_is_written(route: Route) -> None:
    without_ids = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", str(write_route(route)))

    assert "+1" not in without_ids
    assert not re.search(r"\d{7,}", without_ids)


@pytest.mark.parametrize("detail", [*Detail, *Unusable])
def test_a_detail_comes_back_as_the_kind_that_it_was(detail: Detail | Unusable) -> None:
    route = read_route(stored(Decline(reason=Reason.NOT_VERIFIED, detail=detail)))

    assert isinstance(route, Decline)
    assert type(route.detail) is type(detail)


def test_details_and_troubles_with_a_number_have_no_word_in_common() -> None:
    assert not {d.value for d in Detail} & {u.value for u in Unusable}


def test_a_document_of_another_making_is_a_bug_and_not_a_route() -> None:
    with pytest.raises(KeyError):
        read_route({"language": "en", "kind": "something else"})
