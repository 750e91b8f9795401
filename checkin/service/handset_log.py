"""What stands on one handset: its texts, and its calls, in the order in which they came.

A call is one line that tells how it went, then what was said in it, each side in its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checkin.store import calls, inbox, outbox, people
from checkin.store.outbox import Message
from checkin.store.unit import Unit

PROMPT = timedelta(minutes=1)
"""A text that went out this soon stands where it was decided; a later one stands where it came."""

MOST_BUBBLES = 200
"""How many texts a handset shows; the oldest go first."""

NEVER_CAME = ("cancelled", "lapsed")
"""States of outbox rows that no phone ever saw."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on a handset. `status` is the outbox row's state, or `received`; a call's is how it went.

    A call's is `queued`, `ringing`, `talking`, `answered`, `machine`, `missed` or `declined`.
    """

    id: str
    to_phone: bool
    text: str
    at: datetime
    status: str
    channel: str


Row = tuple[tuple[object, ...], Bubble]


def bubbles(unit: Unit, number: str) -> tuple[Bubble, ...]:
    """Return what stands on the phone with this number, oldest first.

    An answer stands right behind what it answers, and texts decided in the same instant stand in the order
    in which they were decided, whichever thread sent them first.
    """
    rows: list[Row] = []
    heard_in: dict[str, None] = {}
    for received in inbox.of_number(unit, number, MOST_BUBBLES):
        id, at = received.carrier_id, received.at
        heard = Bubble(id, False, received.body, at, "received", received.channel)
        if received.channel == "voice":
            call_id, _, turn = id.rpartition(".")
            rows.append(((at, 0, call_id, int(turn), 0), heard))
            heard_in[call_id] = None
            continue
        rows.append(((at, 0, id, 0, 0), heard))
        for index, text in enumerate(received.answer):
            answer = Bubble(f"{id}.{index}", True, text, at, "delivered", "sms")
            rows.append(((at, 0, id, 0, 1 + index), answer))
    person = people.by_number(unit, number)
    for message in outbox.to_person(unit, person.id, MOST_BUBBLES) if person is not None else ():
        if message.state in NEVER_CAME:
            continue
        if message.channel == "voice":
            rows += _called(unit, message)
            heard_in.pop(message.carrier_id or "", None)
        else:
            rows.append(_text(message))
    for call_id in heard_in:
        rows += _said(unit, call_id)
    rows.sort(key=lambda row: row[0])
    return tuple(bubble for _, bubble in rows[-MOST_BUBBLES:])


def _text(message: Message) -> Row:
    came_at = message.sent_at or message.created_at
    stands_at = message.created_at if came_at - message.created_at < PROMPT else came_at
    bubble = Bubble(message.id, True, message.body, came_at, message.state, message.channel)
    return ((stands_at, 1, *_decided(message.id)), bubble)


def _called(unit: Unit, message: Message) -> list[Row]:
    """Return the line of a call that we made, and what was said in it."""
    said = _said(unit, message.carrier_id or "")
    at = message.sent_at or message.created_at
    line = Bubble(message.id, True, "", at, _how(unit, message), "voice")
    return [((at, 0, message.carrier_id or message.id, -1, 0), line), *said]


def _how(unit: Unit, message: Message) -> str:
    turns = calls.turns_of(unit, message.carrier_id or "")
    if message.state == "sent":
        return "talking" if turns else "ringing"
    if message.state == "delivered" and turns:
        to_machine = len(turns) == 1 and turns[0].document["listen"] is None
        return "machine" if to_machine else "answered"
    if message.state == "failed" and message.error_code == "busy":
        return "declined"
    return "missed" if message.state in ("failed", "delivered") else message.state


def _said(unit: Unit, call_id: str) -> list[Row]:
    rows: list[Row] = []
    for turn in calls.turns_of(unit, call_id):
        id, said = f"{call_id}.{turn.turn}", _words(turn.document)
        if said:
            rows.append(
                ((turn.at, 0, id, 1), Bubble(f"{id}.said", True, said, turn.at, "delivered", "voice"))
            )
    return rows


def _words(document: Mapping[str, Any]) -> str:
    return " ".join([*document["says"], *(text for _, text in document.get("others", ()))])


def _decided(id: str) -> tuple[object, ...]:
    """Return a key that sorts outbox ids as they were decided: run or alert, transition, index."""
    parts: list[tuple[int, int, str]] = []
    for part in id.split("."):
        parts.append((0, int(part), "") if part.isdecimal() else (1, 0, part))
    return tuple(parts)
