"""One process of a deployment: started as an operator starts it, watched through its log, ended by its id.

Knows processes and log files. Must not know what any of them is for.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.standin.waiting import poll

START_SECONDS = 60.0
STOP_SECONDS = 20.0
_ERROR = r'"level": "(error|critical)"'


class Process:
    """A command line that runs until it is ended or dies. Everything it writes is in `log`."""

    def __init__(self, name: str, command: str, environ: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.command = command
        self.environ = dict(environ)
        self.folder = folder
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._written_before = 0

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; its log goes on where it ended."""
        self._begin()
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                # The shell reads the line as honcho's does; `exec` makes its process id the command's own.
                ["/bin/sh", "-c", f"exec {self.command}"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environ,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C reaches the tests, and the tests end their processes
            )

    def _begin(self) -> None:
        assert not self.runs, f"{self.name} runs already"
        self._written_before = self.log.stat().st_size if self.log.exists() else 0

    def written(self) -> str:
        """Return what it has written since its last start."""
        written = self.log.read_bytes() if self.log.exists() else b""
        return written[self._written_before :].decode(errors="replace")

    def complaints(self) -> list[str]:
        """Return every line that it has ever written which is an error, or no log line at all."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if not line.startswith("{") or re.search(_ERROR, line)]

    def says(self, words: str) -> None:
        """Wait until these words are in its log."""
        poll(lambda: words in self.written() or self.has_ended(), START_SECONDS, f"{words!r} in {self.log}")

    def has_ended(self) -> bool:
        """Return False while it runs; one that has ended fails the test with the end of its log."""
        assert self.runs, f"{self.name} has ended:\n{self.written()[-3000:]}"
        return False

    def finish(self, seconds: float = START_SECONDS) -> int:
        """Wait for its end and return its exit status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """End it as an operator does, by SIGTERM, and return its exit status."""
        self.signal(signal.SIGTERM)
        return self.finish(STOP_SECONDS)

    def kill(self) -> None:
        """Kill it without warning, as a machine that fails does."""
        if self.runs:
            self.signal(signal.SIGKILL)
            self.finish()

    def died(self, within: float = STOP_SECONDS) -> None:
        """Wait until it has been killed."""
        status = self.finish(within)
        assert status == -signal.SIGKILL, f"{self.name} ended with {status}:\n{self.written()[-3000:]}"

    def __repr__(self) -> str:
        return f"Process({self.name}, {'running' if self.runs else 'ended'})"
