"""Who may dial, and what happens: tables for every branch, and random worlds against a small model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules import routing
from bridge.values import (
    AskCode,
    AskPin,
    Attestation,
    Candidate,
    CarrierName,
    Choice,
    Connect,
    Decline,
    Detail,
    InboundCall,
    Loaded,
    Menu,
    Reason,
    Route,
)
from config.phones import Unusable, read_caller, unusable
from people.values import CallerFacts, Language, PracticeKind
from scheduling.values import Window

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LINE, SECOND_LINE, THIRD_LINE = "+12125550100", "+12125550101", "+12125550102"
PROVIDER_NUMBER, CLIENT_NUMBER = "+12125550123", "+12125550142"
NEW_YORK = "America/New_York"
LEAD = timedelta(seconds=60)


def ids(kind: int) -> Callable[[int], UUID]:
    return lambda number: UUID(int=kind << 64 | number)


provider_id, appointment_id, practice_id, client_id = ids(1), ids(2), ids(3), ids(4)


def call(
    at: datetime = NOW,
    *,
    number: str = PROVIDER_NUMBER,
    line: str = LINE,
    attestation: Attestation = Attestation.NONE,
) -> InboundCall:
    return InboundCall(
        carrier=CarrierName.TWILIO,
        sid="CA1b2c3d4e5f60718293a4b5c6d7e8f901",
        line=line,
        caller=read_caller(number),
        attestation=attestation,
        arrived_at=at,
    )


def caller(
    n: int = 1,
    *,
    kind: PracticeKind = PracticeKind.SOLO,
    line_enabled: bool = True,
    verified: bool = True,
    has_pin: bool = False,
    verifying: bool = False,
    language: Language = Language.ENGLISH,
) -> CallerFacts:
    return CallerFacts(
        provider_id=provider_id(n),
        practice_id=practice_id(n),
        practice_kind=kind,
        line_enabled=line_enabled,
        verified=verified,
        has_pin=has_pin,
        verifying=verifying,
        language=language,
        timezone=NEW_YORK,
    )


def consult(
    n: int = 1,
    *,
    of: int = 1,
    starts_at: datetime = NOW,
    minutes: float = 15,
    line: str | None = LINE,
    client: str | None = CLIENT_NUMBER,
    occurred: bool = False,
    live_heard_at: datetime | None = None,
) -> Candidate:
    return Candidate(
        window=Window(
            appointment_id=appointment_id(n),
            occurrence=n + 1,
            provider_id=provider_id(of),
            client_id=client_id(n),
            line=line,
            opens_at=starts_at - LEAD,
            starts_at=starts_at,
            closes_at=starts_at + timedelta(minutes=minutes),
        ),
        client_number=client,
        occurred=occurred,
        live_heard_at=live_heard_at,
    )


def connect(n: int = 1, *, of: int = 1, client: str = CLIENT_NUMBER) -> Connect:
    return Connect(
        provider_id=provider_id(of),
        appointment_id=appointment_id(n),
        occurrence=n + 1,
        caller_id=PROVIDER_NUMBER,
        client_number=client,
        language=Language.ENGLISH,
    )


def menu(*choices: tuple[int, datetime]) -> Menu:
    return Menu(
        provider_id=provider_id(1),
        choices=tuple(
            Choice(str(digit), appointment_id(n), starts_at) for digit, (n, starts_at) in enumerate(choices, start=1)
        ),
        language=Language.ENGLISH,
        timezone=NEW_YORK,
    )


def decline(
    reason: Reason,
    *,
    of: int | None = 1,
    about: int | None = None,
    at: datetime | None = None,
    detail: Detail | Unusable | None = None,
) -> Decline:
    return Decline(
        reason=reason,
        provider_id=provider_id(of) if of else None,
        appointment_id=appointment_id(about) if about else None,
        timezone=NEW_YORK if of else None,
        at=at,
        detail=detail,
    )


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


ORDINARY = call()
SOLO, GROUP = caller(), caller(kind=PracticeKind.GROUP)
GROUP_WITH_PIN = replace(GROUP, has_pin=True)
GROUP_OFF = replace(GROUP, line_enabled=False)
UNPROVEN = caller(verified=False)
OPEN, LATER, OVER = (
    consult(),
    consult(starts_at=after(minutes=10)),
    consult(starts_at=after(minutes=-20)),
)
CLOSES = after(minutes=15)
FAILED = call(attestation=Attestation.FAILED)
STRANGER = Decline(reason=Reason.UNKNOWN_CALLER)
HIDDEN = Decline(reason=Reason.WITHHELD)
A_MINUTE_APART = (consult(1, starts_at=after(minutes=-14.5)), consult(2, starts_at=after(seconds=30)))


@dataclass(frozen=True)
class Case:
    """One row of the table: what comes in, what is known, what is decided."""

    told: str
    expected: Route
    incoming: InboundCall = ORDINARY
    callers: tuple[CallerFacts, ...] = (SOLO,)
    candidates: tuple[Candidate, ...] = (OPEN,)


CASES = [
    # Who cannot be known (R103, F27)
    *(
        Case(f"withheld: {raw!r}", HIDDEN, call(number=raw))
        for raw in (
            "Anonymous",
            "anonymous",
            "RESTRICTED",
            "",
            "+266696687",
            "+7378742833",
            "+17378742833",
            "+17378742883",
            "+464",
        )
    ),
    Case(
        "a hidden number that was vouched for is hidden still",
        HIDDEN,
        call(number="Anonymous", attestation=Attestation.PASSED_A),
    ),
    *(
        Case(f"not a telephone: {raw}", STRANGER, call(number=raw))
        for raw in ("sip:+12125550123@example.com", "client:+12125550123", "+1212555", "2125550123", "+1999")
    ),
    Case("nobody has this number", STRANGER, callers=(), candidates=()),
    # Who is not proven: R102, R104
    Case("not verified", decline(Reason.NOT_VERIFIED), callers=(UNPROVEN,)),
    Case("two, neither verified", decline(Reason.NOT_VERIFIED, of=None), callers=(UNPROVEN, caller(2, verified=False))),
    Case(
        "proving it: asked for the code",
        AskCode(language=Language.ENGLISH),
        callers=(replace(UNPROVEN, verifying=True),),
    ),
    Case(
        "one of two is proving it",
        AskCode(language=Language.SPANISH),
        callers=(UNPROVEN, caller(2, verified=False, verifying=True, language=Language.SPANISH)),
    ),
    Case(
        "a failed attestation never verifies",
        decline(Reason.ATTESTATION_FAILED),
        FAILED,
        callers=(replace(UNPROVEN, verifying=True),),
    ),
    Case(
        "a second provider proves a number that another has proven",
        AskCode(language=Language.ENGLISH),
        callers=(SOLO, caller(2, verified=False, verifying=True)),
        candidates=(LATER,),
    ),
    Case(
        "but a code never goes before a consultation",
        connect(),
        callers=(SOLO, caller(2, verified=False, verifying=True)),
    ),
    Case(
        "nor does a code go before the PIN of an open consultation",
        AskPin(language=Language.ENGLISH),
        callers=(GROUP_WITH_PIN, caller(2, verified=False, verifying=True)),
    ),
    # Attestation (requirements 9)
    *(
        Case(f"attestation {seen.value} goes on", connect(), call(attestation=seen))
        for seen in Attestation
        if seen is not Attestation.FAILED
    ),
    Case(
        "failed attestation without a PIN: refused, and no time is told",
        decline(Reason.ATTESTATION_FAILED),
        FAILED,
        candidates=(LATER,),
    ),
    Case(
        "failed attestation with a PIN: asked for it",
        AskPin(language=Language.ENGLISH),
        FAILED,
        callers=(replace(SOLO, has_pin=True),),
    ),
    Case(
        "failed attestation, shared, no PIN",
        decline(Reason.ATTESTATION_FAILED, of=None),
        FAILED,
        callers=(SOLO, caller(2)),
    ),
    # Shared numbers (R103, F21, F22)
    Case(
        "shared, one open window: PIN",
        AskPin(language=Language.ENGLISH),
        callers=(replace(SOLO, has_pin=True), caller(2, has_pin=True)),
    ),
    Case(
        "shared, both windows open: PIN",
        AskPin(language=Language.ENGLISH),
        callers=(replace(SOLO, has_pin=True), caller(2, has_pin=True)),
        candidates=(OPEN, consult(2, of=2)),
    ),
    Case(
        "shared, only one of them has a PIN: PIN",
        AskPin(language=Language.ENGLISH),
        callers=(SOLO, caller(2, has_pin=True)),
    ),
    Case(
        "shared, no PINs: off for all of them",
        decline(Reason.NOT_VERIFIED, of=None, detail=Detail.SHARED_NUMBER),
        callers=(SOLO, caller(2)),
    ),
    Case(
        "shared by speakers of two languages: English",
        AskPin(language=Language.ENGLISH),
        callers=(caller(1, has_pin=True, language=Language.SPANISH), caller(2, has_pin=True)),
    ),
    Case(
        "shared by speakers of one: that one",
        AskPin(language=Language.SPANISH),
        callers=(caller(1, has_pin=True, language=Language.SPANISH), caller(2, language=Language.SPANISH)),
    ),
    Case("an unproven twin shares nothing", connect(), callers=(SOLO, caller(2, verified=False))),
    Case(
        "an unproven twin's window is not looked at",
        decline(Reason.NO_CONSULTATION),
        callers=(SOLO, caller(2, verified=False)),
        candidates=(consult(2, of=2),),
    ),
    Case(
        "nor when it tells the time",
        decline(Reason.TOO_EARLY, about=1, at=after(minutes=9)),
        callers=(SOLO, caller(2, verified=False)),
        candidates=(LATER, consult(2, of=2, starts_at=after(minutes=5))),
    ),
    # What a group practice needs, R114
    Case(
        "a group with the line off", decline(Reason.NO_CONSULTATION, detail=Detail.GROUP_LINE_OFF), callers=(GROUP_OFF,)
    ),
    Case(
        "a group with the line off, and a PIN",
        decline(Reason.NO_CONSULTATION, detail=Detail.GROUP_LINE_OFF),
        callers=(replace(GROUP_OFF, has_pin=True),),
    ),
    Case(
        "two of groups with the line off: no PIN would help",
        decline(Reason.NO_CONSULTATION, of=None, detail=Detail.GROUP_LINE_OFF),
        callers=(GROUP_OFF, replace(GROUP_OFF, provider_id=provider_id(2), has_pin=True)),
    ),
    Case("a group with the line on: PIN", AskPin(language=Language.ENGLISH), callers=(GROUP_WITH_PIN,)),
    Case(
        "a group with the line on, without a PIN", decline(Reason.NOT_VERIFIED, detail=Detail.NO_PIN), callers=(GROUP,)
    ),
    Case("solo needs no PIN, though there is one", connect(), callers=(replace(SOLO, has_pin=True),)),
    Case("a solo practice has the line, switched or not", connect(), callers=(replace(SOLO, line_enabled=False),)),
    # One window or several (R103)
    Case("one open window", connect()),
    Case("one open window, dialled on another line of the pool", connect(), call(line=THIRD_LINE)),
    Case("one open window that had no line", connect(), candidates=(consult(line=None),)),
    Case("open again after it occurred: a redial", connect(), candidates=(consult(occurred=True),)),
    Case(
        "open and later: the open one",
        connect(),
        candidates=(OPEN, consult(2, starts_at=after(hours=1)), consult(3, starts_at=after(hours=-1))),
    ),
    Case(
        "the overlapping minute: the line decides",
        connect(2),
        call(line=SECOND_LINE),
        candidates=(A_MINUTE_APART[0], consult(2, starts_at=after(seconds=30), line=SECOND_LINE)),
    ),
    Case(
        "the overlapping minute on a third line: a menu by start",
        menu((1, after(minutes=-14.5)), (2, after(seconds=30))),
        call(line=THIRD_LINE),
        candidates=(consult(2, starts_at=after(seconds=30), line=SECOND_LINE), A_MINUTE_APART[0]),
    ),
    Case(
        "the line of one that occurred still decides",
        connect(1),
        candidates=(
            consult(1, starts_at=after(minutes=-14.5), occurred=True),
            consult(2, starts_at=after(seconds=30), line=SECOND_LINE),
        ),
    ),
    Case(
        "both on the dialled line, one occurred: the other",
        connect(2),
        candidates=(
            consult(1, starts_at=after(minutes=-14.5), occurred=True),
            consult(2, starts_at=after(seconds=30)),
        ),
    ),
    Case(
        "both on the dialled line, both occurred: a menu",
        menu((1, after(minutes=-14.5)), (2, after(seconds=30))),
        candidates=tuple(replace(c, occurred=True) for c in A_MINUTE_APART),
    ),
    Case(
        "both on the dialled line: a menu",
        menu((1, after(minutes=-14.5)), (2, after(seconds=30))),
        candidates=A_MINUTE_APART,
    ),
    # The client's number (R98, F25)
    *(
        Case(
            f"client's number is {wrong.value}: {number}",
            decline(reason, about=1, detail=wrong),
            candidates=(consult(client=number),),
        )
        for number, wrong, reason in (
            (None, Unusable.NONE, Reason.NO_CLIENT_NUMBER),
            ("", Unusable.NONE, Reason.NO_CLIENT_NUMBER),
            ("+12125", Unusable.INVALID, Reason.BAD_CLIENT_NUMBER),
            (LINE, Unusable.INVALID, Reason.BAD_CLIENT_NUMBER),
            ("+19002345678", Unusable.PREMIUM, Reason.BAD_CLIENT_NUMBER),
            ("+1911", Unusable.EMERGENCY, Reason.BAD_CLIENT_NUMBER),
            ("+442079460018", Unusable.OTHER_COUNTRY, Reason.BAD_CLIENT_NUMBER),
            ("+14165550142", Unusable.OTHER_COUNTRY, Reason.BAD_CLIENT_NUMBER),
        )
    ),
    # A second call (requirements 9)
    *(
        Case(
            f"{heard} s after the live leg's last fact",
            expected,
            candidates=(consult(live_heard_at=after(seconds=-heard)),),
        )
        for heard, expected in (
            (0, decline(Reason.ALREADY_IN_CALL, about=1, at=CLOSES)),
            (119, decline(Reason.ALREADY_IN_CALL, about=1, at=CLOSES)),
            (120, connect()),
            (121, connect()),
        )
    ),
    Case(
        "a number that cannot be rung is told before a call that runs",
        decline(Reason.NO_CLIENT_NUMBER, about=1, detail=Unusable.NONE),
        candidates=(consult(client=None, live_heard_at=NOW),),
    ),
    # Nothing open
    Case("nothing on the calendar", decline(Reason.NO_CONSULTATION), candidates=()),
    Case("too early", decline(Reason.TOO_EARLY, about=1, at=after(minutes=9)), candidates=(LATER,)),
    Case("too late", decline(Reason.TOO_LATE, about=1, at=after(minutes=-5)), candidates=(OVER,)),
    Case(
        "the next of two",
        decline(Reason.TOO_EARLY, about=1, at=after(minutes=9)),
        candidates=(consult(2, starts_at=after(hours=2)), LATER),
    ),
    Case(
        "the last of two",
        decline(Reason.TOO_LATE, about=1, at=after(minutes=-5)),
        candidates=(OVER, consult(2, starts_at=after(hours=-2))),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.told)
def test_a_call_is_decided_by_what_is_known(case: Case) -> None:
    route = routing.decide_route(case.incoming, Loaded(callers=case.callers, candidates=case.candidates))

    assert case.expected == route


def test_the_table_has_every_reason_that_a_first_request_can_meet() -> None:
    later = {Reason.PIN_FAILED, Reason.SERVICE_TROUBLE}  # said after digits, and by the door

    assert {c.expected.reason for c in CASES if isinstance(c.expected, Decline)} == set(Reason) - later


# The window (R108): half-open, to the second

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
END = START + timedelta(minutes=15)


def zoned(zone: str, *wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


DAYS = {
    "an ordinary day": START,
    "the hour before spring forward": zoned(NEW_YORK, 2027, 3, 14, 1, 50),
    "the hour after spring forward": zoned(NEW_YORK, 2027, 3, 14, 3, 0),
    "the first 01:30 of autumn": zoned(NEW_YORK, 2026, 11, 1, 1, 30),
    "the second 01:30 of autumn": zoned(NEW_YORK, 2026, 11, 1, 1, 30, fold=1),
    "across the end of daylight time": zoned(NEW_YORK, 2026, 11, 1, 1, 55),
    "half an hour back on Lord Howe": zoned("Australia/Lord_Howe", 2027, 4, 4, 1, 50),
    "the second 01:45 of Lord Howe": zoned("Australia/Lord_Howe", 2027, 4, 4, 1, 45, fold=1),
    "half an hour forward on Lord Howe": zoned("Australia/Lord_Howe", 2026, 10, 4, 1, 55),
}


@pytest.mark.parametrize("start", DAYS.values(), ids=DAYS)
@pytest.mark.parametrize(
    ("edge", "off_s", "expected"),
    [
        ("start", -61, Reason.TOO_EARLY),
        ("start", -60.000001, Reason.TOO_EARLY),
        ("start", -60, None),
        ("start", -59, None),
        ("end", -1, None),
        ("end", -0.000001, None),
        ("end", 0, Reason.TOO_LATE),
        ("end", 1, Reason.TOO_LATE),
    ],
)
def test_f18_the_line_is_open_from_a_minute_before_the_start_until_the_end(
    start: datetime, edge: str, off_s: float, expected: Reason | None
) -> None:
    candidate = consult(starts_at=start)
    at = {"start": start, "end": candidate.window.closes_at}[edge] + timedelta(seconds=off_s)

    route = routing.decide_route(call(at), Loaded(callers=(SOLO,), candidates=(candidate,)))

    assert (route.reason if isinstance(route, Decline) else None) == expected
    assert isinstance(route, Decline) or route == connect()


def test_f17_half_past_one_comes_twice_and_only_one_of_them_is_meant() -> None:
    first = zoned(NEW_YORK, 2026, 11, 1, 1, 30)
    second = consult(starts_at=zoned(NEW_YORK, 2026, 11, 1, 1, 30, fold=1))
    known = Loaded(callers=(SOLO,), candidates=(second,))

    early = routing.decide_route(call(first), known)
    in_time = routing.decide_route(call(first + timedelta(hours=1)), known)

    assert early == decline(Reason.TOO_EARLY, about=1, at=first + timedelta(minutes=59))
    assert in_time == connect()


@pytest.mark.parametrize(
    ("since_the_end_s", "until_the_opening_s", "expected"),
    [
        (60, 61, Reason.TOO_LATE),
        (60, 60, Reason.TOO_EARLY),
        (61, 60, Reason.TOO_EARLY),
        (0, 1, Reason.TOO_LATE),
        (3600, 1, Reason.TOO_EARLY),
    ],
)
def test_between_two_consultations_the_nearer_edge_is_told(
    since_the_end_s: float, until_the_opening_s: float, expected: Reason
) -> None:
    over = consult(1, starts_at=after(minutes=-15, seconds=-since_the_end_s))
    ahead = consult(2, starts_at=after(seconds=until_the_opening_s) + LEAD)

    route = routing.decide_route(call(), Loaded(callers=(SOLO,), candidates=(over, ahead)))

    assert isinstance(route, Decline)
    assert route.reason is expected
    told = {
        Reason.TOO_LATE: (appointment_id(1), after(seconds=-since_the_end_s)),
        Reason.TOO_EARLY: (appointment_id(2), after(seconds=until_the_opening_s)),
    }
    assert (route.appointment_id, route.at) == told[expected]


def test_f20_a_call_that_runs_over_the_end_is_not_asked_about_and_a_redial_is_refused() -> None:
    runs = consult(live_heard_at=END - timedelta(seconds=1))

    route = routing.decide_route(call(END + timedelta(seconds=1)), Loaded(callers=(SOLO,), candidates=(runs,)))

    assert route == decline(Reason.TOO_LATE, about=1, at=END)


def test_a_menu_has_nine_entries_at_most() -> None:
    many = tuple(consult(n, starts_at=after(seconds=-n)) for n in range(1, 12))

    route = routing.serve(call(), SOLO, many)

    assert isinstance(route, Menu)
    assert [c.digit for c in route.choices] == list("123456789")
    assert [c.starts_at for c in route.choices] == sorted(c.window.starts_at for c in many)[:9]


# After the PIN


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (SOLO, connect()),
        (GROUP_WITH_PIN, connect()),
        (
            replace(GROUP_OFF, has_pin=True),
            decline(Reason.NO_CONSULTATION, detail=Detail.GROUP_LINE_OFF),
        ),
    ],
)
def test_whoever_keyed_the_right_pin_is_served_with_their_own_windows(who: CallerFacts, expected: Route) -> None:
    not_theirs = consult(2, of=2)

    assert routing.recognised(call(), who, (not_theirs, OPEN)) == expected


def test_the_right_pin_after_a_failed_attestation_connects() -> None:
    assert routing.recognised(FAILED, replace(SOLO, has_pin=True), (OPEN,)) == connect()


# Random worlds

NUMBERS = ("+12125550120", "+12125550121")
RINGABLE, FOREIGN = "+16465550100", "+442079460018"


@dataclass(frozen=True)
class World:
    """Providers by the number in their profile, and the windows of all of them."""

    providers: tuple[tuple[str, CallerFacts], ...]
    windows: tuple[Candidate, ...]

    def known(self, incoming: InboundCall) -> Loaded:
        """Return what the house's queries find: everybody with this number, verified or not."""
        callers = tuple(who for number, who in self.providers if number == incoming.caller.number)
        ids = {who.provider_id for who in callers}
        return Loaded(callers=callers, candidates=tuple(c for c in self.windows if c.window.provider_id in ids))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    people = draw(st.integers(1, 4))
    providers = tuple(
        (
            draw(st.sampled_from(NUMBERS)),
            caller(
                n,
                kind=draw(st.sampled_from([PracticeKind.SOLO, PracticeKind.SOLO, PracticeKind.GROUP])),
                line_enabled=draw(st.booleans()),
                verified=draw(st.sampled_from([True, True, False])),
                has_pin=draw(st.booleans()),
                verifying=draw(st.booleans()),
                language=draw(st.sampled_from(Language)),
            ),
        )
        for n in range(1, people + 1)
    )
    numbers = count(1)
    windows = tuple(
        consult(
            n := next(numbers),
            of=draw(st.integers(1, people)),
            starts_at=after(seconds=draw(st.integers(-40, 40)) * 30),
            minutes=draw(st.sampled_from([1, 10, 15])),
            line=draw(st.sampled_from([LINE, SECOND_LINE, None])),
            client=draw(st.sampled_from([f"+1646555{n:04d}", f"+1646555{n:04d}", None, FOREIGN])),
            occurred=draw(st.booleans()),
            live_heard_at=draw(st.sampled_from([None, None, after(seconds=-60)])),
        )
        for _ in range(draw(st.integers(0, 6)))
    )
    return World(providers, windows)


