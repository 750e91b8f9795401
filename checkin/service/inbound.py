"""A text comes in: claimed, understood, routed, decided, and answered, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checkin.alert.model import Alert, Passed, Took
from checkin.conversation.engine import snooze_length
from checkin.conversation.routing import Place, Route, route
from checkin.conversation.run import Replied
from checkin.conversation.settings_words import read_wish
from checkin.conversation.understanding import Category, Question, Understanding
from checkin.conversation.unlinked import RULE
from checkin.conversation.walk import LATER_AT
from checkin.flow.model import Values
from checkin.flow.words import fold
from checkin.people.consent import AGREED, ASKED
from checkin.service import (
    choosing,
    contacting,
    conversations,
    duty,
    erasing,
    guard,
    heard,
    list_by_text,
    managing,
    naming,
    preferences,
    reading,
    requests,
    schedules,
    standing,
    telling,
)
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import alerts, contacts, inbox, people, situations
from checkin.store.situations import Person, Situation
from checkin.store.unit import Lookup, Unit
from checkin.timing.words import moment_words


@dataclass(frozen=True, slots=True)
class Inbound:
    """One text from outside. `number` is E.164; `carrier_id` is the carrier's id of this text.

    `number_index` is the number's blind index, where the caller knows it already.
    `confirmed` is true where the carrier has already answered an opt-out (or HELP) by itself, `opted_out`
    where it took the text for an opt-out and blocks the number from now on, whatever we make of the words.
    """

    carrier_id: str
    number: str
    body: str
    channel: str = "sms"
    confirmed: bool = False
    opted_out: bool = False
    number_index: bytes | None = None


_STOP = "STOP"


def lookup_for(app: App, inbound: Inbound) -> Lookup:
    """Return what handling this text will want to know first."""
    number_index = inbound.number_index or app.store.vault.index(inbound.number)
    return situations.lookup(inbound.carrier_id, number_index)


def receive(app: App, unit: Unit, inbound: Inbound, now: datetime) -> tuple[str, ...]:
    """Handle one text and return the texts that answer it.

    A text whose id is known changes nothing and gets the answer that the first one got.
    """
    return take(app, unit, inbound, now).answers


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a text: the answers to its sender, how it was understood, and how that left them.

    `situation` is None for a number that nobody has; the turn's own fields are None for a repeated text.
    """

    answers: tuple[str, ...]
    understanding: Understanding | None = None
    situation: Situation | None = None


def take(app: App, unit: Unit, inbound: Inbound, now: datetime) -> Taken:
    """Handle one text, or what was heard in a call, and return what became of it."""
    number_index = inbound.number_index or unit.vault.index(inbound.number)
    found = situations.find(unit, inbound.carrier_id, number_index)
    if found.stored_answer is not None:
        return Taken(inbox.open_answer(unit, found.stored_answer))
    turn = Turn(app, unit, now, channel=inbound.channel)
    if found.situation is not None:
        turn.know(found.situation)
        turn.answering = found.situation.person.id
    handled = _Reply(turn, inbound, found.situation)
    if inbound.channel == "sms" and guard.is_too_much(
        turn, number_index, found.few_ago, handled.route, handled.understanding
    ):
        handled.route = Route.TOO_MANY
    climbing = heard.ladders(turn, found.situation)
    handled.handle()
    if found.situation is not None:
        heard.heard(turn, found.situation.person.id, handled.understanding, climbing)
    inbox.claim(
        unit,
        inbox.Received(
            inbound.carrier_id,
            number_index,
            inbound.channel,
            now,
            "" if turn.unlinked else inbound.body,
            RULE if turn.unlinked else handled.understanding.category.value,
            RULE if turn.unlinked else handled.understanding.rule,
            handled.route.value,
            tuple(turn.answers),
        ),
    )
    left = None if handled.situation is None else turn.situation(handled.situation.person.id)
    return Taken(tuple(turn.answers), handled.understanding, left)


