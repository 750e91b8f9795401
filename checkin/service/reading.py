"""How a text is read: what its sender was asked, newest first, and which flow it is a keyword of.

Knows situations and the reader. Must not decide anything: that is routing's, and the use case's.

Somebody may have been asked several things: to be there for another member, to be a trusted contact, to take
back a request, and today's question. A text is read as an answer to the newest; where it makes no sense as
that, as an answer to the one before, and so on. Of several flows that wait for an answer the same is true: a
check-in that comes right behind "did someone get in touch?" must not make a NO unheard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from checkin.conversation.understanding import Category, Context, Question, Understanding
from checkin.flow.model import Ask, Flow, Invite, RecordConsent
from checkin.flow.words import fold
from checkin.service.schedules import is_for
from checkin.service.turn import Turn
from checkin.store import alerts
from checkin.store.situations import Situation, Waiting

_EARLIEST = datetime.min.replace(tzinfo=UTC)

TAKES_PART = ("active", "paused")
"""States of a member who has agreed to check-ins."""

_FITS = {
    Context.CONTACT_NOTIFIED: frozenset({Category.YES, Category.NO}),
    Context.CONTACT_INVITED: frozenset({Category.YES, Category.NO}),
    Context.ALERT_WINDOW: frozenset({Category.NO}),
}
"""What answers somebody who was asked this; anything but unclear answers a flow's question."""

_SURELY_AN_ANSWER = frozenset({Category.YES, Category.NO, Category.NUMBER, Category.CHOICE})
"""What answers an older question of a flow while a newer one waits. Anything else may be about anything."""

_CALLED = re.compile(
    r"(?:my |a |the |mi |un |una |el |la )?(?:best |good |dear |old |mejor |buen |buena )?"
    r"(?:friend|bestie|counselor|companion|company|buddy|neighbor|"
    r"amigo|amiga|companero|companera|consejero|consejera)"
)
"""What members call a person, and what from nobody but them would ask for one."""

