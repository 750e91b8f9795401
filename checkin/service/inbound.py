"""A text comes in: claimed, understood, routed, decided, and answered, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from checkin.alert.model import AlertState, Passed, Told, Took
from checkin.conversation.routing import Place, Route, route
from checkin.conversation.run import Replied
from checkin.conversation.understanding import Category, Context, Question, Understanding
from checkin.flow.model import Ask, Flow, KeywordTrigger
from checkin.service import contacting, conversations, requests, standing
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import alerts, inbox, people, situations
from checkin.store.situations import Person, Situation
from checkin.store.unit import Lookup, Unit


@dataclass(frozen=True, slots=True)
class Inbound:
    """One text from outside. `number` is E.164; `carrier_id` is the carrier's id of this text.

    `confirmed` is true where the carrier has already answered an opt-out (or HELP) by itself.
    """

    carrier_id: str
    number: str
    body: str
    channel: str = "sms"
    confirmed: bool = False


def lookup_for(app: App, inbound: Inbound) -> Lookup:
    """Return what handling this text will want to know first."""
    return situations.lookup(inbound.carrier_id, app.store.vault.index(inbound.number))


def receive(app: App, unit: Unit, inbound: Inbound, now: datetime) -> tuple[str, ...]:
    """Handle one text and return the texts that answer it.

    A text whose id is known changes nothing and gets the answer that the first one got.
    """
    found = situations.find(unit, inbound.carrier_id, unit.vault.index(inbound.number))
    if found.stored_answer is not None:
        return inbox.open_answer(unit, found.stored_answer)
    turn = Turn(app, unit, now)
    if found.situation is not None:
        turn.know(found.situation)
        turn.answering = found.situation.person.id
    handled = _Reply(turn, inbound, found.situation)
    handled.handle()
    inbox.claim(
        unit,
        inbox.Received(
            inbound.carrier_id,
            inbound.number,
            inbound.channel,
            now,
            inbound.body,
            handled.understanding.category.value,
            handled.understanding.rule,
            handled.route.value,
            tuple(turn.answers),
        ),
    )
    return tuple(turn.answers)


class _Reply:
    """One text on its way through the service."""

    def __init__(self, turn: Turn, inbound: Inbound, situation: Situation | None) -> None:
        self.turn = turn
        self.inbound = inbound
        self.situation = situation
        self.key = f"in.{inbound.carrier_id}"
        self.context = self._context()
        self.flow = self._keyword()
        self.understanding = self._understand()
        self.route = route(
            self.understanding,
            Place(
                context=self.context,
                member=situation is not None and situation.member_state not in (None, "joining"),
                known=situation is not None,
                question=situation is not None and situation.question is not None,
                keyword=self.flow is not None,
            ),
        )

    # ------------------------------------------------------------ reading

    def _context(self) -> Context:
        """Return what the newest thing was that this person was asked."""
        here = self.situation
        if here is None:
            return Context.NONE
        if here.person.stopped:
            return Context.STOPPED
        asked_at = here.question.asked_at if here.question else None
        if here.notified_at is not None and (asked_at is None or here.notified_at >= asked_at):
            return Context.CONTACT_NOTIFIED
        if here.invited_at is not None and (asked_at is None or here.invited_at >= asked_at):
            return Context.CONTACT_INVITED
        if here.has_alert and self._in_window(here):
            return Context.ALERT_WINDOW
        return Context.JOINING if here.member_state == "joining" else Context.NONE

    def _in_window(self, here: Situation) -> bool:
        """Whether a request can still be taken back: nobody has taken it yet."""
        return any(
            alert.state in (AlertState.WINDOW, AlertState.NOTIFYING) and alert.reason != "crisis"
            for alert in alerts.open_of_member(self.turn.unit, here.person.id)
        )

    def _keyword(self) -> Flow | None:
        word = " ".join(self.inbound.body.casefold().split()).strip(".!¡ ")
        for flow in self.turn.app.flows.values():
            for trigger in flow.start:
                if isinstance(trigger, KeywordTrigger) and word in trigger.words:
                    return flow
        return None

    def _understand(self) -> Understanding:
        here = self.situation
        answer = None
        if here is not None and here.question is not None:
            run = here.question.run
            step = self.turn.app.flow(self.turn.unit, run.flow, run.version).steps.get(run.step or "")
            answer = step.answer if isinstance(step, Ask) else None
        language = here.person.language if here is not None else self.turn.app.program.languages[0]
        return self.turn.app.reader.understand(self.inbound.body, language, Question(answer, self.context))

    # ------------------------------------------------------------ acting

    def handle(self) -> None:
        """Do what the route says. Whatever is also in the reply ("3, but call me") is done first."""
        if self.situation is None:
            self._from_stranger()
            return
        here = self.situation
        member = here.member_state not in (None, "joining")
        also = self.understanding.also
        if Category.CRISIS in also and member:
            self._crisis(here)
        elif Category.SUPPORT in also and member and self.route is not Route.ANSWER:  # the run raises its own
            requests.raise_alert(self.turn, here.person.id, "asked", id=f"{self.key}.alert")
        if Category.NO in also and self.route is Route.OPT_OUT:
            requests.changed_mind(self.turn, here.person.id)
        self._act(here)

    def _act(self, here: Situation) -> None:
        turn, person = self.turn, here.person
        match self.route:
            case Route.OPT_OUT:
                self._opt_out(here)
            case Route.RESUME:
                standing.resume(turn, here, key=self.key)
            case Route.CRISIS:
                self._crisis(here)
            case Route.SUPPORT:
                requests.raise_alert(turn, person.id, "asked", id=f"{self.key}.alert")
            case Route.CHANGED_MIND:
                requests.changed_mind(turn, person.id)
            case Route.TAKES | Route.PASSES:
                self._notified(person, takes=self.route is Route.TAKES)
            case Route.CONTACT_UNCLEAR:
                self._contact_unclear(person)
            case Route.CONTACT_AGREES | Route.CONTACT_DECLINES:
                self._invited(person, agrees=self.route is Route.CONTACT_AGREES)
            case Route.ANSWER:
                self._answer(here)
            case Route.HELP:
                self._say("help", unless_confirmed=True)
            case Route.PAUSE:
                self._pause(here)
            case Route.NOTHING_TO_SNOOZE:
                self._say("nothing_to_snooze")
            case Route.KEYWORD:
                self._start(person)
            case Route.NOTED | Route.STRANGER:
                self._noted(here)
            case Route.SILENCE:
                pass

    def _answer(self, here: Situation) -> None:
        """Give the reply to the run that asked last; one that it can't take is read by a person."""
        assert here.question is not None
        run = here.question.run
        event = Replied(self.understanding, self.inbound.body, self.turn.facts(here))
        if conversations.feed(self.turn, run, event) == run:
            self._noted(here)

    def _say(self, text: str, *, unless_confirmed: bool = False) -> None:
        assert self.situation is not None
        if not (unless_confirmed and self.inbound.confirmed):
            person = self.situation.person
            self.turn.say(person, text, id=f"{self.key}.{text}", subject=f"person:{person.id}")

    def _opt_out(self, here: Situation) -> None:
        turn = self.turn
        confirm = not self.inbound.confirmed
        standing.opt_out(turn, here, key=self.key, wording=self.inbound.body, confirm=confirm)
        if self.understanding.rule == "wrong_number":
            note = "Somebody wrote that this is not the right number. Texts to it have stopped."
            subject = f"person:{here.person.id}"
            turn.add_task(
                "wrong_number", id=f"{self.key}.task", member_id=here.person.id, subject=subject, note=note
            )

    def _crisis(self, here: Situation) -> None:
        """Answer words of crisis with where people are now, and flag them to the staff on call."""
        self._say("crisis")
        if here.member_state is None:
            note = "Words of crisis from somebody who is not a member."
            subject = f"person:{here.person.id}"
            self.turn.add_task("crisis", id=f"{self.key}.task", member_id=None, subject=subject, note=note)
        else:
            requests.raise_alert(self.turn, here.person.id, "crisis", id=f"{self.key}.crisis")

    def _notified(self, person: Person, *, takes: bool) -> None:
        """Take or pass the alert that this person was told of last and has not answered."""
        turn = self.turn
        known = alerts.open_for_person(turn.unit, person.id)
        unanswered = [alert for alert in known if alert.told.get(person.id) is Told.TOLD]
        if not known:
            self._say("staff_nothing_open")
            return
        alert = (unanswered or list(known))[0]
        requests.feed(turn, alert, Took(person.id) if takes else Passed(person.id))

    def _contact_unclear(self, person: Person) -> None:
        known = alerts.open_for_person(self.turn.unit, person.id)
        name = self.turn.person(known[0].member).name if known else None
        text = self.turn.text(person.language, "contact_unclear", member=name or self.turn.app.program.name)
        self.turn.tell(person, text, id=f"{self.key}.unclear", subject=f"person:{person.id}")

    def _invited(self, person: Person, *, agrees: bool) -> None:
        for contact in people.contact_for(self.turn.unit, person.id):
            if contact.state == "invited":
                contacting.answered(self.turn, contact, agrees=agrees)
                return

    def _pause(self, here: Situation) -> None:
        seconds = self.understanding.value
        length = timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else None
        standing.pause(self.turn, here, key=self.key, length=length)

    def _start(self, person: Person) -> None:
        assert self.flow is not None
        if self.turn.situation(person.id).member_state is None:
            people.add_member(self.turn.unit, person.id, "joining")
        conversations.start(self.turn, person.id, self.flow)

    def _noted(self, here: Situation) -> None:
        """Acknowledge what fits nowhere; a person reads what a member writes."""
        if here.member_state in (None, "joining"):
            self._say("stranger" if here.member_state is None else "noted")
            return
        self._say("noted")
        note = f"{here.person.name or 'A member'} wrote: {self.inbound.body}"
        subject = f"person:{here.person.id}"
        self.turn.add_task(
            "unread", id=f"{self.key}.task", member_id=here.person.id, subject=subject, note=note
        )

    # ------------------------------------------------------------ strangers

    def _from_stranger(self) -> None:
        """Answer a number that nobody has: JOIN begins, STOP is kept, all else says what this is."""
        if self.route is Route.SILENCE:
            return
        program = self.turn.app.program
        language = self._strangers_language()
        if self.route is Route.KEYWORD or self.route is Route.OPT_OUT:
            person = Person(self.turn.app.new_id(), self.inbound.number, None, language, None, stopped=False)
            people.add(self.turn.unit, person, self.turn.now)
            self.situation = Situation(person, None, None, 0, (), False, None, None, None, None)
            self.turn.know(self.situation)
            self.turn.answering = person.id
            if self.route is Route.OPT_OUT:
                self._opt_out(self.situation)
            else:
                people.add_member(self.turn.unit, person.id, "joining")
                self._joining(person)
            return
        key = "crisis" if self.route is Route.CRISIS else "stranger"
        if self.route is Route.HELP and self.inbound.confirmed:
            return
        self.turn.answers.append(program.texts[key].render(language, program.facts(language)))

    def _joining(self, person: Person) -> None:
        assert self.flow is not None
        conversations.start(self.turn, person.id, self.flow)

    def _strangers_language(self) -> str:
        """Return the language of the keyword that a stranger used, or the program's first."""
        return self.turn.app.program.languages[0]
