"""The auditor finds every open request that has lost its future, whichever row was broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.requests import Request

from checkin.alert.model import AlertState
from checkin.flow.segments import segments
from checkin.service import auditor, health
from checkin.store import tables
from checkin.store.unit import Unit
from tests.service.kit import Chat, length
from webhooks.health import HealthPages


def found(chat: Chat) -> list[str]:
    """Return what the auditor finds now."""
    now = chat.clock.now()
    return [one.wrong for one in chat.app.store.read(lambda unit: auditor.findings(unit, now))]


def change(chat: Chat, statement: sa.Update | sa.Delete) -> None:
    """Break a row behind the service's back."""
    chat.app.store.run(lambda unit: unit.write(statement))


def rewrite(chat: Chat, **values: object) -> None:
    """Change what the alert's row holds, and leave its columns."""

    def work(unit: Unit) -> None:
        row = unit.read(sa.select(tables.alerts.c.data))[0]
        data = unit.vault.open_json("alerts.data", row.data) | values
        unit.write(sa.update(tables.alerts).values(data=unit.vault.seal_json("alerts.data", data)))

    chat.app.store.run(work)


@pytest.fixture
def asking(chat: Chat) -> Chat:
    """Alice has asked, and Bob has been told."""
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    assert chat.all_alerts()[0].state is AlertState.NOTIFYING
    return chat


def timer(**values: object) -> sa.Update:
    """Return what changes the alert's timer."""
    return sa.update(tables.timers).where(tables.timers.c.lane == "alerts").values(**values)


