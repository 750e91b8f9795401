"""What `checkin doctor` tells an operator about a deployment: all is well, or what is not and its mend."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checkin.store.elsewhere import ANSWERS, WAITS
from checkin.store.migrate import head_revision
from tests.acceptance.deployment import PUBLIC_URL, Deployment, environ
from tests.acceptance.mined import Nursery
from tests.servers.process import free_port
from tests.standin.waiting import poll

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

Finding = dict[str, Any]


@pytest.fixture
def env(on_redis: Deployment) -> dict[str, str]:
    """The environment of the running deployment, whose clock has just beaten."""
    poll(_clock_beats(on_redis), what="a heartbeat")
    return on_redis.processes["web"].environ


def _clock_beats(deployment: Deployment) -> Any:
    """Return whether the clock has left a heartbeat lately; tests before this one moved the time."""

    def beats() -> bool:
        found = deployment.rows("SELECT value FROM meta WHERE key = 'clock_heartbeat'")
        last = datetime.fromisoformat(bytes(found[0][0]).decode()) if found else None
        return last is not None and deployment.clock.now() - last < timedelta(seconds=10)

    return beats


@pytest.fixture
def account(on_redis: Deployment) -> Iterator[Deployment]:
    """A deployment whose Twilio account the test may spoil."""
    number, state = dict(on_redis.twilio.number), dict(on_redis.twilio.account)
    yield on_redis
    on_redis.twilio.number, on_redis.twilio.account = number, state


def examine(cradle: Nursery, deployment: Deployment, env: dict[str, str]) -> tuple[int, dict[str, Finding]]:
    """Return the doctor's exit status and findings by what was looked at."""
    status, said = cradle.run("checkin doctor --format json", env, deployment.folder)
    findings = [line for line in said.splitlines() if not line.startswith('{"')]
    found: list[Finding] = json.loads("\n".join(findings))
    return status, {one["what"]: one for one in found}


def test_one_process_alone_is_seen_to_answer(on_redis: Deployment, env: dict[str, str]) -> None:
    assert env["CHECKIN_BROKER_URL"]
    asked = (
        "SELECT application_name FROM pg_stat_activity"
        " WHERE application_name LIKE 'checkin%' AND datname = current_database()"
    )
    names = [name for (name,) in on_redis.rows(asked)]
    assert names.count(ANSWERS) == 2, "of the web process: its event loop's, and its writer's"
    assert names.count(WAITS) >= 3  # the writers of both workers and of the clock


def test_all_is_well(cradle: Nursery, on_redis: Deployment, env: dict[str, str]) -> None:
    status, found = examine(cradle, on_redis, env)
    assert {what: one["good"] for what, one in found.items()} == dict.fromkeys(
        [
            "flows",
            "database",
            "migrations",
            "keys",
            "published flows",
            "clock",
            "alerts",
            "broker",
            "sender rate",
            "Twilio",
        ],
        True,
    )
    assert not any(one["warns"] for one in found.values())
    assert status == 0
    status, said = cradle.run("checkin doctor", env, on_redis.folder)
    assert status == 0
    assert "ok   flows: " in said


def test_a_wrong_webhook_is_named_with_the_right_one(
    cradle: Nursery, account: Deployment, env: dict[str, str]
) -> None:
    account.twilio.number["sms_url"] = "https://old.example.org/twilio/sms"
    status, found = examine(cradle, account, env)
    assert status == 1
    assert [what for what, one in found.items() if not one["good"]] == ["Twilio"]
    assert found["Twilio"]["seen"] == "Texts to the number go to https://old.example.org/twilio/sms."
    assert found["Twilio"]["mend"].endswith(f"{PUBLIC_URL}/twilio/sms")
    _, said = cradle.run("checkin doctor", env, account.folder)
    assert "BAD  Twilio: Texts to the number go to https://old.example.org/twilio/sms.\n     Set the" in said


def test_a_sender_rate_that_nobody_has_set_is_a_warning(
    cradle: Nursery, on_redis: Deployment, env: dict[str, str]
) -> None:
    unset = {name: value for name, value in env.items() if name != "CHECKIN_SENDER_RATE"}
    status, found = examine(cradle, on_redis, unset)
    assert status == 0, "it may be meant so"
    assert [what for what, one in found.items() if one["warns"]] == ["sender rate"]
    assert found["sender rate"]["seen"].startswith(
        "check-ins keep below 1 segments a second, as for the slow"
    )
    assert "CHECKIN_SENDER_RATE" in found["sender rate"]["mend"]
    _, said = cradle.run("checkin doctor", unset, on_redis.folder)
    assert "warn sender rate: " in said
    assert "\n     Set CHECKIN_SENDER_RATE" in said


