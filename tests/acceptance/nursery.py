"""Starts `checkin` commands by forking a process that has imported everything: a restart takes no seconds.

The reader of replies stands too: it takes each web process most of a second to make.

    python -m tests.acceptance.nursery

reads one JSON object a line, {"argv": …, "environ": …, "folder": …, "log": …, "mines": …}, and writes a line
`PID started` for it, and `PID STATUS` when that process has ended. Each child lays the mines and then runs
the real command from its beginning. When the input ends, so does every child.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from checkin.flow.load import load_program
from checkin.service.words import make_reader
from tests.acceptance import mines

READY = "ready"
FLOWS = Path(__file__).resolve().parents[2] / "flows"


def main() -> None:
    """Serve until the input ends."""
    import checkin.carrier.twilio_client
    import checkin.cli.main
    import checkin.cli.serve  # noqa: F401  imported here once, for all children

    program, _ = load_program(FLOWS)
    assert program is not None
    make_reader(program).warm()
    gc.freeze()  # or each child would look through all of this for garbage
    children: set[int] = set()

    def reap(*_: object) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                children.discard(ended[0])
                _tell(f"{ended[0]} {os.waitstatus_to_exitcode(ended[1])}")

    signal.signal(signal.SIGCHLD, reap)
    _tell(READY)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        pid = os.fork()
        if pid == 0:
            _be(json.loads(line))
        children.add(pid)
        _tell(f"{pid} started")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    for pid in tuple(children):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _be(wanted: dict[str, Any]) -> NoReturn:
    """Become the command: its environment, folder, log and arguments, and nothing of the nursery's."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.setsid()
    os.environ.clear()
    os.environ.update(wanted["environ"])
    os.chdir(wanted["folder"])
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    mines.lay(Path(wanted["mines"]))
    sys.argv = ["checkin", *wanted["argv"]]
    from checkin.cli.main import main as command

    command()
    sys.exit(0)


if __name__ == "__main__":
    main()
