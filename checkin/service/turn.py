"""One event's handling: what it was decided on, and everything it decided.

A turn is made inside a use case and lives as long as its unit. It knows who is being answered right now (a
text for that person goes back in the same response; a text for anybody else is an outbox row), numbers the
members' journals, and wakes the lanes that got something to do once all of it is durable.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from checkin.alert.model import Alert
from checkin.flow.model import Value, Values
from checkin.flow.speech import spoken as aloud
from checkin.flow.texts import DAYS_OF_WEEK
from checkin.service.app import App, Lane
from checkin.service.deadlines import FINISH_WITHIN, take_within
from checkin.store import outbox, runs, situations, tasks, timers
from checkin.store.situations import Person, Situation
from checkin.store.tasks import Entry, Task
from checkin.store.timers import Timer
from checkin.store.unit import Unit
from checkin.timing.words import clock_words


@functools.lru_cache(maxsize=64)
def _minute(moment: datetime) -> datetime:
    """Return the minute of a moment; everybody who is asked at once shares it."""
    return moment.replace(second=0, microsecond=0)


@functools.lru_cache(maxsize=512)
def _clock(minute: datetime, zone: str, language: str) -> str:
    """Return a minute as a clock shows it; thousands of members share each."""
    return clock_words(minute.astimezone(ZoneInfo(zone)), language)


@functools.lru_cache(maxsize=64)
def _day(minute: datetime, zone: str) -> str:
    """Return the day of a minute in a zone; thousands of members share each."""
    return minute.astimezone(ZoneInfo(zone)).date().isoformat()


@dataclass(slots=True)
class Turn:
    """One event in one unit of work. `answering` is who gets an answer in the same response, if anybody."""

    app: App
    unit: Unit
    now: datetime
    answering: str | None = None
    channel: str = "sms"
    """How the one who is being answered reached us; on the telephone the answers are as they are spoken."""
    answers: list[str] = field(default_factory=list)
    alerts: dict[str, Alert] = field(default_factory=dict)
    """Alerts as this event has left them so far; the database still has them as it found them."""
    noted: set[str] = field(default_factory=set)
    """Ids of tasks that this event has put on the staff's list and that may come only once."""
    unlinked: bool = False
    """Whether the text that is being handled was an answer without a name: it is not kept."""
    _situations: dict[str, Situation] = field(default_factory=dict)
    _seqs: dict[str, int] = field(default_factory=dict)
    _tasks: int = 0
    """How many tasks this event has put on the list so far: the database has not got their numbers yet."""
    _woken: set[Lane] = field(default_factory=set)

    def know(self, situation: Situation) -> None:
        """Take note of a situation that was read already."""
        self._situations[situation.person.id] = situation
        self._seqs.setdefault(situation.person.id, situation.seq)

    def situation(self, person_id: str) -> Situation:
        """Return a person's situation as this event found it."""
        found = self._situations.get(person_id)
        if found is None:
            found = situations.of_person(self.unit, person_id)
            assert found is not None, "an id that nobody has"
            self.know(found)
        return found

    def person(self, person_id: str) -> Person:
        """Return a person as this event found them."""
        return self.situation(person_id).person

    def forget(self, person_id: str) -> None:
        """Drop what is remembered of a person whose fields this very event has changed."""
        self._situations.pop(person_id, None)

    def update(self, situation: Situation) -> None:
        """Replace what is remembered of a person: this very event has changed it."""
        self._situations[situation.person.id] = situation

    def tell(
        self,
        person: Person,
        text: str,
        *,
        id: str,
        subject: str,
        kind: str = "notice",
        lane: Lane = "routine",
        expires_at: datetime | None = None,
        channel: str = "sms",
        spoken: str | None = None,
        by_text: bool = False,
        due_at: datetime | None = None,
    ) -> str | None:
        """Say something to a person: as an answer if they are being answered, else through the outbox.

        Who chose to be called is called, unless it has to be `by_text`. `spoken` is what is to be spoken on
        the telephone, where that differs. `due_at` is when it is to go out, where that is not now. `id` is
        the effect that says it. Returns the outbox row's id, None for an answer. A person who said STOP is
        told nothing.
        """
        if person.stopped:
            return None
        if person.id == self.answering and channel == "sms" and not by_text:
            on_phone = self.channel == "voice"
            self.answers.append(aloud(spoken or text, person.language) if on_phone else text)
            return None
        if person.channel == "voice" and not by_text:
            channel = "voice"
        body = aloud(spoken or text, person.language) if channel == "voice" else text
        message = outbox.Message(
            id,
            lane,
            kind,
            channel,
            person.id,
            subject,
            body,
            "queued",
            self.now,
            due_at or self.now,
            expires_at,
        )
        outbox.add(self.unit, message)
        self.wake(lane)
        return id

    def say(
        self, person: Person, key: str, *, id: str, subject: str, lane: Lane = "routine", **values: Value
    ) -> None:
        """Say one of the program's own texts to a person, in their language."""
        text, language = self.text(person.language, key, **values), person.language
        on_phone = "voice" in (self.channel, person.channel)
        spoken = self.spoken(language, key, **values) if on_phone else None
        self.tell(person, text, id=id, subject=subject, lane=lane, spoken=spoken)

    def text(self, language: str, key: str, **values: Value) -> str:
        """Return one of the program's own texts, filled in."""
        program = self.app.program
        return program.texts[key].render(language, {**self.app.facts(language), **values})

    def spoken(self, language: str, key: str, **values: Value) -> str:
        """Return one of the program's own texts as it is said, filled in."""
        program = self.app.program
        return program.texts[key].spoken(language, {**self.app.facts(language), **values})

    def journal(self, member_id: str, subject: str, transition: int, event: Mapping[str, Any]) -> None:
        """Append an event to a member's journal, under the member's next number."""
        if member_id not in self._seqs:
            self._seqs[member_id] = runs.last_seq(self.unit, member_id)
        self._seqs[member_id] += 1
        runs.write_journal(
            self.unit,
            member_id=member_id,
            seq=self._seqs[member_id],
            at=self.now,
            subject=subject,
            transition=transition,
            event=event,
        )

    def add_task(self, kind: str, *, id: str, member_id: str | None, subject: str, note: str) -> None:
        """Put something on the staff's list, with the time by which somebody should have taken it."""
        self._tasks += 1
        number = tasks.next_number(self.unit) + self._tasks - 1
        due_at = self.until(take_within(kind))
        tasks.add(self.unit, Task(id, kind, member_id, subject, note, "open", self.now, number, due_at))
        owner = member_id or next(iter(self.app.staff_ids), None)
        if owner is not None:
            timers.put(self.unit, Timer(f"task:{id}", "routine", owner, 0, due_at))

    def claim_task(self, task: Task, person_id: str) -> None:
        """Give an open task to one of the staff, with the time by which it should be finished."""
        due_at = self.until(FINISH_WITHIN)
        tasks.claim(self.unit, task, person_id, due_at)
        subject = f"task:{task.id}"
        entry = Entry(self.now, person_id, "took it", "")
        tasks.write_entry(self.unit, id=self.app.new_id(), subject=subject, entry=entry)
        timers.put(self.unit, Timer(subject, "routine", task.member_id or person_id, 0, due_at))

    def wake(self, lane: Lane) -> None:
        """Wake a lane's workers once this is durable."""
        if lane not in self._woken:
            self._woken.add(lane)
            app = self.app
            if lane == "alerts":
                app.way.claim()
            self.unit.after_commit(lambda: app.wake(lane))

    def facts(self, situation: Situation, names: Iterable[str] | None = None) -> Values:
        """Return what flows may know of a member and the program at this moment, or these names of it."""
        program, fields = self.app.facts(situation.person.language), self.app.program.fields
        found: dict[str, Value] = {}
        for name in (*_FACTS, *fields, *program) if names is None else names:
            if name in _FACTS:
                found[name] = _FACTS[name](self, situation)
            elif name in fields:
                found[name] = situation.fields.get(name)
            elif name in program:
                found[name] = program[name]
        return found

    def local(self, person: Person, at: datetime | None = None) -> datetime:
        """Return a moment, or this one, on a person's own clock."""
        return (at or self.now).astimezone(self.app.zone_of(person))

    def clock(self, person: Person) -> str:
        """Return the time of day as this person would say it."""
        return _clock(_minute(self.now), self.app.zone_name(person), person.language)

    def day(self, person: Person) -> str:
        """Return the day that it is for this person, as flows know days: `2027-01-14`."""
        return _day(_minute(self.now), self.app.zone_name(person))

    def until(self, delay: timedelta) -> datetime:
        """Return the moment that is so far from now."""
        return self.now + delay


_FACTS: Mapping[str, Callable[[Turn, Situation], Value]] = {
    "first_name": lambda _, here: here.person.name,
    "language": lambda _, here: here.person.language,
    "channel": lambda _, here: here.person.channel,
    "has_contact": lambda _, here: here.contact_name is not None,
    "contact_name": lambda _, here: here.contact_name,
    "invited_contact": lambda _, here: here.invited_name,
    "taker_name": lambda _turn, _here: None,
    "time": lambda turn, here: turn.clock(here.person),
    # Those that climb beyond a reminder know these better (`service.missed`).
    "missed_call": lambda _turn, _here: False,
    "missed_staff": lambda _turn, _here: False,
    "missed_contacts": lambda _turn, _here: False,
    "today": lambda turn, here: turn.day(here.person),
    "day_of_week": lambda turn, here: DAYS_OF_WEEK[turn.local(here.person).weekday()],
}
"""What is known of every member, by the name under which flows know it."""
