"""What a profile needs to be submitted, and when it is hidden from payers again (R78, R84-R87)."""

import pytest

from people.rules import programme
from people.values import EnrolmentState
from people.values.profiles import PULLED, Required

WHOLE: dict[Required, object] = {
    **dict.fromkeys(Required, "said"),
    Required.NPI: "1234567893",
    Required.FOCUS: ["grief"],
    Required.LANGUAGES: ["en"],
}
NOTHING: list[object] = [None, "", "  ", [], "1234567890"]


def test_what_is_whole_lacks_nothing() -> None:
    assert programme.missing(WHOLE) == ()
    assert programme.missing({}) == tuple(Required)


@pytest.mark.parametrize("state", EnrolmentState)
@pytest.mark.parametrize("one", Required)
@pytest.mark.parametrize("value", NOTHING)
def test_each_that_is_missing_is_named_and_what_comes_from_elsewhere_hides_what_was_completed(
    one: Required, value: object, state: EnrolmentState
) -> None:
    lacks = value != "1234567890" or one is Required.NPI
    told = {**WHOLE, one: value}

    assert programme.missing(told) == ((one,) if lacks else ())
    hidden = lacks and one in PULLED and state is EnrolmentState.COMPLETED
    assert programme.needs_attention(state, told) is hidden
