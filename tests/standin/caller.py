"""A call at Twilio: posts what Twilio posts for one, and follows the TwiML that comes back as Twilio does.

A document with a verb or attribute that Twilio does not know ends the test. `<Gather>` waits for what the
caller presses or says; in silence what follows it is done. `<Redirect>` fetches the next document,
`<Hangup>` and the end of a document end the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

from tests.standin.rows import new_sid
from tests.standin.standin import ACCOUNT_SID, NUMBER
from tests.standin.verbs import breaches

Post = Callable[[str, Sequence[tuple[str, str]]], str]
"""Posts signed fields to a path, and returns the document."""

MOST_REDIRECTS = 10
"""Twilio's own limit (error 11215)."""


@dataclass(slots=True)
class PhoneCall:
    """One call between a number and the program. `heard` is everything that was said since the last look."""

    post: Post
    number: str
    outbound: bool = False
    answered_by: str | None = None
    start: str = "/twilio/voice"
    from_: str | None = None
    sid: str = field(default_factory=lambda: new_sid("CA"))
    over: bool = False
    heard: list[str] = field(default_factory=list)
    requests: list[tuple[str, list[tuple[str, str]], str]] = field(default_factory=list)
    _after_gather: str = ""
    _action: str = ""
    _keys: int | None = None
    _inputs: tuple[str, ...] = ()

    def begin(self) -> list[str]:
        """Pick up: return what is said first."""
        self._fetch(self.start, [("AnsweredBy", self.answered_by)] if self.answered_by else [])
        return self.listen()

    def press(self, digits: str) -> list[str]:
        """Press keys while the program listens; `#` ends an answer of any length."""
        assert self._keys in (None, len(digits)), f"the program listens for {self._keys} keys"
        assert "dtmf" in self._inputs, "the program does not listen for keys"
        return self._answer([("Digits", digits.rstrip("#")), ("FinishedOnKey", "#" if "#" in digits else "")])

    def say(self, words: str) -> list[str]:
        """Say something while the program listens."""
        assert "speech" in self._inputs, "the program does not listen for words"
        return self._answer([("SpeechResult", words), ("Confidence", "0.91")])

    def silence(self) -> list[str]:
        """Say and press nothing, until the program goes on by itself."""
        assert not self.over, "the call is over"
        assert self._after_gather, "nothing follows the Gather: Twilio would hang up"
        self._fetch(self._after_gather, [])
        return self.listen()

    def hang_up(self) -> None:
        """Put the phone down."""
        self.over = True

    def again(self, index: int = -1) -> str:
        """Post one of the requests once more, exactly so; return the document."""
        path, fields, _ = self.requests[index]
        return self.post(path, fields)

    def listen(self) -> list[str]:
        """Return what was said since the last look."""
        heard, self.heard = self.heard, []
        return heard

    def _answer(self, extra: list[tuple[str, str]]) -> list[str]:
        assert not self.over, "the call is over"
        self._fetch(self._action, extra)
        return self.listen()

    def _fetch(self, url: str, extra: list[tuple[str, str]]) -> None:
        for _ in range(MOST_REDIRECTS):
            parts = urlsplit(url)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            fields = [*self._fields(), *extra]
            document = self.post(path, fields)
            self.requests.append((path, fields, document))
            following = self._follow(document)
            if following is None:
                return
            url, extra = following, []
        raise AssertionError("more redirects than Twilio follows")

    def _follow(self, document: str) -> str | None:
        """Do a document's verbs; return where it redirects to, if it does so at once."""
        assert breaches(document) == []
        verbs = list(ElementTree.fromstring(document.encode()))
        for place, verb in enumerate(verbs):
            match verb.tag:
                case "Say":
                    self.heard.append("".join(verb.itertext()))
                case "Pause":
                    pass
                case "Gather":
                    self.heard += ["".join(one.itertext()) for one in verb.iter("Say")]
                    self._action = verb.attrib["action"]
                    self._inputs = tuple(verb.get("input", "dtmf").split())
                    keys = verb.get("numDigits")
                    self._keys = int(keys) if keys else None
                    rest = verbs[place + 1 :]
                    self._after_gather = (rest[0].text or "") if rest and rest[0].tag == "Redirect" else ""
                    return None
                case "Redirect":
                    return verb.text or ""
                case "Hangup":
                    break
                case _:
                    raise AssertionError(f"Twilio knows no verb {verb.tag} (error 12200)")
        self.over = True
        return None

    def _fields(self) -> list[tuple[str, str]]:
        from_, to = (self.from_ or NUMBER, self.number) if self.outbound else (self.number, NUMBER)
        direction = "outbound-api" if self.outbound else "inbound"
        return [
            ("CallSid", self.sid), ("AccountSid", ACCOUNT_SID), ("From", from_), ("To", to), ("Called", to),
            ("Caller", from_), ("CallStatus", "in-progress"), ("ApiVersion", "2010-04-01"),
            ("Direction", direction), ("CallerCountry", ""),
        ]  # fmt: skip
