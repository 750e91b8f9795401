"""In every question of every shipped flow, in both languages: the words that a member can always use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from checkin.conversation.run import Run, RunState
from checkin.flow.model import Ask
from checkin.service import conversations
from checkin.service.turn import Turn
from checkin.store import runs
from tests.service.kit import Chat, load_shipped

QUESTIONS = [
    (flow.name, step.name)
    for flow in load_shipped().flows.values()
    for step in flow.steps.values()
    if isinstance(step, Ask)
]


@dataclass(frozen=True)
class Words:
    """What a member texts in one language, and a piece of each answer."""

    joining: tuple[str, ...]
    support: tuple[str, str]
    take_back: tuple[str, str]
    help: tuple[str, str]
    start: tuple[str, str]
    later: tuple[str, str]
    pause: tuple[str, str]
    unpaused: str
    stop: tuple[str, str]
    resumed: str


LANGUAGES = {
    "en": Words(
        ("JOIN", "YES", "Alice", "NO"),
        ("SUPPORT", "ask our staff"),
        ("NO", "I told nobody"),
        ("HELP", "reply SUPPORT to hear from a person"),
        ("START", "reply SUPPORT to hear from a person"),
        ("later", "I will ask again in 1 hour"),
        ("PAUSE", "no check-ins until"),
        "your check-ins are on again",
        ("please stop texting me", "no more texts"),
        "welcome back",
    ),
    "es": Words(
        ("UNIRME", "SÍ", "Alicia", "NO"),
        ("APOYO", "le pido a nuestro equipo"),
        ("NO", "no le he avisado a nadie"),
        ("AYUDA", "responde APOYO para hablar"),
        ("EMPEZAR", "responde APOYO para hablar"),
        ("luego", "Te pregunto otra vez en 1 hora"),
        ("PAUSA", "te dejamos en paz"),
        "seguimos en contacto",
        ("ya no me escriban", "ya no te mandaremos mensajes"),
        "nos alegra verte",
    ),
}


def joined(chat: Chat, words: Words) -> Chat:
    """Let Alice join in this language."""
    for text in words.joining:
        chat.alice(text)
    chat.forget()
    return chat


def ask(chat: Chat, flow: str, step: str) -> Run:
    """Put Alice before this question; forget what she heard."""
    begun = replace(chat.app.flows[flow], first=step)
    alice = chat.situation(chat.alice).person.id
    run = chat.app.store.run(
        lambda unit: conversations.start(Turn(chat.app, unit, chat.clock.now()), alice, begun)
    )
    chat.settle()
    chat.forget()
    assert chat.waiting(chat.alice)[0] == (flow, step)
    return run


def the_run(chat: Chat, run: Run) -> Run:
    """Return the run as it is stored."""
    found = chat.app.store.read(lambda unit: runs.by_id(unit, run.id))
    assert found is not None
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("flow", "step"), QUESTIONS)
def test_what_leaves_the_question_as_it_is(quick: Chat, flow: str, step: str, language: str) -> None:
    words = LANGUAGES[language]
    run = ask(joined(quick, words), flow, step)
    for text, answer in (words.help, words.start):
        quick.alice(text)
        quick.expect(alice=answer)
    quick.alice("")
    quick.alice("   ")
    quick.charlie("hello")
    quick.expect(charlie="Reply JOIN to take part")
    quick.later("1m")
    text, answer = words.support
    quick.alice(text)
    quick.expect(alice=answer)
    assert [alert.reason for alert in quick.all_alerts()] == ["asked"]
    text, answer = words.take_back
    quick.alice(text)
    quick.expect(alice=answer)
    assert the_run(quick, run) == run, "nothing of this was an answer"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("flow", "step"), QUESTIONS)
def test_later_pause_and_stop(quick: Chat, flow: str, step: str, language: str) -> None:
    words = LANGUAGES[language]
    run = ask(joined(quick, words), flow, step)
    text, answer = words.later
    quick.alice(text)
    quick.expect(alice=answer)
    quick.later("1h")
    assert len(quick.alice.new()) == 1, "the question comes again"
    assert the_run(quick, run).step == step
    text, answer = words.pause
    quick.alice(text)
    quick.expect(alice=answer)
    assert (the_run(quick, run).state, the_run(quick, run).outcome) == (RunState.STOPPED, "paused")
    quick.later("2d")
    quick.expect()
    quick.alice(words.start[0])
    quick.expect(alice=words.unpaused)
    run = ask(quick, flow, step)
    text, answer = words.stop
    quick.alice(text)
    quick.expect(alice=answer)
    assert (the_run(quick, run).state, the_run(quick, run).outcome) == (RunState.STOPPED, "opted_out")
    for again in (text, words.help[0], "4", "JOIN", ""):
        quick.alice(again)
    quick.later("9d")
    quick.expect()
    quick.alice("START")
    quick.expect(alice=words.resumed)
    quick.later("1d")
    assert len(quick.alice.new()) >= 1, "the daily question comes again"


ANSWERS = {
    ("welcome", "consent"): "YES",
    ("welcome", "name"): "Alice",
    ("welcome", "offer_contact"): "YES",
    ("welcome", "contact_name"): "Bob",
    ("welcome", "contact_number"): "202 555 0102",
    ("contacts", "name"): "Bob",
    ("contacts", "number"): "202 555 0102",
    ("by_phone", "which"): "TEXT",
    ("daily", "mood"): "4",
    ("daily", "offer"): "NO",
    ("daily", "anything"): "It rained all day",
    ("daily", "what_helped"): "Walking the dog",
    ("after_support", "came"): "YES",
    ("after_support", "since"): "4",
    ("after_support", "offer"): "NO",
    ("missed_checkin", "are_you_ok"): "YES",
    ("number_check", "still_yours"): "YES",
    ("still_useful", "useful"): "YES",
}


@pytest.mark.parametrize(("flow", "step"), QUESTIONS)
def test_the_same_answer_delivered_again_changes_nothing(quick: Chat, flow: str, step: str) -> None:
    run = ask(joined(quick, LANGUAGES["en"]), flow, step)
    if step in ("contact_number", "number"):
        quick.app.store.run(_with_name(quick, run))
    first = quick.alice(ANSWERS[flow, step], id="SM-once")
    moved = the_run(quick, run)
    assert moved.transition == run.transition + 1
    again = quick.alice(ANSWERS[flow, step], id="SM-once")
    assert again == first
    assert the_run(quick, run) == moved


def _with_name(chat: Chat, run: Run) -> Callable[..., None]:
    named = run._replace(results={**run.results, "friend_name": "Bob"})
    return lambda unit: runs.save(unit, named, chat.clock.now(), chat.clock.now())


def test_our_question_sent_back_is_no_answer(quick: Chat) -> None:
    quick.joined()
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    asked = quick.phones["alice"].new()[-1]
    quick.forget()
    quick.alice(asked)
    quick.expect()
    quick.alice(f"> {asked}\n5")
    quick.expect(alice="Good to hear")


@pytest.mark.parametrize("keyword", ["checkin", "plan", "notes", "JOIN"])
@pytest.mark.parametrize(
    ("flow", "step"), [("welcome", "name"), ("daily", "anything"), ("welcome", "contact_name")]
)
def test_a_reply_that_is_also_a_keyword_tore_members_out_of_their_conversation(
    quick: Chat, flow: str, step: str, keyword: str
) -> None:
    run = ask(joined(quick, LANGUAGES["en"]), flow, step)
    quick.alice(keyword)
    moved = the_run(quick, run)
    assert moved.transition == run.transition + 1
    assert keyword.lower() in str(moved.results).lower()


@pytest.mark.parametrize(
    "text", ["please stop this bill", "can you stop the noise next door", "I had to stop at the shop"]
)
def test_a_word_of_stop_within_a_sentence_stopped_everything(quick: Chat, text: str) -> None:
    ask(joined(quick, LANGUAGES["en"]), "daily", "mood")
    quick.alice(text)
    person = quick.person(quick.alice)
    assert person is not None
    assert not person.stopped
    assert quick.waiting(quick.alice)[0] == ("daily", "mood")


@pytest.mark.parametrize("who", ["bob", "carmen", "dana"])
def test_help_promises_nobody_what_they_cannot_have(quick: Chat, who: str) -> None:
    """Whoever is only asked for others can't ask for a person by SUPPORT, and is not told to."""
    quick.joined("bob")
    for text in ("ADD", "Carmen", "202 555 0103"):
        quick.alice(text)
    quick.forget()
    for text in ("HELP", "AYUDA", "START"):
        quick.phones[who](text)
        (answer,) = quick.phones[who].new()
        assert "988" in answer
        assert "STOP" in answer
        assert "SUPPORT" not in answer
        quick.forget()


def test_later_to_an_invitation_hears_what_is_asked(quick: Chat) -> None:
    quick.joined()
    for text in ("ADD", "Bob", "202 555 0102"):
        quick.alice(text)
    quick.forget()
    quick.bob("later")
    quick.expect(bob="YES or NO?")
