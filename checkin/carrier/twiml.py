"""What a phone does with a document of TwiML, as Twilio does it.

Knows the verbs that a call is told with: `<Say>`, `<Pause>`, `<Gather>`, `<Redirect>`, `<Hangup>`
(https://www.twilio.com/docs/voice/twiml). The pretend phones hear calls through it, so that they play the
very document that Twilio would be given. Must not know what is said, nor who hears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

MOST_REDIRECTS = 10
"""How many redirects in a row Twilio follows before it gives a call up (error 11215)."""


class Unplayable(Exception):
    """Twilio would end a call that was told this: it is no XML, or holds a verb that is not known here."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said. `language` is a tag such as `en-US`; `slow` where it is said more slowly."""

    text: str
    language: str
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Listening:
    """A `<Gather>` that waits. `keys` is how many make an answer, None where `finish_on` or silence ends it.

    What was heard goes to `action`; `silence` is done when nothing was.
    """

    action: str
    keys: int | None
    finish_on: str
    speech: bool
    silence: Played


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a document: what was said, and then either a wait, another address, or the end."""

    lines: tuple[Line, ...] = ()
    listens: Listening | None = None
    then: str | None = None

    @property
    def over(self) -> bool:
        """Whether the call ends here."""
        return self.listens is None and self.then is None


def play(document: str | bytes) -> Played:
    """Return what a phone does with this document. Raises Unplayable."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - the service wrote it itself, a moment ago
    except ElementTree.ParseError as error:
        raise Unplayable("the document is no XML (error 12100)") from error
    return _play(list(root))


def _play(verbs: Sequence[ElementTree.Element]) -> Played:
    lines: list[Line] = []
    for place, verb in enumerate(verbs):
        match verb.tag:
            case "Say":
                lines.append(_line(verb))
            case "Pause":
                pass
            case "Gather":
                lines += [_line(said) for said in verb.iter("Say")]
                return Played(tuple(lines), _listening(verb, _play(verbs[place + 1 :])))
            case "Redirect":
                return Played(tuple(lines), then=(verb.text or "").strip())
            case "Hangup":
                break
            case _:
                raise Unplayable(f"{verb.tag} is no verb that is known here (error 12200)")
    return Played(tuple(lines))


def _line(say: ElementTree.Element) -> Line:
    slow = say.find("prosody") is not None
    return Line("".join(say.itertext()), say.get("language", "en-US"), slow)


def _listening(gather: ElementTree.Element, silence: Played) -> Listening:
    """Read a `<Gather>`; what it leaves out is as Twilio's page says."""
    keys = gather.get("numDigits")
    return Listening(
        gather.get("action", ""),
        int(keys) if keys else None,
        gather.get("finishOnKey", "#"),
        "speech" in gather.get("input", "dtmf").split(),
        silence,
    )
