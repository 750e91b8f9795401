"""While an alert is on its way through a process, routine work stands aside, and never for long."""

from __future__ import annotations

import threading

from checkin.service import delivery
from checkin.service.way import A_WHILE, LONGEST, OWN_TIME, RightOfWay
from tests.service.kit import Chat
from tests.service.test_pace_of_sending import queue

PATIENCE = 20.0


def never() -> float:
    """Be a clock that nobody may ask."""
    raise AssertionError


def test_nobody_waits_while_the_way_is_free() -> None:
    RightOfWay(never).give()
    moments = iter([0.0])
    way = RightOfWay(lambda: next(moments))
    way.claim()
    way.free()
    way.give()


def test_who_gives_way_goes_on_as_soon_as_it_is_free() -> None:
    way, passed = RightOfWay(), threading.Event()
    way.claim()

    def routine() -> None:
        way.give()
        passed.set()

    thread = threading.Thread(target=routine)
    thread.start()
    assert not passed.is_set()
    way.free()
    thread.join(5)
    assert passed.is_set()


def test_a_way_that_is_never_freed_holds_nobody_up_for_long() -> None:
    moments = iter([0.0, LONGEST])
    way = RightOfWay(lambda: next(moments))
    way.claim()
    way.give()
    assert not way.is_free


class Routine:
    """A thread that gives way once."""

    def __init__(self, way: RightOfWay) -> None:
        self._passed = threading.Event()
        self._thread = threading.Thread(target=lambda: (way.give(), self._passed.set()))
        self._thread.start()

    @property
    def stands_aside(self) -> bool:
        """Whether it has not gone on, a moment after it began."""
        return not self._passed.wait(0.002)

    def goes_on(self) -> bool:
        """Whether it goes on now."""
        return self._passed.wait(PATIENCE)


def test_routine_work_waits_until_a_text_has_its_answer() -> None:
    way = RightOfWay(for_a_text=PATIENCE)
    with way.answering(), way.answering():
        routine = Routine(way)
        assert routine.stands_aside
    assert routine.goes_on()


def test_where_texts_never_end_routine_work_goes_on_between_them() -> None:
    moment, waits = 0.0, RightOfWay(lambda: moment, for_a_text=0)
    with waits.answering():
        waits.give()  # in vain
        waits._for_a_text = PATIENCE  # so that who waits again is still waiting
        assert Routine(waits).goes_on()  # its own time
        moment = OWN_TIME
        routine = Routine(waits)
        assert routine.stands_aside
    assert routine.goes_on()


def test_routine_work_takes_large_steps_only_while_no_texts_come() -> None:
    moment = 0.0
    way = RightOfWay(lambda: moment)
    assert way.is_quiet
    with way.answering():
        assert not way.is_quiet
    moment = A_WHILE.total_seconds() / 2
    assert not way.is_quiet
    moment = A_WHILE.total_seconds()
    assert way.is_quiet


def test_a_request_claims_the_way_before_it_is_committed(quick: Chat) -> None:
    quick.joined("bob")
    claimed: list[bool] = []
    quick.app.wake = lambda lane: claimed.append(not quick.app.way.is_free) if lane == "alerts" else None
    quick.alice("SUPPORT")
    quick.later("5m")
    assert claimed
    assert all(claimed)


def test_every_check_in_asks_for_the_way(quick: Chat) -> None:
    quick.joined()
    queue(quick, ["One", "Two", "Three"])
    given: list[str] = []
    quick.carrier.before = lambda outgoing: given.append(outgoing.body)
    quick.app.way = Watched(given)
    delivery.deliver(quick.app, "routine")
    sent = [what for what in given if what != "way"]
    assert sent == ["One", "Two", "Three"]
    assert all(given[given.index(text) - 1] == "way" for text in sent)
    assert given[-1] == "way"  # the record, and the look that finds nothing more


class Watched(RightOfWay):
    """Notes whoever asks for the way."""

    def __init__(self, given: list[str]) -> None:
        super().__init__()
        self._given = given

    def give(self) -> None:
        """Note it."""
        self._given.append("way")
