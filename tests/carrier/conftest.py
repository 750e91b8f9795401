"""A stand-in for Twilio, and the real carrier pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from checkin.carrier.twilio import TwilioCarrier
from tests.standin.twilio_api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, StandIn, running

PUBLIC_URL = "https://checkin.example.org"
NOW = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that moves only when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


@dataclass
class Twilio:
    """The stand-in, its clock, and carriers that talk to it."""

    standin: StandIn
    url: str
    clock: Clock
    carrier: TwilioCarrier

    def another(self, **settings: object) -> TwilioCarrier:
        return make_carrier(self.url)(**settings)


def make_carrier(url: str) -> Callable[..., TwilioCarrier]:
    def make(**settings: object) -> TwilioCarrier:
        known: dict[str, object] = {
            "public_url": PUBLIC_URL,
            "from_number": NUMBER,
            "api_url": url,
            "timeout": 5,
        }
        known |= settings
        account = str(known.pop("account_sid", ACCOUNT_SID))
        token = str(known.pop("auth_token", AUTH_TOKEN))
        return TwilioCarrier(account, token, **known)  # type: ignore[arg-type]

    return make


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    clock = Clock()
    with running(StandIn(clock)) as (standin, url):
        standin.point_webhooks_at(PUBLIC_URL)
        yield Twilio(standin, url, clock, make_carrier(url)())
