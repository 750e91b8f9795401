"""Start a server as a child of the tests, wait until it answers, and end it by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02


class DidNotStart(Exception):
    """A server ended, or stayed silent for too long; the text holds the end of what it wrote."""


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """Give a new folder directly under the system's own, owned by `nobody` where we are root.

    Its path is short, because the path of a Unix socket may have 107 bytes at most.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"checkin-{name}-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    answers: Callable[[], bool],
    as_nobody: bool = False,
    env: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block is left.

    `answers` says whether it is ready. Raises `DidNotStart` when it ends before that or takes more than
    60 seconds. A server that does not heed `stop` within 20 seconds is killed.
    """
    drop = as_nobody and os.geteuid() == 0
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=log.parent,
            # A session of its own: Ctrl-C reaches the tests, and the tests end the server.
            start_new_session=True,
            user=NOBODY if drop else None,
            group=NOBODY if drop else None,
            extra_groups=[] if drop else None,
        )
    try:
        _await_ready(process, answers, log)
        yield process
    finally:
        _end(process, stop)


def _await_ready(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        try:
            # Waiting for its end is the pause between two questions, and notices an early end at once.
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
            raise DidNotStart(f"no answer within {START_SECONDS:.0f} s:\n{_tail(log)}") from None
        raise DidNotStart(f"ended with status {process.returncode}:\n{_tail(log)}")


def _end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
