"""One text on its way through the service: what its sender may have meant, and whom it is for.

Knows how a text is read and routed. Must not do anything about it: that is `acting`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from checkin.conversation.routing import Place, Route, route
from checkin.conversation.settings_words import read_wish
from checkin.conversation.understanding import Category, Question
from checkin.service import choosing, list_by_text, managing, reading
from checkin.service.turn import Turn
from checkin.store.situations import Situation


class Inbound(NamedTuple):
    """One text from outside. `number` is E.164; `carrier_id` is the carrier's id of this text.

    `number_index` is the number's blind index, where the caller knows it already.
    `confirmed` is true where the carrier has already answered an opt-out (or HELP) by itself, `opted_out`
    where it took the text for an opt-out and blocks the number from now on, whatever we make of the words;
    `opted_in` where it took it for the end of that. A plain YES is one to it, so this says nothing of anybody
    who has not opted out.
    """

    carrier_id: str
    number: str
    body: str
    channel: str = "sms"
    confirmed: bool = False
    opted_out: bool = False
    opted_in: bool = False
    number_index: bytes | None = None


_STOP, _START = "STOP", "START"


class Reply:
    """A text, how it was understood, what it orders or chooses, and its route.

    `situation` is None for a number that nobody has, until it is somebody's. `answers` is the run whose
    question it answers where its route is an answer. `key` is what the effects of this text are named after.
    """

    def __init__(self, turn: Turn, inbound: Inbound, situation: Situation | None) -> None:
        self.turn = turn
        self.inbound = inbound
        self.situation = situation
        self.key = f"in.{inbound.carrier_id}"
        words = _STOP if inbound.opted_out else inbound.body
        if inbound.opted_in and situation is not None and situation.person.stopped:
            words = _START
        self.keyword = reading.keyword(turn, situation, words)
        self.ordered = managing.understand(turn, situation, words)
        self.chosen = choosing.understand(turn, situation, words)
        read = reading.read(turn, situation, words)
        self.understanding = read.understanding
        self.answers = read.to or (situation.question if situation is not None else None)
        self.wish = read_wish(inbound.body) if situation is not None else None
        self.command = None
        if situation is not None and situation.person.id in turn.app.staff_ids:
            self.command = list_by_text.command_in(inbound.body)
        if self.command is not None:
            self.route = Route.STAFF
            return
        state = situation.member_state if situation is not None else None
        self.route = route(
            read.understanding,
            Place(
                context=read.context,
                known=situation is not None,
                member=state is not None,
                agreed=state in reading.TAKES_PART,
                question=situation is not None and situation.question is not None,
                keyword=self.keyword is not None,
                wish=self.wish,
                command=self.ordered is not None or self.chosen is not None,
                names=self._names_contact(read.understanding.category),
            ),
        )

    def _names_contact(self, category: Category) -> bool:
        """Whether this is an order about somebody by their own name: it says nothing about the sender.

        A bare name is no order. Of a contact who is called Stop, "stop" is still what it is from anybody.
        """
        by_order = self.ordered is not None and self.ordered.by_name
        by_choice = self.chosen is not None and self.chosen.by_name
        return by_order or (by_choice and category is not Category.OPT_OUT)

    def say(self, text: str, *, unless_confirmed: bool = False, member: str | None = None) -> None:
        """Answer the sender with one of the program's own texts; not where the carrier has already."""
        assert self.situation is not None
        if not (unless_confirmed and self.inbound.confirmed):
            person = self.turn.person(self.situation.person.id)
            self.turn.say(person, text, id=f"{self.key}.{text}", subject=f"person:{person.id}", member=member)

    def says_well(self) -> bool:
        """Whether the text says that its sender, who is known, is well, whatever was asked."""
        assert self.situation is not None
        language = self.situation.person.language
        found = self.turn.app.reader.understand(self.inbound.body, language, Question())
        return found.category is Category.OK

    def language_of_words(self) -> str:
        """Return the language in which a stranger was understood, or the program's first."""
        languages = self.turn.app.program.languages
        # A rule is named after the pack that it stands in: `es.support: apoyo`.
        spoken = self.understanding.rule.partition(".")[0]
        return spoken if spoken in languages else languages[0]
