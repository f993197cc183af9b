"""The pages say what the code does."""

import re
from pathlib import Path

from app.cli import parser
from docs import draw

ROOT = Path(__file__).resolve().parent.parent


def test_the_drawn_lifecycles_are_the_tables() -> None:
    assert draw.PAGE.read_text() == draw.page(), "run `make docs`"


def test_the_drawn_letters_are_the_letters() -> None:
    assert draw.LETTERS.read_text() == draw.letters(), "run `make docs`"


def test_every_command_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    commands = set(re.findall(r"\bconsultline ([a-z-]+)", text))
    known = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert commands
    assert commands <= set(known or ())


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
