"""Reads what starts a flow.

Knows days, times and keywords. Must not know what the flow then does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import assert_never

from checkin.flow import model
from checkin.flow import trigger_shape as shape
from checkin.flow.days import read_period
from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue
from checkin.flow.program import Program
from checkin.flow.shape import FlowShape
from checkin.flow.words import ALWAYS, ANSWERS, fold
from checkin.timing.schedule import EVERY_DAY, FIRST_WEEK, Rule, next_start, read_cron


def read_triggers(
    form: FlowShape, document: Document, program: Program
) -> tuple[tuple[model.Trigger, ...], tuple[Issue, ...]]:
    """Return what starts the flow, and what is wrong with it."""
    issues: list[Issue] = []
    triggers: list[model.Trigger] = []
    for index, trigger in enumerate(form.start):
        path: Path = ("start", index)
        triggers.append(_read(trigger))
        match triggers[-1]:
            case model.ScheduleTrigger(rule):
                issues.extend(_outside_hours(path, rule, document, program))
                issues.extend(_never(path, rule, document))
            case model.MemberDateTrigger(name, at):
                issues.extend(_outside_hours(path, Rule(EVERY_DAY, at), document, program))
                issues.extend(_no_date(path, name, document, program))
            case _:
                pass
        if isinstance(trigger, shape.KeywordShape):
            issues.extend(_taken_words(path, trigger, document))
            issues.extend(_unspoken(path, trigger, document, program))
    return tuple(triggers), tuple(issues)


def _read(trigger: shape.TriggerShape) -> model.Trigger:
    match trigger:
        case shape.EveryShape():
            found = read_period(trigger.every, trigger.on)
            return _scheduled(trigger, Rule(found.days, trigger.at, weeks=found.weeks, nth=found.nth))
        case shape.CronShape():
            at, days = read_cron(trigger.cron)
            return _scheduled(trigger, Rule(EVERY_DAY, at, cron=days))
        case shape.KeywordShape():
            words = frozenset(fold(word) for _, word in keywords(trigger, ()))
            return model.KeywordTrigger(words, dict(_languages(trigger)))
        case shape.AfterAlertShape():
            return model.AfterAlertTrigger(trigger.after_alert)
        case shape.AfterFlowShape(after_flow=flow, ended=ended, wait=wait):
            words = frozenset((ended,) if isinstance(ended, str) else ended or ())
            return model.AfterFlowTrigger(flow, words, wait or timedelta(0))
        case shape.JoinedShape():
            return model.JoinedTrigger()
        case shape.MemberDateShape(member_date=name, at=at, wait=wait):
            waits = wait if isinstance(wait, list) else [] if wait is None else [wait]
            return model.MemberDateTrigger(name, at, tuple(length.days for length in waits))
        case shape.ByFlowShape():
            return model.ByFlowTrigger()
        case shape.UnansweredShape(unanswered=times):
            return model.UnansweredTrigger(times)
        case shape.SilentShape(silent_for=length):
            return model.SilentTrigger(length)
        case shape.StaffShape():
            return model.StaffTrigger()
        case _:
            assert_never(trigger)


def _scheduled(form: shape.ScheduleShape, rule: Rule) -> model.ScheduleTrigger:
    rule = replace(
        rule,
        begins=form.begins,
        until=form.until,
        times=form.times,
        not_on_holidays=form.not_on is not None,
    )
    return model.ScheduleTrigger(rule, form.spread or timedelta(0))


def keywords(trigger: shape.KeywordShape, path: Path) -> Iterator[tuple[Path, str]]:
    """Go through a keyword trigger's words, each with its path below the trigger's."""
    return word_paths(trigger.keyword, (*path, "keyword"))


def _languages(trigger: shape.KeywordShape) -> Iterator[tuple[str, str]]:
    """Go through the words that were written for one language; a word of several is of the first."""
    forms = trigger.keyword if isinstance(trigger.keyword, dict) else {}
    for language, form in reversed(forms.items()):
        for _, word in word_paths(form, ()):
            yield fold(word), language


def word_paths(form: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Go through words that were written as one, a list, or either for each language."""
    if isinstance(form, str):
        yield path, form
    elif isinstance(form, list):
        for index, word in enumerate(form):
            yield (*path, index), word
    elif isinstance(form, dict):
        for language, words in form.items():
            yield from word_paths(words, (*path, language))


def _outside_hours(path: Path, rule: Rule, document: Document, program: Program) -> Iterator[Issue]:
    """Find a time that is outside the hours of all its days; on single days it moves, or lapses."""
    hours, at = program.allowed_hours, time.fromisoformat(rule.at)
    spans = [span for day in sorted(rule.days) if (span := hours.on(day)) is not None]
    if not any(start <= at < end for start, end in spans):
        start, end = next(iter(spans), (hours.start, hours.end))
        shown = f"{start:%H:%M} to {end:%H:%M}"
        message = f"{rule.at} is outside the program's allowed hours, {shown}."
        key = "at" if rule.cron is None else "cron"
        yield document.issue(Code.WRONG_VALUE, (*path, key), message, f"Choose a time from {shown}.")


def _no_date(path: Path, name: str, document: Document, program: Program) -> Iterator[Issue]:
    """Find a date that the program does not keep with its members."""
    dates = [field for field, kind in program.fields.items() if kind.type == "date"]
    if name not in (*dates, model.JOINED):
        near = did_you_mean(name, (*dates, model.JOINED))
        message = f"No date is kept with each member under `{name}`."
        message += f" Did you mean `{near}`?" if near else ""
        mend = f"member_date: {near}" if near else f"Add it to program.yaml: fields: {{ {name}: date }}"
        yield document.issue(Code.UNKNOWN_NAME, (*path, "member_date"), message, mend)


def _never(path: Path, rule: Rule, document: Document) -> Iterator[Issue]:
    """Find a schedule that has no day at all between its first and its last."""
    begins = datetime.combine(rule.begins or FIRST_WEEK, time(), tzinfo=UTC) - timedelta(days=1)
    if rule.until is not None and next_start(rule, "UTC", begins) is None:
        message = "Between its first and its last day this never starts."
        yield document.issue(Code.WRONG_VALUE, (*path, "until"), message, "Write a later day.")


def _taken_words(path: Path, trigger: shape.KeywordShape, document: Document) -> Iterator[Issue]:
    for at, word in keywords(trigger, path):
        folded = fold(word)
        if not folded:
            yield document.issue(Code.WRONG_VALUE, at, "A keyword needs letters.", "Write a word.")
        elif folded in ALWAYS or folded in ANSWERS:
            message = f"“{word}” is always understood as something else, so it cannot start a flow."
            yield document.issue(Code.COLLISION, at, message, "Choose another word.")


def _unspoken(
    path: Path, trigger: shape.KeywordShape, document: Document, program: Program
) -> Iterator[Issue]:
    if isinstance(trigger.keyword, dict):
        for language in program.languages:
            if language not in trigger.keyword:
                message = f"The keyword is missing in the language `{language}`."
                mend = f"Add {language}: …"
                yield document.issue(Code.LANGUAGE, (*path, "keyword"), message, mend)
