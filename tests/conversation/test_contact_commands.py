"""Orders about trusted contacts: which texts are one, in both languages, and which only look like one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.conversation.commands import Command, Order, parse
from checkin.people.wishes import QuietHours

NIGHT = QuietHours(22 * 60, 7 * 60)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("CONTACTS", Command(Order.LIST)),
        ("mis contactos", Command(Order.LIST)),
        ("Add!", Command(Order.ADD)),
        ("añadir", Command(Order.ADD)),
        ("add Bob 202 555 0102", Command(Order.ADD, "bob 202 555 0102")),
        ("REMOVE Bob", Command(Order.REMOVE, "bob")),
        ("remove 2", Command(Order.REMOVE, "2")),
        ("quitar a José", Command(Order.REMOVE, "jose")),
        ("remove Mary Ann", Command(Order.REMOVE, "mary ann")),
        ("Bob first", Command(Order.FIRST, "bob")),
        ("primero Bob", Command(Order.FIRST, "bob")),
        ("Bob last", Command(Order.LAST, "bob")),
        ("about bob", Command(Order.ABOUT, "bob")),
        ("Bob requests", Command(Order.REQUESTS, "bob")),
        ("Bob ausencias", Command(Order.MISSED, "bob")),
        ("BOB BOTH", Command(Order.BOTH, "bob")),
        ("never Bob", Command(Order.NEVER, "bob")),
        ("Bob nunca", Command(Order.NEVER, "bob")),
        ("Bob say more", Command(Order.SAY_MORE, "bob")),
        ("Bob decir menos", Command(Order.SAY_LESS, "bob")),
        ("Bob quiet 10pm-7am", Command(Order.QUIET, "bob", NIGHT)),
        ("bob quiet 10:00 p.m. to 7:00 a.m.", Command(Order.QUIET, "bob", NIGHT)),
        ("quiet 22:00-07:00", Command(Order.QUIET, None, NIGHT)),
        ("silencio de 22 a 7", Command(Order.QUIET, None, NIGHT)),
        ("Bob silencio 22-7", Command(Order.QUIET, "bob", NIGHT)),
        ("quiet 12am to 12pm", Command(Order.QUIET, None, QuietHours(0, 720))),
        ("quiet off", Command(Order.NOT_QUIET)),
        ("Bob silencio no", Command(Order.NOT_QUIET, "bob")),
        ("leave", Command(Order.LEAVE)),
        ("LEAVE Alice", Command(Order.LEAVE, "alice")),
        ("renunciar", Command(Order.LEAVE)),
        ("pause Alice", Command(Order.PAUSE, "alice")),
        ("Who else knows?", Command(Order.WHO)),
        ("¿Quién más sabe?", Command(Order.WHO)),
        ("tips", Command(Order.TIPS)),
        ("consejos", Command(Order.TIPS)),
    ],
)
def test_orders(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "yes", "pause", "stop", "I love my contacts", "my contacts are all gone today sadly"),
        *("quiet day", "quiet 25 to 7", "quiet 7 to 7", "quiet 13pm to 1am", "it was quiet 10"),
        *("remove", "first", "never", "she said she would never ever in her whole life come back to me"),
    ],
)
def test_what_is_no_order(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=80))
def test_any_text_is_an_order_or_none(text: str) -> None:
    command = parse(text)
    assert command is None or command.order in Order


def test_every_order_is_explained_to_people() -> None:
    """The tables of docs/contacts.md have each order, in both languages, as it is read."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "contacts.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    for column in (0, 1):
        shown = [parse(text) for row in rows for text in re.findall(r"`([^`]+)`", row[column])]
        assert {command.order for command in shown if command is not None} == set(Order)