def test_a_wrong_token_and_a_suspended_account_are_told_apart(
    cradle: Nursery, account: Deployment, env: dict[str, str]
) -> None:
    _, found = examine(cradle, account, env | {"TWILIO_AUTH_TOKEN": "of-yesterday"})
    assert found["Twilio"]["seen"] == "Twilio refuses the account's credentials."
    account.twilio.account["status"] = "suspended"
    _, found = examine(cradle, account, env)
    assert found["Twilio"]["seen"] == "The Twilio account is suspended."


def test_what_cannot_be_reached_is_named(cradle: Nursery, on_redis: Deployment, env: dict[str, str]) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    status, found = examine(
        cradle,
        on_redis,
        env
        | {
            "CHECKIN_DATABASE_URL": f"postgresql://alice:password@{nowhere}/checkin",
            "CHECKIN_BROKER_URL": f"redis://:password@{nowhere}/0",
            "CHECKIN_TWILIO_API_URL": f"http://{nowhere}",
        },
    )
    assert status == 1
    bad = {what: one for what, one in found.items() if not one["good"]}
    assert list(bad) == ["database", "broker", "Twilio"]
    assert all(one["mend"] for one in bad.values())
    assert "password" not in json.dumps([one["seen"] for one in bad.values()])
    _, found = examine(cradle, on_redis, env | {"CHECKIN_BROKER_URL": f"amqp://{nowhere}/x"})
    assert [what for what, one in found.items() if not one["good"]] == ["broker"]


def test_keys_that_do_not_fit_are_named(cradle: Nursery, on_redis: Deployment, env: dict[str, str]) -> None:
    status, found = examine(cradle, on_redis, env | {"CHECKIN_SECRET_KEYS": "A" * 43 + "="})
    assert status == 1
    assert not found["keys"]["good"]
    assert "CHECKIN_SECRET_KEYS" in found["keys"]["mend"]


def test_what_is_wrong_with_the_files_of_one_machine_is_named(cradle: Nursery, tmp_path: Path) -> None:
    env, var = environ(tmp_path), tmp_path / "var"

    def bad() -> dict[str, Finding]:
        status, said = cradle.run("checkin doctor --format json", env, tmp_path)
        assert status == 1, said
        return {one["what"]: one for one in json.loads(said) if not one["good"]}

    var.write_text("a file, where a folder should be")
    assert bad()["database"]["seen"] == f"{var} can't be used (File exists)"
    var.unlink()
    var.mkdir()
    (var / "checkin.sqlite3").write_bytes(b"no database, but long enough to be one" * 100)
    assert bad()["database"]["seen"] == "sqlite can't be read: it is damaged, or no database"
    (var / "checkin.sqlite3").unlink()
    assert cradle.run("checkin migrate", env, tmp_path)[0] == 0
    (var / "secret.keys").write_text("garbage")
    assert bad()["keys"]["seen"] == f"{var / 'secret.keys'} has a line that is no key: 32 bytes of base64"
    (var / "secret.keys").unlink()
    (var / "secret.keys").mkdir()
    assert bad()["keys"]["seen"] == f"{var / 'secret.keys'} can't be used (Is a directory)"
    with closing(sqlite3.connect(var / "checkin.sqlite3")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    env["CHECKIN_FLOWS"] = str(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    assert list(found := bad()) == ["flows", "migrations"], "one that is bad hides no other"
    assert "newer version" in found["migrations"]["mend"]


def test_a_new_checkout_is_told_what_comes_first(
    cradle: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("new")
    env = environ(folder)
    status, said = cradle.run("checkin doctor", env, folder)
    assert status == 1
    assert f"BAD  migrations: at none, needs {head_revision()}\n     Run: checkin migrate" in said
    assert cradle.run("checkin migrate", env, folder)[0] == 0
    status, said = cradle.run("checkin doctor", env, folder)
    assert status == 1
    assert "     Run: checkin flows publish" in said
    assert "BAD  clock: has never run\n     Start `checkin web`." in said
    assert "ok   carrier: pretend phones" in said
