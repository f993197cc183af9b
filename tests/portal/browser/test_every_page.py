"""Every page in every state that has a story: anybody can use it, in both languages, on a telephone and on a desk.

Each story is visited twice: in English and in Spanish, on a telephone. The first one of each page is looked at on a
desk, too; what differs there is where things stand, and not what they are.
"""

import re
from collections.abc import Mapping

import pytest
from axe_playwright_python.base import AXE_FILE_PATH  # type: ignore[import-untyped]

from portal import words
from portal.pages import PAGES
from scheduling.rules import vocabulary
from scheduling.values import Word
from tests.browsers import HtmlChecker
from tests.clock import START
from tests.portal.browser.conftest import DESK, PHONE, Visitor, Visitors
from tests.portal.browser.stories import Scene, Stage, Story, by_area

STORIES = by_area()
LABELS: tuple[Mapping[str, Word], ...] = (
    vocabulary.PROBLEMS,
    vocabulary.PLANS,
    vocabulary.THERAPIES,
    vocabulary.LANGUAGES,
    vocabulary.AFFIRMS,
    vocabulary.STATES,
    vocabulary.PROVIDER_TYPES,
)
# Shown by no page of its own, but by the frame, when something goes wrong.
WITHOUT_PAGE = {"trouble"}


def test_every_page_has_a_story_and_every_story_a_page() -> None:
    told = {one.page for stories in STORIES.values() for one in stories}
    assert told - WITHOUT_PAGE == {page.name for page in PAGES if page.show is not None and not page.file}


@pytest.mark.parametrize("area", sorted(STORIES))
async def test_anybody_can_use_every_page_of(
    area: str, stage: Stage, visitors: Visitors, html_problems: HtmlChecker
) -> None:
    wrong: list[str] = []
    sent: dict[str, str] = {}
    visitor = await visitors.come()
    await visitor.context.add_init_script(path=AXE_FILE_PATH)
    pages: set[str] = set()
    for one in STORIES[area]:
        stage.clock.to(START)
        found, html = await _visited(one, await one.tell(stage), visitor, on_a_desk=one.page not in pages)
        pages.add(one.page)
        wrong += found
        sent |= html
    assert not wrong, "\n" + "\n".join(wrong)
    wrong = await html_problems(sent)  # last: it is skipped where there is nothing to check with
    assert not wrong, "\n" + "\n".join(wrong)


async def _visited(
    story: Story, scene: Scene, visitor: Visitor, *, on_a_desk: bool
) -> tuple[list[str], Mapping[str, str]]:
    """Return what is wrong with a story's page, and its HTML in both languages."""
    name = f"{story.page} ({story.state})"
    await visitor.page.goto("about:blank")  # the page before asks for nothing any more
    visitor.complaints.clear()
    await visitor.forget()
    await visitor.take(**scene.cookies)
    if scene.who is not None:
        await visitor.sign_in(scene.who)
    await visitor.page.set_viewport_size(PHONE)
    english = await _opened(visitor, scene, "en")
    wrong = [*await _keeps_out(visitor), *await _scrolls(visitor)]
    english_texts = await _texts(visitor)
    spanish = await _opened(visitor, scene, "es")
    wrong += [*await _scrolls(visitor), *untranslated(english_texts, await _texts(visitor))]
    await visitor.page.set_viewport_size(DESK)
    if on_a_desk:
        wrong += await _keeps_out(visitor)
    wrong += visitor.complaints
    return [f"{name}: {one}" for one in wrong], {f"{name}, en": english, f"{name}, es": spanish}


async def _opened(visitor: Visitor, scene: Scene, language: str) -> str:
    await visitor.take(language=language)
    if scene.sent is None:
        html = await visitor.go(scene.path)
    else:
        await visitor.go(scene.sent_from or scene.path)
        html = await visitor.send(scene.path, dict(scene.sent))
    if scene.pressed is not None:
        await scene.pressed(visitor.page)
    return html


async def _keeps_out(visitor: Visitor) -> list[str]:
    """Return what axe says would keep somebody out of the page."""
    found = await visitor.page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
    return [f"axe: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in found]


async def _scrolls(visitor: Visitor) -> list[str]:
    """Return what reaches beyond the edge of a telephone, so that the page would scroll to the side."""
    return [f"wider than a telephone: {one}" for one in await visitor.page.evaluate(_WIDE)]


_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.querySelectorAll("main *, header *, footer *")]
    .filter((one) => one.getBoundingClientRect().right > room + 1);
  return wide.slice(-1).map((one) => one.outerHTML.slice(0, 160));
}"""


async def _texts(visitor: Visitor) -> list[str]:
    """Return what a reader is told, piece by piece; not what is marked as a name or as another language."""
    return [" ".join(one.split()) for one in await visitor.page.evaluate(_TEXTS)]


_TEXTS = """() => {
  const own = document.documentElement.lang;
  const theirs = (one) => !one.closest("script, style, [translate=no]") && one.closest("[lang]").lang === own;
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (theirs(walk.currentNode.parentElement)) found.push(walk.currentNode.data);
  for (const name of ["aria-label", "placeholder", "title", "alt"])
    for (const one of document.querySelectorAll(`[${name}]`)) if (theirs(one)) found.push(one.getAttribute(name));
  return [document.title, ...found];
}"""

_NOT_WORDS = re.compile(r"\S+@\S+|https?://\S+|\b[ECMP][SD]T\b|\b[AP]M\b|[^\W\d_]*\d\S*|\bConsultline\b")
_ENGLISH = re.compile(
    r"\b(?:the|and|of|is|are|was|your|you|with|not|this|that|for|from|to|it|what|when|be|by|we|has|have|can)\b",
    re.IGNORECASE,
)


def untranslated(english: list[str], spanish: list[str]) -> list[str]:
    """Return the pieces of a Spanish page that are English: said so on both pages, or with words that only English has.

    What belongs to people (their names, which all have "Canary" in them) is theirs, and so is what the catalogue
    and the shared words say alike in both languages.
    """
    alike = {one["en"] for one in words.catalogue().values() if one["en"] == one["es"]}
    alike |= {one.en for known in LABELS for one in known.values() if one.en == one.es}
    said = re.compile("|".join(re.sub(r"\\{.*?\\}", ".+", re.escape(one)) for one in sorted(alike)))
    same = {text for text in english if not all(said.fullmatch(piece) for piece in text.split(", "))}
    return [
        f"not Spanish: {text}"
        for text in dict.fromkeys(spanish)
        if "canary" not in text.casefold()
        and re.search(r"[^\W\d_]{2}", _NOT_WORDS.sub(" ", text))
        and (text in same or _ENGLISH.search(text))
    ]


@pytest.mark.parametrize(
    ("english", "spanish", "wrong"),
    [
        ("Sign in", "Iniciar sesión", False),
        ("Sign in", "Sign in", True),
        ("Next", "Go to the next", True),
        ("2:00 PM EST", "2:00 PM EST", False),
        ("Canary-Casey and the others", "Canary-Casey and the others", False),
        ("No", "No", False),
        ("48 h 0 min", "48 h 0 min", False),
    ],
)
def test_a_piece_that_is_english_is_found(english: str, spanish: str, wrong: bool) -> None:
    assert bool(untranslated([english], [spanish])) is wrong
