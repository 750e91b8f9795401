"""Every check of this project, one after another: format, lint, types, import contracts, tests.

It knows which commands check what. It runs inside `.venv`; `tests.__main__` made that ready.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.chromium import install_chromium, missing_chromium
from tests.servers.needs import NEEDS

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
MOST_PARTS = 4
"""How many parts run side by side at most; each starts databases and processes of its own."""

MEMORY = Path("/dev/shm")
ROOM = 3 * 1024**3
"""How many bytes must be free there; all tests together take a third of that."""

DESCRIPTION = """\
Run every check: ruff format, ruff check, mypy, lint-imports and pytest.

Arguments that are not named here go to pytest, for example:
  python3 -m tests tests/flow -k schedule
  python3 -m tests --without browser --without acceptance
  python3 -m tests -n 0 tests/store       (one after the other, in this process)

What tests write is gone after them, unless you say where it is to be: TMPDIR=/some/folder python3 -m tests
"""


def parse(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what is to be left out, and what to hand to pytest."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--without",
        action="append",
        choices=NEEDS,
        default=[],
        help="leave out the tests that need this; may be given several times",
    )
    known, others = parser.parse_known_args(arguments)
    return known.without, others


def commands(without: Sequence[str], for_pytest: Sequence[str]) -> list[list[str]]:
    """Return the commands in the order in which they are run, quick ones first."""
    left_out = [word for name in without for word in ("--without", name)]
    return [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["lint-imports"],
        ["mypy"],
        ["pytest", *in_parts(os.cpu_count() or 1), *left_out, *for_pytest],
    ]


def in_parts(cores: int) -> list[str]:
    """Return the options that run the files side by side, one more than there are cores.

    Most of them wait now and then, for servers or for a browser.
    They are begun in their order, in which the long ones (`acceptance`, `alert`, `browser`) come first: those
    with the fewest tests are the longest, and at the end one part would wait for the other.
    """
    return ["-n", str(min(cores + 1, MOST_PARTS)), "--dist", "loadfile", "--no-loadscope-reorder"]


def run(command: Sequence[str]) -> bool:
    """Run one check, with its output shown; return whether it found nothing wrong."""
    print(f"== {' '.join(command)}", flush=True)
    began = time.monotonic()
    with room_in_memory() as environment:
        status = subprocess.call([str(BIN / command[0]), *command[1:]], cwd=ROOT, env=environment)
    print(f"   {time.monotonic() - began:.1f} s, {'good' if status == 0 else f'status {status}'}", flush=True)
    return status == 0


@contextmanager
def room_in_memory() -> Iterator[dict[str, str]]:
    """Give an environment in which what a command writes for the moment stays in memory, if there is room.

    Every test has a database of its own; on a disk, making them takes longer than all that is done with them.
    Whoever set TMPDIR has chosen a place. What is for people to look at is kept where they find it.
    """
    environment = dict(os.environ)
    if "TMPDIR" in environment or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield environment
        return
    environment.setdefault("SCREENSHOTS", str(Path(tempfile.gettempdir()) / "checkin-screenshots"))
    with tempfile.TemporaryDirectory(prefix="checkin-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o711)  # PostgreSQL runs as `nobody` where we are root
        yield environment | {"TMPDIR": folder}


def main(arguments: Sequence[str]) -> int:
    """Run all checks, also after one has failed; return 0 when all are good, else 1."""
    without, for_pytest = parse(arguments)
    if "browser" not in without and missing_chromium() and os.geteuid() == 0 and shutil.which("apt-get"):
        install_chromium()
    failed = [command[0] for command in commands(without, for_pytest) if not run(command)]
    if failed:
        print(f"Not good: {', '.join(failed)}.", flush=True)
        return 1
    print("All checks are good.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