def calls(world: World) -> Sequence[InboundCall]:
    """Yield calls from every number, and nobody's, at instants on and around the edges of this world."""
    edges = {NOW} | {edge for c in world.windows for edge in (c.window.opens_at, c.window.closes_at)}
    instants = [edge + timedelta(seconds=off) for edge in sorted(edges) for off in (-1, 0)]
    return [
        call(at, number=number, line=(LINE, SECOND_LINE, THIRD_LINE)[n % 3], attestation=attestation)
        for n, at in enumerate(instants)
        for number in (*NUMBERS, "+12125550129")
        for attestation in (Attestation.PASSED_A, Attestation.FAILED)
    ]


def model(world: World, incoming: InboundCall) -> object:
    """Say in another way what must happen: who is rung, or which windows are asked about, or why not."""
    at = incoming.arrived_at
    has_it = [who for number, who in world.providers if number == incoming.caller.number]
    proven = [who for who in has_it if who.verified]
    proving = [who for who in has_it if not who.verified and who.verifying]
    mine = [c for c in world.windows if any(c.window.provider_id == who.provider_id for who in proven)]
    is_open = [c for c in mine if c.window.opens_at <= at < c.window.closes_at]
    off = [who.practice_kind is PracticeKind.GROUP and not who.line_enabled for who in proven]
    one_solo = len(proven) == 1 and proven[0].practice_kind is PracticeKind.SOLO
    pin = any(who.has_pin for who in proven)
    rules: list[tuple[bool, object]] = [
        (not has_it, Reason.UNKNOWN_CALLER),
        (incoming.attestation is Attestation.FAILED, AskPin if pin else Reason.ATTESTATION_FAILED),
        (bool(proving) and not is_open, AskCode),
        (not proven, Reason.NOT_VERIFIED),
        (all(off), Reason.NO_CONSULTATION),
        (not one_solo, AskPin if pin else Reason.NOT_VERIFIED),
        (not is_open, nearest(mine, at)),
    ]
    return next((then for applies, then in rules if applies), None) or narrowed(is_open, incoming)


