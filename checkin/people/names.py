"""Names as people give them, made fit to stand in a text to somebody else.

Knows how long a name may be. Must not know whose it is.
"""

from __future__ import annotations

import re

LONGEST_NAME = 40
"""Characters. A text with the name in it has to fit into 1,600 characters (Twilio 21617)."""


def short_name(text: str) -> str:
    """Return the first line of what somebody gave as a name, cut to `LONGEST_NAME`."""
    first = next(iter(text.strip().split("\n")), "")
    return " ".join(first.split())[:LONGEST_NAME].strip()


_GREETING = r"(?:(?:hi|hello|hey|hola|buenas|buenos días|buenas tardes)\b[\s,.!]*)?"
_INTRODUCES = (
    r"(?:(?:my (?:first )?|the )name(?: is|['’]s)|i['’]?m|i am|it['’]?s|this is"
    r"|(?:you can |please |just )*call me|they call me|people call me"
    r"|me llamo|mi nombre es|soy|ll[aá]mame|(?:me )?puedes llamarme|me dicen|dime)"
)
_INTRODUCED = re.compile(rf"{_GREETING}{_INTRODUCES}\s+(?=\S)", re.IGNORECASE)
_BEHIND = re.compile(r"[\s,]*\b(?:please|por favor|here|thanks|thank you|gracias)\b[\s.!]*$", re.IGNORECASE)


_PHONE = re.compile(r"(?<!\w)\+?\(?\d(?:[\s().\-]*\d){6,14}(?!\w)")


def given_name(text: str) -> str:
    """Return the name in what somebody wrote who was asked for it: "I'm Alice!" is Alice, "Soy Ana" Ana.

    A phone number beside it is left out, and one alone is no name: then it is empty.
    """
    name = short_name(text)
    if (without := _PHONE.sub(" ", name).strip(" ,;:-")) != name:
        return given_name(without) if any(letter.isalpha() for letter in without) else ""
    name = _INTRODUCED.sub("", name, count=1) if _INTRODUCED.match(name) else name
    return (_BEHIND.sub("", name).strip(" .,!¡") or short_name(text)).strip()
