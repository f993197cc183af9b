"""Every setting of the service, read once from the environment.

This file and `app/deps.py` are the only ones that look at the environment, the clock or chance.
"""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

from config import phones

PREFIX = "CONSULTLINE_"
CUSTOMARY = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL", "port": "PORT"}


class SettingsError(Exception):
    """One or more settings are missing or malformed; the message lists all of them, by name."""


def _base_url(value: str) -> str:
    msg = "must be an http or https address"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # its words repeat what was set
        raise ValueError(msg) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(msg)
    if parts.query or parts.fragment or "@" in parts.netloc:
        msg = "must have no user, query or fragment"
        raise ValueError(msg)
    return value.rstrip("/")


def _lines(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _e164(values: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [value for value in values if phones.e164(value) != value]
    if wrong:
        msg = f"{len(wrong)} of {len(values)} are not E.164 numbers such as +12125550100"
        raise ValueError(msg)
    return tuple(dict.fromkeys(values))


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_lines)]


class Settings(BaseSettings):
    """All settings, frozen. Names in the environment are these in capitals with `CONSULTLINE_` before them.

    `DATABASE_URL`, `REDIS_URL` and `PORT` keep their customary names. Times end in their unit:
    `_s` seconds, `_h` hours, `_m` minutes, `_d` days.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # a malformed secret must not stand in the message
        validate_by_name=True,
        validate_by_alias=True,
    )

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    redis_url: str = Field(validation_alias="REDIS_URL", repr=False)
    port: int = Field(8080, ge=0, le=65535, validation_alias="PORT")
    host: str = "127.0.0.1"
    data_dir: Path = Path(".data")
    production: bool = False

    public_url: BaseUrl = "http://127.0.0.1:8080"
    voice_url: BaseUrl | None = None
    fallback_url: BaseUrl | None = None
    secret_key: SecretStr = Field(min_length=32)

    carrier: Literal["twilio", "simulator"] = "twilio"
    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    twilio_auth_tokens: Listed = Field(min_length=1, repr=False)
    twilio_api_key: str = ""
    twilio_api_secret: SecretStr = SecretStr("")
    twilio_api_url: BaseUrl | None = None
    lines: Annotated[Listed, AfterValidator(_e164)] = Field(min_length=1)

    mail_url: str = Field("smtp://127.0.0.1:25", repr=False)
    support_address: str = "support@example.com"
    mail_from: str = "Consultline <no-reply@example.com>"

    min_talk_s: int = Field(60, ge=0)
    line_lead_s: int = Field(60, ge=0)
    ring_s: int = Field(20, ge=5, le=60)
    time_limit_s: int = Field(14400, ge=60, le=86400)
    status_text_after_h: int = Field(24, ge=1)
    status_window_h: int = Field(72, ge=1)
    live_grace_h: int = Field(4, ge=1)
    accept_ttl_h: int = Field(48, ge=1)
    min_notice_h: int = Field(48, ge=0)
    reminder_before_h: int = Field(24, ge=1)
    consult_length_m: int = Field(15, ge=5, le=120)
    offer_m: int = Field(10, ge=1, le=60)
    request_cutoff_h: int = Field(2, ge=0)
    request_least_h: int = Field(4, ge=0)
    request_warning_h: int = Field(12, ge=1)
    waitlist_hold_h: int = Field(2, ge=1)
    psychiatric_d: int = Field(14, ge=1)
    late_cancel_h: int = Field(24, ge=0)
    open_bookings: int = Field(3, ge=1)
    pending_requests: int = Field(2, ge=1)
    invitations_an_hour: int = Field(200, ge=1)
    provider_may_edit_insurance: bool = False
    processor: Literal["none", "sandbox"] = "sandbox"
    moves_by_client: int = Field(2, ge=0)
    session_idle_m: int = Field(60, ge=1)
    session_h: int = Field(12, ge=1)
    busy_feed_every_m: int = Field(15, ge=1)
    busy_feed_loopback: bool = False
    reveal_ahead_h: int = Field(4, ge=1)
    statement_s: float = Field(0.8, gt=0, le=5)
    answer_s: float = Field(1.8, gt=0, le=14)
    snapshot_max_age_s: int = Field(900, ge=1)
    reap_after_s: int = Field(300, ge=10)

    probe_every_s: int = Field(15, ge=1)
    sweep_every_s: int = Field(30, ge=1)

    database_pool: int = Field(16, ge=1)
    voice_pool: int = Field(16, ge=1)

    keep_calls_d: int = Field(2555, ge=1)
    keep_notices_d: int = Field(400, ge=1)
    keep_line_signs_d: int = Field(30, ge=1)
    keep_api_writes_h: int = Field(24, ge=1)
    keep_imports_h: int = Field(24, ge=1)
    keep_searches_d: int = Field(365, ge=1)
    keep_drafts_h: int = Field(24, ge=1)

    @field_validator("carrier")
    @classmethod
    def _simulator_stays_at_home(cls, value: str, info: ValidationInfo) -> str:
        if value == "simulator" and not is_loopback(info.data.get("host", "")):
            msg = "simulator only runs where CONSULTLINE_HOST is a loopback address"
            raise ValueError(msg)
        return value

    @property
    def carrier_base(self) -> str:
        """The address that the carrier calls and signs, and the base of every action URL."""
        return self.voice_url or self.public_url

    @property
    def line_lead(self) -> timedelta:
        """How long before the start the line opens (R108)."""
        return timedelta(seconds=self.line_lead_s)


def is_loopback(host: str) -> bool:
    """Tell whether `host` can only be reached from this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False  # a name, such as 127.example.com


def _told() -> dict[str, Any]:
    """Return what `.env` and the environment say, the latter first; keys are names or customary names."""
    return {**DotEnvSettingsSource(Settings)(), **EnvSettingsSource(Settings)()}


def set_in_environment(*names: str) -> bool:
    """Tell whether all of these settings are set there."""
    told = _told()
    return all(told.keys() & {name, Settings.model_fields[name].validation_alias} for name in names)


def data_dir() -> Path:
    """Return the data folder alone: what a command needs before it knows where anything runs."""
    return Path(str(_told().get("data_dir", Settings.model_fields["data_dir"].default)))


def load(**known: Any) -> Settings:
    """Read the settings; `known` ones (from `run.json`) count where the environment is silent.

    Raises SettingsError naming every missing or malformed setting at once.
    """
    told = _told()
    named = {name for name, field in Settings.model_fields.items() if {name, field.validation_alias} & told.keys()}
    try:
        return Settings(**{k: v for k, v in known.items() if k not in named}, **told)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(e["loc"], e["msg"]) for e in error.errors())) from None


def _sentence(where: tuple[int | str, ...], what: str) -> str:
    if not where:
        return what.removeprefix("Value error, ")
    name = str(where[0]).lower()
    return f"{CUSTOMARY.get(name, PREFIX + name.upper())}: {what.removeprefix('Value error, ')}"
