"""Where a reply goes: one table, and what holds for every reply in every place."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from checkin.conversation.routing import Place, Route, route
from checkin.conversation.understanding import Category, Context, Understanding

MEMBER = Place(Context.NONE, member=True, agreed=True)
ASKED = replace(MEMBER, question=True)
JOINING = Place(Context.JOINING, member=True, question=True)
LEFT = Place(Context.NONE, member=True)
STRANGER = Place(Context.NONE, known=False)
CONTACT = Place(Context.NONE)
INVITED = Place(Context.CONTACT_INVITED)
NOTIFIED = Place(Context.CONTACT_NOTIFIED)
WINDOW = replace(MEMBER, context=Context.ALERT_WINDOW)
STOPPED = replace(MEMBER, context=Context.STOPPED)

TABLE = {
    "a question is answered": (ASKED, Category.NUMBER, Route.ANSWER),
    "also not understood": (ASKED, Category.UNCLEAR, Route.ANSWER),
    "later": (ASKED, Category.SNOOZE, Route.ANSWER),
    "support beats the question": (ASKED, Category.SUPPORT, Route.SUPPORT),
    "crisis beats the question": (ASKED, Category.CRISIS, Route.CRISIS),
    "stop beats the question": (ASKED, Category.OPT_OUT, Route.OPT_OUT),
    "help beside the question": (ASKED, Category.HELP, Route.HELP),
    "pause beside the question": (ASKED, Category.PAUSE, Route.PAUSE),
    "start beside the question": (ASKED, Category.RESUME, Route.RESUME),
    "a reaction": (ASKED, Category.NOT_AN_ANSWER, Route.SILENCE),
    "a keyword fits the question": (replace(ASKED, keyword=True), Category.TEXT, Route.ANSWER),
    "a keyword that answers nothing": (replace(ASKED, keyword=True), Category.UNCLEAR, Route.KEYWORD),
    "a keyword": (replace(MEMBER, keyword=True), Category.UNCLEAR, Route.KEYWORD),
    "nothing was asked": (MEMBER, Category.UNCLEAR, Route.NOTED),
    "nothing to put off": (MEMBER, Category.SNOOZE, Route.NOTHING_TO_SNOOZE),
    "support while joining": (JOINING, Category.SUPPORT, Route.SUPPORT),
    "pause while joining": (JOINING, Category.PAUSE, Route.ANSWER),
    "consent": (JOINING, Category.YES, Route.ANSWER),
    "support after leaving": (LEFT, Category.SUPPORT, Route.SUPPORT),
    "pause after leaving": (LEFT, Category.PAUSE, Route.NOTED),
    "a stranger": (STRANGER, Category.UNCLEAR, Route.STRANGER),
    "a stranger's support": (STRANGER, Category.SUPPORT, Route.STRANGER),
    "a stranger's start": (STRANGER, Category.RESUME, Route.STRANGER),
    "a stranger's later": (STRANGER, Category.SNOOZE, Route.STRANGER),
    "a stranger's pause": (STRANGER, Category.PAUSE, Route.STRANGER),
    "a stranger's stop": (STRANGER, Category.OPT_OUT, Route.OPT_OUT),
    "a stranger's crisis": (STRANGER, Category.CRISIS, Route.CRISIS),
    "a stranger's keyword": (replace(STRANGER, keyword=True), Category.UNCLEAR, Route.KEYWORD),
    "a contact's support": (CONTACT, Category.SUPPORT, Route.NOTED),
    "an invited one agrees": (INVITED, Category.YES, Route.CONTACT_AGREES),
    "an invited one declines": (INVITED, Category.NO, Route.CONTACT_DECLINES),
    "an invited one asks back": (INVITED, Category.UNCLEAR, Route.NOTED),
    "an invited one stops": (INVITED, Category.OPT_OUT, Route.OPT_OUT),
    "an invited one joins": (replace(INVITED, keyword=True), Category.YES, Route.KEYWORD),
    "a contact takes it": (NOTIFIED, Category.YES, Route.TAKES),
    "a contact passes": (NOTIFIED, Category.NO, Route.PASSES),
    "a contact says something else": (NOTIFIED, Category.UNCLEAR, Route.CONTACT_UNCLEAR),
    "a contact wants later": (NOTIFIED, Category.SNOOZE, Route.CONTACT_UNCLEAR),
    "a contact joins": (replace(NOTIFIED, keyword=True), Category.YES, Route.KEYWORD),
    "a member and contact asks for support": (
        replace(NOTIFIED, member=True, agreed=True),
        Category.SUPPORT,
        Route.SUPPORT,
    ),
    "a change of mind": (WINDOW, Category.NO, Route.CHANGED_MIND),
    "support in the window": (WINDOW, Category.SUPPORT, Route.SUPPORT),
    "something else in the window": (WINDOW, Category.UNCLEAR, Route.NOTED),
    "after stop, start": (STOPPED, Category.RESUME, Route.RESUME),
    "after stop, crisis": (STOPPED, Category.CRISIS, Route.CRISIS),
    "after stop, support": (STOPPED, Category.SUPPORT, Route.SUPPORT),
    "after stop, support of no member": (replace(STOPPED, member=False), Category.SUPPORT, Route.SILENCE),
    "after stop, stop": (STOPPED, Category.OPT_OUT, Route.SILENCE),
    "after stop, help": (STOPPED, Category.HELP, Route.SILENCE),
    "after stop, anything": (STOPPED, Category.UNCLEAR, Route.SILENCE),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table(name: str) -> None:
    place, category, expected = TABLE[name]
    assert route(Understanding(category), place) is expected


def _every_place() -> list[Place]:
    flags = itertools.product((False, True), repeat=5)
    return [Place(context, *values) for values in flags for context in Context]


def test_every_reply_has_a_route_and_safety_words_are_never_taken_for_an_answer() -> None:
    for place, category in itertools.product(_every_place(), Category):
        found = route(Understanding(category), place)
        if category is Category.CRISIS:
            assert found is Route.CRISIS
        if category is Category.OPT_OUT:
            assert found is (Route.SILENCE if place.context is Context.STOPPED else Route.OPT_OUT)
        if category is Category.SUPPORT and place.member:
            assert found is Route.SUPPORT
        if place.context is Context.STOPPED:
            assert found in (Route.SILENCE, Route.RESUME, Route.CRISIS, Route.SUPPORT)
