"""How messages move: the table in words, the table in code, and that nothing moves past it."""

from __future__ import annotations

import re

import pytest

from checkin.store import outbox
from checkin.store.outbox import Message
from checkin.store.unit import Unit
from tests.service.kit import Chat

TERMINAL = {state for state, others in outbox.GOES_TO.items() if not others}


def written() -> dict[str, set[str]]:
    """Return the table as the module's first lines have it; a row may go over several of theirs."""
    lines = (outbox.__doc__ or "").splitlines()
    _, head, end = (index for index, line in enumerate(lines) if line.startswith("===="))
    _, second, third = (found.start() for found in re.finditer("=+", lines[head]))
    rows: dict[str, set[str]] = {}
    state = ""
    for line in lines[head + 1 : end]:
        state = line[:second].strip() or state
        rows.setdefault(state, set()).update(re.findall("[a-z_]+", line[third:]))
    return rows


def test_the_table_in_words_is_the_table_in_code() -> None:
    assert written() == {state: set(others) for state, others in outbox.GOES_TO.items()}


def test_every_state_can_end_and_the_open_ones_are_those_that_move_by_themselves() -> None:
    assert {"delivered", "failed", "cancelled", "lapsed", "lost"} == TERMINAL
    assert set(outbox.GOES_TO) - TERMINAL == {*outbox.OPEN, "sent"}
    assert set(outbox.MAY_HAVE_ARRIVED) == {"sending", "in_doubt", "sent", "delivered", "lost"}


@pytest.mark.parametrize("state", sorted(outbox.GOES_TO))
def test_no_message_moves_otherwise(quick: Chat, state: str) -> None:
    quick.joined()
    person, now = quick.situation(quick.alice).person, quick.clock.now()

    def message(id: str) -> Message:
        about = f"person:{person.id}"
        return Message(id, "routine", "notice", "sms", person.id, about, "Hello", state, now, now)

    def move(unit: Unit, to: str) -> None:
        outbox.add(unit, message(to))
        outbox.advance(unit, message(to), to)

    for wanted in outbox.GOES_TO:
        if wanted in outbox.GOES_TO[state]:
            quick.app.store.run(lambda unit, to=wanted: move(unit, to))  # type: ignore[misc]
            continue
        with pytest.raises(ValueError, match=f"from {state} to {wanted}"):
            quick.app.store.run(lambda unit, to=wanted: move(unit, to))  # type: ignore[misc]
    moved = {row.id: row.state for row in quick.rows(quick.alice) if row.body == "Hello"}
    assert moved == {wanted: wanted for wanted in outbox.GOES_TO[state]}
