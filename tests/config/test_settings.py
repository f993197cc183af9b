import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from config.settings import CUSTOMARY, PREFIX, Settings

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
    assert shown[variable(name)] == (
        "" if text is None else str(text).lower() if text is False else str(text)
    )


def test_the_example_is_itself_a_set_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)

    settings = Settings(_env_file=EXAMPLE)

    assert settings.lines == ("+12125550100", "+12125550101")