BROKEN: dict[str, tuple[str, Callable[[Chat], None]]] = {
    "the timer is gone": (
        "nothing_due",
        lambda chat: change(chat, sa.delete(tables.timers).where(tables.timers.c.lane == "alerts")),
    ),
    "the timer is one that the alert ignores": (
        "nothing_due",
        lambda chat: change(chat, timer(transition=1)),
    ),
    "the timer stands in the other lane": ("nothing_due", lambda chat: change(chat, timer(lane="routine"))),
    "the alert waits for another timer": ("nothing_due", lambda chat: rewrite(chat, timer=99)),
    "the timer never fires": ("overdue", lambda chat: chat.stand_still("33m")),
    "the timer is next year": (
        "due_too_late",
        lambda chat: change(chat, timer(due_at=chat.clock.now() + timedelta(days=365))),
    ),
    "nobody's answer would count": (
        "nobody_told",
        lambda chat: change(chat, sa.update(tables.notifications).values(open=False)),
    ),
    "nobody who was told has time left": (
        "nobody_told",
        lambda chat: rewrite(chat, told=dict.fromkeys(chat.all_alerts()[0].told, "passed")),
    ),
    "the row says closed, the alert does not": (
        "rows_disagree",
        lambda chat: change(chat, sa.update(tables.alerts).values(closed_at=chat.clock.now())),
    ),
    "the row is another move than the alert": (
        "rows_disagree",
        lambda chat: change(chat, sa.update(tables.alerts).values(transition=99)),
    ),
    "the state is over, the row is open": (
        "rows_disagree",
        lambda chat: change(chat, sa.update(tables.alerts).values(state="resolved")),
    ),
    "the row can't be opened": (
        "unreadable",
        lambda chat: change(chat, sa.update(tables.alerts).values(data=b"spoilt")),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_found(asking: Chat, name: str) -> None:
    wrong, breaks = BROKEN[name]
    assert found(asking) == []
    breaks(asking)
    assert found(asking) == [wrong]


def test_a_request_that_waits_for_staff_has_to_be_on_their_list(asking: Chat) -> None:
    asking.later("5h")
    assert asking.all_alerts()[0].state is AlertState.WITH_STAFF
    assert found(asking) == []
    change(asking, sa.delete(tables.tasks))
    assert found(asking) == ["nobody_has_it"]


@pytest.fixture
def until_morning(chat_at: Callable[[datetime], Chat]) -> Chat:
    """Alice would rather wait until Bob's quiet hours are over."""
    chat = chat_at(datetime(2026, 11, 24, 4, 0, tzinfo=UTC)).joined("bob")
    chat.bob("quiet 10pm to 7am")
    for text in ("SUPPORT", "MORNING"):
        chat.alice(text)
    assert chat.all_alerts()[0].state is AlertState.PUT_OFF
    return chat


def test_a_request_that_waits_for_the_morning_has_a_future(until_morning: Chat) -> None:
    assert found(until_morning) == []
    until_morning.later("5h")
    assert found(until_morning) == []


def test_a_request_that_waits_for_a_morning_that_never_comes_is_found(until_morning: Chat) -> None:
    change(until_morning, timer(due_at=until_morning.clock.now() + timedelta(hours=30)))
    assert found(until_morning) == ["due_too_late"]
    change(until_morning, sa.delete(tables.timers).where(tables.timers.c.lane == "alerts"))
    assert found(until_morning) == ["nothing_due"]


def test_a_request_that_was_taken_has_a_taker_who_was_told(asking: Chat) -> None:
    asking.bob("1")
    assert found(asking) == []
    rewrite(asking, taken_by="nobody")
    assert found(asking) == ["nobody_has_it"]


def test_a_request_that_is_over_needs_no_future(asking: Chat) -> None:
    asking.alice("NO")
    assert asking.all_alerts()[0].state is AlertState.CANCELLED
    assert found(asking) == []


def test_a_finding_reaches_staff_by_list_and_by_text_and_again_each_hour(asking: Chat) -> None:
    change(asking, sa.delete(tables.timers).where(tables.timers.c.lane == "alerts"))
    for _ in range(3):
        assert auditor.audit_alerts(asking.app) == 1
        asking.settle()
    asking.expect(dana="Alice's request for support got stuck here. Please call +12025550101")
    assert [task.kind for task in asking.tasks()] == ["request_stuck"]
    asking.clock.move_to(asking.clock.now() + length("61m"))
    auditor.audit_alerts(asking.app)
    asking.settle()
    asking.expect(dana="got stuck")
    change(asking, sa.update(tables.tasks).values(state="done"))
    asking.clock.move_to(asking.clock.now() + length("3h"))
    assert auditor.audit_alerts(asking.app) == 1
    asking.settle()
    asking.expect()


def test_a_healthy_service_has_nothing_to_tell(asking: Chat) -> None:
    assert auditor.audit_alerts(asking.app) == 0
    asking.settle()
    asking.expect()
    assert asking.tasks() == []


def ready(chat: Chat) -> tuple[int, str, int]:
    """Return the status, the light and the number of findings that `/readyz` shows."""
    request = Request({"type": "http", "method": "GET", "path": "/readyz", "headers": []})
    response = asyncio.run(HealthPages(chat.app).ready(request))
    body = json.loads(bytes(response.body))
    return response.status_code, body["light"], body["audit_findings"]


def test_readyz_turns_amber_and_the_figures_count(asking: Chat) -> None:
    health.beat(asking.app)
    assert ready(asking) == (200, "amber", 0), "nobody has looked yet"
    health.audit_when_due(asking.app)
    assert ready(asking) == (200, "green", 0)
    change(asking, sa.update(tables.notifications).values(open=False))
    assert ready(asking) == (200, "amber", 1)
    request = Request({"type": "http", "method": "GET", "path": "/metrics", "headers": []})
    figures = bytes(asyncio.run(HealthPages(asking.app).metrics(request)).body).decode()
    assert "checkin_audit_findings 1.0" in figures


def test_a_late_timer_turns_readyz_amber_and_texts_still_come_in(asking: Chat) -> None:
    health.audit_when_due(asking.app)
    late = asking.clock.now() - health.LATE - timedelta(seconds=1)
    change(asking, timer(due_at=late))
    health.beat(asking.app)
    assert health.look(asking.app).overdue_alert_timers == 1
    assert ready(asking) == (200, "amber", 0)
    asking.stand_still("31s")  # no clock left a heartbeat
    assert health.look(asking.app).light == "red"


def test_an_auditor_that_was_switched_off_is_noticed(asking: Chat) -> None:
    health.beat(asking.app)
    health.audit_when_due(asking.app)
    assert ready(asking) == (200, "green", 0)
    asking.clock.move_to(asking.clock.now() + length("6m"))
    health.beat(asking.app)
    assert ready(asking) == (200, "amber", 0)


def test_the_auditor_looks_once_a_minute_however_often_it_is_woken(asking: Chat) -> None:
    change(asking, sa.update(tables.notifications).values(open=False))
    health.audit_when_due(asking.app)
    change(asking, sa.delete(tables.tasks))
    health.audit_when_due(asking.app)
    assert asking.tasks() == []
    asking.clock.move_to(asking.clock.now() + length("60s"))
    health.audit_when_due(asking.app)
    assert [task.kind for task in asking.tasks()] == ["request_stuck"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_staff_read_of_it_is_one_segment(quick: Chat, language: str) -> None:
    program = quick.app.program
    values = {**program.facts(language), "member": "Alexandra", "member_number": "+12025550100"}
    assert segments(program.texts["staff_request_stuck"].render(language, values)).count == 1
