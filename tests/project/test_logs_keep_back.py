"""Logs: what an operator needs is there, and nothing that a person said, is called or can be reached at."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import sqlalchemy as sa
import structlog
from dramatiq.brokers.stub import StubBroker
from hypothesis import given
from hypothesis import strategies as st

from checkin.service.logs import KEYS, SUFFIXES, WITHHELD, configure_logs

NUMBER = "+12025550101"
TEXT = "I cannot do this any more"
NAME = "Alice"
PERSONAL = (NUMBER, NUMBER[1:], TEXT, NAME)


class Log(io.StringIO):
    """What was logged, read back."""

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def last(self) -> dict[str, Any]:
        return self.entries()[-1]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


@pytest.fixture
def log() -> Log:
    stream = Log()
    configure_logs("INFO", stream, as_json=True)
    return stream


@pytest.fixture
def ours(log: Log) -> Any:
    return structlog.get_logger("checkin.tests")


def test_ids_counts_states_and_durations_are_written(log: Log, ours: Any) -> None:
    ours.info(
        "reply handled", run_id="0" * 31 + "a", rows=3, duration_ms=1.5, state="waiting", due_at=_noon()
    )
    entry = log.last()
    assert entry["event"] == "reply handled"
    assert (entry["level"], entry["logger"]) == ("info", "checkin.tests")
    assert (entry["rows"], entry["duration_ms"], entry["state"]) == (3, 1.5, "waiting")
    assert entry["due_at"] == "2026-11-23T12:00:00+00:00"
    assert "withheld" not in entry


def _noon() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "SM" + "0" * 31 + "1",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "21610",
        "2026-11-23",
        "daily/mood",
        None,
        True,
    ],
)
def test_what_a_machine_made_is_written(log: Log, ours: Any, value: object) -> None:
    ours.info("looked up", carrier_id=value)
    assert log.last()["carrier_id"] == value


@pytest.mark.parametrize(
    "value", [NUMBER, "12025550101", "202-555-0101", "202.555.0101", TEXT, [NAME], {"to": NAME}]
)
def test_what_a_person_made_is_not_written_under_an_allowed_key(log: Log, ours: Any, value: object) -> None:
    ours.info("looked up", carrier_id=value)
    assert log.last()["carrier_id"] == WITHHELD


def test_keys_that_are_not_allowed_are_named_without_their_values(log: Log, ours: Any) -> None:
    ours.info("reply handled", body=TEXT, to=NUMBER, name=NAME, run_id=1)
    assert log.last()["withheld"] == ["body", "name", "to"]
    _nothing_personal(log)


def test_a_text_that_was_put_together_is_withheld(log: Log, ours: Any) -> None:
    ours.info(f"reply from {NAME}")
    ours.warning("reply from %s" % NAME)  # noqa: UP031
    ours.info("reply from %s", NAME)
    assert [entry["event"] for entry in log.entries()] == [WITHHELD, WITHHELD, "reply from %s"]
    _nothing_personal(log)


def test_an_exception_is_told_by_type_code_and_place(log: Log, ours: Any) -> None:
    try:
        _fail()
    except ValueError:
        ours.exception("reply failed", run_id=1)
    outer, inner = log.last()["errors"]
    assert outer["type"] == "builtins.ValueError"
    assert (inner["type"], inner["code"]) == ("builtins.FileNotFoundError", "ENOENT")
    assert any("test_logs_keep_back.py" in place and place.endswith(" _fail") for place in inner["places"])
    _nothing_personal(log)


def _fail() -> None:
    body = TEXT
    try:
        Path(f"/nowhere/{NAME}/{NUMBER}").stat()
    except OSError as error:
        raise ValueError(f"{body} {NUMBER}") from error


def test_lines_for_a_person_keep_back_as_much() -> None:
    stream = Log()
    configure_logs("INFO", stream, as_json=False)
    try:
        _fail()
    except ValueError:
        structlog.get_logger("checkin.tests").exception("reply failed", body=TEXT)
    assert "reply failed" in stream.getvalue()
    assert "builtins.FileNotFoundError ENOENT" in stream.getvalue()
    _nothing_personal(stream)


def test_a_librarys_record_keeps_its_literal_and_its_place(log: Log) -> None:
    library = logging.getLogger("some.library")
    library.warning("could not reach %s", NUMBER)
    library.warning("could not reach " + NUMBER)
    library.error(OSError(98, NAME))
    literal, made, error = log.entries()
    assert literal["event"] == "could not reach %s"
    assert "test_logs_keep_back.py:" in literal["place"]
    assert made["event"] == WITHHELD
    assert error["errors"][0]["code"] == "EADDRINUSE"
    _nothing_personal(log)


def test_a_job_that_fails_in_dramatiq_says_nothing_personal(log: Log) -> None:
    broker = StubBroker(middleware=[])
    broker.emit_after("process_boot")

    @dramatiq.actor(broker=broker, queue_name="tests")
    def send(to: str, body: str) -> None:
        raise RuntimeError(f"{to}: {body}")

    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=10)
    worker.start()
    try:
        send.send(NUMBER, TEXT)
        broker.join("tests", fail_fast=False, timeout=10_000)
        worker.join()
    finally:
        worker.stop()
    failures = [entry for entry in log.entries() if "errors" in entry]
    assert failures[0]["logger"].startswith("dramatiq.")
    assert failures[0]["errors"][0]["type"] == "builtins.RuntimeError"
    _nothing_personal(log)


def test_a_database_that_refuses_a_row_says_nothing_personal(log: Log, ours: Any, database_url: str) -> None:
    engine = sa.create_engine(database_url, hide_parameters=True, echo=True)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE people (number text PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO people VALUES (:number)"), {"number": NUMBER})
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO people VALUES (:number)"), {"number": NUMBER})
    except sa.exc.IntegrityError:
        ours.exception("row refused")
    finally:
        engine.dispose()
    assert log.last()["errors"][0]["type"] == "sqlalchemy.exc.IntegrityError"
    _nothing_personal(log)


def test_twilios_requests_and_the_access_log_are_not_heard(log: Log) -> None:
    logging.getLogger("twilio.http_client").info("Payload: To=%s", NUMBER)
    logging.getLogger("uvicorn.access").warning("GET /phones?number=%s", NUMBER)
    assert log.getvalue() == ""


def test_a_thread_that_dies_is_logged(log: Log) -> None:
    thread = threading.Thread(target=_fail)
    thread.start()
    thread.join()
    assert log.last()["event"] == "uncaught exception"
    _nothing_personal(log)


def test_a_process_that_dies_is_logged(log: Log) -> None:
    try:
        _fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert len(log.entries()) == 1
    assert log.last()["level"] == "critical"
    _nothing_personal(log)


def test_a_warning_is_logged_without_its_text(log: Log) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"{NAME} is late", stacklevel=1)
    assert log.last()["logger"] == "py.warnings"
    _nothing_personal(log)


def test_a_line_that_cannot_be_written_is_not_shown_elsewhere(
    ours: Any, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.close()
    ours.info("reply handled", body=TEXT)
    assert capsys.readouterr().err == "a log line of checkin.tests was lost: ValueError\n"


def test_the_level_is_kept(log: Log, ours: Any) -> None:
    ours.debug("too quiet")
    assert log.getvalue() == ""


@given(secret=st.text(min_size=1, max_size=20).map(lambda text: f"Zoë {text} Quux"))
def test_no_text_of_a_person_ever_leaves(secret: str) -> None:
    stream = Log()
    configure_logs("DEBUG", stream, as_json=True)
    logger = structlog.get_logger("checkin.tests").bind(run_id=secret, member=secret)
    try:
        raise LookupError(secret)
    except LookupError:
        logger.exception(f"reply {secret}", state=secret, rows=(secret,), to=secret)
    logging.getLogger("library").error("%s", secret, exc_info=LookupError(secret), stack_info=True)
    assert len(stream.entries()) == 2
    assert "Zo" not in stream.getvalue()
    assert "Quux" not in stream.getvalue()


def _nothing_personal(log: io.StringIO) -> None:
    for words in PERSONAL:
        assert words not in log.getvalue()


def test_what_the_service_logs_may_leave() -> None:
    """A key that is kept back tells the operator nothing: whoever wrote it meant something."""
    root, kept_back = Path(__file__).parents[2], []
    for path in (one for room in ("checkin", "webhooks", "workers") for one in (root / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), keywords=keywords):
                    names = {str(one.arg) for one in keywords} - {"exc_info"}
                    kept_back += [
                        f"{path.name}: {name}"
                        for name in sorted(names)
                        if name not in KEYS and not name.endswith(SUFFIXES)
                    ]
    assert kept_back == []
