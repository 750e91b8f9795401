"""Reads who of the staff is on duty when: `rota:` in program.yaml and the calendar beside it.

Knows names and where they stand. Must not know what anybody is on duty for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, Severity, errors
from checkin.flow.program_shape import ProgramShape, RotaShape
from checkin.timing.rota import Override, Rota, Shift, shifts_of_calendar
from checkin.timing.words import span_words

AHEAD = timedelta(weeks=4)
"""How far ahead holes are looked for."""


@dataclass(frozen=True, slots=True)
class ReadRota:
    """The rota, None where there is none or it is refused, the last resort by name, and all issues."""

    rota: Rota | None
    last_resort: tuple[str, ...]
    issues: tuple[Issue, ...]


def read_rota(
    form: ProgramShape, document: Document, calendars: Mapping[str, bytes], today: date | None
) -> ReadRota:
    """Return the program's rota. Holes from `today` on are a warning; None looks for none."""
    if form.rota is None:
        return ReadRota(None, (), ())
    names = _Names(document, {person.name.casefold(): person.name for person in form.staff}, [])
    zone = ZoneInfo(form.timezone)
    shifts = _shifts(form.rota, names, calendars, zone)
    overrides = tuple(_overrides(form.rota, names, zone))
    last = form.rota.last_resort
    last_resort = (
        tuple(person.name for person in form.staff if person.on_call)
        if last is None
        else names.known(_words(last), ("rota", "last_resort"))
    )
    if errors(names.issues):
        return ReadRota(None, last_resort, tuple(names.issues))
    rota = Rota(shifts, overrides)
    begin = None if today is None else datetime.combine(today, time(), tzinfo=zone)
    if begin is not None and (holes := rota.holes(begin, begin + AHEAD)):
        names.issues.append(_holes(document, holes, zone))
    return ReadRota(rota, last_resort, tuple(names.issues))


@dataclass(slots=True)
class _Names:
    """The staff's names as they are written in `staff:`, by their small letters."""

    document: Document
    staff: Mapping[str, str]
    issues: list[Issue]

    def known(self, words: Iterable[str], path: Path, *, where: str = "") -> tuple[str, ...]:
        """Return these names as the staff's list has them; what is none of them becomes an issue."""
        found = []
        for word in words:
            name = self.staff.get(word.strip().casefold())
            if name is not None:
                found.append(name)
                continue
            near = did_you_mean(word, self.staff.values())
            message = f"{where}`{word}` is nobody of the staff." + (f" Did you mean {near}?" if near else "")
            mend = f"Write one of: {', '.join(self.staff.values())}."
            self.issues.append(self.document.issue(Code.UNKNOWN_NAME, path, message, mend))
        return tuple(found)


def _words(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _shifts(
    form: RotaShape, names: _Names, calendars: Mapping[str, bytes], zone: ZoneInfo
) -> tuple[Shift, ...]:
    """Return the calendar's shifts with the staff's names; each unknown one is told once."""
    path: Path = ("rota", "calendar")
    if form.calendar not in calendars:
        message = f"There is no calendar file `{form.calendar}` beside program.yaml."
        near = did_you_mean(form.calendar, calendars)
        mend = f"calendar: {near}" if near else "Save the rota there, its name ending in .ics."
        names.issues.append(names.document.issue(Code.WRONG_VALUE, path, message, mend))
        return ()
    try:
        shifts = shifts_of_calendar(calendars[form.calendar], zone)
    except ValueError:
        message = f"The file `{form.calendar}` is no calendar that can be read."
        mend = "Export the rota from a calendar program again, as iCalendar (.ics)."
        names.issues.append(names.document.issue(Code.WRONG_VALUE, path, message, mend))
        return ()
    where = f"In {form.calendar}: "
    nameless = [shift for shift in shifts if not shift.who]
    if nameless:
        message = f"{where}the event of {nameless[0].start:%Y-%m-%d} names nobody."
        mend = "Give each event of the rota the name of whoever is on duty as its title."
        names.issues.append(names.document.issue(Code.UNKNOWN_NAME, path, message, mend))
    written = dict.fromkeys(name for shift in shifts for name in shift.who)
    known = {word: names.known((word,), path, where=where) for word in written}
    return tuple(
        Shift(
            tuple(name for word in shift.who for name in known[word]),
            shift.start,
            shift.end,
            shift.zone,
            shift.rules,
            shift.more,
            shift.left_out,
        )
        for shift in shifts
    )


def _overrides(form: RotaShape, names: _Names, zone: ZoneInfo) -> Iterator[Override]:
    for index, override in enumerate(form.overrides):
        who = names.known(_words(override.who), ("rota", "overrides", index, "who"))
        yield Override(who, override.start.replace(tzinfo=zone), override.end.replace(tzinfo=zone))


def _holes(document: Document, holes: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> Issue:
    first = span_words(*(moment.astimezone(zone) for moment in holes[0]))
    more = f", and {len(holes) - 1} more times in these four weeks" if len(holes) > 1 else ""
    message = f"Nobody is on duty {first}{more}. Requests go straight to the last resort then."
    mend = "Fill the hole in the calendar, or add an override."
    return document.issue(Code.PROGRAM, ("rota",), message, mend, key=True, severity=Severity.WARNING)
