"""Running the test conversations of a folder: all of them, or those with one flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checkin.conversation.read import Reader
from checkin.flow.chats import ChatFile, load_chats
from checkin.flow.issue import Issue
from checkin.flow.load import FlowSet
from checkin.service.rehearsal.play import Report, play_file
from checkin.service.rehearsal.rewrite import NotWritten, rewritten
from checkin.service.rehearsal.stage import Theatre, open_theatre


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How the conversations went, what is wrong with their files, and the flows that have none."""

    reports: tuple[Report, ...]
    issues: tuple[Issue, ...]
    without: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether every file could be read and everything went as expected."""
        return not self.issues and all(report.good for report in self.reports)

    @property
    def whole(self) -> bool:
        """Whether every step and way of every flow was met, in every language."""
        met = all(one.whole for report in self.reports for one in report.coverage.values())
        return met and not self.without


def rehearse(
    folder: Path, flow_set: FlowSet, only: Sequence[str] = (), *, reader: Reader | None = None
) -> Rehearsed:
    """Play the test conversations with every flow of a folder that is good, or with those named in `only`.

    `reader` is one that is built already; building one takes seconds.
    """
    files, issues = load_chats(folder, flow_set.program.languages, flow_set.flows)
    wanted = [file for file in files if not only or file.flow in only]
    there = {file.flow for file in files}
    without = tuple(name for name in only or flow_set.flows if name not in there)
    if only:
        issues = tuple(issue for issue in issues if issue.file.partition(".")[0] in only)
    with open_theatre(flow_set, reader) as theatre:
        reports = _played(theatre, wanted)
    return Rehearsed(reports, issues, without)


def _played(theatre: Theatre, files: Sequence[ChatFile]) -> tuple[Report, ...]:
    """Play these files; several with one flow are told each by itself, and share what they have met."""
    reports = tuple(play_file(theatre, file) for file in files)
    first: dict[str, Report] = {}
    for report in reports:
        known = first.setdefault(report.flow, report)
        for language, coverage in report.coverage.items():
            known.coverage[language].steps |= coverage.steps
            known.coverage[language].ways |= coverage.ways
            report.coverage[language] = known.coverage[language]
    return reports


def update(folder: Path, report: Report) -> tuple[bool, list[NotWritten]]:
    """Write a file of conversations as they went; return whether anything changed, and what could not be."""
    path = folder / report.file.file
    source = path.read_text("utf-8")
    new, problems = rewritten(report, source)
    if new != source:
        path.write_text(new, "utf-8")
    return new != source, problems
