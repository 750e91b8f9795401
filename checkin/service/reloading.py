"""Taking up changed flows while the service runs: a broken file never replaces what is live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checkin.flow.issue import Issue, errors
from checkin.flow.load import ProgramRefused, load_folder
from checkin.flow.source import is_hidden
from checkin.service.app import App
from checkin.service.publishing import Published, know_staff, publish

Stamp = tuple[str, int, int]
"""A file's name, when it was changed (nanoseconds), and its size."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a change: new versions, and what is wrong with files that were left out."""

    published: tuple[Published, ...]
    issues: tuple[Issue, ...]


@dataclass(slots=True)
class Watch:
    """A folder of flows, and how it looked when it was taken up last."""

    folder: Path
    _seen: frozenset[Stamp] = field(default=frozenset())

    def __post_init__(self) -> None:
        self._seen = frozenset(_stamps(self.folder))

    def look(self, app: App) -> Reloaded | None:
        """Take up what has changed since the last look; None where nothing has."""
        stamps = frozenset(_stamps(self.folder))
        if stamps == self._seen:
            return None
        self._seen = stamps
        try:
            flow_set = load_folder(self.folder)
        except ProgramRefused as refused:
            return Reloaded((), errors(refused.issues))
        app.program = flow_set.program
        know_staff(app)
        published = publish(app, flow_set.flows.values(), author="dev", note="changed while running")
        return Reloaded(published, errors(flow_set.issues))


def _stamps(folder: Path) -> Iterator[Stamp]:
    """Go through the files that flows are made of; one that vanishes meanwhile is left out."""
    for path in sorted(folder.iterdir()):
        watched = path.suffix in (".yaml", ".yml", ".ics") and ".test." not in path.name
        if watched and not is_hidden(path):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield path.name, status.st_mtime_ns, status.st_size
