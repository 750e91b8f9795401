"""What is done about a text, once it is understood and routed.

Knows which use case each route means. Must not read words: that was done when the reply was made.
"""

from __future__ import annotations

from datetime import timedelta

from checkin.conversation.engine import snooze_length
from checkin.conversation.routing import Route
from checkin.conversation.run import Replied, Run
from checkin.conversation.understanding import Category
from checkin.conversation.walk import LATER_AT
from checkin.flow.model import Ask, Values
from checkin.service import (
    asked,
    choosing,
    conversations,
    duty,
    erasing,
    list_by_text,
    managing,
    preferences,
    reading,
    requests,
    schedules,
    standing,
    unplaced,
)
from checkin.service.reply import Reply
from checkin.store import people
from checkin.store.situations import Person, Situation
from checkin.timing.words import moment_words


def handle(reply: Reply) -> None:
    """Do what the route says, and whatever else is in the reply ("3, but call me").

    STOP is done first: of all that the rest of the text brings about, nothing goes to that number.
    """
    if reply.route is Route.TOO_MANY:
        unplaced.too_many(reply)
        return
    if reply.situation is None:
        _from_stranger(reply)
        return
    here, also = reply.situation, reply.understanding.also
    if reply.command is not None:
        list_by_text.obey(reply.turn, here.person, reply.command, key=reply.key)
        return
    if reply.route is Route.OPT_OUT:
        _opt_out(reply, here, confirm=True)
        takes_back = Category.NO in also
        requests.stopped_before_any(reply.turn, here.person.id, takes_back=takes_back, key=reply.key)
    asks = Category.SUPPORT in also and reply.route not in (Route.ANSWER, Route.COMMAND)
    if asks and here.member_state is not None:
        _support(reply, here)  # in an answer, the run raises it; an order is no more than it says
    if reply.route is not Route.OPT_OUT:
        _act(reply, here)


def _from_stranger(reply: Reply) -> None:
    """Answer a number that nobody has: JOIN begins, STOP is kept, all else says what this is."""
    if reply.route is Route.SILENCE or (reply.route is Route.HELP and reply.inbound.confirmed):
        return
    turn = reply.turn
    language = (reply.keyword[1] if reply.keyword else None) or reply.language_of_words()
    if reply.route not in (Route.KEYWORD, Route.OPT_OUT):
        key = "crisis_other" if reply.route is Route.CRISIS else "stranger"
        say = turn.spoken if turn.channel == "voice" else turn.text
        turn.answers.append(say(language, key))
        if reply.route is Route.CRISIS:
            _tell_staff_of_crisis(reply, reply.key, reply.inbound.number)
        return
    person = Person(turn.app.new_id(), reply.inbound.number, None, language, None, stopped=False)
    people.add(turn.unit, person, turn.now)
    reply.situation = Situation(person, None, None, 0, (), False, None, None, None, None)
    turn.know(reply.situation)
    turn.answering = person.id
    if reply.route is Route.OPT_OUT:
        _opt_out(reply, reply.situation, confirm=True)
    else:
        _start(reply, reply.situation)


def _act(reply: Reply, here: Situation) -> None:
    turn, person = reply.turn, here.person
    match reply.route:
        case Route.RESUME:
            standing.resume(turn, here, key=reply.key, wording=reply.inbound.body)
        case Route.CRISIS:
            _crisis(reply, here)
        case Route.SUPPORT:
            _support(reply, here)
        case Route.CHANGED_MIND:
            requests.changed_mind(turn, person.id, is_well=reply.says_well())
        case Route.TAKES | Route.PASSES:
            asked.takes_or_passes(reply, person, takes=reply.route is Route.TAKES)
        case Route.CONTACT_UNCLEAR:
            asked.unclear(reply, here)
        case Route.CONTACT_AGREES | Route.CONTACT_DECLINES:
            asked.answers_invitation(reply, person, agrees=reply.route is Route.CONTACT_AGREES)
        case Route.ANSWER:
            _answer(reply, here)
        case Route.HELP:
            reply.say(standing.help_for(turn, here), unless_confirmed=True)
        case Route.PAUSE:
            _pause(reply, here)
        case Route.SETTINGS:
            assert reply.wish is not None
            preferences.take(turn, person.id, reply.wish, key=reply.key)
        case Route.NOTHING_TO_SNOOZE:
            asked.later(reply, here)
        case Route.COMMAND:
            _obey(reply, here)
        case Route.KEYWORD:
            _start(reply, here)
        case Route.NOTED | Route.STRANGER:
            unplaced.noted(reply, here)
        case Route.SILENCE | Route.OPT_OUT | Route.TOO_MANY | Route.STAFF:
            pass


def _obey(reply: Reply, here: Situation) -> None:
    """Do an order about trusted contacts, or let a request be for somebody else."""
    if reply.ordered is not None:
        managing.obey(reply.turn, here, reply.ordered, key=reply.key)
    elif reply.chosen is not None:
        choosing.obey(reply.turn, here, reply.chosen, key=reply.key)


