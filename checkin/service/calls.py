"""A call, turn by turn: the same questions, replies and requests as by text, heard and spoken.

1. A request whose turn is known changes nothing and hears what the first one heard.
2. The first turn says where the caller stands: what they were asked last, else a menu; somebody whom nobody
   knows hears what this is and how to join.
3. Every further turn hands what was heard to `inbound.take`, exactly as a text, and says the answers.
   Silence and what is not understood is asked once more, slowly; then the call ends, and nothing is lost:
   the question waits on, by text too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from checkin.alert.telling import people as people_of
from checkin.conversation.call import REPEAT, Document, Listen, agree, ask, heard, menu, words_of
from checkin.conversation.routing import Route
from checkin.conversation.understanding import Category, Context, Question
from checkin.flow import model
from checkin.flow.model import Answer, KeywordTrigger, ScheduleTrigger
from checkin.flow.speech import spoken as aloud
from checkin.people.consent import ASKED
from checkin.service import calling, contacting, reading, telling
from checkin.service.app import App
from checkin.service.inbound import Inbound, Taken, take
from checkin.service.turn import Turn
from checkin.store import calls, contacts, people, situations
from checkin.store.calls import CallTurn
from checkin.store.situations import Situation, Waiting
from checkin.store.unit import Unit

_LISTENS_ON = (Category.SUPPORT, Category.CRISIS, Category.OPT_OUT)
"""After these a caller may change their mind, or want to say more."""

_NOT_UNDERSTOOD = (Route.ANSWER, Route.CONTACT_UNCLEAR, Route.NOTED, Route.STRANGER)
"""Where unclear words come to; anywhere else they were an order, or a keyword, and did what they should."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A carrier asks what a call hears next. `turn` counts from 0.

    `number` is E.164, or None where the caller hides it. `digits` and `speech` are what was pressed or said.
    `outbound` is a call that we made, from `our_number`; `machine` is what the carrier took for one.
    """

    call_id: str
    turn: int
    number: str | None = field(repr=False)
    digits: str = field(default="", repr=False)
    speech: str = field(default="", repr=False)
    outbound: bool = False
    machine: bool = False
    our_number: str = ""


def answer(app: App, unit: Unit, request: CallRequest, now: datetime) -> Document:
    """Return what the call hears next."""
    known = calls.of_call(unit, request.call_id, request.turn)
    if known is not None:
        return Document.from_json(known.document)
    program = app.program
    if request.number is None:
        language = program.languages[0]
        said = program.texts["call_withheld"].spoken(language, program.facts(language))
        return Document(language, (said,))
    before = calls.of_call(unit, request.call_id, request.turn - 1) if request.turn else None
    if before is None:
        begins = _gate if request.outbound else _first
        document, misses = begins(app, unit, request, now), 0
    else:
        document, misses = _next(app, unit, request, before, now)
    calls.add(unit, CallTurn(request.call_id, request.turn, document.to_json(), misses, now))
    return document


# ---------------------------------------------------------------- the first turn


def _gate(app: App, unit: Unit, request: CallRequest, now: datetime) -> Document:
    """Ask who is there, in a call that we made. A machine hears the first name and a number, and no more."""
    turn = Turn(app, unit, now, channel="voice")
    person = people.by_number(unit, request.number or "")
    language = app.program.languages[0] if person is None else person.language
    name = (person.name if person is not None else None) or words_of(language)["you"]
    if request.machine:
        said = turn.spoken(language, "call_machine", member=name, number=request.our_number)
        return Document(language, (said,), gate=True)
    return replace(agree([turn.spoken(language, "call_greeting", member=name)], language), gate=True)


def _through_gate(
    app: App, unit: Unit, request: CallRequest, asked: Document, misses: int, words: str, now: datetime
) -> tuple[Document, int]:
    """Go on where the person stands after a yes; say nothing more after a no."""
    question = Question(Answer("yes_no"))
    category = app.reader.understand(words, asked.language, question).category
    if category is Category.YES:
        return _first(app, unit, request, now), 0
    if category is not Category.NO:
        return _unheard(app, asked, misses)
    said = app.program.texts["call_not_here"].spoken(asked.language, app.program.facts(asked.language))
    return Document(asked.language, (said,), gate=True), 0


def _first(app: App, unit: Unit, request: CallRequest, now: datetime) -> Document:
    person = people.by_number(unit, request.number or "")
    here = situations.of_person(unit, person.id) if person is not None else None
    turn = Turn(app, unit, now, channel="voice")
    if here is None:
        return _to_stranger(turn, app.program.languages[0])
    turn.know(here)
    language = here.person.language
    if here.person.stopped:
        return ask([turn.spoken(language, "stopped")], None, language)
    if here.member_state is None and here.notified_at is None and here.invited_at is None:
        takes_part = here.person.id in app.staff_ids or contacts.of_person(unit, here.person.id)
        if not takes_part:
            return _to_stranger(turn, language)
        return ask([turn.spoken(language, "staff_nothing_open")], None, language)
    news = calling.take_news(turn, here.person.id, request.call_id)
    asked = _asked(turn, here)
    if asked is None and news and request.outbound:
        asked = Document(language, (turn.spoken(language, "call_goodbye"),))
    document = asked or _menu(turn, here)
    waiting = None if here.question is None else _question(turn, here, here.question, ())
    known = " ".join((*document.says, *(() if waiting is None else waiting.says)))
    return replace(document, says=(*(text for text in news if text not in known), *document.says))


def hung_up(app: App, unit: Unit, call_id: str, number: str, now: datetime) -> None:
    """Take note that somebody who called us has put the phone down. Once is as good as often."""
    person = people.by_number(unit, number)
    if person is not None:
        calling.broke_off(Turn(app, unit, now), person.id, call_id)


def _to_stranger(turn: Turn, language: str) -> Document:
    words = [
        trigger
        for flow in turn.app.flows.values()
        if reading.asks_to_join(flow)
        for trigger in flow.start
        if isinstance(trigger, KeywordTrigger)
    ]
    said = turn.spoken(language, "call_stranger")
    if not words:
        return Document(language, (said,), Listen(1))
    keys, others = {"1": _word_of(words[0], language)}, []
    for key, other in enumerate((one for one in turn.app.program.languages if one != language), start=2):
        keys[str(key)] = _word_of(words[0], other)
        others.append((other, turn.spoken(other, "call_join_here", digit=key)))
    return Document(language, (said,), Listen(1, keys, (keys["1"],)), others=tuple(others))


def _word_of(trigger: KeywordTrigger, language: str) -> str:
    """Return a keyword in this language, or whatever word it has."""
    spoken = [word for word in sorted(trigger.words) if trigger.languages.get(word) == language]
    return (spoken or sorted(trigger.words))[0]


def _asked(turn: Turn, here: Situation) -> Document | None:
    """Return what asks again the newest thing that this person was asked, if anything is open."""
    for question in reading.asked(turn, here):
        document = None
        match question.context:
            case Context.CONTACT_NOTIFIED:
                document = _notified(turn, here)
            case Context.CONTACT_INVITED:
                document = _invited(turn, here)
            case Context.NONE | Context.JOINING if here.question is not None:
                document = _question(turn, here, here.question, ())
        if document is not None:
            return document
    return None


def _notified(turn: Turn, here: Situation) -> Document | None:
    person, alert = here.person, calling.request_for(turn, here.person.id)
    if alert is None:
        return None
    target = next(one for one in people_of(alert.policy) if one.person == person.id)
    text_key, values = telling.asking(turn, alert, target, by_text=False)
    said = turn.spoken(person.language, text_key, **values)
    return Document(person.language, (said,), Listen(1))


def _invited(turn: Turn, here: Situation) -> Document | None:
    for contact in contacts.of_person(turn.unit, here.person.id):
        if contact.state in ASKED:
            asked = contacting.was_asked(turn, contact)
            return agree([aloud(asked.wording, asked.language)], here.person.language)
    return None


def _question(turn: Turn, here: Situation, waiting: Waiting, before: tuple[str, ...]) -> Document | None:
    """Return what asks the open question again, after these words."""
    step = _step(turn, waiting)
    if step is None:
        return None
    language = here.person.language
    values = {**turn.facts(here), **waiting.run.results}
    return ask([*before, step.text.spoken(language, values)], step.answer, language)


def _step(turn: Turn, waiting: Waiting) -> model.Ask | None:
    step = turn.app.step_of(turn.unit, waiting.run)
    return step if isinstance(step, model.Ask) else None


def _menu(turn: Turn, here: Situation) -> Document:
    """Offer what a member can do who was not asked anything."""
    language, words = here.person.language, words_of(here.person.language)
    items: dict[str, str] = {}
    for flow in turn.app.flows.values():
        keywords = [one for one in flow.start if isinstance(one, KeywordTrigger)]
        scheduled = any(isinstance(one, ScheduleTrigger) for one in flow.start)
        if keywords and scheduled and here.member_state in reading.TAKES_PART:
            items.setdefault("check_in", _word_of(keywords[0], language))
    items |= {"support": words["support"], "pause": words["pause"]}
    for flow in turn.app.flows.values():
        for trigger in flow.start:
            if flow.name == "my_plan" and isinstance(trigger, KeywordTrigger):
                items["plan"] = _word_of(trigger, language)
    items["stop"] = words["stop"]
    return menu(turn.spoken(language, "call_menu"), items, language)


# ---------------------------------------------------------------- every further turn


def _next(
    app: App, unit: Unit, request: CallRequest, before: CallTurn, now: datetime
) -> tuple[Document, int]:
    """Return what is said next, and how often in a row nothing was understood."""
    asked = Document.from_json(before.document)
    if request.digits.strip().startswith(REPEAT):
        return replace(asked, slow=True), before.misses
    words = heard(asked, request.digits, request.speech)
    if not words:
        return _unheard(app, asked, before.misses)
    if asked.gate:
        return _through_gate(app, unit, request, asked, before.misses, words, now)
    assert request.number is not None, "a hidden number has no second turn"
    inbound = Inbound(f"{request.call_id}.{request.turn}", request.number, words, channel="voice")
    taken = take(app, unit, inbound, now)
    category = taken.understanding.category if taken.understanding is not None else Category.NOT_AN_ANSWER
    if not taken.answers and category is Category.NOT_AN_ANSWER:
        return _unheard(app, asked, before.misses)
    unclear = category is Category.UNCLEAR and taken.route in _NOT_UNDERSTOOD
    misses = before.misses + 1 if unclear else 0
    return _after(app, unit, asked, taken, category, misses, now), misses


def _unheard(app: App, asked: Document, misses: int) -> tuple[Document, int]:
    if misses == 0:
        return replace(asked, slow=True), 1
    program, language = app.program, asked.language
    if asked.gate:  # a machine may be listening that was taken for a person
        return Document(language, (), gate=True), 2
    return Document(language, (program.texts["call_silence"].spoken(language, program.facts(language)),)), 2


def _after(
    app: App, unit: Unit, asked: Document, taken: Taken, category: Category, misses: int, now: datetime
) -> Document:
    """Say the answers; then ask what is to be answered next, or say goodbye."""
    here = taken.situation
    if here is None:
        goodbye = app.program.texts["call_goodbye"].spoken(asked.language, app.program.facts(asked.language))
        return Document(asked.language, (*taken.answers, goodbye))
    turn = Turn(app, unit, now, channel="voice")
    turn.know(here)
    language, question = here.person.language, here.question
    open_now = question is not None and not question.run.snoozed and not here.person.stopped
    if question is not None and open_now and category not in _LISTENS_ON:
        asked_again = _asked_again(turn, here, question, taken, slow=misses > 0)
        if asked_again is not None:
            return asked_again
    unclear_to_contact = 0 < misses < 2 and here.question is None
    if category in _LISTENS_ON or unclear_to_contact or _has_just_asked(unit, here):
        return replace(ask(taken.answers, None, language), slow=misses > 0)
    return Document(language, (*filter(None, taken.answers), turn.spoken(language, "call_goodbye")))


def _has_just_asked(unit: Unit, here: Situation) -> bool:
    """Whether this very turn brought about a request for support: it was just said how to take it back."""
    before = situations.of_person(unit, here.person.id) if here.has_alert else None
    return before is not None and not before.has_alert


def _asked_again(
    turn: Turn, here: Situation, question: Waiting, taken: Taken, *, slow: bool
) -> Document | None:
    """Return what listens for an answer, where the answers ask something, or leave a question open."""
    step, language = _step(turn, question), here.person.language
    if step is None or taken.understanding is None:
        return None
    category = taken.understanding.category
    gently = slow and question.run.unclear == 1
    wordings = step.text.all_spoken(language, {**turn.facts(here), **question.run.results})
    if gently or any(words in text for words in wordings for text in taken.answers):
        return replace(ask(taken.answers, step.answer, language), slow=slow)
    aside = category is Category.UNCLEAR and taken.route not in _NOT_UNDERSTOOD
    if aside or category in (Category.HELP, Category.RESUME):
        return _question(turn, here, question, taken.answers)
    return None
