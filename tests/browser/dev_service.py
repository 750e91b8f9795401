"""The real `checkin dev` as a process of its own: a free port, its own folder, and a hard end if asked.

It knows how to start, kill and start again; the database in its folder stays. It knows nothing of the page.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.servers.process import free_port, running

FLOWS = Path(__file__).resolve().parents[2] / "flows"
CHECKIN = Path(sys.prefix) / "bin" / "checkin"


class DevService:
    """One deployment with pretend phones, which may be started more than once. `flows` is its folder."""

    def __init__(self, folder: Path, flows: Path = FLOWS) -> None:
        self._flows = flows
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "dev.log"
        self._folder = folder
        self._stack = ExitStack()

    def start(self) -> DevService:
        """Start the process and wait until it answers."""
        ours = ("CHECKIN_", "TWILIO_", "PORT")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        env |= {
            "PORT": str(self.port),
            "CHECKIN_VAR": str(self._folder / "var"),
            "CHECKIN_FLOWS": str(self._flows),
        }
        self._process = self._stack.enter_context(
            running([CHECKIN, "dev"], log=self.log, answers=self._answers, env=env)
        )
        return self

    def kill(self) -> None:
        """End the process at whatever instruction it is: SIGKILL."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the process as an operator would, and wait for it."""
        self._stack.close()

    def post(self, path: str, **fields: str) -> None:
        """Post a form as a script would, beside the page. Raises HTTPError where it is refused."""
        body = urlencode(fields).encode()
        with urlopen(Request(self.url + path, body), timeout=60) as answer:
            answer.read()

    def errors(self) -> list[str]:
        """Give the lines in which the service reported errors so far."""
        return [line for line in self.log.read_text().splitlines() if '"level": "error"' in line]

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
