"""Which part of the service a reply is for.

Pure: from what a reply was understood as and the situation it came in, to one `Route`. The order is the
field's dearest lesson: safety words first, then whoever is being asked something, then the words that are
always understood, then keywords. A question never tears SUPPORT or STOP out of a person's hands, and a
keyword never tears a person out of a question.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from checkin.conversation.understanding import Category, Context, Understanding


class Route(StrEnum):
    """Where a reply goes."""

    OPT_OUT = "opt_out"
    RESUME = "resume"
    CRISIS = "crisis"
    SUPPORT = "support"
    CHANGED_MIND = "changed_mind"
    TAKES = "takes"
    PASSES = "passes"
    CONTACT_UNCLEAR = "contact_unclear"
    CONTACT_AGREES = "contact_agrees"
    CONTACT_DECLINES = "contact_declines"
    ANSWER = "answer"
    HELP = "help"
    PAUSE = "pause"
    NOTHING_TO_SNOOZE = "nothing_to_snooze"
    KEYWORD = "keyword"
    NOTED = "noted"
    STRANGER = "stranger"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Place:
    """The situation that a reply came in, reduced to what routing needs.

    `context` is what the reply was read in; `question` is whether a run waits for an answer; `keyword` is
    whether the text is a keyword of a flow.
    """

    context: Context
    member: bool
    known: bool
    question: bool
    keyword: bool


_ALWAYS = {
    Category.OPT_OUT: Route.OPT_OUT,
    Category.CRISIS: Route.CRISIS,
    Category.SUPPORT: Route.SUPPORT,
    Category.RESUME: Route.RESUME,
    Category.HELP: Route.HELP,
    Category.PAUSE: Route.PAUSE,
}
_FOR_MEMBERS: Collection[Category] = (Category.SUPPORT, Category.PAUSE)
_ANSWERS_OF_CONTACT = {
    Context.CONTACT_NOTIFIED: {Category.YES: Route.TAKES, Category.NO: Route.PASSES},
    Context.CONTACT_INVITED: {Category.YES: Route.CONTACT_AGREES, Category.NO: Route.CONTACT_DECLINES},
    Context.ALERT_WINDOW: {Category.NO: Route.CHANGED_MIND},
}


def route(understanding: Understanding, place: Place) -> Route:
    """Return where a reply goes. Total: every reply has a route."""
    category = understanding.category
    if place.context is Context.STOPPED:
        return _when_stopped(category)
    if category is Category.NOT_AN_ANSWER:
        return Route.SILENCE
    always = _ALWAYS.get(category)
    if always is not None and (place.member or category not in _FOR_MEMBERS):
        if category is Category.RESUME and not place.known:
            return Route.STRANGER
        return always
    asked = _ANSWERS_OF_CONTACT.get(place.context, {}).get(category)
    if asked is not None:
        return asked
    if place.context is Context.CONTACT_NOTIFIED and not place.question:
        return Route.KEYWORD if place.keyword else Route.CONTACT_UNCLEAR
    return _in_conversation(category, place)


def _when_stopped(category: Category) -> Route:
    """After STOP only START is answered; words of crisis still reach staff."""
    if category is Category.RESUME:
        return Route.RESUME
    return Route.CRISIS if category is Category.CRISIS else Route.SILENCE


def _in_conversation(category: Category, place: Place) -> Route:
    if place.question and not (place.keyword and category is Category.UNCLEAR):
        return Route.ANSWER
    if place.keyword:
        return Route.KEYWORD
    if category is Category.SNOOZE:
        return Route.NOTHING_TO_SNOOZE
    return Route.NOTED if place.known else Route.STRANGER
