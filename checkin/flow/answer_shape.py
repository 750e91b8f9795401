"""The shape of what a question accepts.

Knows how `answer:` is written. Must not know how a reply is understood.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from checkin.flow.parts import Name, Shape, WordsShape, refused

ANSWER_KINDS = ("scale", "number", "yes_no", "choice", "text", "phone", "date", "time")


class AnswerShape(Shape):
    """What a question accepts, and the name under which the answer is kept."""

    scale: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """A number from the first to the second, both included: [1, 5]."""
    number: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """A number that is counted or measured, between these two: [0, 24]."""
    yes_no: Literal[True] | None = None
    """Yes or no, in any wording."""
    choice: Annotated[dict[Name, WordsShape], Field(min_length=2)] | None = None
    """One of several; each has a name and the words that mean it."""
    text: Literal[True] | None = None
    """Anything that the member writes."""
    phone: Literal[True] | None = None
    """A phone number."""
    date: Literal[True] | None = None
    """A day: tomorrow, Friday, March 4."""
    time: Literal[True] | None = None
    """A time of day: 5:30 pm, 17:30, in the morning."""
    save_as: Name | None = None
    """The name under which the answer is kept: texts use it as {name}, conditions as name."""

    @property
    def kind(self) -> str:
        """Return which of the kinds this is."""
        return next(kind for kind in ANSWER_KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _exactly_one(self) -> AnswerShape:
        count = sum(getattr(self, kind) is not None for kind in ANSWER_KINDS)
        if count != 1:
            message = (
                "An answer is of one kind." if count else "It does not say which answers are understood."
            )
            raise refused(message, "Use one of: " + ", ".join(ANSWER_KINDS) + ".")
        for ends in (self.scale, self.number):
            if ends and not ends[0] < ends[1]:
                raise refused("The first number has to be smaller than the second.", "For example: [1, 5]")
        if self.scale and self.scale[1] - self.scale[0] > 100:
            raise refused("A scale has at most 100 steps.", "Use `number:` instead of `scale:`.")
        return self


def _answer_kind(value: object) -> str:
    return "<word>" if isinstance(value, str) else "<answer>"


AnswerForm = Annotated[
    Annotated[Literal["yes_no", "text", "phone", "date", "time"], Tag("<word>")]
    | Annotated[AnswerShape, Tag("<answer>")],
    Discriminator(_answer_kind),
]
