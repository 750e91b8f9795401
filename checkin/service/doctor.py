"""What an operator asks first: is everything in place, and if not, how is it mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from checkin.flow.issue import errors
from checkin.flow.load import FlowSet, ProgramRefused
from checkin.service import health
from checkin.service.settings import Settings
from checkin.service.wiring import carrier_of, open_app, read_flows
from checkin.store.migrate import current_revision, head_revision, is_newer
from checkin.timing.pacing import SLOWEST


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, whether it is good, what was seen, and how to mend it.

    One that is good and `warns` may be meant so, and may not.
    """

    what: str
    good: bool
    seen: str
    mend: str = ""
    warns: bool = False

    def __str__(self) -> str:
        mark = "BAD " if not self.good else "warn" if self.warns else "ok  "
        line = f"{mark} {self.what}: {self.seen}"
        return f"{line}\n     {self.mend}" if self.mend and (self.warns or not self.good) else line

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "what": self.what,
            "good": self.good,
            "warns": self.warns,
            "seen": self.seen,
            "mend": self.mend,
        }


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that the service stands on. Never raises for what it finds."""
    found: list[Finding] = []
    flow_set: FlowSet | None = None
    try:
        flow_set = read_flows(settings)
        found.extend(_flows(flow_set))
    except ProgramRefused as refused:
        found.append(
            Finding("flows", False, f"the program can't be read: {refused.issues[0]}", "Mend the file.")
        )
    database = _database(settings)
    found.append(database)
    if database.good:
        found.append(_migrations(settings))
        if found[-1].good and flow_set is not None:
            found.extend(_inside(settings, flow_set))
    found.append(_broker(settings))
    found.extend(_carrier(settings))
    return found


def _flows(flow_set: FlowSet) -> Iterator[Finding]:
    bad = errors(flow_set.issues)
    yield Finding(
        "flows",
        not bad,
        f"{len(flow_set.flows)} good" + (f", {len(bad)} errors; the first: {bad[0]}" if bad else ""),
        "`checkin flows check` lists all of them.",
    )


def _database(settings: Settings) -> Finding:
    kind = urlsplit(settings.database_url).scheme
    try:
        current_revision(settings.database_url)
    except OSError as error:
        seen = f"{error.filename or kind} can't be used ({error.strerror})"
        return Finding("database", False, seen, "Let this user read and write there.")
    except SQLAlchemyError as error:
        if type(error) is DatabaseError:  # those below it are about one statement
            mend = "Let CHECKIN_DATABASE_URL name another file, or put one back from a backup."
            return Finding("database", False, f"{kind} can't be read: it is damaged, or no database", mend)
        mend = "Check that it runs and that CHECKIN_DATABASE_URL names it, its user and its password."
        return Finding("database", False, f"{kind} can't be reached ({type(error).__name__})", mend)
    return Finding("database", True, f"{kind} answers")


def _migrations(settings: Settings) -> Finding:
    current, needed = current_revision(settings.database_url), head_revision()
    newer = is_newer(current)
    mend = "Start the newer version of Checkin that it belongs to." if newer else "Run: checkin migrate"
    return Finding("migrations", current == needed, f"at {current or 'none'}, needs {needed}", mend)


def _inside(settings: Settings, flow_set: FlowSet) -> Iterator[Finding]:
    from checkin.store.vault import VaultError

    try:
        app = open_app(settings, flow_set)
    except VaultError as error:
        yield Finding(
            "keys", False, str(error), "Set CHECKIN_SECRET_KEYS to the keys the database was made with."
        )
        return
    except OSError as error:
        seen = f"{error.filename} can't be used ({error.strerror})"
        yield Finding("keys", False, seen, "Let this user read and write there, or set CHECKIN_SECRET_KEYS.")
        return
    try:
        yield Finding("keys", True, "the key ring opens the database")
        yield Finding(
            "published flows", bool(app.flows), f"{len(app.flows)} live", "Run: checkin flows publish"
        )
        state = health.look(app)
    finally:
        app.store.close()
    age = state.heartbeat_age
    seen = "has never run" if age is None else f"last heartbeat {age.total_seconds():.0f} s ago"
    mend = "Start `checkin web`." if settings.embedded else "Start `checkin clock`."
    yield Finding("clock", state.clock_runs, seen, mend)
    late = state.overdue_alert_timers
    yield Finding(
        "alerts", late == 0, f"{state.open_alerts} open, {late} late", "Start the clock, read its log."
    )


def _broker(settings: Settings) -> Finding:
    if settings.embedded:
        return Finding("broker", True, "embedded in the web process")
    kind = urlsplit(settings.broker_url).scheme
    try:
        _PING[kind.rstrip("s")](settings.broker_url)
    except Exception as error:  # noqa: BLE001  each client has its own errors; any is a finding
        mend = "Check that it runs and that CHECKIN_BROKER_URL names it."
        return Finding("broker", False, f"{kind} can't be reached ({type(error).__name__})", mend)
    return Finding("broker", True, f"{kind} answers")


def _ping_redis(url: str) -> None:
    import redis

    with redis.Redis.from_url(url, socket_timeout=5) as client:
        client.ping()


def _ping_amqp(url: str) -> None:
    import pika

    parameters = pika.URLParameters(url)
    parameters.socket_timeout = 5
    pika.BlockingConnection(parameters).close()


_PING: dict[str, Callable[[str], None]] = {"redi": _ping_redis, "amqp": _ping_amqp}


def _carrier(settings: Settings) -> Iterator[Finding]:
    if settings.carrier == "emulator":
        yield Finding("carrier", True, "pretend phones: no text leaves this computer")
        return
    from checkin.carrier.base import CarrierError
    from checkin.carrier.twilio import TwilioCarrier

    yield _sender_rate(settings)
    try:
        carrier = carrier_of(settings)
        assert isinstance(carrier, TwilioCarrier)
        findings = carrier.check_account()
    except CarrierError as error:
        yield Finding("Twilio", False, str(error), "Check the TWILIO_ settings.")
        return
    if not findings:
        yield Finding("Twilio", True, "account, sender and webhooks are set up")
    for finding in findings:
        yield Finding("Twilio", False, finding.what, finding.mend)


def _sender_rate(settings: Settings) -> Finding:
    """Tell an operator who never said how fast the sender is that the slowest is assumed."""
    given = settings.sender_rate is not None
    return Finding(
        "sender rate",
        True,
        f"check-ins keep below {settings.sender_rate or SLOWEST:g} segments a second"
        + ("" if given else ", as for the slowest sender: 1,000 texts take 20 minutes or more"),
        ""
        if given
        else "Set CHECKIN_SENDER_RATE to what Twilio takes from your sender; docs/settings.md has the kinds.",
        warns=not given,
    )
