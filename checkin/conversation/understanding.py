"""What a reply was understood as, and the context in which it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from checkin.flow.model import Answer, Text, Value


class Category(StrEnum):
    """What a reply can be understood as. One meaning each; `docs/understanding.md` lists examples."""

    OK = "ok"
    LOW = "low"
    YES = "yes"
    NO = "no"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    SUPPORT = "support"
    CRISIS = "crisis"
    OPT_OUT = "opt_out"
    RESUME = "resume"
    HELP = "help"
    PAUSE = "pause"
    SNOOZE = "snooze"
    NOT_AN_ANSWER = "not_an_answer"
    UNCLEAR = "unclear"


class Context(StrEnum):
    """The situation in which a reply arrives; it decides what "no", "5" or "cancel" mean."""

    NONE = "none"
    STOPPED = "stopped"
    JOINING = "joining"
    CONTACT_INVITED = "contact_invited"
    CONTACT_NOTIFIED = "contact_notified"
    ALERT_WINDOW = "alert_window"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the answer it accepts, the situation around it, and the words, where a flow asked.

    `today` is the day on the clock of whoever was asked: "tomorrow" is counted from it.
    """

    answer: Answer | None = None
    context: Context = Context.NONE
    asked: Text | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Understanding:
    """One reading of one reply.

    `value` is the number, the choice's name, the cleaned text, the E.164 phone number, the day or the time
    of day (`2027-01-14`, `17:30`), or the length of a snooze or pause in seconds.
    `also` are further categories that are acted on as well ("3, but please someone call me"). `rule` names
    the rule that matched, for `/why` and the transcript. `until` is the ISO weekday (1 is Monday) until
    which a pause was asked for ("stop until Monday"); `value` is None then.
    """

    category: Category
    value: Value = None
    also: tuple[Category, ...] = ()
    rule: str = ""
    until: int | None = None


SKIPPED = Understanding(Category.CHOICE, "skip", rule="skip")
"""The member would rather not say, where the question lets them."""
