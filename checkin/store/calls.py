"""Calls, turn by turn: what was said in each, so that a repeated request hears the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checkin.store.tables import call_turns
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class CallTurn:
    """One turn of a call: the document that was said, and how often in a row nothing was understood."""

    call_id: str
    turn: int
    document: dict[str, Any]
    misses: int
    at: datetime


def add(unit: Unit, turn: CallTurn) -> None:
    """Store a turn. A second one of the same number is refused by the database."""
    unit.write(
        _insert,
        {
            "call_id": turn.call_id,
            "turn": turn.turn,
            "document": unit.vault.seal_json("call_turns.document", turn.document),
            "misses": turn.misses,
            "at": turn.at,
        },
    )


def of_call(unit: Unit, call_id: str, turn: int) -> CallTurn | None:
    """Return one turn of a call."""
    row = unit.first(_one, {"of_call": call_id, "of_turn": turn})
    return None if row is None else _turn(unit, row)


def turns_of(unit: Unit, call_id: str) -> Sequence[CallTurn]:
    """Return what was said in a call so far, in order."""
    return [_turn(unit, row) for row in unit.read(_all, {"of_call": call_id})]


def _turn(unit: Unit, row: Any) -> CallTurn:
    document = unit.vault.open_json("call_turns.document", row.document)
    return CallTurn(row.call_id, row.turn, document, row.misses, row.at)


_p = sa.bindparam
_insert = sa.insert(call_turns)
_one = sa.select(call_turns).where(call_turns.c.call_id == _p("of_call"), call_turns.c.turn == _p("of_turn"))
_all = sa.select(call_turns).where(call_turns.c.call_id == _p("of_call")).order_by(call_turns.c.turn)
