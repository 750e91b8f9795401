"""The pretend phones: the order of texts, what is shown, and a clock that moves among busy threads."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from checkin.service import delivery, due, phones
from checkin.service.clocks import PretendClock
from checkin.store import outbox, tables
from checkin.store.outbox import Message
from checkin.store.unit import Unit
from tests.service.kit import MONDAY, Chat, FakeClock

SECOND = timedelta(seconds=1)


class TickingClock(FakeClock):
    """A machine's clock: each look at it is a little later than the one before."""

    def now(self) -> datetime:
        """Return the next millisecond."""
        self.move_to(super().now() + timedelta(milliseconds=1))
        return super().now()


def _join_with_bob(chat: Chat) -> None:
    for text in ("JOIN", "YES", "Alice", "YES", "Bob", "202 555 0102"):
        chat.alice(text)
    chat.bob("YES")


def _put(chat: Chat, id: str, state: str, *, sent_at: datetime | None, created_at: datetime = MONDAY) -> None:
    person = chat.person(chat.alice)
    assert person is not None
    message = Message(id, "routine", "notice", "sms", person.id, "run:x", id, state, created_at, created_at)

    def work(unit: Unit) -> None:
        outbox.add(unit, message)
        unit.write(sa.update(tables.outbox).where(tables.outbox.c.id == id).values(sent_at=sent_at))

    chat.app.store.run(work)


def _shown(chat: Chat, handset: str = "alice") -> list[str]:
    return [bubble.text for bubble in phones.screen(chat.app).bubbles[handset]]


def test_texts_of_one_instant_stand_in_the_order_decided_whoever_sent_them_first(quick: Chat) -> None:
    quick.alice("JOIN")
    decided = ["run.2.0.alert.1.0", "run.2.1", "run.2.2", "run.2.10", "run.11.0"]
    for rank, id in enumerate(reversed(decided)):
        _put(quick, id, "delivered", sent_at=MONDAY + rank * SECOND)
    assert _shown(quick)[-len(decided) :] == decided


def test_a_text_that_went_out_late_stands_where_it_came(quick: Chat) -> None:
    quick.alice("JOIN")
    _put(quick, "late", "delivered", sent_at=MONDAY + timedelta(hours=3))
    _put(quick, "between", "delivered", sent_at=None, created_at=MONDAY + timedelta(hours=1))
    assert _shown(quick)[-2:] == ["between", "late"]


def test_what_no_phone_ever_saw_is_not_on_a_handset(quick: Chat) -> None:
    quick.alice("JOIN")
    before = _shown(quick)
    for state in ("cancelled", "lapsed"):
        _put(quick, state, state, sent_at=None)
    _put(quick, "lost", "lost", sent_at=None)
    assert _shown(quick) == [*before, "lost"]


def test_answers_stand_behind_what_they_answer_also_in_one_instant(quick: Chat) -> None:
    for number in range(4):
        quick.alice("HELP", id=f"SM{9 - number}")
    shown = phones.screen(quick.app).bubbles["alice"]
    assert [bubble.to_phone for bubble in shown] == [False, True] * 4
    assert len({bubble.id for bubble in shown}) == 8


def test_an_empty_text_is_taken_and_shown(quick: Chat) -> None:
    _join_with_bob(quick)
    quick.stand_still("1m")
    before = _shown(quick)
    phones.type_text(quick.app, phones.HANDSETS[0], "")
    assert _shown(quick) == [*before, ""]


def test_a_claim_of_a_living_thread_is_shown_as_work(quick: Chat) -> None:
    quick.receive(quick.alice, "JOIN", "SM1")
    _put(quick, "claimed", "queued", sent_at=None)
    delivery.claim(quick.app, "routine")
    assert phones.screen(quick.app).busy
    quick.clock.move_to(MONDAY + delivery.LEASE)
    assert phones.screen(quick.app).busy, "the lease is over: it is to be done again"
    quick.settle()
    assert not phones.screen(quick.app).busy


def test_a_clock_passes_what_a_dead_process_left_claimed(quick: Chat) -> None:
    """Nobody will ever finish these claims; one day later all the same everything is done, once."""
    _join_with_bob(quick)
    quick.alice("SUPPORT")
    quick.forget()
    quick.stand_still("5m")
    assert due.claim(quick.app, "alerts"), "the window's timer was due"
    quick.app.clock = PretendClock(quick.app.store, TickingClock(quick.clock.now()))
    phones.move_clock(quick.app, timedelta(minutes=20))
    bubbles = phones.screen(quick.app).bubbles
    assert sum("would like to hear from you today" in bubble.text for bubble in bubbles["bob"]) == 1
    assert bubbles["alice"][-1].text.startswith("I texted Bob")


def test_what_is_due_next_is_told_by_what_it_means(quick: Chat) -> None:
    _join_with_bob(quick)
    assert _due(quick) == ("schedule", "Daily check-in")
    quick.next_if_any()
    assert _due(quick) == ("silence", None)
    quick.alice("SUPPORT")
    assert _due(quick) == ("window", None)
    quick.later("6m")
    assert _due(quick) == ("notifying", None)
    quick.later("1h")
    assert _due(quick) == ("with_staff", None)


def _due(chat: Chat) -> tuple[str, str | None]:
    found = phones.screen(chat.app).next_due
    assert found is not None
    return found.kind, found.title
