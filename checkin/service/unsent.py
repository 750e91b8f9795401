"""A text that the carrier took and then had no room for: it never left the carrier, so it is sent again.

"A check-in is sent at most once" still holds: only codes that say that nothing left count (`NEVER_LEFT`).
Whoever is asked to be there for another is not asked again: the next person is, at once.
"""

from __future__ import annotations

from datetime import timedelta

from checkin.carrier.twilio_words import NEVER_LEFT, wait_before_retry
from checkin.service import calling
from checkin.service.turn import Turn
from checkin.store import timers
from checkin.store.outbox import Message

MOST = 3
"""So many times a text is given to the carrier in all."""

FIRST_WAIT = timedelta(minutes=1)


def again(turn: Turn, message: Message, code: str | None) -> bool:
    """Plan to send a text again that failed with this code; return whether it will be.

    The silence that is counted from its sending is counted from that of the next.
    """
    if code not in NEVER_LEFT or message.channel != "sms" or message.kind == "notification":
        return False
    if not calling.is_news(turn.unit, message):
        return False
    due_at = turn.until(wait_before_retry(code) or FIRST_WAIT)
    id = calling.another_try(turn, message, MOST, due_at)
    if id is None:
        return False
    timers.count_from_another(turn.unit, message.subject, message.id, id)
    return True
