"""A deployment as the Procfile describes it: processes, database, broker, a stand-in for Twilio, and time.

Every process is one of the operating system, with the settings that honcho would give it. The deployment
reaches no real phone, so all of its processes share a pretend clock that stands in the database; the tests
move it there, and the stand-in goes by it.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from time import monotonic
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from honcho.environ import parse_procfile

from checkin.service.clocks import PretendClock, SystemClock
from checkin.store import outbox, tables, timers
from checkin.store.store import Store, open_store
from checkin.store.unit import Unit
from checkin.store.vault import key_from_text
from tests.acceptance.processes import START_SECONDS, Process
from tests.servers.process import free_port
from tests.service.kit import copy_flows
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER, StandIn
from tests.standin.twilio_api import running
from tests.standin.waiting import poll
from tests.standin.webhook_sender import TwilioSender

ROOT = Path(__file__).parents[2]
PUBLIC_URL = "https://checkin.example.org"
"""What Twilio was told and signs. The web process listens elsewhere, as behind a TLS proxy."""

KEY = base64.b64encode(bytes(range(32))).decode()
DANA = "+12025550104"
HOME = ZoneInfo("America/New_York")
READY = {"worker": "worker started", "alerts": "worker started", "clock": "clock started"}


def procfile() -> dict[str, str]:
    """Return the commands of the real Procfile by name."""
    commands = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
    assert set(commands) >= {"release", "web", "worker", "alerts", "clock"}
    return commands


def environ(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process: these settings, and nothing of this machine's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "true",
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "CHECKIN_FLOWS": str(copy_flows(folder / "shipped")),
        "CHECKIN_VAR": str(folder / "var"),
        **settings,
    }


@dataclass
class Deployment:
    """A running deployment. `store` and `clock` are the tests' own view of its database."""

    folder: Path
    settings: Mapping[str, str]
    twilio: StandIn
    store: Store
    clock: PretendClock
    processes: dict[str, Process] = field(default_factory=dict)
    _moved_at: float = 0.0

    @property
    def web_url(self) -> str:
        """Where the web process really listens."""
        return f"http://127.0.0.1:{self.settings['PORT']}"

    @property
    def sender(self) -> TwilioSender:
        """Twilio's side of the webhooks."""
        return TwilioSender(PUBLIC_URL, AUTH_TOKEN, connect_url=self.web_url)

    @property
    def embedded(self) -> bool:
        """Whether one process does everything."""
        return self.settings["CHECKIN_BROKER_URL"] == "embedded"

    def doing(self, name: str) -> Process:
        """Return the process that does the work of this name: its own, or the web process for everything."""
        return self.processes["web" if self.embedded else name]

    def start(self, *names: str) -> None:
        """Start these processes, or all, and wait until each is ready."""
        for name in names or tuple(self.processes):
            self.processes[name].start()
        for name in names or tuple(self.processes):
            self.await_ready(name)

    def await_ready(self, name: str) -> None:
        """Wait until a process has begun its work."""
        process = self.processes[name]
        if name == "web":
            poll(lambda: self.answers() or process.has_ended(), START_SECONDS, "the web process", every=0.05)
        else:
            process.says(READY[name])

    def answers(self) -> bool:
        """Return whether the web process takes requests."""
        connection = HTTPConnection("127.0.0.1", int(self.settings["PORT"]), timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    # ------------------------------------------------------------ time

    def pass_time(self, **length: float) -> None:
        """Let this much time pass at once, for every process: `minutes=5`."""
        self._move_to(self.clock.now() + timedelta(**length))

    def until(self, at: str) -> None:
        """Let time pass until it is this time of day in the program's time zone, and a second more."""
        now = self.clock.now().astimezone(HOME)
        moment = datetime.combine(now.date(), time.fromisoformat(at), HOME) + timedelta(seconds=1)
        self._move_to(moment if moment > now else moment + timedelta(days=1))

    def until_monday(self) -> None:
        """Let time pass until ten in the morning of a Monday: what is asked on which day is then the same."""
        now = self.clock.now().astimezone(HOME)
        monday = now.date() + timedelta(days=7 - now.weekday())
        self._move_to(datetime.combine(monday, time(10), HOME) + timedelta(seconds=1))

    def _move_to(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self._moved_at = monotonic()

    def agrees_on_the_time(self) -> None:
        """Wait until every process has read the time that it was moved to; each reads it that often."""
        Event().wait(max(0.0, self._moved_at + self.clock.REFRESH.total_seconds() - monotonic()))

    def settle(self) -> None:
        """Wait until nothing is due: no timer, nothing to send."""
        poll(self._nothing_due, what="everything that is due to be done")

    def _nothing_due(self) -> bool:
        def work(unit: Unit) -> bool:
            timer, message = timers.next_due(unit), outbox.next_due(unit)
            now = self.clock.now()
            return (timer is None or timer.due_at > now) and (message is None or message > now)

        return self.store.read(work)

    # ------------------------------------------------------------ the database

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a SELECT."""
        engine = sa.create_engine(self.settings["CHECKIN_DATABASE_URL"], poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    def number_of(self, table: str) -> int:
        """Return how many rows a table has."""
        count = self.rows(f"SELECT count(*) FROM {table}")[0][0]
        assert isinstance(count, int)
        return count

    def start_over(self) -> None:
        """Forget everybody but staff and all that was said; it is ten on a Monday morning again."""
        self.twilio.release()
        self.twilio.forget_faults()
        kept = {"flow_versions", "meta"}
        dana = self.store.vault.index(DANA)

        def work(unit: Unit) -> None:
            for table in reversed(tables.metadata.sorted_tables):
                if table.name == "people":
                    unit.write(sa.delete(table).where(table.c.number_index != dana))
                elif table.name not in kept:
                    unit.write(sa.delete(table))

        self.store.run(work)
        with self.twilio.changed:
            self.twilio.rows.clear()
            self.twilio.requests.clear()
        self.until_monday()


@contextmanager
def deployed(
    folder: Path,
    *,
    database_url: str,
    broker_url: str,
    process: Callable[[str, str, Mapping[str, str], Path], Process] = Process,
    **settings: str,
) -> Iterator[Deployment]:
    """Migrate, publish and start a deployment; end every process of it, whatever happens.

    `process` makes the processes, from name, command line, environment and folder.
    """
    lines = procfile()
    with running() as (twilio, twilio_url):
        twilio.route(PUBLIC_URL, f"http://127.0.0.1:{(port := free_port())}")
        twilio.point_webhooks_at(PUBLIC_URL)
        given = {
            "PORT": str(port),
            "CHECKIN_PUBLIC_URL": PUBLIC_URL,
            "CHECKIN_DATABASE_URL": database_url,
            "CHECKIN_BROKER_URL": broker_url,
            "CHECKIN_SECRET_KEYS": KEY,
            "CHECKIN_LOG_LEVEL": "DEBUG",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": NUMBER,
            "CHECKIN_TWILIO_API_URL": twilio_url,
            "CHECKIN_SENDER_RATE": "short-code",
            **settings,
        }
        env = environ(folder, **given)
        for command in lines["release"].split("&&"):
            _release(process("release", command.strip(), env, folder))
        names = ("web",) if broker_url == "embedded" else ("web", "worker", "alerts", "clock")
        processes = {name: process(name, lines[name], env, folder) for name in names}
        store = open_store(database_url, [key_from_text(KEY)])
        try:
            deployment = Deployment(
                folder, given, twilio, store, PretendClock(store, SystemClock()), processes
            )
            twilio.now = deployment.clock.now
            deployment.until_monday()
            deployment.start()
            yield deployment
        finally:
            for process in processes.values():
                process.kill()
            store.close()


def _release(process: Process) -> None:
    process.start()
    status = process.finish()
    assert status == 0, process.written()
