"""Makes the program of its two documents.

Knows `program.yaml` and `texts.yaml`. Must not know flows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from types import MappingProxyType

from checkin.flow.crisis import left_out, not_reviewed, seen_by_others
from checkin.flow.days import WEEKDAYS
from checkin.flow.document import Document
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, Severity, errors
from checkin.flow.kinds import DATE, NUMBER, TEXT, TIME, YES_NO, Kind
from checkin.flow.model import Text, Values
from checkin.flow.program import Crisis, Hours, Limits, Missed, Program, Staff, Support
from checkin.flow.program_shape import SHAPES, ProgramShape, SpanShape, StaffPerson
from checkin.flow.rota_load import read_rota
from checkin.flow.texts import CATALOGUE, FACTS, SAMPLES, allowed_names, only_spoken
from checkin.flow.validate import Differences, forgotten, validate
from checkin.flow.wording import Wording
from checkin.people.invitations import InvitationLimits
from checkin.timing.holidays import days_of_calendar


def read_program(
    program: Document,
    texts: Document,
    calendars: Mapping[str, bytes] = MappingProxyType({}),
    today: date | None = None,
) -> tuple[Program | None, tuple[Issue, ...]]:
    """Return the program, or None where one of the documents is refused, and everything to say about both.

    `calendars` are the iCalendar files beside them, by name. With `today` it is also told whether the crisis
    texts were reviewed lately, and of holes in the rota in the weeks to come.
    """
    form = validate(ProgramShape, program, SHAPES)
    if isinstance(form, Differences):
        return None, (*form.issues, *forgotten(program, form.issues))
    wording = Wording(program, tuple(form.languages), {})
    line = wording.text(("crisis", "line"), form.crisis.line, {})
    hours = wording.text(("staff_hours",), form.staff_hours, {})
    free = _holidays(form.holidays, program, calendars)
    wording.issues.extend([free] if isinstance(free, Issue) else [])
    rota = read_rota(form, program, calendars, today)
    issues = [*wording.issues, *_people(form, program), *_taken_fields(form, program)]
    issues.extend((*_waits(form, program), *rota.issues, *_served(form, program)))
    issues.extend(forgotten(program, wording.issues))
    if today is not None:
        issues.extend(not_reviewed(program, form.crisis.reviewed, today))
    samples = {
        language: {
            "program": form.program,
            "crisis_line": line.render(language, {}),
            "staff_hours": hours.render(language, {}),
            "emergency_number": form.crisis.emergency_number,
        }
        for language in form.languages
    }
    catalogue, text_issues = read_texts(texts, tuple(form.languages), samples)
    issues.extend(text_issues)
    if errors(issues) or isinstance(free, Issue):
        return None, tuple(issues)
    whole = _program(form, line, hours, catalogue)
    return replace(whole, holidays=free, rota=rota.rota, last_resort=rota.last_resort), tuple(issues)


def _holidays(
    name: str | None, document: Document, calendars: Mapping[str, bytes]
) -> frozenset[date] | Issue:
    """Return the days of the program's holiday file, or what is wrong with it."""
    if name is None:
        return frozenset()
    if name not in calendars:
        message = f"There is no calendar file `{name}` beside program.yaml."
        near = did_you_mean(name, calendars)
        mend = f"holidays: {near}" if near else "Save a file of holidays there, its name ending in .ics."
        return document.issue(Code.WRONG_VALUE, ("holidays",), message, mend)
    try:
        return days_of_calendar(calendars[name])
    except ValueError:
        message = f"The file `{name}` is no calendar that can be read."
        mend = "Export the holidays from a calendar program again, as iCalendar (.ics)."
        return document.issue(Code.WRONG_VALUE, ("holidays",), message, mend)


