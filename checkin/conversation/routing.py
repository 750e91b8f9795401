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

from checkin.conversation.settings_words import Wish
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
    SETTINGS = "settings"
    NOTHING_TO_SNOOZE = "nothing_to_snooze"
    COMMAND = "command"
    KEYWORD = "keyword"
    STAFF = "staff"
    NOTED = "noted"
    STRANGER = "stranger"
    TOO_MANY = "too_many"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Place:
    """The situation that a reply came in, reduced to what routing needs.

    `context` is what the reply was read in; `known` whether we know the number; `member` whether it is a
    member's, one who is joining or has left included; `agreed` whether that member takes part; `question`
    whether a run waits for an answer; `keyword` whether the text is a keyword of a flow; `wish` what it asks
    to set of how often and when they are asked, if anything; `command` whether it is an order about trusted
    contacts that this person may give; `names` whether it names one of theirs: of a contact who is called
    Friend, "remove friend" and "text friend" speak of that contact, and of nothing else.
    """

    context: Context
    known: bool = True
    member: bool = False
    agreed: bool = False
    question: bool = False
    keyword: bool = False
    wish: Wish | None = None
    command: bool = False
    names: bool = False


_ALWAYS = {
    Category.OPT_OUT: Route.OPT_OUT,
    Category.CRISIS: Route.CRISIS,
    Category.SUPPORT: Route.SUPPORT,
    Category.RESUME: Route.RESUME,
    Category.HELP: Route.HELP,
    Category.PAUSE: Route.PAUSE,
}
_SAFETY = (Category.OPT_OUT, Category.CRISIS, Category.SUPPORT)
"""What nothing else may be taken for."""

_ANSWERS_OF_CONTACT = {
    Context.CONTACT_NOTIFIED: {Category.YES: Route.TAKES, Category.NO: Route.PASSES},
    Context.CONTACT_INVITED: {Category.YES: Route.CONTACT_AGREES, Category.NO: Route.CONTACT_DECLINES},
    Context.ALERT_WINDOW: {Category.NO: Route.CHANGED_MIND},
}
_FOR_ANOTHER: Collection[Context] = (Context.CONTACT_NOTIFIED, Context.CONTACT_INVITED)


def route(understanding: Understanding, place: Place) -> Route:
    """Return where a reply goes. Total: every reply has a route."""
    category = understanding.category
    if place.context is Context.STOPPED:
        return _when_stopped(category, place)
    if category is Category.NOT_AN_ANSWER:
        return Route.SILENCE
    of_contact = place.names and category is not Category.CRISIS
    if place.command and (of_contact or category not in _SAFETY):
        return Route.COMMAND
    always = _ALWAYS.get(category)
    if always is not None and _is_for(category, place):
        return always
    if place.agreed and place.wish is not None and place.wish.explicit:
        return Route.SETTINGS
    if place.keyword and place.context in _FOR_ANOTHER:
        return Route.KEYWORD  # "JOIN" is no promise to be there for somebody
    asked = _ANSWERS_OF_CONTACT.get(place.context, {}).get(category)
    if asked is not None:
        return asked
    if place.context is Context.CONTACT_NOTIFIED:
        return Route.CONTACT_UNCLEAR
    return _in_conversation(category, place)


def _is_for(category: Category, place: Place) -> bool:
    """Whether a word that is always understood means something from this person."""
    match category:
        case Category.SUPPORT:
            return place.member
        case Category.PAUSE:
            return place.agreed
        case Category.RESUME:
            return place.known
        case _:
            return True


def _when_stopped(category: Category, place: Place) -> Route:
    """After STOP only START is answered; a member's request for support and words of crisis reach people."""
    if category is Category.RESUME:
        return Route.RESUME
    if category is Category.SUPPORT and place.member:
        return Route.SUPPORT
    return Route.CRISIS if category is Category.CRISIS else Route.SILENCE


def _in_conversation(category: Category, place: Place) -> Route:
    wish = place.agreed and place.wish is not None
    if place.question and not ((place.keyword or wish) and category is Category.UNCLEAR):
        return Route.ANSWER
    if wish:
        return Route.SETTINGS
    if place.keyword:
        return Route.KEYWORD
    if category is Category.SNOOZE and place.known:
        return Route.NOTHING_TO_SNOOZE
    return Route.NOTED if place.known else Route.STRANGER
