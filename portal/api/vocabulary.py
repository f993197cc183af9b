"""The shared words of clients and providers: problems, plans, therapies, languages, kinds of providers."""

from collections.abc import Iterable
from typing import Any

from portal.api.fields import Nothing, Shape
from portal.api.operation import EVERYBODY, Answer, Ask, Method, Operation
from scheduling.rules import vocabulary
from scheduling.values import Word


class WordShown(Shape):
    """A word with its labels; `id` never changes."""

    id: str
    en: str
    es: str


class SynonymsShown(Shape):
    """Other words that lead there."""

    en: list[str]
    es: list[str]


class ProblemShown(WordShown):
    """A presenting problem, never a diagnosis.

    `icd10` has categories or blocks of ICD-10-CM, for statistics. A `crisis` counts in no order; `prescribers` leads
    to those who prescribe.
    """

    parent: str | None
    synonyms: SynonymsShown
    icd10: list[str]
    crisis: bool
    prescribers: bool


class CrisisContactShown(WordShown):
    """Where somebody in danger finds a person at once: numbers to call and to text."""

    call: str | None
    text: str | None


class ProviderTypesShown(Shape):
    """Kinds of providers, with what has to be said of their codes."""

    notice: str
    source: str
    items: list[WordShown]


class VocabularyShown(Shape):
    """All shared words."""

    problems: list[ProblemShown]
    crisis: list[CrisisContactShown]
    plans: list[WordShown]
    therapies: list[WordShown]
    languages: list[WordShown]
    affirms: list[WordShown]
    states: list[WordShown]
    provider_types: ProviderTypesShown


async def show(_: Ask[Nothing, Nothing]) -> Answer:
    """Show all shared words."""
    return Answer(_SHOWN)


def crisis_contacts() -> list[CrisisContactShown]:
    """Return where somebody in danger finds a person at once."""
    return [CrisisContactShown.model_validate(one) for one in vocabulary.CRISIS_CONTACTS]


def _words(words: Iterable[Word]) -> list[WordShown]:
    return [WordShown.model_validate(one) for one in words]


def _problem(one: Any) -> ProblemShown:
    synonyms = SynonymsShown(**{language: list(words) for language, words in one.synonyms.items()})
    return ProblemShown(
        id=one.id,
        en=one.en,
        es=one.es,
        parent=one.parent,
        synonyms=synonyms,
        icd10=list(one.icd10),
        crisis=one.crisis,
        prescribers=one.prescribers,
    )


_SHOWN = VocabularyShown(
    problems=[_problem(one) for one in vocabulary.PROBLEMS.values()],
    crisis=crisis_contacts(),
    plans=_words(vocabulary.PLANS.values()),
    therapies=_words(vocabulary.THERAPIES.values()),
    languages=_words(vocabulary.LANGUAGES.values()),
    affirms=_words(vocabulary.AFFIRMS.values()),
    states=_words(vocabulary.STATES.values()),
    provider_types=ProviderTypesShown(
        notice=vocabulary.PROVIDER_TYPES_NOTICE,
        source=vocabulary.PROVIDER_TYPES_SOURCE,
        items=_words(vocabulary.PROVIDER_TYPES.values()),
    ),
)


OPERATIONS = (
    Operation(
        name="getVocabulary",
        method=Method.GET,
        path="/vocabulary",
        roles=EVERYBODY,
        summary="Show the words that clients and providers choose from",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=VocabularyShown,
    ),
)
