"""The two ways in which the service says no; everything else that is raised is a bug."""

from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """The rules said no.

    `sentence` is for a person and says what to do; `code` is for a program and never changes;
    `status` is 403, 404, 409, 413 or 422.
    """

    def __init__(self, code: str, sentence: str, *, status: int = 409, **facts: object) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status
        self.facts = facts


class NotFound(Refused):
    """There is no such thing, or it is not yours: the answer is the same for both (F35)."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is nothing here under this id.", status=404)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: where, and what to do about it."""

    where: str
    sentence: str


class BadInput(Exception):  # noqa: N818 - as above
    """The edge could not read what came in; carries all problems at once, never the first only."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.where}: {p.sentence}" for p in problems))
        self.problems = problems
