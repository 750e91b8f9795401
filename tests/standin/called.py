"""A telephone that the program calls, as Twilio plays it: status callbacks, the machine detector, the TwiML.

Callbacks carry their `SequenceNumber`, as Twilio's do. `PhoneCall` follows the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.standin.caller import PhoneCall
from tests.standin.rows import Row
from tests.standin.standin import ACCOUNT_SID, StandIn


class CalledPhone:
    """One call of the program's to somebody. It rings from the moment that it is made."""

    def __init__(self, standin: StandIn, row: Row) -> None:
        self.standin = standin
        self.row = row
        self.keeps_quiet = False
        """Whether callbacks are the test's own business."""
        self._sequence = 0
        assert row.url is not None
        url = urlsplit(row.url)
        self._host = f"{url.scheme}://{url.netloc}"
        self.call = PhoneCall(
            self._post, row.to, outbound=True, sid=row.sid, start=f"{url.path}?{url.query}", from_=row.from_
        )
        self._next("initiated")
        self._next("ringing")

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.call.over

    def answers(self, answered_by: str = "human") -> list[str]:
        """Pick up; `answered_by` is what the machine detector makes of it. Return what is said."""
        self._next("in-progress")
        self.call.answered_by = answered_by
        return self._heard(self.call.begin())

    def press(self, digits: str) -> list[str]:
        """Press keys."""
        return self._heard(self.call.press(digits))

    def say(self, words: str) -> list[str]:
        """Say something."""
        return self._heard(self.call.say(words))

    def silence(self) -> list[str]:
        """Say and press nothing."""
        return self._heard(self.call.silence())

    def hang_up(self) -> None:
        """Put the phone down, or let it: whatever was said before, the call is completed or not answered."""
        if self.over:
            return
        answered = bool(self.call.requests)
        self.call.hang_up()
        self._next("completed" if answered else "no-answer")

    def ends(self, status: str) -> None:
        """End without an answer: `busy`, `no-answer`, `failed`, `canceled`."""
        self.call.hang_up()
        self._next(status)

    def reports(self, status: str, sequence: int) -> None:
        """Post one status callback."""
        assert self.row.status_callback is not None
        fields = [
            ("CallSid", self.row.sid), ("AccountSid", ACCOUNT_SID), ("From", self.row.from_ or ""),
            ("To", self.row.to), ("CallStatus", status), ("Direction", "outbound-api"),
            ("CallbackSource", "call-progress-events"), ("SequenceNumber", str(sequence)),
            ("Timestamp", "Mon, 23 Nov 2026 22:00:00 +0000"), ("ApiVersion", "2010-04-01"),
        ]  # fmt: skip
        assert self.standin.post(self.row.status_callback, fields).status == 204
        self.row.status = status

    def _heard(self, said: list[str]) -> list[str]:
        if self.over:
            self._next("completed")
        return said

    def _next(self, status: str) -> None:
        if not self.keeps_quiet:
            self.reports(status, self._sequence)
            self._sequence += 1

    def _post(self, path: str, fields: Sequence[tuple[str, str]]) -> str:
        answer = self.standin.post(self._host + path, fields)
        assert answer.status == 200, f"the service answered {answer.status}"
        assert answer.content_type.startswith("text/xml")
        return answer.body.decode()
