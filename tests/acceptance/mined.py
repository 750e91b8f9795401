"""Processes that can be told where to die, as the tests start them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

from tests.acceptance import mines
from tests.acceptance.deployment import ROOT
from tests.acceptance.processes import START_SECONDS, Process
from tests.standin.waiting import wait_on


class Nursery:
    """The process that all mined processes are forked from; see `tests.acceptance.nursery`."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self._mines = folder
        self._process = process
        self._changed = Condition()
        self._started: list[int] = []
        self._ended: dict[int, int] = {}
        self._runs = 0
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        self._reader = Thread(target=self._read, name="nursery")
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            pid, word = line.split()
            with self._changed:
                if word == "started":
                    self._started.append(int(pid))
                else:
                    self._ended[int(pid)] = int(word)
                self._changed.notify_all()

    def start(self, process: Process) -> int:
        """Start a `checkin` command and return its process id."""
        program, *argv = shlex.split(process.command)
        assert program == "checkin"
        wanted = {"argv": argv, "environ": process.environ, "mines": str(self._field(process.name))}
        wanted |= {"folder": str(process.folder), "log": str(process.log)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return wait_on(self._changed, lambda: self._started and self._started.pop(0), what="a new process")

    def run(self, command: str, environ: Mapping[str, str], folder: Path) -> tuple[int, str]:
        """Run a command to its end; return its exit status and everything that it wrote."""
        self._runs += 1
        process = self.process(f"run{self._runs}", command, environ, folder)
        process.start()
        return process.finish(), process.written()

    def status(self, pid: int, within: float = 0.0) -> int | None:
        """Return with which status a process has ended, or None if it runs still."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._ended, within)
            return self._ended.get(pid)

    def close(self) -> None:
        """End every process, and the nursery."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(START_SECONDS)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def arm(self, process: Process, mine: str) -> None:
        """Let this process die when it next comes by this place."""
        assert mine in mines.MINES
        mines.file_of(self._field(process.name), mine).touch()

    def armed(self) -> list[str]:
        """Return the mines that nobody has come by."""
        return [str(file) for file in self._mines.glob("*/*")]

    def disarm(self) -> None:
        """Take all mines away."""
        for file in self._mines.glob("*/*"):
            file.unlink(missing_ok=True)

    def _field(self, name: str) -> Path:
        """Return the folder with the mines of the processes of this name."""
        field = self._mines / name
        field.mkdir(exist_ok=True)
        return field

    def process(self, name: str, command: str, environ: Mapping[str, str], folder: Path) -> Process:
        """Return a process that is forked from this nursery when it is started."""
        return _Mined(self, name, command, environ, folder)


class _Mined(Process):
    """A process of the nursery; everything else about it is as with any other."""

    def __init__(
        self, nursery: Nursery, name: str, command: str, environ: Mapping[str, str], folder: Path
    ) -> None:
        super().__init__(name, command, environ, folder)
        self._nursery = nursery
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        assert self._pid is not None
        return self._pid

    @property
    def runs(self) -> bool:
        return self._pid is not None and self._nursery.status(self._pid) is None

    def start(self) -> None:
        self._begin()
        self._pid = self._nursery.start(self)

    def finish(self, seconds: float = START_SECONDS) -> int:
        status = self._nursery.status(self.pid, seconds)
        if status is None:
            raise subprocess.TimeoutExpired(self.command, seconds)
        return status

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Run a nursery; no process of it outlives the block."""
    command = [sys.executable, "-W", "error", "-m", "tests.acceptance.nursery"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as process:
        grown = Nursery(folder, process)
        try:
            yield grown
        finally:
            grown.close()
