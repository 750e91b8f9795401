"""A year of check-ins over the service, for members in many zones, against a count that knows no schedules.

The count goes through the year in steps of a quarter of an hour and looks at a clock in each zone. The
service plans, wakes, writes to the outbox and sends, on a real database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checkin.flow.load import load_flow
from checkin.service import schedules
from checkin.service.publishing import publish
from checkin.service.turn import Turn
from checkin.store import people
from checkin.store.situations import Person
from checkin.store.unit import Unit
from checkin.timing.hours import AllowedHours
from checkin.timing.rhythm import Rhythm
from tests.service.kit import Chat

BEGIN = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
END = BEGIN + timedelta(days=365)
QUARTER = timedelta(minutes=15)

FLOW = """
flow: hello
title: A word each day
start: [{every: day, at: "17:00"}]
steps:
  hello:
    say: { en: "Hello", es: "Hola" }
    go: done
  done:
    end: done
"""
ALL_DAY = AllowedHours(0, 1440)


@dataclass(frozen=True)
class Asked:
    """One member of the year: where they live and what they chose."""

    zone: str
    at: str
    days: frozenset[int] = frozenset(range(1, 8))
    gap: int = 1
    hours: AllowedHours | None = None


MEMBERS = (
    Asked("America/New_York", "17:00", gap=14),
    Asked("America/New_York", "02:30", frozenset({7}), hours=ALL_DAY),  # skipped on the 14th of March
    Asked("America/New_York", "01:30", frozenset({7}), hours=ALL_DAY),  # comes twice on the 7th of November
    Asked("America/Santiago", "09:15", frozenset({1, 4}), gap=14),
    Asked("Europe/Madrid", "20:45", gap=21),
    Asked("Australia/Lord_Howe", "10:00", frozenset({6, 7}), gap=14),  # changes by half an hour
    Asked("Pacific/Chatham", "12:00", frozenset({3}), gap=21),
    Asked("Asia/Kolkata", "18:30", frozenset({2}), gap=21),
    Asked("Africa/Casablanca", "09:00", frozenset({5}), gap=14),  # changes around Ramadan
    Asked("America/Havana", "00:30", frozenset({7}), hours=ALL_DAY),  # changes at midnight
)


def counted(member: Asked) -> Iterator[datetime]:
    """Yield when this member is to be asked, by looking at their clock each quarter of an hour."""
    zone, last = ZoneInfo(member.zone), None
    shown: dict[date, datetime] = {}
    quarters: dict[date, list[datetime]] = defaultdict(list)
    moment = BEGIN - timedelta(days=1)
    while moment < END + timedelta(days=1):
        local = moment.astimezone(zone)
        quarters[local.date()].append(moment)
        if f"{local:%H:%M}" == member.at:
            shown.setdefault(local.date(), moment)  # the first time, where it comes twice
        moment += QUARTER
    wanted = time.fromisoformat(member.at)
    for day, passing in quarters.items():
        # A time that the clock never shows comes as long after the day's beginning as it would have.
        since = timedelta(hours=wanted.hour, minutes=wanted.minute)
        begins = passing[0] - timedelta(minutes=passing[0].astimezone(zone).minute % 15)
        at = shown.get(day, begins + since)
        if (
            BEGIN < at < END
            and day.isoweekday() in member.days
            and (last is None or (day - last).days >= member.gap)
        ):
            last = day
            yield at


def test_a_year_of_the_service_is_the_year_that_was_counted(quick: Chat) -> None:
    quick.clock = type(quick.clock)(BEGIN)
    quick.carrier.now = quick.clock.now
    quick.app.clock = quick.clock
    flow = load_flow(FLOW, file="hello.yaml", program=quick.app.program).flow
    assert flow is not None
    publish(quick.app, [flow], author="test", note="")
    quick.app.go_live({"hello": quick.app.flows["hello"]})
    numbers = {f"+1202555{1000 + index}": member for index, member in enumerate(MEMBERS)}

    def join(unit: Unit) -> None:
        for number, member in numbers.items():
            rhythm = Rhythm(at=member.at, days=member.days, gap=member.gap, hours=member.hours)
            person = Person(number, number, "Ana", "en", member.zone, stopped=False)
            people.add(unit, person, BEGIN)
            people.set_rhythm(unit, person.id, rhythm)
            people.add_member(unit, person.id, "active", joined_at=BEGIN)

    def plan(unit: Unit) -> None:
        turn = Turn(quick.app, unit, BEGIN)
        for number in numbers:
            schedules.plan(turn, number)

    quick.app.store.run(join)
    quick.app.store.run(plan)
    quick.until(END)
    sent: dict[str, list[datetime]] = defaultdict(list)
    for at, outgoing in quick.carrier.taken_at:
        sent[outgoing.to].append(at)
    for number, member in numbers.items():
        assert sent[number] == list(counted(member)), member
    assert sum(map(len, sent.values())) > 250
