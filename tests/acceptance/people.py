"""Alice, Bob, Carmen and Dana with their phones, as the stand-in for Twilio connects them to a deployment.

A conversation in a test reads as it is seen on the phones: `alice.writes("JOIN")`, `alice.reads("…")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.acceptance.deployment import DANA, Deployment
from tests.standin.rows import Row
from tests.standin.standin import NUMBER
from tests.standin.waiting import poll

PATIENCE = 15.0
_TIME_OF_DAY = re.compile(r"\b\d{1,2}:\d\d( [ap]\.?m\.?)?")


@dataclass
class Phone:
    """One person's phone. Texts arrive as answers to a webhook, or as messages that Twilio was handed.

    Twilio reports each text as sent and delivered, unless the phone is not `on`.
    """

    name: str
    number: str
    deployment: Deployment
    on: bool = True
    transcript: list[str] = field(default_factory=list)
    _unread: list[str] = field(default_factory=list)
    _taken: int = 0

    def writes(self, text: str, *, sid: str | None = None) -> None:
        """Send a text, and receive what answers it at once."""
        self._receive()
        self.deployment.agrees_on_the_time()
        self.transcript.append(f"> {text}")
        self._unread += self.deployment.sender.sms(self.number, NUMBER, text, sid)

    def reads(self, pattern: str, within: float = PATIENCE) -> str:
        """Wait for the next text, which must be this one; `…` stands for any words."""
        poll(lambda: self._receive() or self._unread, within, f"a text to {self.name}: {pattern}")
        text = self._unread.pop(0)
        self.transcript.append(_TIME_OF_DAY.sub("TIME", text))
        assert re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text, re.DOTALL), (
            f"{self.name} read {text!r}, not {pattern!r}"
        )
        return text

    def has_nothing_to_read(self) -> None:
        """Make sure that no text has come that the test did not expect."""
        assert not self.has_unread(), f"{self.name}: {self._unread}"

    def has_unread(self) -> bool:
        """Return whether a text has come that was not read yet."""
        self._receive()
        return bool(self._unread)

    def ignores_what_comes_by(self, action: Callable[[], object]) -> None:
        """Do something, and forget whatever answer still made it to this phone."""
        action()
        self._receive()
        self._unread.clear()

    def messages(self) -> list[Row]:
        """Return every text that Twilio was handed for this phone."""
        return [row for row in self.deployment.twilio.messages if row.to == self.number]

    def _receive(self) -> None:
        """Take what Twilio was handed since, and let Twilio report that it is on the phone."""
        for row in self.messages()[self._taken :]:
            self._taken += 1
            self._unread.append(row.body)
            for status in ("sent", "delivered") if self.on else ():
                for answer in self.deployment.twilio.report(row.sid, status):
                    assert answer.status == 204


@dataclass
class Circle:
    """Everybody who takes part in the tests' conversations."""

    deployment: Deployment
    alice: Phone
    bob: Phone
    carmen: Phone
    dana: Phone

    @classmethod
    def of(cls, deployment: Deployment) -> Circle:
        """Give everybody a phone, with nothing on it."""
        numbers = {"Alice": "+12025550101", "Bob": "+12025550102", "Carmen": "+12025550103", "Dana": DANA}
        return cls(deployment, *(Phone(name, number, deployment) for name, number in numbers.items()))

    @property
    def phones(self) -> tuple[Phone, ...]:
        """All phones."""
        return self.alice, self.bob, self.carmen, self.dana

    def nobody_has_anything_to_read(self) -> None:
        """Make sure that everything was expected, once nothing is due any more."""
        self.deployment.settle()
        for phone in self.phones:
            phone.has_nothing_to_read()

    def join(self) -> None:
        """Let Alice join, and Bob and Carmen agree to be her trusted contacts."""
        alice = self.alice
        alice.writes("JOIN")
        alice.reads("Harbor Circle check-ins: …Reply YES to join…")
        alice.writes("YES")
        alice.reads("Thank you for joining! …name…")
        alice.writes("Alice")
        alice.reads("Thanks, Alice. …")
        alice.reads("Would you like to choose a trusted contact? …")
        alice.writes("YES")
        alice.reads("…first name…")
        self._names(self.bob)
        alice.writes("ADD")
        alice.reads("…first name…")
        self._names(self.carmen)

    def _names(self, friend: Phone) -> None:
        """Let Alice name a friend, and the friend agree."""
        alice = self.alice
        alice.writes(friend.name)
        alice.reads(f"And what is {friend.name}'s mobile number? …")
        alice.writes(f"202-555-{friend.number[-4:]}")
        alice.reads(f"I have asked {friend.name} …")
        if friend is self.bob:  # the first of them ends the conversation in which she joined
            alice.reads("You are all set, Alice. …")
        friend.reads("Alice asks you to be a trusted contact …")
        friend.writes("YES")
        friend.reads("Thank you! If Alice wants to hear from you, we text you. …")
        alice.reads(f"Good news: {friend.name} said yes …")
