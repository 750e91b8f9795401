"""A process may be killed at any moment, and after its restart the conversation goes on as it should.

Each test names the moment. The process is killed there by SIGKILL, with no chance to tidy up, and started
again; time passes until the lease of what it held is over; and then every request for support was raised
once, everybody was told at least once (and twice only where Twilio could not say whether it had the first),
and no check-in came twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from checkin.service import delivery, due
from tests.acceptance.conftest import fresh
from tests.acceptance.deployment import Deployment
from tests.acceptance.mined import Nursery
from tests.acceptance.people import Circle
from tests.standin.rows import new_sid

pytestmark = pytest.mark.acceptance

ON_REDIS = pytest.mark.parametrize(
    "deployment",
    [pytest.param("redis", marks=[pytest.mark.postgres, pytest.mark.redis])],
    indirect=True,
)
ON_BOTH = pytest.mark.parametrize(
    "deployment",
    ["sqlite", pytest.param("redis", marks=[pytest.mark.postgres, pytest.mark.redis])],
    indirect=True,
)


@pytest.fixture
def deployment(cradle: Nursery, request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """A whole deployment of forked processes, with nobody in it and no mine armed."""
    one: Deployment = request.getfixturevalue(f"{request.param}_forks")
    cradle.disarm()
    yield from fresh(one)


@pytest.fixture
def circle(deployment: Deployment) -> Circle:
    """Alice has joined; Bob and Carmen are her trusted contacts."""
    circle = Circle.of(deployment)
    circle.join()
    return circle


class Fall:
    """Lets a process die at a named moment, and starts it again."""

    def __init__(self, deployment: Deployment, cradle: Nursery) -> None:
        self._deployment = deployment
        self._cradle = cradle

    def at(self, mine: str, name: str, cause: Callable[[], object]) -> None:
        """Let the process that does the work of this name come by this mine, by way of the cause."""
        self._cradle.arm(self._deployment.doing(name), mine)
        # The request that the web process was killed in is torn off.
        with suppress(OSError):
            cause()
        self._deployment.doing(name).died()
        assert self._cradle.armed() == []

    def rise(self, name: str) -> None:
        """Start the process again."""
        process = self._deployment.doing(name)
        process.start()
        self._deployment.await_ready(process.name)


@pytest.fixture
def fall(deployment: Deployment, cradle: Nursery) -> Fall:
    return Fall(deployment, cradle)


def support(circle: Circle) -> None:
    """Alice asks for support."""
    circle.alice.writes("SUPPORT")
    circle.alice.reads("In 5 minutes I will ask Bob to get in touch. …")


def bob_is_asked(circle: Circle) -> None:
    """Bob reads that Alice would like to hear from him, and Alice that he was asked."""
    circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("I texted Bob at …")


def bob_takes_it(circle: Circle) -> None:
    """Bob answers, Alice hears of it, and that is all that anybody hears."""
    circle.bob.writes("1")
    circle.bob.reads("Thank you. I told Alice that you will be in touch. …")
    circle.alice.reads("Bob answered at …")
    it_ends_well(circle)


def it_ends_well(circle: Circle) -> None:
    """One request was raised, somebody has it, and nobody reads anything that was not expected."""
    circle.nobody_has_anything_to_read()
    assert circle.deployment.rows("SELECT state FROM alerts") == [("acknowledged",)]


def lease_ends(deployment: Deployment) -> None:
    """Let the time pass after which what a dead process held is given to another."""
    deployment.pass_time(seconds=max(delivery.LEASE, due.LEASE).total_seconds() + 1)


# ---------------------------------------------------------------- web, while a text is answered


@pytest.mark.parametrize(
    ("moment", "raised"),
    [
        pytest.param("decided", 0, id="before the commit"),
        pytest.param("text not answered", 1, id="after the commit, before the answer"),
    ],
)
@ON_BOTH
def test_web_dies_while_alice_asks_for_support(circle: Circle, fall: Fall, moment: str, raised: int) -> None:
    deployment, sid = circle.deployment, new_sid("SM")
    fall.at(moment, "web", lambda: circle.alice.writes("SUPPORT", sid=sid))
    assert deployment.number_of("alerts") == raised
    fall.rise("web")
    circle.alice.writes("SUPPORT", sid=sid)  # by Twilio's fallback, or its retry
    circle.alice.reads("In 5 minutes I will ask Bob to get in touch. …")
    deployment.pass_time(minutes=5)
    bob_is_asked(circle)
    bob_takes_it(circle)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        pytest.param("written, not committed", "notifying", id="in the commit"),
        pytest.param("committed, not told", "acknowledged", id="after the commit, before anybody knows"),
        pytest.param("told, nobody woken", "acknowledged", id="after the commit, before the wake-up"),
    ],
)
@ON_REDIS
def test_web_dies_while_bob_takes_a_request(circle: Circle, fall: Fall, moment: str, state: str) -> None:
    deployment, sid = circle.deployment, new_sid("SM")
    support(circle)
    deployment.pass_time(minutes=5)
    bob_is_asked(circle)
    circle.bob.ignores_what_comes_by(lambda: fall.at(moment, "web", lambda: circle.bob.writes("1", sid=sid)))
    assert deployment.rows("SELECT state FROM alerts") == [(state,)]
    fall.rise("web")
    circle.bob.writes("1", sid=sid)
    circle.bob.reads("Thank you. I told Alice that you will be in touch. …")
    circle.alice.reads("Bob answered at …")
    it_ends_well(circle)


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        pytest.param("decided", {0}, id="before the commit"),
        pytest.param("sent to be committed, not known", {0, 1}, id="in the commit"),
        pytest.param("written, not told", {1}, id="after the commit, before anybody knows"),
    ],
)
@ON_REDIS
def test_web_dies_while_alice_answers(circle: Circle, fall: Fall, moment: str, kept: set[int]) -> None:
    deployment, sid = circle.deployment, new_sid("SM")
    deployment.until("17:00")
    circle.alice.reads("Hi Alice, it's Harbor Circle. How are you feeling today, …")
    before = deployment.number_of("results")
    fall.at(moment, "web", lambda: circle.alice.writes("4", sid=sid))
    assert deployment.number_of("results") - before in kept
    fall.rise("web")
    circle.alice.writes("4", sid=sid)
    circle.alice.reads("Good to hear, Alice. Talk to you soon.")
    assert deployment.number_of("results") == before + 1
    circle.nobody_has_anything_to_read()


# ---------------------------------------------------------------- web, while Twilio reports


@pytest.mark.parametrize(
    ("moment", "taken"),
    [
        pytest.param("callback not taken", 0, id="before it is stored"),
        pytest.param("callback not answered", 1, id="stored and not answered"),
    ],
)
@ON_REDIS
def test_web_dies_while_twilio_reports_that_bob_is_out_of_reach(
    circle: Circle, fall: Fall, moment: str, taken: int
) -> None:
    deployment, twilio = circle.deployment, circle.deployment.twilio
    support(circle)
    circle.bob.on = False
    deployment.pass_time(minutes=5)
    bob_is_asked(circle)
    sid = circle.bob.messages()[-1].sid
    before = deployment.number_of("callbacks")
    fall.at(moment, "web", lambda: twilio.report(sid, "undelivered", 30003))
    assert deployment.number_of("callbacks") - before == taken
    fall.rise("web")
    if not taken:
        # Twilio does not come again. Then it is Bob's silence that passes the request on.
        deployment.pass_time(minutes=30)
    circle.carmen.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("So that you don't wait, I have now asked Carmen. …")
    if taken:
        [answer] = twilio.report(sid, "undelivered", 30003)
        assert answer.status == 204, "it is taken once, however often it comes"
    circle.carmen.writes("1")
    circle.carmen.reads("Thank you. …")
    circle.alice.reads("Carmen answered at …")
    if not taken:
        circle.bob.reads("Harbor Circle: somebody else is getting in touch with Alice. …")
    it_ends_well(circle)


# ---------------------------------------------------------------- alerts, while Bob is told


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("claimed, not sent", id="claimed and not sent"),
        pytest.param("sent, not recorded", id="sent and not recorded"),
    ],
)
@ON_BOTH
def test_a_worker_dies_while_it_tells_bob(circle: Circle, fall: Fall, moment: str) -> None:
    deployment = circle.deployment
    support(circle)
    fall.at(moment, "alerts", lambda: deployment.pass_time(minutes=5))
    fall.rise("alerts")
    lease_ends(deployment)
    bob_is_asked(circle)
    bob_takes_it(circle)
    assert len(circle.bob.messages()) == 2, "the invitation, and this one once"


@pytest.mark.parametrize("accepted", [True, False], ids=["Twilio has it", "Twilio has it not"])
@ON_REDIS
def test_a_worker_dies_while_twilio_is_silent(circle: Circle, fall: Fall, accepted: bool) -> None:
    deployment, twilio = circle.deployment, circle.deployment.twilio
    support(circle)
    asked = len(twilio.requests)
    twilio.hang(accept=accepted)
    deployment.pass_time(minutes=5)
    twilio.wait_for(lambda one: len(one.requests) > asked, what="a request that is not answered")
    deployment.doing("alerts").kill()
    twilio.release()
    fall.rise("alerts")
    lease_ends(deployment)
    bob_is_asked(circle)
    bob_takes_it(circle)
    assert len(circle.bob.messages()) == 2, "the invitation, and this one once"


@ON_REDIS
def test_bob_is_told_twice_only_where_twilio_cannot_say(circle: Circle, fall: Fall) -> None:
    deployment, twilio = circle.deployment, circle.deployment.twilio
    support(circle)
    for _ in range(4):
        twilio.http_500(on="list")
    fall.at("sent, not recorded", "alerts", lambda: deployment.pass_time(minutes=5))
    fall.rise("alerts")
    lease_ends(deployment)
    for _ in range(3):
        deployment.pass_time(minutes=1)
        deployment.settle()
    circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("I texted Bob at …")
    copies = [
        sum(row.body == phone.messages()[-1].body for row in phone.messages())
        for phone in (circle.bob, circle.alice)
    ]
    assert set(copies) <= {1, 2}
    assert 2 in copies, "the text whose answer was lost; both, if two were on their way"
    for phone in (circle.bob, circle.alice):
        phone.ignores_what_comes_by(lambda: None)
    bob_takes_it(circle)


@ON_REDIS
def test_a_worker_dies_before_the_others_hear_who_takes_it(circle: Circle, fall: Fall) -> None:
    deployment = circle.deployment
    support(circle)
    deployment.pass_time(minutes=5)
    bob_is_asked(circle)
    deployment.pass_time(minutes=30)
    circle.carmen.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("So that you don't wait, I have now asked Carmen. …")
    fall.at("claimed, not sent", "alerts", lambda: circle.bob.writes("1"))
    circle.bob.reads("Thank you. …")
    fall.rise("alerts")
    lease_ends(deployment)
    circle.alice.reads("Bob answered at …")
    circle.carmen.reads("Harbor Circle: somebody else is getting in touch with Alice. …")
    it_ends_well(circle)


# ---------------------------------------------------------------- worker, while Alice is checked in on


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("claimed, not sent", id="claimed and not sent"),
        pytest.param("sent, not recorded", id="sent and not recorded"),
    ],
)
@ON_REDIS
def test_a_check_in_never_comes_twice(circle: Circle, fall: Fall, moment: str) -> None:
    deployment = circle.deployment
    fall.at(moment, "worker", lambda: deployment.until("17:00"))
    fall.rise("worker")
    lease_ends(deployment)
    circle.alice.reads("Hi Alice, it's Harbor Circle. How are you feeling today, …")
    circle.alice.writes("4")
    circle.alice.reads("Good to hear, Alice. Talk to you soon.")
    circle.nobody_has_anything_to_read()


# ---------------------------------------------------------------- clock, when Alice's five minutes are over


@pytest.mark.parametrize(
    ("moment", "leased"),
    [
        pytest.param("timer claimed, not fired", True, id="the timer claimed and not fired"),
        pytest.param("timer fired, not committed", True, id="the timer fired and not committed"),
        pytest.param("told, nobody woken", False, id="the request passed on and nobody woken"),
    ],
)
@ON_REDIS
def test_the_clock_dies_when_bobs_turn_comes(circle: Circle, fall: Fall, moment: str, leased: bool) -> None:
    _clock_dies(circle, fall, moment, leased=leased)


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_everything_dies_with_a_timer_claimed_and_not_fired(circle: Circle, fall: Fall) -> None:
    _clock_dies(circle, fall, "timer claimed, not fired", leased=True)


def _clock_dies(circle: Circle, fall: Fall, moment: str, *, leased: bool) -> None:
    deployment = circle.deployment
    support(circle)
    fall.at(moment, "clock", lambda: deployment.pass_time(minutes=5))
    fall.rise("clock")
    if leased:
        lease_ends(deployment)
    bob_is_asked(circle)
    bob_takes_it(circle)
