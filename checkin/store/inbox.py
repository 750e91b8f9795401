"""Texts that came in, and what the carrier said about ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from checkin.store.tables import callbacks, inbox
from checkin.store.unit import Unit


class Received(NamedTuple):
    """One text that came in, what it was understood as, and what we answered at once.

    `number_index` is the blind index of the number that it came from.
    """

    carrier_id: str
    number_index: bytes
    channel: str
    at: datetime
    body: str
    category: str
    rule: str
    subject: str
    answer: tuple[str, ...]


def claim(unit: Unit, received: Received) -> None:
    """Store a text with its answer. A second claim of the same id is refused by the database."""
    unit.write(
        _insert,
        {
            "carrier_id": received.carrier_id,
            "number_index": received.number_index,
            "channel": received.channel,
            "at": received.at,
            "body": unit.vault.seal("inbox.body", received.body),
            "category": received.category,
            "rule": received.rule,
            "subject": received.subject,
            "answer": unit.vault.seal_json("inbox.answer", received.answer),
        },
    )


def open_answer(unit: Unit, sealed: bytes) -> tuple[str, ...]:
    """Return the texts of a stored answer."""
    return tuple(unit.vault.open_json("inbox.answer", sealed))


def of_number(unit: Unit, number: str, limit: int = 200) -> Sequence[Received]:
    """Return the last texts from this number, newest first."""
    index = unit.vault.index(number)
    rows = unit.read(_of_number, {"index": index, "most": limit})
    return [
        Received(
            row.carrier_id,
            index,
            row.channel,
            row.at,
            unit.vault.open("inbox.body", row.body),
            row.category,
            row.rule,
            row.subject,
            open_answer(unit, row.answer),
        )
        for row in rows
    ]


def last_at(unit: Unit, number: str) -> datetime | None:
    """Return when a number last wrote or called, if ever."""
    row = unit.first(_of_number, {"index": unit.vault.index(number), "most": 1})
    return None if row is None else row.at


@dataclass(frozen=True, slots=True)
class Callback:
    """One word of the carrier about one of our messages; `token` is the outbox row's id.

    `sequence` is the word's place among those about the same call, where the carrier counts them.
    """

    token: str
    status: str
    carrier_id: str
    error_code: str | None
    at: datetime
    sequence: int | None = None


def callbacks_of(unit: Unit, token: str) -> Sequence[Callback]:
    """Return what the carrier has said about a message so far, earliest first."""
    return [
        Callback(row.token, row.status, row.carrier_id, row.error_code, row.at, row.sequence)
        for row in unit.read(_callbacks_of, {"outbox": token})
    ]


def add_callback(unit: Unit, callback: Callback) -> None:
    """Keep a word of the carrier. The same word again is refused by the database."""
    unit.write(
        _insert_callback,
        {
            "token": callback.token,
            "status": callback.status,
            "carrier_id": callback.carrier_id,
            "error_code": callback.error_code,
            "at": callback.at,
            "sequence": callback.sequence,
        },
    )


def recount(unit: Unit, callback: Callback) -> None:
    """Keep a higher number of a word that is known."""
    params = {"outbox": callback.token, "word": callback.status, "number": callback.sequence}
    unit.write(_recount, params)


_p = sa.bindparam
_insert = sa.insert(inbox)
_of_number = (
    sa.select(inbox)
    .where(inbox.c.number_index == _p("index"))
    .order_by(inbox.c.at.desc(), inbox.c.carrier_id.desc())
    .limit(_p("most"))
)
_callbacks_of = sa.select(callbacks).where(callbacks.c.token == _p("outbox")).order_by(callbacks.c.at)
_recount = (
    sa.update(callbacks)
    .where(callbacks.c.token == _p("outbox"), callbacks.c.status == _p("word"))
    .values(sequence=_p("number"))
)
_insert_callback = sa.insert(callbacks)
