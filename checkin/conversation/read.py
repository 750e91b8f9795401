"""Understand a reply: what a careful person would take it for, in the situation in which it came.

Knows what replies mean; must not know what is done about them. The order never changes:

1. nothing written, a reaction to one of our texts;
2. crisis words, then opt-out (and "wrong number"), in any wording and either language;
3. a request for support, which is kept beside an answer in the same text;
4. the answer to the question that was asked;
5. the words that are understood in every step: help, resume, pause, later;
6. otherwise the reply is unclear.

All of it is deterministic, and `rule` names the phrase that decided. `packs/*.yaml` hold the words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from checkin.conversation.amounts import read_length, read_number
from checkin.conversation.lexicon import Hit, Lexicon, Scan
from checkin.conversation.normal import clean, normal
from checkin.conversation.pack import Pack, load_packs
from checkin.conversation.understanding import Category, Context, Question, Understanding
from checkin.flow.model import Answer

PhoneReader = Callable[[str], str | None]
"""Turns a candidate ("202 555 0101") into E.164, or None when it is no number that can be called."""

LONG_REPLY = 12
"""Mood words count in replies of at most so many words; a longer text is a story, not an answer."""
SHORT_REPLY = 8
"""A yes or no that does not lead counts in replies of at most so many words."""
MORE_TO_SAY = 4
"""A text that asks for a person and has so many other words is kept as an answer as well."""

_YES_NO = ("yes", "no", "yes_alone", "unsure", "snooze", "fillers", "contact_yes", "contact_no", "window_no")
_PHONE = re.compile(r"\+?\d[\d\s().\-/]{5,24}\d")
_QUOTES = '"“”„«»'
_GIVEN = (Category.NUMBER, Category.YES, Category.NO, Category.CHOICE, Category.LOW, Category.OK)

_ASKED_TO_AGREE = (Context.JOINING, Context.CONTACT_INVITED)
"""Where "not interested" declines what was asked, and nothing more."""

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
        normal_text = normal(text)
        if self._is_reaction(normal_text):
            return _REACTION
        scan = self.lexicon.scan(normal_text, language)
        if not scan.words:
            return self._wordless(scan)
        if question.context is Context.STOPPED:
            return self._crisis(scan) or self._resume_only(scan)
        return self._safety(scan, question) or self._reading(text, normal_text, scan, question)

    # ------------------------------------------------------------ nothing said

    def _is_reaction(self, text: str) -> bool:
        """Whether a phone wrote this for a tap on one of our texts: Liked “…”."""
        stripped = text.strip()
        if stripped in self.lexicon.reactions and " " in stripped:
            return True
        if len(stripped) < 3 or stripped[-1] not in _QUOTES:
            return False
        opening = min((at for quote in _QUOTES if (at := stripped.find(quote)) >= 0), default=-1)
        if opening < 0 or opening == len(stripped) - 1:
            return False
        before = stripped[:opening].strip()
        if before.startswith(("reacted ", "reacciono ")):
            return True
        words = "".join(c for c in before if c.isalnum() or c == " ").strip()
        return words in self.lexicon.reactions

    def _wordless(self, scan: Scan) -> Understanding:
        tail = scan.tokens.tail
        if "?" in tail or any(
            ord(sign) > 0x2000 and sign.isprintable() and sign not in "…—–“”" for sign in tail
        ):
            return Understanding(Category.UNCLEAR, rule="no words")
        return _EMPTY

    def _resume_only(self, scan: Scan) -> Understanding:
        hit = scan.alone("resume")
        if hit:
            return Understanding(Category.RESUME, rule=hit.leaf.rule)
        return Understanding(Category.UNCLEAR, rule="stopped")

    # ------------------------------------------------------------ safety words

    def _safety(self, scan: Scan, question: Question) -> Understanding | None:
        return (
            self._crisis(scan) or self._pause(scan) or self._opt_out(scan, question) or self._auto_reply(scan)
        )

    def _crisis(self, scan: Scan) -> Understanding | None:
        hits = scan.clear(("crisis",), ("not_crisis",))
        alone = None if hits else scan.alone("crisis_alone")
        if alone:
            hits = [alone]
        if not hits:
            return None
        also = []
        if self._opt_out_hit(scan):
            also.append(Category.OPT_OUT)
        if self._support_hit(scan):
            also.append(Category.SUPPORT)
        return Understanding(Category.CRISIS, also=tuple(also), rule=hits[0].leaf.rule)

    def _opt_out(self, scan: Scan, question: Question) -> Understanding | None:
        if question.context is Context.ALERT_WINDOW:
            if scan.words == ["stop"]:
                # The carrier blocks the number on this one word, whatever we make of it.
                return Understanding(Category.OPT_OUT, also=(Category.NO,), rule="stop in the window")
            if scan.alone("window_no", "window_no_alone"):
                return None
        if question.context in _ASKED_TO_AGREE and scan.alone("no"):
            return None
        hit = self._opt_out_hit(scan)
        if hit is None:
            return None
        also = (Category.SUPPORT,) if self._support_hit(scan) else ()
        rule = "wrong_number" if hit.leaf.section == "wrong_number" else hit.leaf.rule
        return Understanding(Category.OPT_OUT, also=also, rule=rule)

    def _opt_out_hit(self, scan: Scan) -> Hit | None:
        if not scan.hits.keys() & {"opt_out", "opt_out_anywhere", "wrong_number"}:
            return None
        shields = scan.found("not_opt_out")
        for hit in scan.found("opt_out_anywhere", "wrong_number"):
            if not any(shield.start <= hit.start < shield.end for shield in shields):
                return hit
        return scan.alone("opt_out")

    def _auto_reply(self, scan: Scan) -> Understanding | None:
        hits = scan.hits.get("auto_reply")
        return Understanding(Category.NOT_AN_ANSWER, rule=hits[0].leaf.rule) if hits else None

    def _support_hit(self, scan: Scan) -> Hit | None:
        """Return where a person is asked for, unless the text says that none is wanted."""
        hit = scan.alone("support")
        if hit and not scan.hits.get("not_support"):
            return hit
        hits = scan.hits.get("support_anywhere")
        if not hits:
            return None
        refusals = [r for r in scan.hits.get("not_support", ()) if not scan.tokens.breaks(r.start, r.end - 1)]
        subjects = self.lexicon.sets["subjects"]
        for hit in hits:
            begins_anew = scan.words[hit.start] in subjects
            if not any(self._refuses(scan, refusal, hit, begins_anew) for refusal in refusals):
                return hit
        return None

    @staticmethod
    def _refuses(scan: Scan, refusal: Hit, hit: Hit, begins_anew: bool) -> bool:
        if refusal.start <= hit.start < refusal.end:
            return True
        # "you don't have to | call me", but not "I don't want to | I need help".
        return (
            refusal.end == hit.start and not begins_anew and not scan.tokens.breaks(hit.start - 1, hit.start)
        )

    # ------------------------------------------------------------ the answer, and words understood everywhere

    def _reading(self, text: str, normal_text: str, scan: Scan, question: Question) -> Understanding:
        support = self._support_hit(scan)
        if support is None:
            return (
                self._answer(text, normal_text, scan, question)
                or self._always(scan)
                or self._courtesy(scan)
                or Understanding(Category.UNCLEAR, rule="nothing matched")
            )
        asked = Understanding(Category.SUPPORT, rule=support.leaf.rule)
        if question.context is Context.ALERT_WINDOW:
            return asked
        answer = self._answer(text, normal_text, scan, question)
        if answer is None:
            return asked
        said = scan.found("support", "support_anywhere")
        if answer.category is Category.TEXT and len(scan.rest(said)) < MORE_TO_SAY:
            return asked
        return (
            replace(answer, also=(Category.SUPPORT,))
            if answer.category in (*_GIVEN, Category.TEXT)
            else asked
        )

    def _answer(self, text: str, normal_text: str, scan: Scan, question: Question) -> Understanding | None:
        match question.context:
            case Context.ALERT_WINDOW:
                return self._window(scan)
            case Context.CONTACT_NOTIFIED:
                return self._contact(scan)
            case Context.JOINING | Context.CONTACT_INVITED:
                return None if scan.asks else self._yes_no(scan)
            case Context.NONE | Context.STOPPED:
                if question.answer is None:
                    return self._unasked(scan)
                return self._to_question(text, normal_text, scan, question.answer)
            case _:
                assert_never(question.context)

    def _to_question(self, text: str, normal_text: str, scan: Scan, answer: Answer) -> Understanding | None:
        match answer.kind:
            case "scale":
                return self._number(scan, answer.low, answer.high) or self._mood(
                    scan, answer.low, answer.high
                )
            case "number":
                return self._number(scan, answer.low, answer.high)
            case "yes_no":
                return self._yes_no(scan)
            case "choice":
                return self._choice(scan, answer)
            case "text":
                return None if self._always(scan) else Understanding(Category.TEXT, clean(text), rule="text")
            case "phone":
                return self._phone(normal_text)
            case _:
                assert_never(answer.kind)

    def _number(self, scan: Scan, low: int | None, high: int | None) -> Understanding | None:
        value = read_number(scan, self.lexicon, low, high)
        return None if value is None else Understanding(Category.NUMBER, value, rule="number")

    def _mood(self, scan: Scan, low: int | None, high: int | None) -> Understanding | None:
        """Read how somebody says they are; after a "but" only the last part counts, else the lowest word."""
        if len(scan.words) > LONG_REPLY or any(word.isdigit() for word in scan.words):
            return None
        hits = scan.clear(("mood",), ("mood", "fillers", "unsure", "snooze", "not_support", "greeting"))
        if not hits or scan.asks:
            return None
        turns = [place for place, word in enumerate(scan.words) if word in self.lexicon.sets["but"]]
        last = [hit for hit in hits if turns and hit.start > turns[-1]] or hits
        worth, hit = min(((self._turned(scan, hit), hit) for hit in last), key=lambda pair: pair[0])
        category = Category.LOW if worth < 0.5 else Category.OK
        value = None if low is None or high is None else low + int(worth * (high - low))
        return Understanding(category, value, rule=hit.leaf.rule)

    def _turned(self, scan: Scan, hit: Hit) -> float:
        """Return the worth of a mood word, turned round where a "not" stands just before it."""
        near = range(max(0, hit.start - 3), hit.start)
        negated = any(
            scan.words[place] in self.lexicon.sets["negations"] and not scan.tokens.breaks(place, hit.start)
            for place in near
        )
        if not negated:
            return hit.leaf.worth
        return 0.25 if hit.leaf.worth >= 0.5 else 0.5

    def _window(self, scan: Scan) -> Understanding | None:
        """Read a text in the change-of-mind window: only plain words may take a request for support back."""
        hits = scan.clear(("window_no",), ("window_no", "not_support"))
        if hits and len(scan.words) <= LONG_REPLY:
            return Understanding(Category.NO, rule=hits[0].leaf.rule)
        alone = scan.alone("window_no_alone", "window_no")
        if alone:
            return Understanding(Category.NO, rule=alone.leaf.rule)
        yes = self._yes_no(scan)
        return yes if yes and yes.category is Category.YES else None

    def _yes_no(
        self,
        scan: Scan,
        yes: Sequence[str] = ("yes",),
        no: Sequence[str] = ("no",),
        yes_alone: Sequence[str] = ("yes_alone",),
    ) -> Understanding | None:
        """Read a yes or a no: the text leads with it, or is short and has it; both at once are neither."""
        if scan.clear(("unsure",), _YES_NO):
            return None
        agreed = scan.clear(yes, _YES_NO)
        declined = scan.clear(no, _YES_NO)
        if agreed and declined:
            return None
        hits = agreed or declined
        if not hits:
            weak = scan.alone(*yes_alone)
            return Understanding(Category.YES, rule=weak.leaf.rule) if weak else None
        if not scan.leads(hits[0]) and len(scan.words) > SHORT_REPLY:
            return None
        category = Category.YES if agreed else Category.NO
        return Understanding(category, rule=hits[0].leaf.rule)

    def _contact(self, scan: Scan) -> Understanding | None:
        number = read_number(scan, self.lexicon, 1, 2)
        if number is not None:
            return Understanding(Category.YES if number == 1 else Category.NO, rule="number")
        if scan.asks or any(word.isdigit() for word in scan.words):
            return None
        yes_alone = ("yes_alone", "contact_yes_alone")
        return self._yes_no(scan, ("yes", "contact_yes"), ("no", "contact_no"), yes_alone)

    def _choice(self, scan: Scan, answer: Answer) -> Understanding | None:
        matched = {name for name, words in answer.choices.items() if self._says(scan, words.values())}
        if len(matched) != 1:
            return None
        return Understanding(Category.CHOICE, matched.pop(), rule="choice")

    def _says(self, scan: Scan, by_language: Iterable[Iterable[str]]) -> bool:
        """Whether the text has one of these phrases in it, not directly after a "not"."""
        for phrases in by_language:
            for phrase in phrases:
                wanted = self.lexicon.cut(phrase).words
                for place in range(len(scan.words) - len(wanted) + 1):
                    if scan.words[place : place + len(wanted)] == wanted and not (
                        place and scan.words[place - 1] in self.lexicon.sets["negations"]
                    ):
                        return True
        return False

    def _phone(self, normal_text: str) -> Understanding | None:
        for candidate in _PHONE.findall(normal_text):
            number = self._phone_reader(candidate) if self._phone_reader else candidate.strip()
            if number is not None:
                return Understanding(Category.TEXT, number, rule="phone")
        return None

    def _unasked(self, scan: Scan) -> Understanding | None:
        """Read a text that answers no question: an all-clear, a late number, a yes or no, a mood."""
        courtesy = self._courtesy(scan)
        if courtesy:
            return courtesy
        hit = scan.alone("fine")
        if hit:
            return Understanding(Category.OK, rule=hit.leaf.rule)
        if len(scan.words) <= 3:
            number = self._number(scan, None, None)
            if number:
                return number
        return self._yes_no(scan) or self._mood(scan, None, None)

    def _always(self, scan: Scan) -> Understanding | None:
        for section, category in (("help", Category.HELP), ("resume", Category.RESUME)):
            hit = scan.alone(section)
            if hit:
                return Understanding(category, rule=hit.leaf.rule)
        return self._snooze(scan)

    def _courtesy(self, scan: Scan) -> Understanding | None:
        hit = scan.alone("thanks")
        return Understanding(Category.NOT_AN_ANSWER, rule=hit.leaf.rule) if hit else None

    # ------------------------------------------------------------ lengths of time

    def _pause(self, scan: Scan) -> Understanding | None:
        if not scan.hits.keys() & {"pause", "pause_with_length", "opt_out_anywhere"}:
            return None
        for hit in scan.found("pause", "pause_with_length", "opt_out_anywhere"):
            length = read_length(scan, self.lexicon, hit.end)
            if length is None and hit.leaf.section != "pause":
                continue
            covered = [*range(hit.start, hit.end), *(length.places if length else ())]
            if self._only_connects(scan, covered, hit.end, length is not None):
                seconds, until = (length.seconds, length.until) if length else (None, None)
                return Understanding(Category.PAUSE, seconds, rule=hit.leaf.rule, until=until)
        return None

    def _only_connects(self, scan: Scan, covered: list[int], after: int, has_length: bool) -> bool:
        """Whether the words that are not `covered` only connect: "can we … for … please"."""
        sets = self.lexicon.sets
        for place, word in enumerate(scan.words):
            if place in covered or place in scan.fillers or word in sets["polite"]:
                continue
            if not (has_length and place >= after and word in sets["for_words"]):
                return False
        return True

    def _snooze(self, scan: Scan) -> Understanding | None:
        hits = scan.hits.get("snooze", [])
        sets = self.lexicon.sets
        length = read_length(scan, self.lexicon)
        covered = {place for hit in hits for place in range(hit.start, hit.end)}
        connecting = sets["polite"]
        if length is not None and length.seconds:
            covered.update(length.places)
            connecting = connecting | sets["for_words"] | sets["ask_again"]
        elif not hits:
            return None
        if any(
            p not in covered and p not in scan.fillers and w not in connecting
            for p, w in enumerate(scan.words)
        ):
            return None
        if length is not None and length.seconds:
            return Understanding(Category.SNOOZE, length.seconds, rule="length")
        return Understanding(Category.SNOOZE, int(hits[0].leaf.worth), rule=hits[0].leaf.rule)


@functools.cache
def default_reader() -> Reader:
    """Return the reader with the packs that ship with the program, made on first use."""
    return Reader(load_packs())


def understand(text: str, language: str, question: Question) -> Understanding:
    """Return what `text` means as a reply to `question`, read with the packs that ship with the program."""
    return default_reader().understand(text, language, question)
