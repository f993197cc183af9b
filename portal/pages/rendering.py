"""Templates: escaped by default, given frozen values and words in the reader's language, never rows or sessions."""

from collections.abc import Mapping
from functools import cache, partial

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from config.errors import Problem
from people.values import Language, Role
from portal import assets, views, words
from portal.pages.page import Page, View, Visit

MENU: web.AppKey[tuple[Page, ...]] = web.AppKey("menu", tuple)


@cache
def environment() -> Environment:
    """Return the one environment of all templates: what is missing is a bug, not an empty place."""
    made = Environment(
        loader=PackageLoader("portal", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": assets.address, "Role": Role, "Language": Language}
    made.filters["number"] = views.number
    return made


def page(
    view: View,
    visit: Visit,
    *,
    path: str,
    here: str | None = None,
    menu: tuple[Page, ...] = (),
    done: str | None = None,
) -> str:
    """Return a page as HTML; for htmx that asks for a part, the block of that name alone.

    `here` is where a choice of zone or language leads back to: the path, with what was asked there.
    """
    template = environment().get_template(view.template)
    told = {**frame(visit, path=path, menu=menu, done=done), "here": here or path, **view.told}
    if visit.part is not None and visit.part in template.blocks:
        context = template.new_context(told)
        return "".join(template.blocks[visit.part](context))
    return template.render(told)


def frame(visit: Visit, *, path: str, menu: tuple[Page, ...], done: str | None) -> Mapping[str, object]:
    """Return what every template may use besides what its page tells."""
    zone, language = visit.timezone, visit.language
    return {
        "say": partial(_say, language),
        "language": language,
        "zone": zone,
        "person": visit.person,
        "now": visit.now,
        "path": path,
        "menu": [(page.path, page.menu) for page in menu if _sees(page, visit)],
        "done": done if done and words.knows(done) else None,
        "trouble": visit.trouble,
        "refusal": _refusal(visit),
        "field": Fields(visit),
        "clock": lambda at: views.clock(at, zone, language),
        "day": lambda at: views.day(at, zone, language),
        "day_and_time": lambda at: views.day_and_time(at, zone, language),
        "span": lambda a, b: views.span(a, b, zone, language),
        "zone_name": views.zone_name(visit.now, zone),
        "exactly": lambda at: views.exactly(at, zone, language),
        "zone_at": lambda at: views.zone_name(at, zone),
        "local_day": lambda at: views.local_day(at, zone),
        "left": lambda until: views.left(until, visit.now),
        "outage": visit.outage,
    }


def _sees(page: Page, visit: Visit) -> bool:
    roles = visit.person.roles if visit.person else frozenset()
    return bool(page.roles & roles) if page.roles else visit.person is None


def _say(language: Language, key: str, **told: object) -> Markup:
    return words.say(key, language, **told)


def _refusal(visit: Visit) -> Markup | None:
    """Return the sentence of a refusal in the reader's language."""
    why = visit.trouble
    if why is None:
        return None
    key = f"refusals.{why.code}"
    if words.knows(key):
        told = {name: _fact(value) for name, value in why.facts.items()}
        return words.say(key, visit.language, **told)
    return words.say("refusals.other", visit.language)


def _fact(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


class Fields:
    """What stands in the fields of a form: what was typed, if it was refused; else what is known."""

    def __init__(self, visit: Visit) -> None:
        self._form, self._trouble, self._language = visit.form, visit.trouble, visit.language

    def value(self, name: str, known: object = "") -> str:
        """Return what stands in a field."""
        if self._form is not None and self._trouble is not None and name in self._form:
            return self._form[name]  # a page may have other forms, which were not sent
        return "" if known is None else str(known)

    def chosen(self, name: str, option: str, known: object = None) -> bool:
        """Tell whether an option of a choice, or a box, is chosen."""
        if self._form is not None and self._trouble is not None:
            return option in self._form.getall(name, [])
        if isinstance(known, str) or known is None:
            return known == option
        return option in {str(one) for one in known} if hasattr(known, "__iter__") else str(known) == option

    def problem(self, name: str) -> Markup | None:
        """Return what is wrong with a field, in the reader's language."""
        for one in self.problems:
            if one.where == name:
                return self.sentence(one)
        return None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return everything that is wrong."""
        return self._trouble.problems if self._trouble else ()

    def sentence(self, problem: Problem) -> Markup:
        """Return a problem's sentence: it is a key of words, or words already."""
        if words.knows(problem.sentence):
            return words.say(problem.sentence, self._language)
        return words.say("problems.other", self._language)
