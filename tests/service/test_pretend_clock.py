"""The pretend clock: one time for every process of a deployment, moved by any of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event, Thread

import pytest

from checkin.service.clocks import PretendClock, SystemClock
from checkin.store.store import Store, open_store
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import KEY, MONDAY

HOUR = timedelta(hours=1)


class Wall:
    """The machine's clock as a test sets it; says when it was asked."""

    def __init__(self) -> None:
        self.at = MONDAY
        self.asked = Event()

    def now(self) -> datetime:
        """Return the moment that was set."""
        self.asked.set()
        return self.at


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    make_migrated(database_url)
    store = open_store(database_url, [KEY])
    yield store
    store.close()


def clock_on(store: Store, wall: Wall) -> PretendClock:
    """Return a clock as a process of this deployment has it."""
    system: SystemClock = wall  # type: ignore[assignment]
    return PretendClock(store, system)


def test_every_process_takes_up_a_move_soon(store: Store, wall: Wall) -> None:
    here, there = clock_on(store, wall), clock_on(store, wall)
    here.move_to(MONDAY + HOUR)
    assert here.now() == MONDAY + HOUR
    assert there.now() == MONDAY, "not yet"
    wall.at += PretendClock.REFRESH * 2
    assert there.now() == here.now() == wall.at + HOUR
    assert clock_on(store, wall).now() == wall.at + HOUR, "and after a restart"


def test_a_process_that_has_not_heard_of_a_move_does_not_undo_it(store: Store, wall: Wall) -> None:
    here, there = clock_on(store, wall), clock_on(store, wall)
    here.move_to(MONDAY + 3 * HOUR)
    there.move_to(MONDAY + HOUR)
    assert there.now() == MONDAY + 3 * HOUR
    assert clock_on(store, wall).now() == MONDAY + 3 * HOUR


def test_a_use_case_may_ask_for_the_time_while_the_clock_is_moved(store: Store, wall: Wall) -> None:
    clock = clock_on(store, wall)
    begun, go_on = Event(), Event()
    told: list[datetime] = []

    def work(_unit: Unit) -> None:
        begun.set()
        go_on.wait(10)
        told.append(clock.now())

    asking = Thread(target=lambda: store.run(work), daemon=True)
    asking.start()
    assert begun.wait(10)
    wall.asked.clear()
    moving = Thread(target=lambda: clock.move_to(MONDAY + HOUR), daemon=True)
    moving.start()
    assert wall.asked.wait(10)
    go_on.set()
    asking.join(10)
    moving.join(10)
    assert told, "neither waits for the other"
    assert clock.now() == MONDAY + HOUR