def nearest(mine: Sequence[Candidate], at: datetime) -> Reason:
    distances = [(c.window.opens_at - at, 0) for c in mine if c.window.opens_at > at]
    distances += [(at - c.window.closes_at, 1) for c in mine if c.window.closes_at <= at]
    return (Reason.TOO_EARLY, Reason.TOO_LATE)[min(distances)[1]] if distances else Reason.NO_CONSULTATION


def narrowed(is_open: Sequence[Candidate], incoming: InboundCall) -> object:
    if len(is_open) > 1:
        is_open = [c for c in is_open if c.window.line == incoming.line] or is_open
    if len(is_open) > 1:
        is_open = [c for c in is_open if not c.occurred] or is_open
    if len(is_open) > 1:
        return frozenset(c.window.appointment_id for c in is_open)
    (one,) = is_open
    if unusable(one.client_number, incoming.line):
        return Reason.BAD_CLIENT_NUMBER if one.client_number else Reason.NO_CLIENT_NUMBER
    if one.live_heard_at and incoming.arrived_at < one.live_heard_at + timedelta(minutes=2):
        return Reason.ALREADY_IN_CALL
    return one.window.appointment_id


def short(route: Route) -> object:
    if isinstance(route, Connect):
        return route.appointment_id
    if isinstance(route, Menu):
        return frozenset(choice.appointment_id for choice in route.choices)
    return route.reason if isinstance(route, Decline) else type(route)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_a_random_world_is_served_as_the_model_says(world: World) -> None:
    for incoming in calls(world):
        route = routing.decide_route(incoming, world.known(incoming))

        assert short(route) == model(world, incoming)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_nobody_but_the_one_proven_provider_reaches_a_client_and_only_inside_the_window(world: World) -> None:
    by_id = {c.window.appointment_id: c for c in world.windows}
    for incoming in calls(world):
        route = routing.decide_route(incoming, world.known(incoming))
        if not isinstance(route, Connect | Menu):
            continue
        proven = [w for number, w in world.providers if number == incoming.caller.number and w.verified]
        assert [who.provider_id for who in proven] == [route.provider_id]
        assert incoming.attestation is not Attestation.FAILED
        targets = [route] if isinstance(route, Connect) else route.choices
        for target in targets:
            candidate = by_id[target.appointment_id]
            assert candidate.window.provider_id == route.provider_id
            assert candidate.window.opens_at <= incoming.arrived_at < candidate.window.closes_at
        if isinstance(route, Connect):
            candidate = by_id[route.appointment_id]
            assert route.client_number == candidate.client_number
            assert route.caller_id == incoming.caller.number
            assert route.occurrence == candidate.window.occurrence


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_the_order_in_which_things_are_found_does_not_matter(world: World, data: st.DataObject) -> None:
    turned = World(tuple(data.draw(st.permutations(world.providers))), tuple(data.draw(st.permutations(world.windows))))
    for incoming in calls(world)[::5]:
        assert routing.decide_route(incoming, world.known(incoming)) == routing.decide_route(
            incoming, turned.known(incoming)
        )


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from([Attestation.NONE, Attestation.FAILED]))
def test_after_a_pin_too_only_the_own_open_windows_are_reached(world: World, attestation: Attestation) -> None:
    for incoming in calls(world)[::3]:
        for _, who in world.providers:
            asked = replace(incoming, attestation=attestation)
            route = routing.recognised(asked, who, world.windows)
            own_open = {
                c.window.appointment_id
                for c in world.windows
                if c.window.provider_id == who.provider_id and c.open_at(asked.arrived_at)
            }
            if isinstance(route, Connect):
                assert route.appointment_id in own_open
            if isinstance(route, Menu):
                assert {choice.appointment_id for choice in route.choices} <= own_open
