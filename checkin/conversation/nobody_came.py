"""Whether a member says, unasked, that nobody got in touch: "nobody called me", "Bob never called".

Knows the words of each language. Must not know whether anybody was to come: that is the service's.
"""

from __future__ import annotations

import re

from checkin.flow.words import fold

_CAME = (
    "called|call|came|come|texted|text|contacted|contact|reached out|reach out|answered|responded|wrote|"
    "written|phoned|showed up|show up|got in touch|get in touch|been in touch|turned up|rang"
)
_NOT = "never|not|didn t|didnt|did not|hasn t|hasnt|has not|haven t|havent|have not"
_EN = (
    rf"(?:nobody|no one|noone|not one person)(?: has| have| ever| even)* (?:{_CAME})\b.*",
    rf"(?:he|she|they|@)(?: still| has| have)* (?:{_NOT})(?: ever| even| yet)* (?:{_CAME})\b.*",
)
_VINO = (
    "llamo|llamaron|llamado|vino|vinieron|venido|escribio|escribieron|escrito|contacto|contactado|respondio|"
    "respondieron|respondido|busco|buscado|hablo|hablado|marco"
)
_ES = (
    rf"nadie(?: todavia| aun)?(?: me)?(?: ha)? (?:{_VINO})\b.*",
    rf"(?:(?:el|ella|ellos|ellas|@) )?(?:todavia |aun )?(?:no|nunca)(?: me)?(?: ha| han)? (?:{_VINO})\b.*",
)
_BEFORE = r"(?:(?:but|still|well|hi|hey|sorry|pero|hola|todavia|aun|oye) )*"
_LONGEST = 60


def says_nobody_came(text: str, expected: str) -> bool:
    """Whether a short text says that nobody came; `expected` is the name of whoever said that they would."""
    folded = fold(text)
    name = re.escape(fold(expected)) or "nobody"
    whole = "|".join((*_EN, *_ES)).replace("@", name)
    return len(folded) <= _LONGEST and re.fullmatch(f"{_BEFORE}(?:{whole})", folded) is not None
