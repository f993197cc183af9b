import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from config.settings import CUSTOMARY, PREFIX, Settings, SettingsError, is_loopback, load

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
LINES = re.findall(r"^(#?)([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)


def variable(name: str) -> str:
    return CUSTOMARY.get(name, PREFIX + name.upper())


def test_the_example_lists_every_setting_once() -> None:
    assert sorted(name for _, name, _ in LINES) == sorted(variable(name) for name in Settings.model_fields)


def test_what_has_no_default_is_set_in_the_example() -> None:
    required = {variable(name) for name, field in Settings.model_fields.items() if field.is_required()}

    assert {name for comment, name, _ in LINES if not comment} == required


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_example_shows_the_default(name: str) -> None:
    shown = {variable: value for comment, variable, value in LINES if comment}
    default = Settings.model_fields[name].default
    if default is PydanticUndefined:
        return

    text = default.get_secret_value() if hasattr(default, "get_secret_value") else default
    assert shown[variable(name)] == ("" if text is None else str(text).lower() if text is False else str(text))


def test_the_example_is_itself_a_set_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)

    settings = Settings(_env_file=EXAMPLE)

    assert settings.lines == ("+12125550100", "+12125550101")


# What is read from the environment

WHOLE = {
    "DATABASE_URL": "postgresql://consultline:hunter2-db@127.0.0.1/consultline",
    "REDIS_URL": "redis://:hunter2-redis@127.0.0.1:6379/0",
    "CONSULTLINE_SECRET_KEY": "hunter2-secret-key-of-thirty-two-and-more",
    "CONSULTLINE_TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
    "CONSULTLINE_TWILIO_AUTH_TOKENS": "hunter2-newest, hunter2-older",
    "CONSULTLINE_TWILIO_API_SECRET": "hunter2-api",
    "CONSULTLINE_MAIL_URL": "smtp://pat:hunter2-mail@127.0.0.1",
    "CONSULTLINE_LINES": "+12125550100, +12125550101,+12125550100",
}
Environment = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """Return what sets the whole environment of settings: these and no others, and no `.env` beside them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.chdir(tmp_path)

    def put(**told: str) -> None:
        for name, value in told.items():
            monkeypatch.setenv(name, value)

    return put


def problems(*, known: Mapping[str, object] | None = None) -> dict[str, str]:
    """Return what is wrong with the settings, by name."""
    with pytest.raises(SettingsError) as told:
        load(**known or {})
    return dict(line.split(": ", 1) for line in str(told.value).splitlines())


def test_a_whole_environment_is_read(environment: Environment) -> None:
    environment(**WHOLE, PORT="9090", CONSULTLINE_PUBLIC_URL="https://line.example.com/")

    found = load()

    assert found.twilio_auth_tokens == ("hunter2-newest", "hunter2-older")
    assert found.lines == ("+12125550100", "+12125550101")
    assert (found.port, found.public_url, found.carrier_base) == (9090, "https://line.example.com", found.public_url)
    assert found.line_lead == timedelta(seconds=60)


def test_the_carrier_may_call_another_address(environment: Environment) -> None:
    environment(**WHOLE, CONSULTLINE_VOICE_URL="https://voice.example.com")

    assert load().carrier_base == "https://voice.example.com"


def test_everything_that_is_missing_is_told_at_once(environment: Environment) -> None:
    environment()

    assert problems().keys() == {
        "DATABASE_URL",
        "REDIS_URL",
        "CONSULTLINE_SECRET_KEY",
        "CONSULTLINE_TWILIO_ACCOUNT_SID",
        "CONSULTLINE_TWILIO_AUTH_TOKENS",
        "CONSULTLINE_LINES",
    }


def test_everything_that_is_malformed_is_told_with_what_is_missing(environment: Environment) -> None:
    malformed = {
        "PORT": "canary",
        "CONSULTLINE_SECRET_KEY": "canary",
        "CONSULTLINE_TWILIO_ACCOUNT_SID": "AC-canary",
        "CONSULTLINE_TWILIO_AUTH_TOKENS": " , ",
        "CONSULTLINE_LINES": "+12125550100,canary",
        "CONSULTLINE_PUBLIC_URL": "https://user:canary@line.example.com",
        "CONSULTLINE_VOICE_URL": "canary",
        "CONSULTLINE_MIN_TALK_S": "-1",
        "CONSULTLINE_RING_S": "61",
        "CONSULTLINE_HOST": "0.0.0.0",
        "CONSULTLINE_CARRIER": "simulator",
    }
    environment(**malformed)

    told = problems()

    assert told.keys() == (malformed.keys() | {"DATABASE_URL", "REDIS_URL"}) - {"CONSULTLINE_HOST"}
    assert "canary" not in str(told)
    assert told["CONSULTLINE_LINES"] == "1 of 2 are not E.164 numbers such as +12125550100"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "hunter2")
            for name in ("PORT", "CONSULTLINE_RING_S", "CONSULTLINE_PRODUCTION", "CONSULTLINE_CARRIER")
        ),
        *(
            (name, "hunter2")
            for name in ("CONSULTLINE_PUBLIC_URL", "CONSULTLINE_VOICE_URL", "CONSULTLINE_TWILIO_API_URL")
        ),
        ("CONSULTLINE_PUBLIC_URL", "https://line.example.com:hunter2"),
        ("CONSULTLINE_PUBLIC_URL", "https://[hunter2"),
        ("CONSULTLINE_PUBLIC_URL", "https://pat:hunter2@line.example.com"),
        ("CONSULTLINE_PUBLIC_URL", "https://line.example.com?token=hunter2"),
        *(
            (name, "hunter2")
            for name in ("CONSULTLINE_SECRET_KEY", "CONSULTLINE_TWILIO_ACCOUNT_SID", "CONSULTLINE_LINES")
        ),
    ],
)
def test_a_malformed_setting_is_not_repeated_by_its_message(environment: Environment, name: str, value: str) -> None:
    """Whoever pastes a token into the wrong place must not find it in a log."""
    environment(**(WHOLE | {name: value}))

    told = problems()

    assert list(told) == [name]
    assert "hunter2" not in str(told)


def test_nor_by_the_error_that_is_raised_before_it_is_put_into_words(environment: Environment) -> None:
    environment(**(WHOLE | {"CONSULTLINE_SECRET_KEY": "hunter2", "CONSULTLINE_TWILIO_ACCOUNT_SID": "hunter2"}))

    with pytest.raises(ValidationError) as told:
        Settings()

    assert "hunter2" not in str(told.value)


def test_no_secret_is_shown_with_the_settings(environment: Environment) -> None:
    environment(**WHOLE)

    assert "hunter2" not in repr(load())
    assert "hunter2" not in str(load())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_simulator_runs_on_a_loopback_address(environment: Environment, host: str) -> None:
    environment(**WHOLE, CONSULTLINE_CARRIER="simulator", CONSULTLINE_HOST=host)

    assert load().carrier == "simulator"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.2", "10.0.0.1", "line.example.com", "127.example.com", "localhost.example.com"]
)
def test_the_simulator_runs_nowhere_else(environment: Environment, host: str) -> None:
    environment(**WHOLE, CONSULTLINE_CARRIER="simulator", CONSULTLINE_HOST=host)

    assert problems() == {"CONSULTLINE_CARRIER": "simulator only runs where CONSULTLINE_HOST is a loopback address"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2"])
def test_a_real_carrier_runs_anywhere(environment: Environment, host: str) -> None:
    environment(**WHOLE, CONSULTLINE_HOST=host)

    assert load().host == host


@pytest.mark.parametrize(
    "url",
    [
        *("", "line.example.com", "ftp://line.example.com", "https://", "https:///path", "wss://line.example.com"),
        *("https://line.example.com?x=1", "https://line.example.com#rc=2", "https://pat@line.example.com"),
        *("https://:pin@line.example.com", "https://line.example.com:99999", "https://line.example.com:0"),
    ],
)
def test_an_address_that_a_carrier_could_not_sign_is_refused(environment: Environment, url: str) -> None:
    environment(**WHOLE, CONSULTLINE_PUBLIC_URL=url)

    assert list(problems()) == ["CONSULTLINE_PUBLIC_URL"]


def test_what_is_known_counts_where_the_environment_is_silent(environment: Environment) -> None:
    environment(**WHOLE)

    found = load(database_url="postgresql://known", port=4321)

    assert found.database_url == WHOLE["DATABASE_URL"]
    assert found.port == 4321


def test_a_file_counts_less_than_the_environment_and_more_than_what_is_known(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("CONSULTLINE_RING_S=30\nCONSULTLINE_MIN_TALK_S=90\nPORT=7000\n")
    environment(**WHOLE, CONSULTLINE_MIN_TALK_S="45")

    found = load(port=4321)

    assert (found.ring_s, found.min_talk_s, found.port) == (30, 45, 7000)


def test_settings_do_not_change(environment: Environment) -> None:
    environment(**WHOLE)

    with pytest.raises(ValidationError):
        load().ring_s = 30  # type: ignore[misc]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((host, True) for host in ("127.0.0.1", "127.255.255.254", "::1", "localhost")),
        *((host, False) for host in ("128.0.0.1", "127.0.0.1.example.com", "", "127.", "::ffff:10.0.0.1")),
    ],
)
def test_what_can_be_reached_from_this_machine_only(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
