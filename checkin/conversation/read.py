"""Understand a reply: what a careful person would take it for, in the situation in which it came.

Knows in which order meanings are looked for; must not know what is done about them. The order never changes:

1. nothing written, or a reaction to one of our texts;
2. crisis words, then opt-out (and "wrong number"), in any wording and either language;
3. a request for support, which is kept beside an answer in the same text;
4. the answer to the question that was asked;
5. the words that are understood in every step: help, resume, later;
6. otherwise the reply is unclear.

All of it is deterministic, and `rule` names the phrase that decided. `packs/*.yaml` hold the words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from checkin.conversation import answers
from checkin.conversation.lexicon import Lexicon, Scan
from checkin.conversation.normal import clean, normal
from checkin.conversation.pack import Pack, load_packs
from checkin.conversation.safety import read_safety, read_when_stopped, support_hit
from checkin.conversation.understanding import Category, Context, Question, Understanding
from checkin.flow.model import Answer

PhoneReader = Callable[[str], str | None]
"""Turns a candidate ("202 555 0101") into E.164, or None when it is no number that can be called."""

MORE_TO_SAY = 4
"""A text that asks for a person and has so many other words is kept as an answer as well."""

_PHONE = re.compile(r"\+?\d[\d\s().\-/]{5,24}\d")
_QUOTES = '"“”„«»'
_BESIDE_SUPPORT = frozenset(
    {Category.NUMBER, Category.YES, Category.NO, Category.CHOICE, Category.LOW, Category.OK, Category.TEXT}
)
"""Answers that are kept beside a request for support."""

_EMPTY = Understanding(Category.NOT_AN_ANSWER, rule="empty")
_REACTION = Understanding(Category.NOT_AN_ANSWER, rule="reaction")


class Reader:
    """Understands replies. Build one and share it: it holds the packs, and no state.

    `phone_reader` turns what somebody wrote for a phone number into E.164; without one the digits are kept.
    """

    def __init__(self, packs: Sequence[Pack], phone_reader: PhoneReader | None = None) -> None:
        self.lexicon = Lexicon(packs)
        self._phone_reader = phone_reader

    def understand(self, text: str, language: str, question: Question) -> Understanding:
        """Return what `text` means as a reply to `question`; never raises for any text."""
        folded = normal(text)
        if self._is_reaction(folded):
            return _REACTION
        scan = self.lexicon.scan(folded, language)
        if not scan.words:
            return _wordless(scan)
        if question.context is Context.STOPPED:
            return read_when_stopped(scan)
        return read_safety(scan, question.context) or self._reading(text, folded, scan, question)

    def _is_reaction(self, folded: str) -> bool:
        """Whether a phone wrote this for a tap on one of our texts: Liked “…”."""
        stripped = folded.strip()
        if stripped in self.lexicon.reactions and " " in stripped:
            return True
        if len(stripped) < 3 or stripped[-1] not in _QUOTES:
            return False
        opening = min((at for quote in _QUOTES if (at := stripped.find(quote)) >= 0), default=-1)
        if opening == len(stripped) - 1:
            return False
        before = stripped[:opening].strip()
        if before.startswith(("reacted ", "reacciono ")):
            return True
        words = "".join(c for c in before if c.isalnum() or c == " ").strip()
        return words in self.lexicon.reactions

    def _reading(self, text: str, folded: str, scan: Scan, question: Question) -> Understanding:
        support = support_hit(scan)
        if support is None:
            return (
                self._answer(text, folded, scan, question)
                or answers.read_always(scan)
                or answers.read_courtesy(scan)
                or Understanding(Category.UNCLEAR, rule="nothing matched")
            )
        asked = Understanding(Category.SUPPORT, rule=support.leaf.rule)
        if question.context is Context.ALERT_WINDOW:
            return asked
        answer = self._answer(text, folded, scan, question)
        if answer is None or answer.category not in _BESIDE_SUPPORT:
            return asked
        said = scan.found("support", "support_anywhere")
        if answer.category is Category.TEXT and len(scan.rest(said)) < MORE_TO_SAY:
            return asked
        return replace(answer, also=(Category.SUPPORT,))

    def _answer(self, text: str, folded: str, scan: Scan, question: Question) -> Understanding | None:
        match question.context:
            case Context.ALERT_WINDOW:
                return answers.read_in_window(scan)
            case Context.CONTACT_NOTIFIED:
                return answers.read_from_contact(scan)
            case Context.JOINING | Context.CONTACT_INVITED:
                return answers.read_agreement(scan)
            case Context.NONE | Context.STOPPED:
                if question.answer is None:
                    return answers.read_unasked(scan)
                return self._to_question(text, folded, scan, question.answer)
            case _:
                assert_never(question.context)

    def _to_question(self, text: str, folded: str, scan: Scan, answer: Answer) -> Understanding | None:
        match answer.kind:
            case "scale":
                number = answers.read_whole_number(scan, answer.low, answer.high)
                return number or answers.read_mood(scan, answer.low, answer.high)
            case "number":
                return answers.read_whole_number(scan, answer.low, answer.high)
            case "yes_no":
                return answers.read_yes_no(scan)
            case "choice":
                return answers.read_choice(scan, answer)
            case "text":
                known = answers.read_always(scan)
                return None if known else Understanding(Category.TEXT, clean(text), rule="text")
            case "phone":
                return self._phone(folded)
            case _:
                assert_never(answer.kind)

    def _phone(self, folded: str) -> Understanding | None:
        for candidate in _PHONE.findall(folded):
            number = self._phone_reader(candidate) if self._phone_reader else candidate.strip()
            if number is not None:
                return Understanding(Category.TEXT, number, rule="phone")
        return None


def _wordless(scan: Scan) -> Understanding:
    """Read a text of signs alone: one that asks, or shows something we do not know, is unclear."""
    tail = scan.tokens.tail
    if "?" in tail or any(ord(sign) > 0x2000 and sign.isprintable() and sign not in "…—–“”" for sign in tail):
        return Understanding(Category.UNCLEAR, rule="no words")
    return _EMPTY


@functools.cache
def default_reader() -> Reader:
    """Return the reader with the packs that ship with the program, made on first use."""
    return Reader(load_packs())


def understand(text: str, language: str, question: Question) -> Understanding:
    """Return what `text` means as a reply to `question`, read with the packs that ship with the program."""
    return default_reader().understand(text, language, question)
