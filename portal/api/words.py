"""The shared words as fields: what stands in them is one of a closed list, which the description shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from scheduling.rules import vocabulary


@dataclass(frozen=True)
class OneOf:
    """Says that a text is one of these words, for the check and for the description alike."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> "OneOf":
        """Make one of any words, in their order."""
        return cls(tuple(words))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Build the check, as pydantic asks for it."""
        return core_schema.custom_error_schema(
            core_schema.literal_schema(list(self.words)),
            custom_error_type="no_such_word",
            custom_error_message="Choose one of the words of GET /vocabulary.",
        )


ProblemId = Annotated[str, OneOf.of(vocabulary.PROBLEMS)]
PlanId = Annotated[str, OneOf.of(vocabulary.PLANS)]
TherapyId = Annotated[str, OneOf.of(vocabulary.THERAPIES)]
LanguageId = Annotated[str, OneOf.of(vocabulary.LANGUAGES)]
AffirmsId = Annotated[str, OneOf.of(vocabulary.AFFIRMS)]
ProviderType = Annotated[str, OneOf.of(vocabulary.PROVIDER_TYPES)]
