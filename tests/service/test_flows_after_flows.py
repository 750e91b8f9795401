"""A conversation that follows the end of another one."""

from __future__ import annotations

import pytest

from checkin.flow.load import load_flow
from checkin.service.publishing import publish, refresh
from tests.service.kit import Chat


def followed_by(chat: Chat, start: str) -> Chat:
    """Publish a flow that begins like this, and let Alice join."""
    source = (
        f"flow: after\ntitle: x\nstart:\n  - {start}\nsteps:\n"
        "  a:\n    say: { en: Still here., es: Aquí seguimos. }\n    go: e\n  e:\n    end: done\n"
    )
    flow = load_flow(source, file="after.yaml", program=chat.app.program).flow
    assert flow is not None
    publish(chat.app, [flow], author="dana", note="")
    refresh(chat.app)
    chat.joined("bob")
    chat.forget()
    return chat


def test_it_begins_after_its_time(chat: Chat) -> None:
    followed_by(chat, "{ after_flow: daily, wait: 30m }")
    chat.alice("CHECKIN")
    chat.alice("5")
    chat.later("29m")
    chat.expect(alice=["How are you feeling", "Good to hear"])
    chat.later("1m")
    chat.expect(alice="Still here.")
    chat.later("2h")
    chat.expect()


@pytest.mark.parametrize(("ended", "told"), [("missed", False), ("done", True), ("[missed, done]", True)])
def test_only_the_ends_that_it_names_count(quick: Chat, ended: str, told: bool) -> None:
    followed_by(quick, f"{{ after_flow: daily, ended: {ended} }}")
    quick.alice("CHECKIN")
    quick.alice("5")
    quick.later("1m")
    quick.expect(alice=["How are you feeling", "Good to hear", *(["Still here."] if told else [])])


def test_a_run_that_was_ended_from_outside_brings_about_nothing(quick: Chat) -> None:
    followed_by(quick, "{ after_flow: daily }")
    quick.alice("CHECKIN")
    quick.alice("STOP")
    quick.later("1m")
    assert not any(":after:" in subject for subject in quick.timers())


def test_a_pause_holds_it_back(quick: Chat) -> None:
    followed_by(quick, "{ after_flow: daily, wait: 30m }")
    quick.alice("CHECKIN")
    quick.alice("5")
    quick.alice("PAUSE")
    quick.forget()
    quick.later("1h")
    quick.expect()