class _Reply:
    """One text on its way through the service."""

    def __init__(self, turn: Turn, inbound: Inbound, situation: Situation | None) -> None:
        self.turn = turn
        self.inbound = inbound
        self.situation = situation
        self.key = f"in.{inbound.carrier_id}"
        words = _STOP if inbound.opted_out else inbound.body
        self.keyword = reading.keyword(turn, situation, words)
        self.ordered = managing.understand(turn, situation, words)
        self.chosen = choosing.understand(turn, situation, words)
        read = reading.read(turn, situation, words)
        self.understanding = read.understanding
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

    # ------------------------------------------------------------ acting

    def handle(self) -> None:
        """Do what the route says, and whatever else is in the reply ("3, but call me").

        STOP is done first: of all that the rest of the text brings about, nothing goes to that number.
        """
        if self.route is Route.TOO_MANY:
            self._too_many()
            return
        if self.situation is None:
            self._from_stranger()
            return
        here, also = self.situation, self.understanding.also
        if self.command is not None:
            list_by_text.obey(self.turn, here.person, self.command, key=self.key)
            return
        if self.route is Route.OPT_OUT:
            self._opt_out(here, confirm=True)
            takes_back = Category.NO in also
            requests.stopped_before_any(self.turn, here.person.id, takes_back=takes_back, key=self.key)
        asks = Category.SUPPORT in also and self.route not in (Route.ANSWER, Route.COMMAND)
        if asks and here.member_state is not None:
            self._support(here)  # in an answer, the run raises it; an order is no more than it says
        if self.route is not Route.OPT_OUT:
            self._act(here)

    def _too_many(self) -> None:
        """Say once that there were too many texts, and leave it to staff."""
        here = self.situation
        person = None if here is None else here.person
        who = (None if person is None else person.name) or self.inbound.number
        number = self.turn.unit.vault.index(self.inbound.number).hex()
        subject = f"number:{number[:16]}" if person is None else f"person:{person.id}"
        if guard.fall_silent(self.turn, subject=subject, who=who, key=self.key):
            language = self._language_of_words() if person is None else person.language
            self.turn.answers.append(self.turn.text(language, "too_many"))

    def _act(self, here: Situation) -> None:
        turn, person = self.turn, here.person
        match self.route:
            case Route.RESUME:
                standing.resume(turn, here, key=self.key, wording=self.inbound.body)
            case Route.CRISIS:
                self._crisis(here)
            case Route.SUPPORT:
                self._support(here)
            case Route.CHANGED_MIND:
                requests.changed_mind(turn, person.id, is_well=self._is_well())
            case Route.TAKES | Route.PASSES:
                self._notified(person, takes=self.route is Route.TAKES)
            case Route.CONTACT_UNCLEAR:
                self._contact_unclear(here)
            case Route.CONTACT_AGREES | Route.CONTACT_DECLINES:
                self._invited(person, agrees=self.route is Route.CONTACT_AGREES)
            case Route.ANSWER:
                self._answer(here)
            case Route.HELP:
                self._say("help", unless_confirmed=True)
            case Route.PAUSE:
                self._pause(here)
            case Route.SETTINGS:
                assert self.wish is not None
                preferences.take(turn, person.id, self.wish, key=self.key)
            case Route.NOTHING_TO_SNOOZE:
                self._say("nothing_to_snooze")
            case Route.COMMAND:
                self._obey(here)
            case Route.KEYWORD:
                self._start(here)
            case Route.NOTED | Route.STRANGER:
                self._noted(here)
            case Route.SILENCE | Route.OPT_OUT | Route.TOO_MANY | Route.STAFF:
                pass

    def _obey(self, here: Situation) -> None:
        """Do an order about trusted contacts, or let a request be for somebody else."""
        if self.ordered is not None:
            managing.obey(self.turn, here, self.ordered, key=self.key)
        elif self.chosen is not None:
            choosing.obey(self.turn, here, self.chosen, key=self.key)

    def _is_well(self) -> bool:
        """Whether the text says that somebody is well, whatever was asked."""
        assert self.situation is not None
        language = self.situation.person.language
        found = self.turn.app.reader.understand(self.inbound.body, language, Question())
        return found.category is Category.OK

    def _answer(self, here: Situation) -> None:
        """Give the reply to the run that asked last; one that it can't take is read by a person."""
        assert here.question is not None
        run = here.question.run
        facts = {**self.turn.facts(here), **self._later_at(here)}
        event = Replied(self.understanding, self.inbound.body, facts)
        if conversations.feed(self.turn, run, event) == run:
            self._noted(here)

    def _later_at(self, here: Situation) -> Values:
        """Return when "later" will be, in words, where so long from now is no allowed hour."""
        if self.understanding.category is not Category.SNOOZE:
            return {}
        turn, person = self.turn, here.person
        promised = turn.until(snooze_length(self.understanding.value))
        start_at = schedules.allowed(turn.app, person, promised)
        if start_at == promised:
            return {}
        return {LATER_AT: moment_words(turn.local(person, start_at), turn.local(person), person.language)}

    def _say(self, text: str, *, unless_confirmed: bool = False, member: str | None = None) -> None:
        assert self.situation is not None
        if not (unless_confirmed and self.inbound.confirmed):
            person = self.turn.person(self.situation.person.id)
            self.turn.say(person, text, id=f"{self.key}.{text}", subject=f"person:{person.id}", member=member)

    def _support(self, here: Situation) -> None:
        requests.raise_alert(self.turn, here.person.id, "asked", id=f"{self.key}.alert")

    def _opt_out(self, here: Situation, *, confirm: bool) -> None:
        turn = self.turn
        confirm = confirm and not self.inbound.confirmed
        erases = erasing.asks_for_it(self.inbound.body)
        text, wording = "stopped_erasing" if erases else "stopped", self.inbound.body
        standing.opt_out(turn, here, key=self.key, wording=wording, confirm=confirm, text=text)
        if erases:
            erasing.plan(turn, here.person)
        if self.understanding.rule == "wrong_number":
            note = "Somebody wrote that this is not the right number. Texts to it have stopped."
            subject = f"person:{here.person.id}"
            turn.add_task(
                "wrong_number", id=f"{self.key}.task", member_id=here.person.id, subject=subject, note=note
            )

    def _crisis(self, here: Situation) -> None:
        """Answer words of crisis with where people are now, and flag them to the staff on call.

        With an opt-out in the same text, this reply is the one that still goes out.
        """
        self._say("crisis")
        if Category.OPT_OUT in self.understanding.also:
            self._opt_out(here, confirm=False)
        if here.member_state is None:
            self._tell_staff_of_crisis(f"person:{here.person.id}", here.person.name or self.inbound.number)
        else:
            requests.raise_alert(self.turn, here.person.id, "crisis", id=f"{self.key}.crisis")

    def _tell_staff_of_crisis(self, subject: str, who: str) -> None:
        """Text the staff on call about somebody who is no member, and keep it on their list."""
        turn = self.turn
        turn.add_task("crisis", id=f"{self.key}.task", member_id=None, subject=subject, note=f"Crisis: {who}")
        for index, staff_id in enumerate(duty.to_tell(turn.app, turn.now)):
            staff = turn.person(staff_id)
            id, number = f"{self.key}.staff.{index}", self.inbound.number
            turn.say(staff, "staff_crisis_of_other", id=id, subject=subject, lane="alerts", number=number)

    def _notified(self, person: Person, *, takes: bool) -> None:
        """Take or pass an alert: the one whose member is named, else the one told last and not answered.

        Whoever has several is asked about the next one at once, so that none is taken for another.
        """
        turn = self.turn
        known = alerts.open_for_person(turn.unit, person.id)
        unanswered = [alert for alert in known if requests.is_asked(alert, person.id)]
        if not known:
            self._say("staff_nothing_open")
            return
        alert = (self._named(unanswered, known) or unanswered or list(known))[0]
        requests.feed(turn, alert, Took(person.id) if takes else Passed(person.id))
        rest = [one for one in unanswered if one.id != alert.id]
        if rest:
            telling.ask_again(turn, rest[0], person, key=self.key)

    def _named(self, unanswered: Sequence[Alert], known: Sequence[Alert]) -> list[Alert]:
        """Return those of these whose member the reply names: the longest name first, "Mary Ann" is not Mary.

        Of two with the same name each is written with the end of its number: "1 Alice (0102)".
        """
        turn, said = self.turn, f" {fold(self.inbound.body)} "
        names = {one.id: fold(turn.person(one.member).name or "") for one in unanswered}
        named = [one for one in unanswered if names[one.id] and f" {names[one.id]} " in said]
        apart = {one.id: fold(telling.told_apart(turn, one, names[one.id], known)) for one in named}
        exact = [one for one in named if f" {apart[one.id]} " in said]
        return sorted(exact or named, key=lambda one: len(names[one.id]), reverse=True)

    def _contact_unclear(self, here: Situation) -> None:
        """Ask for 1 or 2 while an answer is wanted; who has answered may have more to say to staff."""
        person = here.person
        known = alerts.open_for_person(self.turn.unit, person.id)
        unanswered = [alert for alert in known if requests.is_asked(alert, person.id)]
        if not unanswered:
            self._noted(here)
            return
        name = self.turn.person(unanswered[0].member).name or self.turn.app.program.name
        self._say("contact_unclear", member=name)

    def _invited(self, person: Person, *, agrees: bool) -> None:
        for contact in contacts.of_person(self.turn.unit, person.id):
            if contact.state in ASKED:
                contacting.answered(self.turn, contact, agrees=agrees)
                return

    def _pause(self, here: Situation) -> None:
        asked = self.understanding
        length = timedelta(seconds=float(asked.value)) if isinstance(asked.value, int | float) else None
        standing.pause(self.turn, here, key=self.key, length=length, weekday=asked.until)

    def _start(self, here: Situation) -> None:
        """Begin the flow whose keyword this is. Whoever takes part already is not asked to join again."""
        assert self.keyword is not None
        (flow, language), turn, person = self.keyword, self.turn, here.person
        if reading.asks_to_join(flow):
            if here.member_state in reading.TAKES_PART:
                self._welcome_back(here)
                return
            if language is not None and language != person.language:
                people.set_language(turn.unit, person.id, language)
                person = replace(person, language=language)
            if here.member_state is None:
                people.add_member(turn.unit, person.id, "joining")
                here = replace(here, member_state="joining")
            turn.update(replace(here, person=person))
        conversations.start(turn, person.id, flow)

    def _welcome_back(self, here: Situation) -> None:
        if here.member_state == "paused":
            standing.unpause(self.turn, here.person.id)
        self._say("welcome_back")

    # ------------------------------------------------------------ what fits nowhere

    def _noted(self, here: Situation) -> None:
        """Acknowledge what fits nowhere; a person reads what a member writes."""
        is_yes = self.understanding.category is Category.YES and here.invited_at is None
        if is_yes and contacting.answered_late(self.turn, here.person.id):
            return
        if here.member_state is None:
            self._noted_of_other(here.person)
            return
        is_well = here.has_alert and self.understanding.category is Category.OK
        if is_well and requests.all_clear(self.turn, here.person.id):
            return
        stands = requests.how_it_stands(self.turn, here.person.id) if here.has_alert else None
        self._say(stands or "heard")
        self._read_by_a_person(here.person, member_id=here.person.id)

    def _noted_of_other(self, person: Person) -> None:
        """Answer somebody who is no member: one who was invited, a contact or staff, or anybody else."""
        if self.understanding.category is Category.PAUSE and self._takes_a_break(person):
            return
        known = contacts.of_person(self.turn.unit, person.id)
        invited = next((one for one in known if one.state in ASKED), None)
        if invited is not None:
            text = contacting.was_asked(self.turn, invited).wording
            self.turn.tell(person, text, id=f"{self.key}.asked", subject=contacting.subject_of(invited))
            return
        takes_part = person.id in self.turn.app.staff_ids or any(one.state in AGREED for one in known)
        if takes_part and self.understanding.category in _ANSWERS:
            self._say("staff_nothing_open")
            return
        if takes_part or self.understanding.category is Category.SUPPORT:
            self._read_by_a_person(person, member_id=None)
        if not takes_part:
            self._say("stranger")
            return
        asks = self.understanding.category is Category.SUPPORT
        self._say("contact_wants_support" if asks else "contact_heard")

    def _takes_a_break(self, person: Person) -> bool:
        """Let somebody who is nothing but a trusted contact pause; return whether they are one."""
        asked, roles = self.understanding, naming.agreed_for(self.turn, person.id)
        seconds = float(asked.value) if isinstance(asked.value, int | float) else None
        length = managing.BREAK if seconds is None else timedelta(seconds=seconds)
        for contact in roles:
            contacting.takes_a_break(self.turn, contact, self.turn.until(length))
        return bool(roles)

    def _read_by_a_person(self, person: Person, *, member_id: str | None) -> None:
        who = person.name or ("A member" if member_id is not None else person.number)
        note, subject = f"{who} wrote: {self.inbound.body}", f"person:{person.id}"
        self.turn.add_task("unread", id=f"{self.key}.task", member_id=member_id, subject=subject, note=note)

    # ------------------------------------------------------------ strangers

    def _from_stranger(self) -> None:
        """Answer a number that nobody has: JOIN begins, STOP is kept, all else says what this is."""
        if self.route is Route.SILENCE or (self.route is Route.HELP and self.inbound.confirmed):
            return
        turn = self.turn
        language = (self.keyword[1] if self.keyword else None) or self._language_of_words()
        if self.route not in (Route.KEYWORD, Route.OPT_OUT):
            key = "crisis" if self.route is Route.CRISIS else "stranger"
            say = turn.spoken if turn.channel == "voice" else turn.text
            turn.answers.append(say(language, key))
            if self.route is Route.CRISIS:
                self._tell_staff_of_crisis(self.key, self.inbound.number)
            return
        person = Person(turn.app.new_id(), self.inbound.number, None, language, None, stopped=False)
        people.add(turn.unit, person, turn.now)
        self.situation = Situation(person, None, None, 0, (), False, None, None, None, None)
        turn.know(self.situation)
        turn.answering = person.id
        if self.route is Route.OPT_OUT:
            self._opt_out(self.situation, confirm=True)
        else:
            self._start(self.situation)

    def _language_of_words(self) -> str:
        """Return the language in which a stranger was understood, or the program's first."""
        languages = self.turn.app.program.languages
        # A rule is named after the pack that it stands in: `es.support: apoyo`.
        spoken = self.understanding.rule.partition(".")[0]
        return spoken if spoken in languages else languages[0]


_ANSWERS = (Category.YES, Category.NO, Category.NUMBER)
"""What somebody writes who thinks that a request waits for them."""
