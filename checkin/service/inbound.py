"""A text comes in: claimed, understood, routed, decided, and answered, in one transaction.

`reply` reads it and finds whom it is for, `acting` does what follows; here it is taken in once, and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checkin.conversation.routing import Route
from checkin.conversation.understanding import Understanding
from checkin.conversation.unlinked import RULE
from checkin.service import acting, guard, heard
from checkin.service.app import App
from checkin.service.reply import Inbound, Reply
from checkin.service.turn import Turn
from checkin.store import inbox, situations
from checkin.store.situations import Situation
from checkin.store.unit import Lookup, Unit

__all__ = ["Inbound", "Taken", "lookup_for", "receive", "take"]


def lookup_for(app: App, inbound: Inbound) -> Lookup:
    """Return what handling this text will want to know first."""
    number_index = inbound.number_index or app.store.vault.index(inbound.number)
    return situations.lookup(inbound.carrier_id, number_index)


def receive(app: App, unit: Unit, inbound: Inbound, now: datetime) -> tuple[str, ...]:
    """Handle one text and return the texts that answer it.

    A text whose id is known changes nothing and gets the answer that the first one got.
    """
    return take(app, unit, inbound, now).answers


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a text: the answers to its sender, how it was understood, and how that left them.

    `situation` is None for a number that nobody has; the turn's own fields are None for a repeated text.
    """

    answers: tuple[str, ...]
    understanding: Understanding | None = None
    situation: Situation | None = None
    route: Route | None = None


def take(app: App, unit: Unit, inbound: Inbound, now: datetime) -> Taken:
    """Handle one text, or what was heard in a call, and return what became of it."""
    number_index = inbound.number_index or unit.vault.index(inbound.number)
    found = situations.find(unit, inbound.carrier_id, number_index)
    if found.stored_answer is not None:
        return Taken(inbox.open_answer(unit, found.stored_answer))
    turn = Turn(app, unit, now, channel=inbound.channel)
    if found.situation is not None:
        turn.know(found.situation)
        turn.answering = found.situation.person.id
    reply = Reply(turn, inbound, found.situation)
    if inbound.channel == "sms" and guard.is_too_much(
        turn, number_index, found.few_ago, reply.route, reply.understanding
    ):
        reply.route = Route.TOO_MANY
    climbing = heard.ladders(turn, found.situation)
    acting.handle(reply)
    if found.situation is not None:
        heard.heard(turn, found.situation.person.id, reply.understanding, climbing)
    inbox.claim(
        unit,
        inbox.Received(
            inbound.carrier_id,
            number_index,
            inbound.channel,
            now,
            "" if turn.unlinked else inbound.body,
            RULE if turn.unlinked else reply.understanding.category.value,
            RULE if turn.unlinked else reply.understanding.rule,
            reply.route.value,
            tuple(turn.answers),
        ),
    )
    left = None if reply.situation is None else turn.situation(reply.situation.person.id)
    return Taken(tuple(turn.answers), reply.understanding, left, reply.route)
