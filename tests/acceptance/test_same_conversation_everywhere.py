"""The same conversation has the same outcome in one process on SQLite and in many on PostgreSQL.

Texts come in as signed webhooks, answers go out in their responses, everything else by way of Twilio's API
as the stand-in plays it, and each text that arrives is reported by two status callbacks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.acceptance import conversations
from tests.acceptance.conftest import fresh
from tests.acceptance.deployment import Deployment
from tests.acceptance.people import Circle

pytestmark = pytest.mark.acceptance

Outcome = list[str]
Play = Callable[[Circle], None]

PLAYS = [conversations.bob_answers, conversations.nobody_answers_but_dana]

FACTS = {
    "alerts": "SELECT state, reason, transition FROM alerts ORDER BY raised_at",
    "runs": "SELECT flow, state, transition FROM runs ORDER BY started_at",
    "results": "SELECT name, transition FROM results ORDER BY at, name",
    "journal": "SELECT seq, transition FROM journal ORDER BY seq",
    "inbox": "SELECT category, rule, subject FROM inbox ORDER BY at",
    "outbox": "SELECT lane, kind, state, tries, error_code FROM outbox ORDER BY lane, kind, state, tries",
    "callbacks": "SELECT status, count(*) FROM callbacks GROUP BY status ORDER BY status",
    "consents": "SELECT about LIKE 'contact_for:%', given, language, channel FROM consents ORDER BY at",
    "tasks": "SELECT kind, state FROM tasks ORDER BY created_at",
}
"""What is compared besides the texts on the phones: everything that is neither an id nor a moment."""


def outcome(deployment: Deployment, play: Play) -> Outcome:
    """Play a conversation and return what is on the phones and in the database afterwards, line by line."""
    circle = Circle.of(deployment)
    play(circle)
    circle.nobody_has_anything_to_read()
    on_phones = [f"{phone.name}: {line}" for phone in circle.phones for line in phone.transcript]
    return on_phones + [
        f"{name}: {_plain(row)}" for name, sql in FACTS.items() for row in deployment.rows(sql)
    ]


def _plain(row: tuple[object, ...]) -> object:
    """Return a row as both databases say it; SQLite has 1 and 0 for true and false."""
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


@pytest.fixture(scope="module")
def at_home(sqlite_deployment: Deployment) -> Callable[[Play], Outcome]:
    """Return the outcome in one process, with SQLite and the embedded broker."""

    @cache
    def play(one: Play) -> Outcome:
        results = [outcome(deployment, one) for deployment in fresh(sqlite_deployment)]
        return results[0]

    return play


@pytest.mark.parametrize(
    "large",
    [
        pytest.param("redis_deployment", id="redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
        pytest.param(
            "rabbitmq_deployment", id="rabbitmq", marks=[pytest.mark.postgres, pytest.mark.rabbitmq]
        ),
    ],
)
@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.__name__)
def test_one_process_and_many_hold_the_same_conversation(
    play: Play, large: str, at_home: Callable[[Play], Outcome], request: pytest.FixtureRequest
) -> None:
    expected = at_home(play)
    for deployment in fresh(request.getfixturevalue(large)):
        assert outcome(deployment, play) == expected


@pytest.mark.rabbitmq
@pytest.mark.postgres
def test_every_process_ends_soon_and_well_with_rabbitmq(rabbitmq_deployment: Deployment) -> None:
    for name, process in rabbitmq_deployment.processes.items():
        assert process.end() == 0, name
        assert process.complaints() == [], name
