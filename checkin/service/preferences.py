"""What a member texts about how often and when they are asked: SETTINGS, LESS, MORE, TIME, DAYS, HOURS.

The person decides: hours of their own go before the program's. A time outside the hours is not taken, and the
answer says how to widen them, so that no check-in ever leaves outside the hours that its member knows of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time

from checkin.conversation.settings_words import What, Wish, pick, pick_span
from checkin.flow.model import ScheduleTrigger, Value
from checkin.service import missed, schedules
from checkin.service.turn import Turn
from checkin.store import people
from checkin.store.situations import Person
from checkin.timing.hours import AllowedHours, Span
from checkin.timing.rhythm import Rhythm
from checkin.timing.schedule import EVERY_DAY, Rule, time_of_day
from checkin.timing.words import clock_words, weekday_words

DEFAULT = Rule(EVERY_DAY, "09:00")
"""What is told of a program that asks nothing by schedule."""

Answer = tuple[str, Rhythm]
"""The key of the program's text that answers, and the rhythm from now on."""


def take(turn: Turn, member_id: str, wish: Wish, *, key: str) -> None:
    """Do what a member wishes, and answer with what counts from now on."""
    person = turn.person(member_id)
    text, rhythm = _WISHES[wish.what](turn, person, wish)
    person = turn.person(member_id)
    if rhythm != person.rhythm:
        rhythm = rhythm.counted_from(turn.local(person).date(), person.rhythm)
        person = change(turn, person, rhythm)
        if turn.situation(member_id).member_state == "active":
            schedules.plan(turn, member_id)
    said = turn.text(person.language, text, **_words(turn, person, wish))
    turn.tell(person, said, id=f"{key}.{text}", subject=f"person:{person.id}")


def change(turn: Turn, person: Person, rhythm: Rhythm) -> Person:
    """Keep a member's rhythm, with a record of it in the journal; return the person with it."""
    people.set_rhythm(turn.unit, person.id, rhythm)
    turn.journal(person.id, f"member:{person.id}", 0, {"kind": "Rhythm", "rhythm": rhythm.to_text()})
    person = person._replace(rhythm=rhythm)
    turn.update(turn.situation(person.id)._replace(person=person))
    return person


# ---------------------------------------------------------------- what each wish does


def _show(_turn: Turn, person: Person, _wish: Wish) -> Answer:
    return "settings", person.rhythm


def _less(_turn: Turn, person: Person, _wish: Wish) -> Answer:
    rarer = person.rhythm.rarer()
    return ("settings_rarest" if rarer.gap == person.rhythm.gap else "settings_now"), rarer


def _more(_turn: Turn, person: Person, _wish: Wish) -> Answer:
    oftener = person.rhythm.oftener()
    same = oftener.gap == person.rhythm.gap and not person.rhythm.unanswered
    return ("settings_oftenest" if same else "settings_now"), oftener


def _time(turn: Turn, person: Person, wish: Wish) -> Answer:
    assert wish.time is not None
    hours = schedules.hours_of(turn.app, person)
    asked = _rule(turn, person)
    minute = pick(wish.time, lambda minute: _always_holds(hours, asked.days, minute))
    if not _always_holds(hours, asked.days, minute):
        return "settings_time_outside", person.rhythm
    return "settings_now", replace(person.rhythm, at=_written(minute))


def _days(_turn: Turn, person: Person, wish: Wish) -> Answer:
    days = None if wish.days == EVERY_DAY else wish.days
    return "settings_now", replace(person.rhythm, days=days)


def _hours(turn: Turn, person: Person, wish: Wish) -> Answer:
    """Set hours of their own, for all days or for some; a time outside them moves to their start."""
    assert wish.span is not None
    start, end = pick_span(wish.span)
    if start == end:
        return "settings_hours_unclear", person.rhythm
    known = schedules.hours_of(turn.app, person)
    days: dict[int, Span | None] = dict(known.days) if wish.days is not None else {}
    days.update(dict.fromkeys(wish.days or (), (start, end)))
    hours = AllowedHours(*((start, end) if wish.days is None else (known.start, known.end)), days)
    rule = _rule(turn, person)
    at = time_of_day(rule.at)
    rhythm = replace(person.rhythm, hours=hours)
    if wish.days is None and not _always_holds(hours, rule.days, at.hour * 60 + at.minute):
        rhythm = replace(rhythm, at=_written(start))
    return "settings_now", rhythm


