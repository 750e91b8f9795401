"""The shape of a file of test conversations: which keys stand where, and what they may hold.

A file `daily.test.yaml` beside the flow `daily.yaml` holds conversations as they should go, written like a
chat. These models only describe and check the writing; `checkin.flow.chats` makes chats of them. Their
docstrings become the hover texts of an editor.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from checkin.flow.model import AlertReason
from checkin.flow.parts import Length, Name, Scalar, Shape, Wording, one_or_each, refused

BEGINS = "2026-11-23 12:00"
"""When a test conversation begins that does not say: a Monday, far from any change of clocks."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_MOMENT = re.compile(
    r"(?:(?P<day>[a-z]+) )?(?:(?P<date>\d{4}-\d\d-\d\d) )?(?P<clock>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)"
)


def _moment(value: str) -> str:
    found = _MOMENT.fullmatch(value.strip().lower())
    known = found is not None and (found["day"] is None or found["day"] in WEEKDAYS)
    if known and found is not None and found["date"] is not None:
        try:
            date.fromisoformat(found["date"])
        except ValueError:
            known = False
    if not known:
        mend = 'Write for example "17:00", "monday 17:00" or "2026-11-30 17:00".'
        raise refused("This is not a moment.", mend)
    return value.strip().lower()


def _said(value: object) -> object:
    # A reply is often just a number, and nobody thinks of quotation marks there; 4 can't mean anything else.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Moment = Annotated[str, AfterValidator(_moment), WithJsonSchema({"type": "string", "pattern": r"\d\d:\d\d$"})]
"""A moment on the member's own clock: the next "17:00", the next "monday 17:00", or "2026-11-30 17:00"."""

_Words = Annotated[str, BeforeValidator(_said), WithJsonSchema({"type": ["string", "integer"]})]

Said = Annotated[
    Annotated[_Words, Tag("<one>")] | Annotated[dict[str, _Words], Tag("<each>")],
    Discriminator(one_or_each),
]
"""A text; or, where it differs, a text in each language."""

_Kept = Annotated[
    Annotated[Scalar, Tag("<one>")] | Annotated[dict[str, Scalar], Tag("<each>")],
    Discriminator(one_or_each),
]
"""A result; or, where it is what the member wrote, one in each language."""


class LineShape(Shape):
    """One line of a test conversation: what somebody writes, what the program does, or time that passes."""

    at: Moment | None = None
    """When this happens, on the member's own clock: "17:00", "monday 17:00", "2026-11-30 17:00". Alone on a
    line: time passes until then. Where it is not said: at once."""
    later: Length | None = None
    """So much time passes: 3h."""
    start: Name | None = None
    """A flow begins now, as if its time had come."""
    member: Said | None = None
    """The member writes this."""
    contact: Said | None = None
    """The first trusted contact writes this."""
    contact_2: Said | None = Field(default=None, alias="contact 2")
    """The second trusted contact writes this."""
    contact_3: Said | None = Field(default=None, alias="contact 3")
    """The third trusted contact writes this."""
    staff: Said | None = None
    """The first person of the staff on call writes this."""
    staff_2: Said | None = Field(default=None, alias="staff 2")
    """The second person of the staff on call writes this."""
    program: Said | None = None
    """The program writes this to the member, word for word."""
    program_to_contact: Said | None = Field(default=None, alias="program to contact")
    """The program writes this to the first trusted contact."""
    program_to_contact_2: Said | None = Field(default=None, alias="program to contact 2")
    """The program writes this to the second trusted contact."""
    program_to_contact_3: Said | None = Field(default=None, alias="program to contact 3")
    """The program writes this to the third trusted contact."""
    program_to_staff: Said | None = Field(default=None, alias="program to staff")
    """The program writes this to the first person of the staff on call."""
    program_to_staff_2: Said | None = Field(default=None, alias="program to staff 2")
    """The program writes this to the second person of the staff on call."""
    program_calls: Said | None = Field(default=None, alias="program calls")
    """The program calls the member and says this."""
    alert: AlertReason | None = None
    """A request for support is made, for this reason."""
    task: Name | None = None
    """Something of this kind comes onto the staff's list."""
    note: Said | None = None
    """What staff read there; beside `task`."""
    result: Annotated[dict[str, _Kept], Field(min_length=1)] | None = None
    """Answers that are kept, under their names."""
    consent: Literal["given", "refused"] | None = None
    """The member's agreement to check-ins is kept: `given` or `refused`."""
    ends: Name | None = None
    """The conversation that is tested ends, with this word."""

    @model_validator(mode="after")
    def _one_thing(self) -> LineShape:
        there = {name for name in type(self).model_fields if getattr(self, name) is not None}
        things = there - {"at", "note"}
        if len(things) > 1:
            raise refused("One line tells one thing.", "Begin another line with a dash.")
        if "note" in there and "task" not in there:
            raise refused("A note belongs to a task.", "Write `task:` with its kind above it.")
        if "later" in there and "at" in there:
            raise refused("`later` and `at` both say when.", "Keep one of them.")
        if not there:
            raise refused("This line tells nothing.", 'Write for example: member: "4"')
        return self


class ChatShape(Shape):
    """One test conversation."""

    title: Wording
    """What it is about: A hard day, and a person is wanted."""
    language: str | None = None
    """The member's language, where this conversation is for one alone. Where it is not said: it is played in
    every language of the program."""
    joined: bool = True
    """Whether the member has joined already; false: a number that the program does not know."""
    contacts: Annotated[int, Field(ge=0, le=3)] = 0
    """How many trusted contacts the member has, who have agreed: Bob, Carmen and Edgar."""
    begins: Moment = BEGINS
    """When it begins, on the member's own clock. Where it is not said: a Monday, "2026-11-23 12:00"."""
    voice: bool = False
    """Whether the member has chosen phone calls: what they write here they say by phone, digits are pressed,
    and `program calls` is what they hear."""
    beside: list[Name] = Field(default=[], alias="with")
    """Other flows that are live as well: [contacts]."""
    chat: Annotated[list[LineShape], Field(min_length=1)]
    """The conversation, line by line."""


class ReplyShape(Shape):
    """One reply to a step's question, and what it should be understood as."""

    step: Name
    """The step that asks."""
    says: Said
    """What the member writes: { en: "like a wet sock" }."""
    means: Wording
    """The answer that it is (2, yes, a choice), or what else is heard: support, opt_out, crisis, help, later,
    unclear."""


class ChatFileShape(Shape):
    """Test conversations with one flow."""

    flow: Name
    """The flow that is tested."""
    conversations: list[ChatShape] = Field(default=[], min_length=1)
    """The conversations; `checkin flows test` plays them."""
    replies: list[ReplyShape] = Field(default=[])
    """Single replies to its questions. `checkin replies teach` writes such a line for what it teaches."""

    @model_validator(mode="after")
    def _something(self) -> ChatFileShape:
        if not self.conversations and not self.replies:
            raise refused(
                "This file tests nothing.", "Write `conversations:` with one conversation below it."
            )
        return self


SHAPES: dict[str, type[Shape]] = {"conversations": ChatShape, "chat": LineShape, "replies": ReplyShape}
