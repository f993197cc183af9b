"""The shared words are whole: ids, parents, labels in both languages, and what they lead to."""

import re
from collections import Counter
from collections.abc import Mapping

import pytest

from scheduling.rules import vocabulary
from scheduling.rules.vocabulary import CRISIS_CONTACTS, PROBLEMS, PROVIDER_TYPES
from scheduling.values import Word

TOP = """anxiety ocd trauma adjustment mood relationships identity parenting_child eating_body sleep substance
personality psychosis cognition_aging work_performance chronic_illness_pain sexual_health self_harm_suicidal
assessment_testing medication"""
LISTS: Mapping[str, Mapping[str, Word]] = {
    "problems": PROBLEMS,
    "provider types": PROVIDER_TYPES,
    "plans": vocabulary.PLANS,
    "therapies": vocabulary.THERAPIES,
    "languages": vocabulary.LANGUAGES,
    "affirms": vocabulary.AFFIRMS,
    "states": vocabulary.STATES,
}


def repeated(words: list[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


@pytest.mark.parametrize("name", LISTS)
def test_every_word_has_a_label_of_its_own_in_both_languages(name: str) -> None:
    words = LISTS[name].values()

    assert [one.id for one in words if not (one.en.strip() == one.en and one.es.strip() == one.es)] == []
    assert [one.id for one in words if not (1 <= len(one.en) <= 60 and 1 <= len(one.es) <= 60)] == []
    assert repeated([one.en.lower() for one in words]) == []
    assert repeated([one.es.lower() for one in words]) == []


@pytest.mark.parametrize("name", [name for name in LISTS if name not in {"provider types", "states"}])
def test_every_id_is_made_to_last(name: str) -> None:
    assert [one for one in LISTS[name] if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", one)] == []


def test_there_are_about_sixty_problems_under_the_twenty_of_the_top() -> None:
    assert [one.id for one in PROBLEMS.values() if one.parent is None] == TOP.split()
    assert 55 <= len(PROBLEMS) <= 65


def test_a_parent_is_one_of_the_top_so_that_there_are_two_levels() -> None:
    parents = {one.parent for one in PROBLEMS.values() if one.parent}

    assert parents <= {one.id for one in PROBLEMS.values() if one.parent is None}


def test_a_child_stands_behind_its_parent_in_the_file() -> None:
    places = {one: place for place, one in enumerate(PROBLEMS)}

    assert [one.id for one in PROBLEMS.values() if one.parent and places[one.parent] > places[one.id]] == []


def test_no_synonym_leads_to_two_problems() -> None:
    for language in ("en", "es"):
        said = [word for one in PROBLEMS.values() for word in one.synonyms[language]]
        assert repeated([word.lower() for word in said]) == []
        assert [word for word in said if word != word.strip() or word != word.lower()] == []


def test_blocks_of_icd_10_cm_are_written_as_such() -> None:
    blocks = {block for one in PROBLEMS.values() for block in one.icd10}

    assert [block for block in blocks if not re.fullmatch(r"[A-Z][0-9]{2}(-[A-Z][0-9]{2})?", block)] == []


def test_only_thoughts_of_suicide_and_of_hurting_oneself_are_a_crisis() -> None:
    assert {one.id for one in PROBLEMS.values() if one.crisis} == {"self_harm_suicidal", "self_harm"}


def test_whoever_is_in_danger_can_call_and_can_text() -> None:
    assert [(one.call, one.text) for one in CRISIS_CONTACTS] == [("988", "988"), (None, "741741"), ("911", None)]
    assert [one.id for one in CRISIS_CONTACTS if not (one.call or one.text)] == []


def test_provider_types_are_codes_of_nucc_with_notice_and_source() -> None:
    assert [code for code in PROVIDER_TYPES if not re.fullmatch(r"[0-9]{3}[0-9A-Z]{6}X", code)] == []
    assert "copyright American Medical Association" in vocabulary.PROVIDER_TYPES_NOTICE
    assert vocabulary.PROVIDER_TYPES_SOURCE == "https://www.nucc.org"
    # What popular lists have wrong: this one is paediatrics.
    assert "363LP0200X" not in PROVIDER_TYPES


@pytest.mark.parametrize(
    ("taxonomy", "expected"),
    [
        ("2084P0800X", True),
        ("2084P0804X", True),
        ("363LP0808X", True),
        ("364SP0808X", True),
        ("103TC0700X", False),
        ("1041C0700X", False),
        ("208400000X", True),
        ("2085R0202X", False),
        ("364X00000X", False),
        (None, False),
    ],
)
def test_psychiatrists_and_nurses_who_prescribe_are_known_by_the_code(taxonomy: str | None, expected: bool) -> None:
    assert vocabulary.prescribes(taxonomy) is expected


def test_relatives_are_parent_and_children_and_no_siblings() -> None:
    assert vocabulary.relatives("panic") == {"anxiety"}
    assert vocabulary.relatives("anxiety") == {"worry", "panic", "social_anxiety", "phobia", "health_anxiety"}
    assert vocabulary.relatives("sleep") == frozenset()


def test_whoever_does_not_treat_a_problem_does_not_treat_its_children() -> None:
    assert vocabulary.with_parents(["panic", "sleep"]) == {"panic", "anxiety", "sleep"}
    assert vocabulary.with_parents([]) == frozenset()


def test_what_counts_is_what_is_no_crisis_and_leads_to_nobody_else() -> None:
    assert vocabulary.counting(["grief", "self_harm", "medication", "panic"]) == ("grief", "panic")
    assert vocabulary.is_crisis(["grief", "self_harm"])
    assert not vocabulary.is_crisis(["grief"])
    assert vocabulary.leads_to_prescribers(["medication"])
    assert not vocabulary.leads_to_prescribers(["grief"])