def _calls(turn: Turn, person: Person, wish: Wish) -> Answer:
    offered = turn.app.program.missed.call != "never" or not wish.on
    return "settings_missed" if offered else "settings_not_offered", replace(person.rhythm, calls=wish.on)


def _contacts(turn: Turn, person: Person, wish: Wish) -> Answer:
    offered = turn.app.program.missed.contacts != "never" or not wish.on
    return "settings_missed" if offered else "settings_not_offered", replace(person.rhythm, contacts=wish.on)


def _language(turn: Turn, person: Person, wish: Wish) -> Answer:
    """Write to the member in another language from now on, also in what goes on already."""
    assert wish.language is not None
    if wish.language not in turn.app.program.languages:
        return "settings_not_offered", person.rhythm
    people.set_language(turn.unit, person.id, wish.language)
    event = {"kind": "Language", "language": wish.language}
    turn.journal(person.id, f"member:{person.id}", 0, event)
    here = turn.situation(person.id)
    turn.update(here._replace(person=person._replace(language=wish.language)))
    return "settings_language", person.rhythm


_WISHES: Mapping[What, Callable[[Turn, Person, Wish], Answer]] = {
    "show": _show,
    "less": _less,
    "more": _more,
    "time": _time,
    "days": _days,
    "hours": _hours,
    "calls": _calls,
    "contacts": _contacts,
    "language": _language,
}


# ---------------------------------------------------------------- in words


def _words(turn: Turn, person: Person, wish: Wish) -> dict[str, Value]:
    """Return what the texts about settings may say."""
    rule, hours = _rule(turn, person), schedules.hours_of(turn.app, person)
    language, rhythm = person.language, person.rhythm
    wished = rule.at if wish.time is None else _written(wish.time.minute)
    today = hours.span(turn.local(person).isoweekday()) or (hours.start, hours.end)
    days = "settings_every_day" if rule.days == EVERY_DAY else None
    return {
        "often": turn.text(language, f"settings_often_{rhythm.least_gap}"),
        "at": clock_words(time_of_day(rule.at), language),
        "wished": clock_words(time_of_day(wished), language),
        "days": turn.text(language, days) if days else weekday_words(rule.days, language),
        "start": clock_words(_clock(today[0]), language),
        "end": clock_words(_clock(today[1]), language),
        "calls": turn.text(language, _on_off(rhythm.calls)),
        "contacts": turn.text(language, _on_off(bool(missed.chosen(turn, person.id)))),
    }


def _on_off(on: bool | None) -> str:
    return "settings_on" if on else "settings_off"


def _rule(turn: Turn, person: Person) -> Rule:
    """Return the schedule by which this member is asked next, as they want it."""
    found = [
        (start, person.rhythm.bend(trigger.rule))
        for flow in turn.app.flows.values()
        for trigger in flow.start
        if flow.check_in and isinstance(trigger, ScheduleTrigger)
        and (start := schedules.next_start_of(turn, person, flow, trigger)) is not None
    ]  # fmt: skip
    return min(found, key=lambda one: one[0], default=(datetime.max.replace(tzinfo=UTC), DEFAULT))[1]


def _always_holds(hours: AllowedHours, days: frozenset[int], minute: int) -> bool:
    """Whether this minute is allowed on every day on which somebody is asked and that has hours."""
    asked = [day for day in days if hours.span(day) is not None] or [1]
    # The first week of 2024 begins on a Monday.
    return all(hours.holds(datetime(2024, 1, day, minute // 60, minute % 60)) for day in asked)  # noqa: DTZ001


def _written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
