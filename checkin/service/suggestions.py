"""What the owner of a pretend phone would most likely text now, so that trying it needs no script.

Knows a person's situation and the sample people; it only reads. It must not decide anything: whatever is
texted is read as if it had been typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from checkin.alert.model import AlertState, Told
from checkin.conversation.run import Run
from checkin.flow.model import Answer, Ask, Flow, Invite, KeywordTrigger, RecordConsent, ScheduleTrigger
from checkin.people.consent import TAKES_PART
from checkin.service.app import App
from checkin.service.schedules import is_for
from checkin.store import alerts, contacts, people, situations
from checkin.store.situations import Situation
from checkin.store.unit import Unit

YES_NO = {"en": ("YES", "NO"), "es": ("SÍ", "NO")}
SUPPORT = {"en": "SUPPORT", "es": "APOYO"}
TAKES_PASSES = ("1", "2")
MOST_NUMBERS = 5
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Friend:
    """Another sample person, whom a member may name as a trusted contact. `number` is E.164."""

    name: str
    number: str


def suggest(app: App, unit: Unit, number: str, own_name: str, friends: Sequence[Friend]) -> tuple[str, ...]:
    """Return what fits the newest thing that this number was asked; nothing for a number that nobody has."""
    person = people.by_number(unit, number)
    here = None if person is None else situations.of_person(unit, person.id)
    if here is None:
        return ()
    if here.person.stopped:
        return ("START",)
    language = here.person.language
    asked_at = here.question.asked_at if here.question else None
    if _newer(here.notified_at, asked_at) and _is_asked(unit, here):
        return TAKES_PASSES
    if _newer(here.invited_at, asked_at):
        return _yes_no(language)
    if _in_window(unit, here):
        return (_yes_no(language)[1],)
    texts = _answers(app, unit, here, own_name, friends)
    if here.member_state == "active":
        texts += (SUPPORT.get(language, SUPPORT["en"]),)
    return texts if here.question else texts + _keywords(app, here)


def _newer(moment: datetime | None, asked_at: datetime | None) -> bool:
    return moment is not None and moment >= (asked_at or _NEVER)


def _yes_no(language: str) -> tuple[str, str]:
    return YES_NO.get(language, YES_NO["en"])


def _is_asked(unit: Unit, here: Situation) -> bool:
    """Whether a request waits for this person's answer: a later word of theirs would count, but fits less."""
    id = here.person.id
    return any(alert.told.get(id) is Told.TOLD for alert in alerts.open_for_person(unit, id))


def _in_window(unit: Unit, here: Situation) -> bool:
    return here.has_alert and any(
        alert.state is AlertState.WINDOW for alert in alerts.open_of_member(unit, here.person.id)
    )


def _keywords(app: App, here: Situation) -> tuple[str, ...]:
    """Return words of the member's language for conversations that they can begin; joining is over.

    What every program has comes first: trusted contacts, and what is asked by a schedule.
    """
    if here.member_state != "active":
        return ()
    words = [
        (_is_core(flow), _word(trigger, here.person.language).upper())
        for flow in app.flows.values()
        if is_for(flow, here) and not any(isinstance(step, RecordConsent) for step in flow.steps.values())
        for trigger in flow.start
        if isinstance(trigger, KeywordTrigger)
    ]
    words.sort(key=lambda pair: not pair[0])
    return tuple(word for _, word in words)[:MOST_KEYWORDS]


def _is_core(flow: Flow) -> bool:
    invites = any(isinstance(step, Invite) for step in flow.steps.values())
    return invites or any(isinstance(start, ScheduleTrigger) for start in flow.start)


def _word(trigger: KeywordTrigger, language: str) -> str:
    """Return a word that begins a flow: of this language, where the flow says which words are."""
    fitting = [word for word in trigger.words if trigger.languages.get(word) == language]
    return min(fitting or trigger.words)


def _answers(
    app: App, unit: Unit, here: Situation, own_name: str, friends: Sequence[Friend]
) -> tuple[str, ...]:
    """Return answers to the question that was asked last."""
    if here.question is None:
        return ()
    run = here.question.run
    flow = app.flow(unit, run.flow, run.version)
    step = flow.steps.get(run.step or "")
    if not isinstance(step, Ask):
        return ()
    answer = step.answer
    match answer.kind:
        case "yes_no":
            return _yes_no(here.person.language)
        case "scale":
            return _numbers(answer)
        case "choice":
            return tuple(
                words[0]
                for per_language in answer.choices.values()
                if (words := per_language.get(here.person.language))
            )
        case "text" if answer.save_as == "first_name":
            return (own_name,)
        case "date" | "time":
            return _MOMENTS.get(here.person.language, _MOMENTS["en"])[answer.kind]
        case "text" | "phone" | "number":
            return _about_friend(unit, here, flow, run, answer, friends)


MOST_KEYWORDS = 3
"""Words of conversations that are suggested at most: a phone has little room."""

_MOMENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {"date": ("tomorrow", "March 4"), "time": ("5:30 pm", "in the morning")},
    "es": {"date": ("mañana", "4 de marzo"), "time": ("5:30 pm", "por la mañana")},
}


def _numbers(answer: Answer) -> tuple[str, ...]:
    low, high = answer.low or 0, answer.high or 0
    return tuple(str(number) for number in range(low, high + 1)) if high - low < MOST_NUMBERS else ()


def _about_friend(
    unit: Unit, here: Situation, flow: Flow, run: Run, answer: Answer, friends: Sequence[Friend]
) -> tuple[str, ...]:
    """Return who is left to be named, or the number of the one named, where an invitation needs it."""
    invite = next((step for step in flow.steps.values() if isinstance(step, Invite)), None)
    if invite is None:
        return ()
    taking_part = {
        contact.name for contact in contacts.of_member(unit, here.person.id) if contact.state in TAKES_PART
    }
    if answer.save_as == invite.contact_name:
        return tuple(friend.name for friend in friends if friend.name not in taking_part)
    if answer.save_as == invite.contact_number:
        named = run.results.get(invite.contact_name)
        return tuple(_spaced(friend.number) for friend in friends if friend.name == named)
    return ()


def _spaced(number: str) -> str:
    """Write a number of the North American plan as people text it."""
    return f"{number[-10:-7]} {number[-7:-4]} {number[-4:]}"
