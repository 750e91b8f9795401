"""Deployments for the tests to share: each is started once, and every test finds it with nobody in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.broker import Broker, broker
from tests.acceptance.deployment import Deployment, deployed
from tests.acceptance.mined import Nursery, nursery
from tests.acceptance.people import Circle
from tests.servers.postgres import Postgres
from tests.servers.valkey import running_valkey


@pytest.fixture(scope="session")
def cradle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where commands start quickly, and can be told where to die."""
    with nursery(tmp_path_factory.mktemp("mines")) as one:
        yield one


@pytest.fixture(scope="session")
def redis_deployment(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """The processes of the Procfile on PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("on_redis")
    with (
        postgres_server.fresh_database() as database_url,
        running_valkey() as broker_url,
        deployed(folder, database_url=database_url, broker_url=broker_url) as deployment,
    ):
        yield deployment


@pytest.fixture(scope="session")
def sqlite_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """`checkin web` alone, on a SQLite file, with the embedded broker."""
    folder = tmp_path_factory.mktemp("on_sqlite")
    database_url = f"sqlite:///{folder / 'checkin.sqlite3'}"
    with deployed(folder, database_url=database_url, broker_url="embedded") as deployment:
        yield deployment


@pytest.fixture(scope="module")
def rabbitmq_deployment(
    cradle: Nursery,
    postgres_server: Postgres,
    amqp_server: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The processes of the Procfile on PostgreSQL and RabbitMQ."""
    folder = tmp_path_factory.mktemp("on_rabbitmq")
    with (
        postgres_server.fresh_database() as database_url,
        deployed(
            folder, database_url=database_url, broker_url=amqp_server(), process=cradle.process
        ) as deployment,
    ):
        yield deployment


@pytest.fixture(scope="session")
def redis_broker() -> Iterator[Broker]:
    """The broker of `redis_forks`, which a test may stop."""
    with broker() as one:
        yield one


@pytest.fixture(scope="session")
def redis_forks(
    cradle: Nursery,
    postgres_server: Postgres,
    redis_broker: Broker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """The processes of `redis_deployment`, forked: they start quickly, and can be told where to die."""
    folder = tmp_path_factory.mktemp("redis_forks")
    with (
        postgres_server.fresh_database() as database_url,
        deployed(
            folder, database_url=database_url, broker_url=redis_broker.url, process=cradle.process
        ) as deployment,
    ):
        yield deployment


@pytest.fixture(scope="session")
def sqlite_forks(cradle: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The process of `sqlite_deployment`, forked: it starts quickly, and can be told where to die."""
    folder = tmp_path_factory.mktemp("sqlite_forks")
    database_url = f"sqlite:///{folder / 'checkin.sqlite3'}"
    with deployed(
        folder, database_url=database_url, broker_url="embedded", process=cradle.process
    ) as deployment:
        yield deployment


def fresh(deployment: Deployment, *, complaints: bool = False) -> Iterator[Deployment]:
    """Give a whole deployment with nobody in it, and make sure that nothing in it complains meanwhile.

    `complaints` says that something may.
    """
    if ended := [name for name, process in deployment.processes.items() if not process.runs]:
        deployment.start(*ended)
    deployment.start_over()
    before = {name: len(process.complaints()) for name, process in deployment.processes.items()}
    yield deployment
    for name, process in deployment.processes.items():
        assert complaints or process.complaints()[before[name] :] == [], f"{name} complained"


@pytest.fixture
def on_redis(redis_deployment: Deployment) -> Iterator[Deployment]:
    """The Procfile's processes on PostgreSQL and Redis, with nobody in it."""
    yield from fresh(redis_deployment)


@pytest.fixture
def on_sqlite(sqlite_deployment: Deployment) -> Iterator[Deployment]:
    """`checkin web` on SQLite, with nobody in it."""
    yield from fresh(sqlite_deployment)


@pytest.fixture
def on_redis_forks(redis_forks: Deployment) -> Iterator[Deployment]:
    """The forked processes on PostgreSQL and Redis, with nobody in it. A test may end some of them."""
    yield from fresh(redis_forks)


@pytest.fixture
def on_sqlite_forks(sqlite_forks: Deployment) -> Iterator[Deployment]:
    """The forked process on SQLite, with nobody in it. A test may end it."""
    yield from fresh(sqlite_forks)


@pytest.fixture(
    params=[
        pytest.param("sqlite_deployment", id="sqlite"),
        pytest.param("redis_deployment", id="redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ]
)
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """The smallest deployment, and the usual larger one."""
    yield from fresh(request.getfixturevalue(request.param))


@pytest.fixture
def circle(deployment: Deployment) -> Circle:
    """Alice, Bob, Carmen and Dana, none of whom has written yet."""
    return Circle.of(deployment)
