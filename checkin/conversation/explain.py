"""Say how a reply was understood: the category, the rule and words that decided, the runner-up.

Knows the names that outsiders rely on; must not decide what a reply means (that is `read`).
"""

from __future__ import annotations

from dataclasses import dataclass

from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category, Question, Understanding
from checkin.flow.model import Value


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one reply is understood.

    A pause is called `snooze` here: both put check-ins off, for `value` seconds where a length was given.
    `words` are the words of the reply that decided, as they were compared; `runner_up` is what the reply
    would have been without them, and None where that is nothing else.
    """

    category: str
    value: Value
    also: tuple[str, ...]
    rule: str
    words: tuple[str, ...] = ()
    runner_up: Understanding | None = None

    def to_json(self) -> dict[str, object]:
        """Return what outsiders may rely on, and nothing more."""
        return {
            "category": self.category,
            "value": self.value,
            "also": list(self.also),
            "rule": self.rule,
        }


def explain(reader: Reader, text: str, language: str, question: Question) -> Explanation:
    """Return how `reader` understands `text` as a reply to `question`, and why."""
    found = reader.understand(text, language, question)
    return Explanation(
        name_of(found.category),
        found.value,
        tuple(name_of(category) for category in found.also),
        found.rule,
        reader.words_of(found, text, language, question),
        reader.runner_up(found, text, language, question),
    )


def name_of(category: Category) -> str:
    """Return the name under which a category is reported."""
    return Category.SNOOZE.value if category is Category.PAUSE else category.value