_ALWAYS = frozenset(
    {Category.CRISIS, Category.OPT_OUT, Category.SUPPORT, Category.RESUME, Category.HELP, Category.PAUSE}
    | {Category.NOT_AN_ANSWER}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means, and as an answer to what: `to` is the run that asked, where it is not the newest."""

    understanding: Understanding
    context: Context
    to: Waiting | None = None


def read(turn: Turn, situation: Situation | None, text: str) -> Reading:
    """Read a text in the situation of its sender; None is somebody whose number nobody has."""
    language = turn.app.program.languages[0] if situation is None else situation.person.language
    if situation is None:
        return Reading(turn.app.reader.understand(text, language, Question()), Context.NONE)
    if situation.person.stopped:
        return _of_stopped(turn, situation, text)
    readings = [
        Reading(turn.app.reader.understand(text, language, question), question.context)
        for question in asked(turn, situation)
    ]
    declines = any(one.understanding.category is Category.NO for one in readings)
    for one in readings:
        category = one.understanding.category
        if category is Category.OPT_OUT and declines:
            continue  # "cancel" in the window takes the request back: nobody leaves the program by that
        if category is Category.SUPPORT and _is_name_asked_for(turn, situation, text):
            return replace(
                one, understanding=Understanding(Category.TEXT, " ".join(text.split()), rule="name")
            )
        if category in _ALWAYS or _fits(one):
            return one
    return _to_older(turn, situation, text) or readings[0]


def keyword(turn: Turn, situation: Situation | None, text: str) -> tuple[Flow, str | None] | None:
    """Return the flow that this text begins, and the language of the word that begins it, where it has one.

    Whoever has not agreed to check-ins can only begin what asks them to.
    """
    word = fold(text)
    found = turn.app.keywords.get(word)
    if found is None:
        return None
    flow, trigger = found
    agreed = situation is not None and situation.member_state in TAKES_PART
    if situation is not None and agreed and not is_for(flow, situation):
        return None
    return (flow, trigger.languages.get(word)) if agreed or asks_to_join(flow) else None


def asks_to_join(flow: Flow) -> bool:
    """Whether this is the conversation in which people agree to check-ins."""
    return any(isinstance(step, RecordConsent) and step.given for step in flow.steps.values())


def _of_stopped(turn: Turn, situation: Situation, text: str) -> Reading:
    """Read a text from a number that said STOP: START, crisis, or a request for support, in any situation."""
    understand, language = turn.app.reader.understand, situation.person.language
    found = understand(text, language, Question(None, Context.STOPPED))
    if found.category is Category.UNCLEAR:
        asked = understand(text, language, Question())
        found = asked if asked.category is Category.SUPPORT else found
    return Reading(found, Context.STOPPED)


def asked(turn: Turn, here: Situation) -> list[Question]:
    """Return what this person was asked, newest first."""
    asked = sorted(_moments(turn, here), key=lambda one: one[0], reverse=True)
    return [question for _, question in asked]


def _moments(turn: Turn, here: Situation) -> Iterator[tuple[datetime, Question]]:
    """Yield when this person was asked what.

    Of two at one moment the one for somebody else comes first, and taking back a request last.
    """
    if here.notified_at is not None:
        # Not before a newer question: a "1" that was meant for it must not end a request for support, while
        # a request that gets no answer goes on to the next person.
        yield here.notified_at, Question(context=Context.CONTACT_NOTIFIED)
    if here.invited_at is not None:
        yield here.invited_at, Question(context=Context.CONTACT_INVITED)
    yield _of_flow(turn, here)
    if here.has_alert:
        raised_at = alerts.cancellable_since(turn.unit, here.person.id)
        if raised_at is not None:
            yield raised_at, Question(context=Context.ALERT_WINDOW)


def _of_flow(turn: Turn, here: Situation) -> tuple[datetime, Question]:
    """Return when a flow asked last, and what."""
    if here.question is None:
        joining = here.member_state == "joining"
        return _EARLIEST, Question(context=Context.JOINING if joining else Context.NONE)
    return here.question.asked_at or _EARLIEST, _question(turn, here, here.question)


def _question(turn: Turn, here: Situation, waiting: Waiting) -> Question:
    """Return what a run that waits has asked."""
    step = turn.app.step_of(turn.unit, waiting.run)
    if not isinstance(step, Ask):
        return Question()
    agrees = here.member_state == "joining" and step.answer.kind == "yes_no"
    context = Context.JOINING if agrees else Context.NONE
    return Question(step.answer, context, step.text, turn.local(here.person).date())


def _to_older(turn: Turn, here: Situation, text: str) -> Reading | None:
    """Read a text that answers nothing newer as an answer to a flow's older question, if it surely is one.

    Not in a call, where the question was spoken a moment ago.
    """
    if turn.channel == "voice":
        return None
    for waiting in here.waiting[1:]:
        if waiting.asked_at is None:
            break
        question = _question(turn, here, waiting)
        found = turn.app.reader.understand(text, here.person.language, question)
        if found.category in _SURELY_AN_ANSWER:
            return Reading(found, question.context, waiting)
    return None


def _is_name_asked_for(turn: Turn, here: Situation, text: str) -> bool:
    """Whether this is what one calls somebody, and the newest question asks whom to invite: "Friend"."""
    if here.question is None or not _CALLED.fullmatch(fold(text)):
        return False
    run = here.question.run
    flow = turn.app.flow(turn.unit, run.flow, run.version)
    step = flow.steps.get(run.step or "")
    invites = {one.contact_name for one in flow.steps.values() if isinstance(one, Invite)}
    return isinstance(step, Ask) and step.answer.save_as in invites


def _fits(reading: Reading) -> bool:
    fitting = _FITS.get(reading.context)
    category = reading.understanding.category
    return category in fitting if fitting is not None else category is not Category.UNCLEAR
