"""Signatures: the documented vectors, the carrier's library as oracle, and everything that must not pass."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bridge.carriers.signature import is_genuine, signature, signed_bases

TOKEN, NEXT_TOKEN = "the-auth-token-of-the-tests", "the-next-one"
BASE = "https://voice.example.com"
BASES = signed_bases(BASE)
PATH = "/twilio/voice/menu/6f9619ff-8b86-d011-b42d-00c04fc964ff?n=1&m=2"
PARAMS = [("AccountSid", "AC1"), ("CallSid", "CA1"), ("From", "+12125550123"), ("FromCity", ""), ("To", "+12125550100")]


def oracle(token: str) -> Any:
    return RequestValidator(token)


# The documented vectors (telephony 2)


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        pytest.param(
            "https://example.com/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Caller", "+14158675310"),
                ("Digits", "1234"),
                ("From", "+14158675310"),
                ("To", "+18005551212"),
            ],
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
            id="of the page on webhook security",
        ),
        pytest.param(
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Caller", "+14158675309"),
                ("Digits", "1234"),
                ("From", "+14158675309"),
                ("To", "+18005551212"),
            ],
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            id="of the library's tests",
        ),
        pytest.param(
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            id="of the library's tests, with duplicates",
        ),
    ],
)
def test_a_documented_vector(url: str, params: list[tuple[str, str]], expected: str) -> None:
    assert expected == signature("12345", url, params)
    assert expected == signature("12345", url, params[::-1])


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
pairs = st.lists(st.tuples(names | st.sampled_from(["From", "Fro", "From1"]), names), max_size=8)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), names, pairs)
def test_it_is_the_librarys_signature(token: str, path: str, params: list[tuple[str, str]]) -> None:
    url = f"{BASE}/{path}"

    assert signature(token, url, params) == oracle(token).compute_signature(url, MultiDict(params))


# Which bases count (telephony 2)


@pytest.mark.parametrize(
    ("configured", "signed", "genuine"),
    [
        (BASE, BASE, True),
        (BASE, f"{BASE}:443", True),
        (BASE, f"{BASE}:8443", False),
        (BASE, "http://voice.example.com", False),
        (BASE, "https://voice.example.org", False),
        (BASE, "https://user:secret@voice.example.com", False),
        (f"{BASE}:8443", f"{BASE}:8443", True),
        (f"{BASE}:8443", BASE, True),
        (f"{BASE}:8443", f"{BASE}:443", False),
        (f"{BASE}:443", BASE, True),
        ("http://voice.example.com", "http://voice.example.com", True),
        ("http://voice.example.com", "http://voice.example.com:80", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1", False),
        ("http://127.0.0.1:8080", "https://127.0.0.1:8080", False),
        ("https://user:secret@voice.example.com", BASE, True),
        ("https://user:secret@voice.example.com:8443", BASE, True),
        ("https://user:secret@voice.example.com", "https://user:secret@voice.example.com", False),
        ("https://Voice.Example.com", "https://Voice.Example.com", True),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", True),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]", True),
        ("https://[2001:db8::1]", "https://[2001:db8::1]:443", True),
        ("https://voice.example.com/line", "https://voice.example.com/line", True),
        ("https://voice.example.com/line", BASE, False),
    ],
)
def test_f28_the_configured_address_is_what_is_signed(configured: str, signed: str, genuine: bool) -> None:
    given_signature = signature(TOKEN, signed + PATH, PARAMS)

    assert is_genuine(given_signature, [TOKEN], signed_bases(configured), PATH, PARAMS) is genuine


@settings(deadline=None)
@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from([None, 80, 443, 8080, 8443]),
    st.sampled_from(["http", "https"]),
    st.sampled_from([None, 80, 443, 8080, 8443]),
)
def test_what_passes_passes_the_library_as_well(
    scheme: str, port: int | None, signed_scheme: str, signed_port: int | None
) -> None:
    def base(scheme: str, port: int | None) -> str:
        return f"{scheme}://voice.example.com" + (f":{port}" if port else "")

    given_signature = signature(TOKEN, base(signed_scheme, signed_port) + PATH, PARAMS)
    ours = is_genuine(given_signature, [TOKEN], signed_bases(base(scheme, port)), PATH, PARAMS)
    theirs = oracle(TOKEN).validate(base(scheme, port) + PATH, MultiDict(PARAMS), given_signature)

    if ours:
        assert theirs
    # The library takes a port or none in every case; voice over plain HTTP keeps a port that is not the usual one.
    elif theirs:
        assert (scheme, signed_port) == ("http", None)
        assert port not in {None, 80}


# What must not pass (F28, F31)

GENUINE = signature(TOKEN, BASE + PATH, PARAMS)


def test_the_genuine_one_passes() -> None:
    assert is_genuine(GENUINE, [TOKEN], BASES, PATH, PARAMS)


@pytest.mark.parametrize(
    "path",
    [
        "/twilio/voice/pin/6f9619ff-8b86-d011-b42d-00c04fc964ff?n=1&m=2",
        PATH.replace("?", "/?"),
        PATH.replace("n=1&m=2", "m=2&n=1"),
        PATH.replace("n=1", "n=2"),
        PATH.replace("-", "%2D"),
        PATH.upper(),
        PATH + "#rc=2",
        PATH + "&",
        PATH.split("?", 1)[0],
        "/" + PATH,
        "",
        "/twilio/\udcff",
    ],
)
def test_f28_another_path(path: str) -> None:
    assert not is_genuine(GENUINE, [TOKEN], BASES, path, PARAMS)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param([], id="none"),
        pytest.param(PARAMS[1:], id="one missing"),
        pytest.param([p for p in PARAMS if p[1]], id="blank ones dropped"),
        pytest.param([*PARAMS, ("Digits", "1")], id="one more"),
        pytest.param([*PARAMS, ("Digits", "")], id="one more, and blank"),
        pytest.param([*PARAMS, ("From", "+12125550124")], id="a second value"),
        pytest.param([(n, v.replace("123", "124")) for n, v in PARAMS], id="another value"),
        pytest.param([(n, v + " ") for n, v in PARAMS], id="a space behind"),
        pytest.param([(n.lower(), v) for n, v in PARAMS], id="other letters"),
    ],
)
def test_f28_other_parameters(params: list[tuple[str, str]]) -> None:
    assert not is_genuine(GENUINE, [TOKEN], BASES, PATH, params)


@pytest.mark.parametrize(
    "given_signature", ["", " ", "=", GENUINE[:-1], GENUINE + " ", GENUINE.lower(), GENUINE * 2, "é", "\udcff", "\x00"]
)
def test_f28_another_signature(given_signature: str) -> None:
    assert not is_genuine(given_signature, [TOKEN], BASES, PATH, PARAMS)


@pytest.mark.parametrize(
    ("tokens", "genuine"),
    [
        ([TOKEN], True),
        ([NEXT_TOKEN, TOKEN], True),
        ([TOKEN, NEXT_TOKEN], True),
        ([NEXT_TOKEN], False),
        ([], False),
        ([""], False),
        (["", TOKEN], True),
    ],
)
def test_f31_any_of_the_tokens_counts_and_no_token_refuses_all(tokens: list[str], genuine: bool) -> None:
    assert is_genuine(GENUINE, tokens, BASES, PATH, PARAMS) is genuine


def test_f31_an_empty_token_signs_nothing() -> None:
    with_nothing = signature("", BASE + PATH, PARAMS)

    assert not is_genuine(with_nothing, [""], BASES, PATH, PARAMS)
    assert not is_genuine(with_nothing, [], BASES, PATH, PARAMS)


def test_bytes_that_are_no_text_are_signed_as_they_came() -> None:
    """A server hands them on as surrogates; the carrier signed the bytes."""
    path = b"/twilio/voice?\xff".decode("utf-8", "surrogateescape")

    assert is_genuine(signature(TOKEN, BASE + path, []), [TOKEN], BASES, path, [])
    assert not is_genuine(GENUINE, [TOKEN], BASES, path, PARAMS)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), pairs)
def test_nothing_passes_by_chance_and_nothing_breaks(
    given_signature: str, path: str, params: list[tuple[str, str]]
) -> None:
    assume(not any("\ud800" <= c < "\udc80" for c in path))  # no server makes these of bytes

    assert not is_genuine(given_signature, [TOKEN], BASES, path, params)


def test_only_scheme_host_and_path_are_left_of_a_configured_address() -> None:
    for base in signed_bases("https://user:secret@voice.example.com:8443/line"):
        parts = urlsplit(base)
        assert urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")) == base
        assert "secret" not in base
