"""What each command says when it can't start, what it does in spite of a broken flow, and how it ends."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from checkin.flow.load import flow_files
from tests.acceptance.deployment import KEY, ROOT, Deployment, environ
from tests.acceptance.mined import Nursery
from tests.acceptance.people import Circle
from tests.acceptance.processes import Process
from tests.servers.process import free_port
from tests.standin.waiting import poll

pytestmark = pytest.mark.acceptance

STOPS_WITHIN = 5.0


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just begun: SQLite, the embedded broker, the pretend phones."""
    return environ(tmp_path, PORT=str(free_port()))


@pytest.fixture
def migrated(cradle: Nursery, env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same, with a database that is up to date."""
    status, said = cradle.run("checkin migrate", env, tmp_path)
    assert (status, said) == (0, "The database is up to date now.\n")
    return env


def broken(env: dict[str, str], folder: Path, file: str, old: str, new: str) -> None:
    """Give this environment flows of its own, with one file in which something is wrong."""
    shutil.copytree(ROOT / "flows", folder / "flows")
    path = folder / "flows" / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    env["CHECKIN_FLOWS"] = str(folder / "flows")


# ---------------------------------------------------------------- what keeps a process from starting


def test_everything_that_is_wrong_with_the_settings_is_told_at_once(
    env: dict[str, str], tmp_path: Path
) -> None:
    env |= {
        "PORT": "eighty",
        "CHECKIN_DATABASE_URL": "mysql://secret@db/x",
        "CHECKIN_SECRET_KEYS": "c2hvcnQ=",
    }
    # The real commands, both at once: each takes its time to begin.
    processes = [Process(name, f"checkin {name}", env, tmp_path) for name in ("web", "dev")]
    for process in processes:
        process.start()
    for process in processes:
        assert process.finish() == 2
        first, port, database, keys, last = process.written().splitlines()
        assert first == "Checkin can't start: 3 settings are wrong."
        assert port.strip().startswith("PORT is not a port number")
        assert "It should be a whole number from 1 to 65535" in port
        assert database.strip().startswith(
            "CHECKIN_DATABASE_URL names a database that Checkin does not run on"
        )
        assert "It should be a sqlite:/// or postgresql:// URL" in database
        assert keys.strip().startswith("CHECKIN_SECRET_KEYS has a key that is not 32 bytes of base64")
        assert "It should be one or more keys of 32 bytes in base64" in keys
        assert last == "docs/settings.md describes every setting."
        assert "secret" not in process.written().replace("CHECKIN_SECRET_KEYS", "").lower()


@pytest.mark.parametrize("command", ["web", "worker alerts", "worker routine", "clock", "flows publish"])
def test_a_database_that_is_not_up_to_date_is_said_to_be(
    cradle: Nursery, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    if command.startswith(("worker", "clock")):
        env["CHECKIN_BROKER_URL"] = "redis://127.0.0.1:1/0"
    status, said = cradle.run(f"checkin {command}", env, tmp_path)
    assert (status, said) == (2, "The database is not up to date.\nRun: checkin migrate\n")


@pytest.mark.parametrize("command", ["web", "migrate", "dev", "flows publish"])
def test_a_database_that_cannot_be_reached_is_said_to_be(
    cradle: Nursery, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    env["CHECKIN_DATABASE_URL"] = "postgresql://alice:password@127.0.0.1:1/checkin"
    status, said = cradle.run(f"checkin {command}", env, tmp_path)
    assert status == 2
    assert said.startswith("The database can't be reached (OperationalError).\n")
    assert "CHECKIN_DATABASE_URL" in said
    assert "password@" not in said
    assert "Traceback" not in said


def test_keys_that_do_not_open_the_database_are_said_to_be_wrong(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path
) -> None:
    assert cradle.run("checkin flows publish", migrated, tmp_path)[0] == 0
    status, said = cradle.run("checkin web", migrated | {"CHECKIN_SECRET_KEYS": KEY}, tmp_path)
    assert status == 2
    assert "Set CHECKIN_SECRET_KEYS to the keys it was made with." in said


@pytest.mark.parametrize("held", ["garbage", ""])
@pytest.mark.parametrize("command", ["web", "dev"])
def test_a_file_of_keys_that_holds_none_is_said_to_be_wrong(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path, command: str, held: str
) -> None:
    """It is never made again by itself: a new key opens nothing of what is stored."""
    keys = tmp_path / "var" / "secret.keys"
    keys.write_text(held)
    status, said = cradle.run(f"checkin {command}", migrated, tmp_path)
    assert status == 2
    assert said.startswith(f"The database can't be read: {keys} has ")
    assert keys.read_text() == held


@pytest.mark.parametrize("command", ["migrate", "web", "dev", "flows publish"])
def test_a_database_of_a_newer_version_is_left_alone(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path, command: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "var" / "checkin.sqlite3")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    status, said = cradle.run(f"checkin {command}", migrated, tmp_path)
    assert (status, said) == (
        2,
        "The database belongs to a newer version of Checkin.\nStart that version.\n",
    )


@pytest.mark.parametrize("command", ["migrate", "web", "dev"])
def test_a_file_that_is_no_database_is_said_to_be_none(
    cradle: Nursery, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "checkin.sqlite3").write_bytes(b"no database, but long enough to be one" * 100)
    status, said = cradle.run(f"checkin {command}", env, tmp_path)
    assert status == 2
    assert said.startswith("The database can't be read: it is damaged, or no database.\n")


@pytest.mark.parametrize("command", ["migrate", "dev"])
def test_a_folder_that_cannot_be_made_is_named(
    cradle: Nursery, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    (tmp_path / "var").write_text("a file, where a folder should be")
    status, said = cradle.run(f"checkin {command}", env, tmp_path)
    assert status == 2
    assert said.startswith(f"{tmp_path / 'var'} can't be used (File exists).\n")


@pytest.mark.parametrize("command", ["worker alerts", "clock"])
def test_one_process_needs_no_others(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path, command: str
) -> None:
    status, said = cradle.run(f"checkin {command}", migrated, tmp_path)
    assert status == 2
    assert "`checkin web` does the work" in said
    assert "CHECKIN_BROKER_URL" in said


def test_a_port_that_somebody_else_has_is_said_to_be_taken(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(migrated["PORT"])))
        listener.listen()
        status, said = cradle.run("checkin web", migrated, tmp_path)
    assert status == 2
    assert f"Port {migrated['PORT']} " in said
    assert "Set PORT" in said


def test_dev_does_not_run_with_a_real_account(cradle: Nursery, env: dict[str, str], tmp_path: Path) -> None:
    env |= {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+12025550100",
        "CHECKIN_PUBLIC_URL": "https://checkin.example.org",
        "CHECKIN_SECRET_KEYS": KEY,
    }
    status, said = cradle.run("checkin dev", env, tmp_path)
    assert status == 2
    assert "Unset the TWILIO_ settings" in said


# ---------------------------------------------------------------- broken flows


@pytest.fixture
def dev(cradle: Nursery, env: dict[str, str], tmp_path: Path) -> Iterator[Process]:
    """`checkin dev`, ended after the test."""
    process = cradle.process("dev", "checkin dev", env, tmp_path)
    yield process
    process.kill()


def test_a_broken_flow_is_explained_and_the_others_run(
    cradle: Nursery, dev: Process, env: dict[str, str], tmp_path: Path
) -> None:
    broken(
        env,
        tmp_path,
        "daily.yaml",
        "        go: offer\n      - if: mood == 3",
        "        go: ofer\n      - if: mood == 3",
    )
    dev.environ.update(env)
    dev.start()
    dev.says("is ready")
    line = (tmp_path / "flows" / "daily.yaml").read_text().split("go: ofer")[0].count("\n") + 1
    [told] = [one for one in dev.written().splitlines() if f"daily.yaml:{line}:13" in one]
    assert "ofer" in told
    assert "offer" in dev.written(), "the mend names the step that was meant"
    assert "1 flow files are left out" in dev.written()
    database = {"CHECKIN_DATABASE_URL": f"sqlite:///{tmp_path / 'var' / 'checkin.sqlite3'}"}
    status, said = cradle.run("checkin doctor", env | database, tmp_path)
    shipped = len(flow_files(ROOT / "flows"))
    assert f"{shipped - 1} live" in said
    assert status == 1
    assert dev.end() == 0


def test_nothing_is_published_while_one_flow_is_broken(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path
) -> None:
    broken(migrated, tmp_path, "contacts.yaml", "go: number", "go: numbr")
    status, said = cradle.run("checkin flows publish", migrated, tmp_path)
    assert status == 1
    assert "contacts.yaml:" in said
    assert "Nothing was published: mend these first." in said


@pytest.mark.parametrize("command", ["web", "dev", "flows publish"])
def test_without_a_program_nothing_starts(
    cradle: Nursery, migrated: dict[str, str], tmp_path: Path, command: str
) -> None:
    broken(migrated, tmp_path, "program.yaml", "languages: [en, es]", "languages: []  # [en, es]")
    status, said = cradle.run(f"checkin {command}", migrated, tmp_path)
    assert status == (1 if command == "flows publish" else 2)
    assert "program.yaml:" in said


# ---------------------------------------------------------------- SIGTERM


@pytest.mark.redis
def test_every_process_ends_soon_and_well_when_it_is_told_to(on_redis_forks: Deployment) -> None:
    for name, process in on_redis_forks.processes.items():
        began = monotonic()
        assert process.end() == 0, name
        assert monotonic() - began < STOPS_WITHIN, name


def test_one_process_for_everything_ends_soon_and_well(on_sqlite_forks: Deployment) -> None:
    began = monotonic()
    assert on_sqlite_forks.processes["web"].end() == 0
    assert monotonic() - began < STOPS_WITHIN


@pytest.mark.redis
def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(on_redis_forks: Deployment) -> None:
    circle, twilio, alerts = (
        Circle.of(on_redis_forks),
        on_redis_forks.twilio,
        on_redis_forks.processes["alerts"],
    )
    circle.join()
    circle.alice.writes("SUPPORT")
    circle.alice.reads("In 5 minutes I will ask Bob …")
    twilio.hang()
    on_redis_forks.pass_time(minutes=5)
    twilio.wait_for(lambda one: any("Reply 1" in row.body for row in one.messages) or len(one.messages) > 4)
    alerts.signal(signal.SIGTERM)
    twilio.release()
    assert alerts.finish(STOPS_WITHIN) == 0
    assert on_redis_forks.rows("SELECT count(*) FROM outbox WHERE state = 'sending'") == [(0,)]
    alerts.start()
    circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("I texted Bob at …")
    circle.bob.writes("1")
    circle.bob.reads("Thank you. …")
    circle.alice.reads("Bob answered at …")
    circle.nobody_has_anything_to_read()


def test_a_web_process_answers_what_it_has_begun(on_sqlite_forks: Deployment) -> None:
    """A request that came before the signal gets its answer."""
    web, sender = on_sqlite_forks.processes["web"], on_sqlite_forks.sender
    body = b"x=" + b"1" * 100
    with socket.create_connection(
        ("127.0.0.1", int(on_sqlite_forks.settings["PORT"])), timeout=10
    ) as connection:
        head = f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body[:50])
        assert sender.sms_answer("+12025550105", "+12025550100", "HELP").status == 200
        web.signal(signal.SIGTERM)
        poll(lambda: not on_sqlite_forks.answers(), what="the end of listening")
        connection.sendall(body[50:])
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")
    assert web.finish(STOPS_WITHIN) == 0
