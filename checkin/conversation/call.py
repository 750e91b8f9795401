"""What is said in a call, and what its keys mean: the spoken document.

One turn of a call is one `Document`: what is said, and what is listened for then. A carrier's own language
for it (TwiML) is written elsewhere. Knows keys and how they are offered; must not know who is called, nor
what a reply means (that is `read`: a key becomes the word that it stands for, and is read like any reply).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from checkin.flow.model import Answer

REPEAT = "*"
PERSON = "0"


@dataclass(frozen=True, slots=True)
class Listen:
    """What is listened for: speech and keys, always both.

    `keys` is how many make a whole answer, None where `#` or silence ends it. `meanings` is the word that
    each key stands for; a key without one is a digit. `hints` are words that are likely to be heard.
    """

    keys: int | None = 1
    meanings: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One turn of a call. Without `listen` the call ends when all is said; `slow` says it more slowly.

    A `gate` asks who is there: nothing else is said before a yes. `others` is what is said after all that in
    other languages: language and text.
    """

    language: str
    says: tuple[str, ...]
    listen: Listen | None = None
    slow: bool = False
    gate: bool = False
    others: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain JSON values."""
        listen = self.listen
        heard = None
        if listen is not None:
            heard = {"keys": listen.keys, "meanings": dict(listen.meanings), "hints": list(listen.hints)}
        return {
            "language": self.language,
            "says": list(self.says),
            "listen": heard,
            "slow": self.slow,
            "gate": self.gate,
            "others": [list(other) for other in self.others],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Document:
        """Return the document that `to_json` wrote."""
        heard = data["listen"]
        listen = None
        if heard is not None:
            listen = Listen(heard["keys"], heard["meanings"], tuple(heard["hints"]))
        others = tuple((language, text) for language, text in data.get("others", ()))
        return cls(data["language"], tuple(data["says"]), listen, data["slow"], data["gate"], others)


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "yes": "yes", "no": "no", "support": "support", "pause": "pause", "stop": "stop",
        "yes_no": "Press 1 for yes, or 2 for no.",
        "scale": "Say or press a number from {low} to {high}.",
        "number": "Say the number, or press it and then the pound key.",
        "phone": "Say the number slowly, or press it and then the pound key.",
        "choice": "Press {key} for {word}.",
        "check_in_item": "To check in, press {key}.",
        "support_item": "To hear from a person, press {key}.",
        "pause_item": "To pause your check-ins, press {key}.",
        "plan_item": "To hear your plan, press {key}.",
        "stop_item": "To leave the program, press {key}.",
        "star": "To hear this again, press star.",
        "offered": "press", "you": "you",
    },
    "es": {
        "yes": "sí", "no": "no", "support": "apoyo", "pause": "pausa", "stop": "stop",
        "yes_no": "Marca 1 para sí, o 2 para no.",
        "scale": "Di o marca un número del {low} al {high}.",
        "number": "Di el número, o márcalo y luego la tecla numeral.",
        "phone": "Di el número despacio, o márcalo y luego la tecla numeral.",
        "choice": "Marca {key} para {word}.",
        "check_in_item": "Para contar cómo estás, marca {key}.",
        "support_item": "Para hablar con una persona, marca {key}.",
        "pause_item": "Para hacer una pausa, marca {key}.",
        "plan_item": "Para escuchar tu plan, marca {key}.",
        "stop_item": "Para dejar el programa, marca {key}.",
        "star": "Para escuchar esto otra vez, marca asterisco.",
        "offered": "marca", "you": "ti",
    },
}  # fmt: skip


def words_of(language: str) -> Mapping[str, str]:
    """Return the words that stand for keys in this language; English ones where it has none of its own."""
    return _WORDS.get(language, _WORDS["en"])


def ask(says: Sequence[str], answer: Answer | None, language: str) -> Document:
    """Return the document that asks a question: what leads to it, the question last, and how to answer."""
    offered = re.compile(rf"\b{words_of(language)['offered']}\b", re.IGNORECASE)
    listen, hint = _listen(answer, language)
    said = tuple(_ended(text) for text in says if text)
    if hint and not any(offered.search(text) for text in said[-1:]):
        said = (*said, hint)
    return Document(language, said, listen)


def _ended(text: str) -> str:
    """End a sentence that the screen lets end without a sign ("YES or NO"): a voice would run on."""
    return f"{text}." if text[-1].isalnum() else text


def agree(says: Sequence[str], language: str) -> Document:
    """Return the document that asks for a yes or no."""
    return ask(says, Answer("yes_no"), language)


def menu(greeting: str, items: Mapping[str, str], language: str) -> Document:
    """Return the menu that a caller hears whom nothing was asked; `items` is the word of each item, in order.

    The item that ends everything has the key 9, far from the others.
    """
    words = words_of(language)
    meanings, lines = {}, []
    for place, (item, word) in enumerate(items.items(), start=1):
        key = "9" if item == "stop" else str(place)
        meanings[key] = word
        lines.append(words[f"{item}_item"].format(key=key))
    meanings[PERSON] = words["support"]
    return Document(language, (greeting, *lines, words["star"]), Listen(1, meanings, tuple(items.values())))


def heard(document: Document, digits: str, speech: str) -> str:
    """Return what was heard in words: the keys' meaning, else the speech; nothing where it was silent."""
    keys = digits.strip().rstrip("#")
    if not keys:
        return speech.strip()
    meanings = document.listen.meanings if document.listen is not None else {}
    return meanings.get(keys, keys)


def _listen(answer: Answer | None, language: str) -> tuple[Listen, str]:
    """Return what to listen for, and the sentence that tells of the keys."""
    words = words_of(language)
    person = {PERSON: words["support"]}
    if answer is None:
        return Listen(1, person), ""
    match answer.kind:
        case "yes_no":
            meanings = {"1": words["yes"], "2": words["no"], **person}
            return Listen(1, meanings, (words["yes"], words["no"])), words["yes_no"]
        case "scale" | "number":
            return _number(answer, person, words)
        case "phone":
            return Listen(None, person), words["phone"]
        case "choice":
            said = [_first_word(by_language, language) for by_language in answer.choices.values()]
            keys = {str(place): word for place, word in enumerate(said[:9], start=1)}
            lines = " ".join(words["choice"].format(key=key, word=word) for key, word in keys.items())
            return Listen(1, {**keys, **person}, tuple(said)), lines
        case "text" | "date" | "time":
            return Listen(1, person), ""
        case _:
            assert_never(answer.kind)


def _number(answer: Answer, person: Mapping[str, str], words: Mapping[str, str]) -> tuple[Listen, str]:
    """Return how a number is asked for: one key where each that fits has one digit. 0 may be one of them."""
    low, high = answer.low, answer.high
    if low is None or high is None or low < 0 or high > 9:
        hint = words["number"] if answer.kind == "number" else words["scale"].format(low=low, high=high)
        return Listen(None, person if low is not None and low > 0 else {}), hint
    return Listen(1, person if low > 0 else {}), words["scale"].format(low=low, high=high)


def _first_word(by_language: Mapping[str, Sequence[str]], language: str) -> str:
    words = by_language.get(language) or next(iter(by_language.values()))
    return words[0]
