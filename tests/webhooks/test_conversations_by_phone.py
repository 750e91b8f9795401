"""Every shipped conversation by phone, in every language: it comes to the same, in TwiML that Twilio knows.

Each test conversation is played twice: as it is written, by text, and by a member who chose calls and says or
presses the same. Answers kept, requests, tasks, consent and ends have to be the same, in the same order; what
was said on the way is spoken, and each document is valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checkin.flow.chats import Chat, load_chats
from checkin.service.rehearsal import play, stage
from checkin.service.rehearsal.stage import Stage, Theatre, open_theatre
from tests.service.kit import FLOWS, load_shipped, new_reader
from tests.standin.verbs import breaches
from webhooks import voice

SHIPPED = load_shipped()
FILES, _ = load_chats(FLOWS, SHIPPED.program.languages, SHIPPED.flows)
CASES = [
    pytest.param(file.flow, chat, language, id=f"{file.flow}-{language}-{chat.title}")
    for file in FILES
    for chat in file.chats
    for language in chat.languages
    if not chat.voice
]
_SAME = ("result", "alert", "task", "consent", "ends")


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    """What all plays share."""
    with open_theatre(SHIPPED, new_reader(SHIPPED)) as theatre:
        yield theatre


def outcome(theatre: Theatre, flow: str, chat: Chat, language: str, seen: list[Stage]) -> list[object]:
    """Play a conversation; return what came of it but for the words."""
    opened = stage.open_stage(
        theatre,
        dict.fromkeys((flow, *chat.beside)),
        now=play.read_moment(chat.begins, play.EPOCH, theatre.zone),
        language=language,
        joined=chat.joined,
        chosen=chat.contacts,
        voice=chat.voice,
    )
    seen.append(opened)
    player = play._Player(opened, flow, language)
    for line in chat.lines:
        player.do(line)
    lines = [entry.line for entry in player.happened if entry.line.kind in _SAME]
    return [(line.kind, line.said(language), line.result) for line in lines]


@pytest.mark.parametrize(("flow", "chat", "language"), CASES)
def test_by_phone_it_comes_to_the_same(theatre: Theatre, flow: str, chat: Chat, language: str) -> None:
    stages: list[Stage] = []
    by_text = outcome(theatre, flow, chat, language, stages)
    by_phone = outcome(theatre, flow, replace(chat, voice=True), language, stages)
    assert by_phone == by_text
    telephone = stages[-1].telephone
    assert telephone is not None
    spoken = any(line.kind == "says" and line.who == "member" for line in chat.lines)
    assert telephone.documents or not spoken, "whoever writes in the one speaks in the other"
    for request, document in telephone.documents:
        written = voice.written(document, request, "https://checkin.example.org")
        assert breaches(written) == []