def _program(form: ProgramShape, line: Text, hours: Text, texts: Mapping[str, Text]) -> Program:
    first = form.languages[0]
    return Program(
        name=form.program,
        languages=tuple(form.languages),
        timezone=form.timezone,
        country=form.country,
        allowed_hours=Hours(
            *_span(form.allowed_hours),
            {
                weekday: None if hours == "none" else _span(hours)
                for weekday, hours in enumerate(form.allowed_hours.days, start=1)
                if hours is not None
            },
        ),
        fields=_fields(form),
        groups=dict(form.groups or {}),
        check_ins=Limits(form.check_ins.a_day, form.check_ins.a_week),
        missed=Missed(form.missed.call, form.missed.staff, form.missed.contacts),
        invitations=InvitationLimits(
            countries=tuple(form.invitations.countries or [form.country]),
            contacts=form.invitations.contacts,
            member_a_day=form.invitations.member_a_day,
            number_a_day=form.invitations.number_a_day,
            number_a_month=form.invitations.number_a_month,
            country_a_day=form.invitations.country_a_day,
        ),
        staff=tuple(
            Staff(p.name, p.number, p.language or first, p.on_call, tuple(p.groups or ())) for p in form.staff
        ),
        crisis=Crisis(line, form.crisis.emergency_number, form.crisis.reviewed),
        staff_hours=hours,
        support=Support(
            window=form.support.window,
            contact_wait=form.support.contact_wait,
            staff_wait=form.support.staff_wait,
            remind_staff=form.support.remind_staff,
            at_once=form.support.at_once,
            repeat=form.support.repeat,
            call_after=form.support.call_after,
        ),
        texts=texts,
    )


_KINDS: Mapping[str, Kind] = {
    "text": TEXT, "number": NUMBER, "yes_no": YES_NO, "date": DATE, "time": TIME,
}  # fmt: skip


def _fields(form: ProgramShape) -> Mapping[str, Kind]:
    fields = {name: _KINDS[kind] for name, kind in (form.fields or {}).items()}
    return {**fields, **({"group": Kind("text", (*form.groups, None))} if form.groups else {})}


def _taken_fields(form: ProgramShape, document: Document) -> Iterator[Issue]:
    """Find fields whose name already means something."""
    taken = (
        FACTS.keys() | WEEKDAYS.keys() | {"answer", "yes", "no", "true", "false", "none", "group", "joined"}
    )
    for name in form.fields or {}:
        if name in taken:
            message = f"`{name}` already means something; a field cannot have this name."
            mend = f"Choose another name, for example my_{name}."
            yield document.issue(Code.NAME_TAKEN, ("fields", name), message, mend, key=True)


def _span(form: SpanShape) -> tuple[time, time]:
    return time.fromisoformat(form.start), time.fromisoformat(form.end)


def _waits(form: ProgramShape, document: Document) -> list[Issue]:
    """Say where nobody would ever be called, because the next one is asked before."""
    call_after, waits = form.support.call_after, (form.support.contact_wait, form.support.staff_wait)
    if call_after is None or call_after < min(waits):
        return []
    message = "The next person is asked before somebody would be called."
    mend = "Write a shorter time here than contact_wait and staff_wait have."
    where = ("support", "call_after")
    return [document.issue(Code.PROGRAM, where, message, mend, severity=Severity.WARNING)]


def _people(form: ProgramShape, document: Document) -> list[Issue]:
    issues: list[Issue] = []
    if not any(person.on_call for person in form.staff):
        message = "Nobody is on call: a request that no trusted contact takes would reach no one."
        mend = "Write `on_call: true` for at least one person."
        issues.append(document.issue(Code.PROGRAM, ("staff",), message, mend, key=True))
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    for index, person in enumerate(form.staff):
        if seen.setdefault(person.number, index) != index:
            message = f"{form.staff[seen[person.number]].name} already has this number."
            where = ("staff", index, "number")
            issues.append(document.issue(Code.TWICE, where, message, "Give each person their own number."))
        if names.setdefault(person.name.casefold(), index) != index:
            message = f"There is another {person.name} on staff."
            where = ("staff", index, "name")
            issues.append(document.issue(Code.TWICE, where, message, "Give each their own name: Dana R."))
        if person.language and person.language not in form.languages:
            message = f"The program does not speak `{person.language}`."
            mend = f"Use one of: {', '.join(form.languages)}."
            issues.append(document.issue(Code.LANGUAGE, ("staff", index, "language"), message, mend))
    for index, language in enumerate(form.languages):
        if language in form.languages[:index]:
            message = f"`{language}` stands here twice."
            issues.append(document.issue(Code.TWICE, ("languages", index), message, "Delete one of them."))
    return issues


