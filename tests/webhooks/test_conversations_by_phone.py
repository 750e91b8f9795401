"""Every shipped conversation by phone, in every language: it comes to the same, in TwiML that Twilio knows.

Each test conversation is played by a member who chose calls and says or presses what is written there.
Answers kept, requests, tasks, consent and ends have to be those that are written there, in the same order;
what was said on the way is spoken, and each document is valid. Those that are told by phone beside the flows
are played too, for their documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checkin.flow.chats import Chat, load_chats
from checkin.service.rehearsal import play, stage
from checkin.service.rehearsal.stage import Theatre, open_theatre
from checkin.service.rehearsal.telephone import Telephone
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
]
_SAME = ("result", "alert", "task", "consent", "ends")


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    """What all plays share."""
    with open_theatre(SHIPPED, new_reader(SHIPPED)) as theatre:
        yield theatre


def by_phone(theatre: Theatre, flow: str, chat: Chat, language: str) -> tuple[Telephone, play._Player]:
    """Play a conversation by phone."""
    opened = stage.open_stage(
        theatre,
        dict.fromkeys((flow, *chat.beside)),
        now=play.read_moment(chat.begins, play.EPOCH, theatre.zone),
        language=language,
        joined=chat.joined,
        chosen=chat.contacts,
        voice=True,
    )
    player = play._Player(opened, flow, language)
    for line in chat.lines:
        player.do(line)
    assert opened.telephone is not None
    return opened.telephone, player


def outcome(entries: list[play.Entry], language: str) -> list[object]:
    """Return what came of a play but for the words."""
    lines = [entry.line for entry in entries if entry.line.kind in _SAME]
    return [(line.kind, line.said(language), line.result) for line in lines]


@pytest.mark.parametrize(("flow", "chat", "language"), CASES)
def test_by_phone_it_comes_to_the_same(theatre: Theatre, flow: str, chat: Chat, language: str) -> None:
    telephone, player = by_phone(theatre, flow, replace(chat, voice=True), language)
    assert outcome(player.happened, language) == outcome(player.expected, language)
    spoken = any(line.kind == "says" and line.who == "member" for line in chat.lines)
    assert telephone.documents or not spoken, "whoever writes in the one speaks in the other"
    for request, document in telephone.documents:
        written = voice.written(document, request, "https://checkin.example.org")
        assert breaches(written) == []


def test_every_shipped_flow_is_told_by_phone_beside_it() -> None:
    told = {
        (file.flow, language)
        for file in FILES
        for chat in file.chats
        if chat.voice
        for language in chat.languages
    }
    assert told == {(flow, language) for flow in SHIPPED.flows for language in SHIPPED.program.languages}
