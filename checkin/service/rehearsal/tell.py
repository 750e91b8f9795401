"""Telling how plays went, for a person at a terminal and as JSON: what was met, and where a play parted."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checkin.flow.chats import Line
from checkin.service.rehearsal.coverage import Coverage
from checkin.service.rehearsal.play import Entry, Play, Report
from checkin.service.rehearsal.replies import Heard
from checkin.service.rehearsal.trace import describe

AROUND = 2
"""How many lines are shown before and after one that differs."""


def told(report: Report, *, full: bool) -> Iterator[str]:
    """Go through the lines that tell how the conversations with one flow went."""
    bad = [play for play in report.plays if not play.good]
    for play in bad:
        where = f"{report.file.file}:{play.chat.place}: “{play.chat.title}”"
        yield f"{where} goes otherwise ({play.language}). Expected is -, what happens is +."
        yield from differences(play)
    for one in report.heard:
        if not one.good:
            yield (
                f"{report.file.file}:{one.reply.place}: “{one.reply.says[one.language]}” ({one.language}) "
                f"is understood at {one.reply.step} as {one.means}, and not as {one.reply.means}."
            )
    chats, plays = len(report.file.chats), len(report.plays)
    yield f"{report.flow}: {_count(chats, 'conversation')}, {_count(plays, 'play')}, {len(bad)} otherwise."
    for language, coverage in report.coverage.items():
        yield f"  {language}: {_met(coverage)}"
        if full or len(coverage.steps_left) + len(coverage.ways_left) <= 5:
            yield from (f"      not met: {what}" for what in not_met(coverage))
        elif not coverage.whole:
            yield f"      not met: {', '.join(not_met(coverage)[:3])}, … (see all of it with --full)"


def not_met(coverage: Coverage) -> list[str]:
    """Return every step and way that no play has met, in words."""
    ways = [describe(coverage.flow, way) for way in coverage.ways_left]
    return [*(f"step {name}" for name in coverage.steps_left), *ways]


def _met(coverage: Coverage) -> str:
    steps, ways = len(coverage.own_steps), len(coverage.all_ways)
    met_ways = len(coverage.ways & set(coverage.all_ways))
    return f"{steps - len(coverage.steps_left)} of {steps} steps, {met_ways} of {ways} ways on"


def differences(play: Play) -> Iterator[str]:
    """Go through the lines in which what happened differs from what was expected, and some around them."""
    expected, happened = _shown(play, play.expected), _shown(play, play.happened)
    for tag, line in _compared(expected, happened):
        yield f"    {tag} {line}"


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(AROUND))
    for number, group in enumerate(groups):
        if number:
            yield " ", "…"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from ((" ", line) for line in old[a:b])
                continue
            yield from (("-", line) for line in old[a:b])
            yield from (("+", line) for line in new[c:d])


def _shown(play: Play, entries: Sequence[Entry]) -> list[str]:
    """Return entries as lines to read, each with its time on the member's own clock."""
    return [f"{entry.moment.astimezone(play.zone):%a %H:%M} {plain(entry.line)}" for entry in entries]


def plain(line: Line) -> str:
    """Return a line (in one language) as it is read: `program: Thank you.`"""
    if line.kind == "time":
        return "(time passes)"
    if line.kind == "result":
        return "result: " + ", ".join(f"{name} = {value}" for name, value in line.result)
    text = line.text if isinstance(line.text, str) else next(iter(line.text.values()))
    note = f" ({line.note})" if isinstance(line.note, str) and line.note else ""
    return f"{line.key}: {text}{note}"


def to_json(report: Report) -> dict[str, Any]:
    """Return how the conversations with one flow went, as plain JSON values."""
    return {
        "flow": report.flow,
        "file": report.file.file,
        "good": report.good,
        "plays": [_play_to_json(play) for play in report.plays],
        "replies": [_heard_to_json(one) for one in report.heard],
        "coverage": {language: _coverage_to_json(one) for language, one in report.coverage.items()},
    }


def _heard_to_json(one: Heard) -> dict[str, Any]:
    told = {"step": one.reply.step, "line": one.reply.place, "language": one.language, "good": one.good}
    return told if one.good else {**told, "expected": one.reply.means, "understood": one.means}


def _play_to_json(play: Play) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": play.chat.title,
        "line": play.chat.place,
        "language": play.language,
        "good": play.good,
    }
    return told if play.good else {**told, "difference": [line.strip() for line in differences(play)]}


def _coverage_to_json(coverage: Coverage) -> Mapping[str, Any]:
    return {
        "steps": len(coverage.own_steps),
        "ways": len(coverage.all_ways),
        "whole": coverage.whole,
        "not_met": not_met(coverage),
    }


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