def _served(form: ProgramShape, document: Document) -> Iterator[Issue]:
    """Find groups of staff that do not exist, and members whom nobody would be there for."""
    known, unknown = form.groups or {}, False
    for index, person in enumerate(form.staff):
        for place, group in enumerate(person.groups or ()):
            if group not in known:
                unknown = True
                near = did_you_mean(group, known)
                message = f"The program has no group `{group}`." + (
                    f" Did you mean `{near}`?" if near else ""
                )
                mend = f"Use one of: {', '.join(known)}." if known else "Leave `groups` out: it is everybody."
                yield document.issue(Code.UNKNOWN_NAME, ("staff", index, "groups", place), message, mend)
    by_rota = form.rota is not None and form.rota.last_resort is not None
    where = ("rota", "last_resort") if by_rota else ("staff",)
    last = [person for person in form.staff if _is_last(person, form)]
    if last and not unknown and all(person.groups for person in last):
        who = "Every last resort" if by_rota else "Everybody on call"
        message = f"{who} is there for some groups only: a request of anybody else would reach no one."
        mend = "Let at least one of them be without `groups`."
        yield document.issue(Code.PROGRAM, where, message, mend, key=True)


def _is_last(person: StaffPerson, form: ProgramShape) -> bool:
    """Whether this person is asked where nobody else has answered."""
    if form.rota is None or form.rota.last_resort is None:
        return person.on_call
    named = form.rota.last_resort
    return person.name.casefold() in (
        n.strip().casefold() for n in ([named] if isinstance(named, str) else named)
    )


def read_texts(
    document: Document, languages: tuple[str, ...], samples: Mapping[str, Values]
) -> tuple[Mapping[str, Text], tuple[Issue, ...]]:
    """Return the program's own texts by key, and what is wrong with them."""
    data = document.data
    if not isinstance(data, dict):
        message = "Each text is expected with its name: `help:` and below it en and es."
        return {}, (document.issue(Code.WRONG_VALUE, (), message, "See docs/flows.md."),)
    wording = Wording(document, languages, samples)
    issues: list[Issue] = []
    texts: dict[str, Text] = {}
    for key, raw in data.items():
        if key not in CATALOGUE:
            issues.append(_unknown_text(document, key, [k for k in CATALOGUE if k not in data]))
        elif _is_raw(raw):
            names = dict.fromkeys(allowed_names(key), TEXT)
            texts[key] = wording.text((key,), raw, names, sent=not only_spoken(key))
        else:
            message = "A text in each language is expected here."
            issues.append(document.issue(Code.WRONG_VALUE, (key,), message, 'Write en: "…", es: "…".'))
    for key in CATALOGUE:
        if key not in data:
            message = f"The text `{key}` is missing. {CATALOGUE[key].about}"
            issues.append(
                document.issue(Code.MISSING, (), message, f"Add `{key}:` with a text in each language.")
            )
    issues.extend(wording.issues)
    issues.extend(forgotten(document, issues))
    issues.extend(left_out(document, texts))
    issues.extend(seen_by_others(document, texts, {one: {**SAMPLES, **samples[one]} for one in languages}))
    return {key: texts[key] for key in CATALOGUE if key in texts}, tuple(issues)


def _is_raw(raw: object) -> bool:
    if isinstance(raw, dict):
        return bool(raw) and all(isinstance(text, str) and text.strip() for text in raw.values())
    return isinstance(raw, str) and bool(raw.strip())


def _unknown_text(document: Document, key: str, missing: list[str]) -> Issue:
    near = did_you_mean(key, missing)
    message = f"There is no text `{key}`." + (f" Did you mean `{near}`?" if near else "")
    place = document.place((key,), key=True)
    corrected = document.corrected(place, key, near) if near else None
    return document.issue(Code.UNKNOWN_KEY, (key,), message, corrected or "Delete it.", key=True)
