"""Writes one turn of a call as TwiML.

Knows Twilio's `<Say>`, `<Gather>`, `<Redirect>` and `<Hangup>`, and nothing of what is said. A `<Gather>`
always listens for speech and keys; what follows it is reached in silence only, and leads to the same address.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from checkin.conversation.call import Document, Listen
from webhooks.twiml import DECLARATION, FORBIDDEN

IN_ATTRIBUTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#09;"}

VOICES: Mapping[str, tuple[str, str]] = {
    "en": ("en-US", "Polly.Joanna-Neural"),
    "es": ("es-US", "Polly.Lupe-Neural"),
}
"""Twilio's tag and voice of each language; a language without one gets the account's own voice."""

SILENCE_SECONDS = 6
SLOW = "80%"


def call(document: Document, action: str) -> bytes:
    """Return the TwiML of one turn. `action` is the absolute URL that hears what was said or pressed."""
    tag, _ = _voice(document.language)
    said = [*((document.language, text) for text in document.says), *document.others]
    says = '<Pause length="1"/>'.join(_say(language, text, slow=document.slow) for language, text in said)
    if document.listen is None:
        body = says + "<Hangup/>"
    else:
        gather = f"<Gather{_gather(document.listen, tag, action)}>{says}</Gather>"
        body = f'{gather}<Redirect method="POST">{escape(action)}</Redirect>'
    return f"{DECLARATION}<Response>{body}</Response>".encode()


def _voice(language: str) -> tuple[str, str]:
    return VOICES.get(language, (language, ""))


def _say(language: str, text: str, *, slow: bool) -> str:
    tag, voice = _voice(language)
    named = f'{_attribute("voice", voice)} language="{escape(tag, IN_ATTRIBUTES)}"'
    return f"<Say{named}>{_words(text, slow=slow and bool(voice))}</Say>"


def _gather(listen: Listen, tag: str, action: str) -> str:
    # Twilio's filter would star out words that somebody in need may say.
    keys = ' numDigits="1" finishOnKey=""' if listen.keys == 1 else ' finishOnKey="#"'
    hints = _attribute("hints", ", ".join(listen.hints))
    spoken = escape(tag, IN_ATTRIBUTES)
    return (
        f' input="dtmf speech" action="{escape(action, IN_ATTRIBUTES)}" method="POST"'
        f' timeout="{SILENCE_SECONDS}"{keys} speechTimeout="auto" language="{spoken}"{hints}'
        ' profanityFilter="false"'
    )


def _attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value, IN_ATTRIBUTES)}"' if value else ""


def _words(text: str, *, slow: bool) -> str:
    words = escape(FORBIDDEN.sub("", text))
    return f'<prosody rate="{SLOW}">{words}</prosody>' if slow else words