def _answer(reply: Reply, here: Situation) -> None:
    """Give the reply to the run whose question it answers; one that it can't take is read by a person."""
    assert reply.answers is not None
    run = reply.answers.run
    if not _is_yes_or_no(reply, run) and unplaced.nobody_came(reply):
        return
    flow = reply.turn.app.flow(reply.turn.unit, run.flow, run.version)
    facts = {**reply.turn.facts(here, flow.uses), **_later_at(reply, here)}
    event = Replied(reply.understanding, reply.inbound.body, facts)
    if conversations.feed(reply.turn, run, event) == run:
        unplaced.noted(reply, here)


def _is_yes_or_no(reply: Reply, run: Run) -> bool:
    """Whether the run asks for a yes or no: it is the one to hear that nobody came."""
    step = reply.turn.app.step_of(reply.turn.unit, run)
    return isinstance(step, Ask) and step.answer.kind == "yes_no"


def _later_at(reply: Reply, here: Situation) -> Values:
    """Return when "later" will be, in words, where so long from now is no allowed hour."""
    if reply.understanding.category is not Category.SNOOZE:
        return {}
    turn, person = reply.turn, here.person
    promised = turn.until(snooze_length(reply.understanding.value))
    start_at = schedules.allowed(turn.app, person, promised)
    if start_at == promised:
        return {}
    return {LATER_AT: moment_words(turn.local(person, start_at), turn.local(person), person.language)}


def _support(reply: Reply, here: Situation) -> None:
    requests.raise_alert(reply.turn, here.person.id, "asked", id=f"{reply.key}.alert")


def _opt_out(reply: Reply, here: Situation, *, confirm: bool) -> None:
    turn = reply.turn
    confirm = confirm and not reply.inbound.confirmed
    erases = erasing.asks_for_it(reply.inbound.body)
    text, wording = "stopped_erasing" if erases else "stopped", reply.inbound.body
    standing.opt_out(turn, here, key=reply.key, wording=wording, confirm=confirm, text=text)
    if erases:
        erasing.plan(turn, here.person)
    if reply.understanding.rule == "wrong_number":
        note = "Somebody wrote that this is not the right number. Texts to it have stopped."
        subject = f"person:{here.person.id}"
        turn.add_task(
            "wrong_number", id=f"{reply.key}.task", member_id=here.person.id, subject=subject, note=note
        )


def _crisis(reply: Reply, here: Situation) -> None:
    """Answer words of crisis with where people are now, and flag them to the staff on call.

    With an opt-out in the same text, this reply is the one that still goes out.
    """
    reply.say("crisis_other" if here.member_state is None else "crisis")
    if Category.OPT_OUT in reply.understanding.also:
        _opt_out(reply, here, confirm=False)
    if here.member_state is None:
        _tell_staff_of_crisis(reply, f"person:{here.person.id}", here.person.name or reply.inbound.number)
    else:
        requests.raise_alert(reply.turn, here.person.id, "crisis", id=f"{reply.key}.crisis")


def _tell_staff_of_crisis(reply: Reply, subject: str, who: str) -> None:
    """Text the staff on call about somebody who is no member, and keep it on their list."""
    turn = reply.turn
    turn.add_task(
        "crisis",
        id=f"{reply.key}.task",
        member_id=None,
        subject=subject,
        note=f"{who} wrote words that sound like a crisis.",
    )
    for index, staff_id in enumerate(duty.to_tell(turn, None)):
        staff = turn.person(staff_id)
        id, number = f"{reply.key}.staff.{index}", reply.inbound.number
        turn.say(staff, "staff_crisis_of_other", id=id, subject=subject, lane="alerts", number=number)


def _pause(reply: Reply, here: Situation) -> None:
    wanted = reply.understanding
    length = timedelta(seconds=float(wanted.value)) if isinstance(wanted.value, int | float) else None
    standing.pause(reply.turn, here, key=reply.key, length=length, weekday=wanted.until)


def _start(reply: Reply, here: Situation) -> None:
    """Begin the flow whose keyword this is. Whoever takes part already is not asked to join again."""
    assert reply.keyword is not None
    (flow, language), turn, person = reply.keyword, reply.turn, here.person
    if reading.asks_to_join(flow):
        if here.member_state in reading.TAKES_PART:
            _welcome_back(reply, here)
            return
        if language is not None and language != person.language:
            people.set_language(turn.unit, person.id, language)
            person = person._replace(language=language)
        if here.member_state is None:
            people.add_member(turn.unit, person.id, "joining")
            here = here._replace(member_state="joining")
        turn.update(here._replace(person=person))
    conversations.start(turn, person.id, flow)


def _welcome_back(reply: Reply, here: Situation) -> None:
    if here.member_state == "paused":
        standing.unpause(reply.turn, here.person.id)
    reply.say("welcome_back")
