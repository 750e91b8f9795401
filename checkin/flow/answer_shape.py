"""The shape of what a question accepts.

Knows how `answer:` is written. Must not know how a reply is understood.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from checkin.flow.parts import Name, Shape, WordsShape, refused

ANSWER_KINDS = ("scale", "number", "yes_no", "choice", "text", "phone", "date", "time")
OWN_WORDS = ("scale", "number", "yes_no")
"""The kinds of answer that may be given words of their own."""


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
    means: dict[str, WordsShape] | None = None
    """Words of this question's own for a number, or for yes or no: { 2: { en: ["like a wet sock"] } }.
    They count when they are all that somebody writes."""
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
        for value in self.means or ():
            self._meant(value)
        return self

    def _meant(self, value: str) -> None:
        """Refuse own words for what this question does not take."""
        if self.yes_no:
            good, mend = value in ("yes", "no"), "Write `yes:` or `no:` before the words."
        else:
            low, high = self.scale or self.number or (1, 0)
            good = value.removeprefix("-").isdecimal() and low <= int(value) <= high
            mend = f"Write a number from {low} to {high} before the words."
        if self.kind not in OWN_WORDS:
            mend = "Delete `means:`; it is for " + ", ".join(OWN_WORDS) + ". A choice has words already."
            raise refused("This kind of answer has no words of its own.", mend)
        if not good:
            raise refused(f"`{value[:40]}` is no answer to this question.", mend)


def _answer_kind(value: object) -> str:
    return "<word>" if isinstance(value, str) else "<answer>"


AnswerForm = Annotated[
    Annotated[Literal["yes_no", "text", "phone", "date", "time"], Tag("<word>")]
    | Annotated[AnswerShape, Tag("<answer>")],
    Discriminator(_answer_kind),
]
