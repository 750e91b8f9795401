"""Playing test conversations: what they say should happen, what did, and where the two part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from checkin.conversation.replay import event_from_json
from checkin.conversation.run import Run
from checkin.flow.chats import DOES, Chat, ChatFile, Line
from checkin.service.rehearsal.coverage import Coverage
from checkin.service.rehearsal.happenings import Happening
from checkin.service.rehearsal.moments import read_moment, write_moment
from checkin.service.rehearsal.replies import Heard, hear
from checkin.service.rehearsal.stage import Stage, Theatre, open_stage
from checkin.store import runs, tables
from checkin.store.unit import Unit

EPOCH = datetime(2026, 11, 23, tzinfo=UTC)
"""The moment after which a time without a date is looked for, where a conversation begins with one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a play in one language, with the moment (UTC) at which it stands."""

    moment: datetime
    line: Line


@dataclass(frozen=True, slots=True)
class Play:
    """One test conversation, played in one language: what was expected, and what happened."""

    chat: Chat
    language: str
    expected: tuple[Entry, ...]
    happened: tuple[Entry, ...]
    begun: datetime
    zone: ZoneInfo

    @property
    def good(self) -> bool:
        """Whether everything happened as it was expected, and nothing else."""
        return self.expected == self.happened

    def lines(self) -> tuple[Line, ...]:
        """Return what happened as lines, each with its time where that differs from the line before."""
        return tuple(stamped(self.happened, self.begun, self.zone))


@dataclass(slots=True)
class Report:
    """What came of playing the test conversations of one flow. `coverage` is by language."""

    flow: str
    file: ChatFile
    plays: list[Play] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all went as expected."""
        return all(play.good for play in self.plays) and all(one.good for one in self.heard)


def play_file(theatre: Theatre, file: ChatFile) -> Report:
    """Play every conversation of a file in each of its languages."""
    report = Report(file.flow, file)
    report.coverage = {language: Coverage(theatre.flows[file.flow]) for language in theatre.program.languages}
    for chat in file.chats:
        for language in chat.languages:
            report.plays.append(_play(theatre, file.flow, chat, language, report.coverage))
    report.heard = hear(theatre, file)
    return report


def _play(theatre: Theatre, flow: str, chat: Chat, language: str, coverage: dict[str, Coverage]) -> Play:
    zone = theatre.zone
    begun = read_moment(chat.begins, EPOCH, zone)
    names = dict.fromkeys((flow, *chat.beside))
    stage = open_stage(
        theatre,
        names,
        now=begun,
        language=language,
        joined=chat.joined,
        chosen=chat.contacts,
        voice=chat.voice,
    )
    player = _Player(stage, flow, language)
    for line in chat.lines:
        player.do(line)
    _count(stage, flow, coverage[language])
    return Play(chat, language, tuple(player.expected), tuple(player.happened), begun, zone)


class _Player:
    """Does the lines of one play, and keeps both accounts of it."""

    def __init__(self, stage: Stage, flow: str, language: str) -> None:
        self.stage = stage
        self.flow = flow
        self.language = language
        self.expected: list[Entry] = []
        self.happened: list[Entry] = []

    def do(self, line: Line) -> None:
        """Let time pass up to this line, do it where it makes something happen, and note what came of it."""
        stage, now = self.stage, self.stage.clock.now()
        moment = now
        if line.later is not None:
            moment = now + line.later
        elif line.at is not None:
            moment = max(read_moment(line.at, now, stage.zone), now)
        came = stage.until(moment)
        early = [one for one in came if line.kind != "time" or one[0] < moment]
        self._note(early)
        entry = Entry(moment, self._plain(line))
        self.expected.append(entry)
        if line.kind not in DOES:
            return
        self.happened.append(entry)
        self._note(came[len(early) :])
        if line.kind == "says":
            self._note((moment, one) for one in stage.says(line.who, line.said(self.language)))
        elif line.kind == "start":
            self._note((moment, one) for one in stage.begins(line.said(self.language)))

    def _plain(self, line: Line) -> Line:
        """Return a line in this language alone; its moment is told beside it."""
        return replace(line.spoken_in(self.language), at=line.at if line.kind == "time" else None)

    def _note(self, came: Iterable[tuple[datetime, Happening]]) -> None:
        for moment, one in came:
            line = line_of(one, self.flow)
            if line is not None:
                self.happened.append(Entry(moment, line))


def line_of(one: Happening, flow: str) -> Line | None:
    """Return the line that tells of a happening; other flows' ends are not told."""
    match one.what:
        case "result":
            return Line("result", result=one.results)
        case "text":
            return Line("program", one.who, one.text)
        case "call":
            return Line("calls", one.who, one.text)
        case "end":
            return Line("ends", text=one.text) if one.who == flow else None
        case what:
            return Line(what, text=one.text, note=one.note)


def stamped(entries: Sequence[Entry], begun: datetime, zone: ZoneInfo) -> Iterator[Line]:
    """Go through entries as lines, each with its time where it is not that of the line before.

    Time that passes is written as a moment where something happened on the way: "3 hours later" would count
    from there.
    """
    now = begun
    for entry in entries:
        if entry.line.later is not None and entry.moment != now + entry.line.later:
            yield Line("time", at=write_moment(entry.moment, now, zone))
        elif entry.line.kind == "time" or entry.moment == now:
            yield entry.line
        else:
            yield replace(entry.line, at=write_moment(entry.moment, now, zone))
        now = entry.moment


def _count(stage: Stage, flow: str, coverage: Coverage) -> None:
    """Count which steps and ways every run of the flow has met on this stage."""

    def work(unit: Unit) -> list[tuple[Run, Sequence[Mapping[str, Any]]]]:
        rows = unit.read(_RUNS, {"flow_name": flow})
        return [(Run(row.id, row.member_id, flow, row.version), _journal(unit, row)) for row in rows]

    coverage.flow = stage.app.flows[flow]
    for run, events in stage.app.store.read(work):
        coverage.add(run, [event_from_json(event) for event in events])


def _journal(unit: Unit, row: sa.Row[Any]) -> Sequence[Mapping[str, Any]]:
    return runs.journal_of(unit, row.member_id, f"run:{row.id}")


_RUNS = sa.select(tables.runs.c.id, tables.runs.c.member_id, tables.runs.c.version).where(
    tables.runs.c.flow == sa.bindparam("flow_name")
)
