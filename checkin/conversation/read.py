"""Understand a reply: what a careful person would take it for, in the situation in which it came.

Knows in which order meanings are looked for; must not know what is done about them. The order never changes:

1. nothing written, a reaction to one of our texts, or our question sent back;
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
from datetime import date
from typing import assert_never

from checkin.conversation import answers
from checkin.conversation.echo import without_question
from checkin.conversation.lexicon import Lexicon, Scan
from checkin.conversation.moments import read_date, read_time
from checkin.conversation.normal import clean, normal
from checkin.conversation.pack import Pack, load_packs
from checkin.conversation.safety import (
    read_safety,
    read_when_stopped,
    safety_readings,
    support_hit,
    support_reading,
)
from checkin.conversation.understanding import SKIPPED, Category, Context, Question, Understanding

PhoneReader = Callable[[str], str | None]
"""Turns a candidate ("202 555 0101") into E.164, or None when it is no number that can be called."""

MORE_TO_SAY = 4
"""A text that asks for a person and has so many other words is kept as an answer as well."""

_PHONE = re.compile(r"\+?\d[\d\s().\-/]{5,24}\d")
_NAMED = re.compile(r"a \w+(?: \w+)? (\w+ \w+(?: \w+)?)")
_TAPPED_WITH = re.compile(r"(?:reacted with|reacciono con) [^\w\s]+(?: to (?:a|your|an) \w+)?")
_LONGEST_BEFORE_A_QUOTE = 100
"""Characters of "A María José le encantó": a name and a few words."""
_QUOTES = '"“”„«»'
_BESIDE_SUPPORT = frozenset(
    {Category.NUMBER, Category.YES, Category.NO, Category.CHOICE, Category.LOW, Category.OK, Category.TEXT}
)
"""Answers that are kept beside a request for support."""

_EMPTY = Understanding(Category.NOT_AN_ANSWER, rule="empty")
_REACTION = Understanding(Category.NOT_AN_ANSWER, rule="reaction")
_ECHO = Understanding(Category.NOT_AN_ANSWER, rule="echo")


MOST_REMEMBERED = 5_000
MOST_REMEMBERED_LETTERS = 40
"""A longer reply is hardly ever written twice in the same words."""

_Asked = tuple[str, str, Context, date | None, int, int]


class Reader:
    """Understands replies. Build one and share it: it holds the packs, and nothing that changes a reading.

    It remembers how short replies were read. Most replies to a question are the same few ("3", "ok", "yes"),
    and what one of them means depends on nothing but the words, the language and the question.

    `phone_reader` turns what somebody wrote for a phone number into E.164; without one the digits are kept.
    """

    def __init__(self, packs: Sequence[Pack], phone_reader: PhoneReader | None = None) -> None:
        self.lexicon = Lexicon(packs)
        self._phone_reader = phone_reader
        self._remembered: dict[_Asked, tuple[Question, Understanding]] = {}

    def warm(self) -> None:
        """Work out beforehand what the first long texts would wait for."""
        self.lexicon.warm()

    def understand(self, text: str, language: str, question: Question) -> Understanding:
        """Return what `text` means as a reply to `question`; never raises for any text."""
        if len(text) > MOST_REMEMBERED_LETTERS:
            return self._read(text, language, question)
        # The question's parts are told apart by which objects they are, which is quick. The question is kept,
        # so that none of them ends, and no other comes to be in its place.
        key = text, language, question.context, question.today, id(question.answer), id(question.asked)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[key] = question, self._read(text, language, question)
        return known[1]

    def _read(self, text: str, language: str, question: Question) -> Understanding:
        folded = normal(text)
        if self._is_reaction(folded):
            return _REACTION
        folded, is_echo = _written(folded, question)
        if is_echo:
            return _ECHO
        scan = self.lexicon.scan(folded, language)
        if not scan.words:
            return _wordless(scan)
        if question.context is Context.STOPPED:
            return read_when_stopped(scan)
        return read_safety(scan, question.context, _agrees(question)) or self._reading(
            text, folded, scan, question
        )

    def words_of(self, found: Understanding, text: str, language: str, question: Question) -> tuple[str, ...]:
        """Return the words of `text` that led to `found`, as they were compared; none where no word did."""
        scan = self.lexicon.scan(_written(normal(text), question)[0], language)
        for hits in scan.hits.values():
            for hit in hits:
                if scan.rule(hit) == found.rule:
                    return tuple(scan.words[hit.start : hit.end])
        if found.category is Category.NUMBER:
            return tuple(word for word in scan.words if word.isdigit())[:1]
        return ()

    def runner_up(
        self, found: Understanding, text: str, language: str, question: Question
    ) -> Understanding | None:
        """Return what `text` would mean if it did not mean `found`; None where that is nothing else."""
        folded = _written(normal(text), question)[0]
        scan = self.lexicon.scan(folded, language)
        if not scan.words:
            return None
        candidates = [
            *safety_readings(scan, question.context, _agrees(question)),
            support_reading(scan),
            self._answer(text, folded, scan, question),
            answers.read_always(scan),
            answers.read_unasked(scan),
        ]
        others = (one for one in candidates if one is not None)
        return next((one for one in others if one.category not in (found.category, *found.also)), None)

    def _is_reaction(self, folded: str) -> bool:
        """Whether a phone wrote this for a tap on one of our texts: Liked “…”."""
        stripped = folded.strip()
        if stripped in self.lexicon.reactions and " " in stripped:
            return True
        if _TAPPED_WITH.fullmatch(stripped):
            return True
        if len(stripped) < 3 or stripped[-1] not in _QUOTES:
            return False
        openings = [at for at, sign in enumerate(stripped[:-1]) if sign in _QUOTES]
        return any(self._tells_of_a_tap(stripped[:at].strip()) for at in openings[:4])

    def _tells_of_a_tap(self, before: str) -> bool:
        """Whether a phone writes this before the text that it quotes: `Liked`, `👍 to`, `A Bob le gustó`."""
        if before.startswith(("reacted ", "reacciono ")):
            return True
        if len(before) > _LONGEST_BEFORE_A_QUOTE:
            return False
        words = " ".join("".join(c if c.isalnum() else " " for c in before).split())
        if words in ("to", "a"):
            return not before[0].isalnum()
        named = _NAMED.match(words)
        return words in self.lexicon.reactions or (named is not None and named[1] in self.lexicon.reactions)

    def _reading(self, text: str, folded: str, scan: Scan, question: Question) -> Understanding:
        support = support_hit(scan)
        if support is None:
            return (
                self._answer(text, folded, scan, question)
                or self._always(scan, question)
                or answers.read_courtesy(scan)
                or Understanding(Category.UNCLEAR, rule="nothing matched")
            )
        asked = Understanding(Category.SUPPORT, rule=scan.rule(support))
        nothing_asked = question.answer is None and question.context in (Context.NONE, Context.STOPPED)
        if question.context is Context.ALERT_WINDOW or nothing_asked:
            return asked
        answer = self._answer(text, folded, scan, question)
        if answer is None or answer.category not in _BESIDE_SUPPORT:
            return asked
        if question.answer is not None and answers.is_choice(scan, question.answer):
            return answer  # "llamada", where it was asked whether by text or by call
        said = scan.found("support", "support_anywhere")
        free = question.answer is not None and question.answer.kind == "text"
        if free and len(scan.rest(said)) < MORE_TO_SAY:
            return asked
        return replace(answer, also=(Category.SUPPORT,))

    def _always(self, scan: Scan, question: Question) -> Understanding | None:
        """Read the words that are understood everywhere; who is asked to help somebody can't put it off."""
        known = answers.read_always(scan)
        for_another = question.context in (Context.CONTACT_NOTIFIED, Context.CONTACT_INVITED)
        return None if known and known.category is Category.SNOOZE and for_another else known

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
                return self._to_question(text, folded, scan, question)
            case _:
                assert_never(question.context)

    def _to_question(self, text: str, folded: str, scan: Scan, question: Question) -> Understanding | None:
        answer = question.answer
        assert answer is not None
        if answer.skips and answers.skips(scan):
            return SKIPPED
        taught = answers.read_own_words(scan, answer) if answer.means else None
        if taught is not None:
            return taught
        match answer.kind:
            case "scale":
                return answers.read_on_scale(scan, answer.low, answer.high)
            case "number":
                return answers.read_count(scan, answer.low, answer.high)
            case "yes_no":
                return answers.read_yes_no(scan)
            case "choice":
                return answers.read_choice(scan, answer)
            case "text":
                known = answers.read_always(scan)
                return None if known else _free_text(text, scan)
            case "phone":
                return self._phone(folded)
            case "date":
                day = read_date(folded, scan.language, question.today)
                return None if day is None else Understanding(Category.TEXT, day.isoformat(), rule="date")
            case "time":
                at = read_time(folded)
                return None if at is None else Understanding(Category.TEXT, f"{at:%H:%M}", rule="time")
            case _:
                assert_never(answer.kind)

    def _phone(self, folded: str) -> Understanding | None:
        for candidate in _PHONE.findall(folded):
            number = self._phone_reader(candidate) if self._phone_reader else candidate.strip()
            if number is not None:
                return Understanding(Category.TEXT, number, rule="phone")
        return None


def _written(folded: str, question: Question) -> tuple[str, bool]:
    """Return what somebody wrote beside our question, and whether that is nothing but our question."""
    rest = None if question.asked is None else without_question(folded, question.asked)
    return (folded, False) if rest is None else (rest, not rest)


def _agrees(question: Question) -> bool:
    return question.answer is not None and question.answer.kind == "yes_no"


def _free_text(text: str, scan: Scan) -> Understanding:
    """Keep what somebody wrote as it is, and tell whether it says that they are well or not."""
    mood = answers.read_mood(scan, None, None)
    if mood is None:
        return Understanding(Category.TEXT, clean(text), rule="text")
    return replace(mood, value=clean(text))


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
