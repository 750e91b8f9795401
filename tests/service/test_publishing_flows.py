"""Publishing: a changed file is a new version; whoever is in the old one stays there to the end."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from checkin.flow.load import load_flow
from checkin.flow.model import JOINED, Flow, MemberDateTrigger
from checkin.service.publishing import Published, publish, refresh
from checkin.store import runs, tables
from tests.service.kit import Chat, open_chat_app


def changed(chat: Chat, name: str, *words: tuple[str, str]) -> Flow:
    """Return a flow with other words in it."""
    source = chat.flow_set.flows[name].source
    for old, new in words:
        assert old in source
        source = source.replace(old, new)
    flow = load_flow(source, file=f"{name}.yaml", program=chat.app.program).flow
    assert flow is not None
    return flow


def release(chat: Chat, *flows: Flow) -> tuple[Published, ...]:
    """Publish these flows."""
    return publish(chat.app, flows, author="dana", note="")


def test_what_has_not_changed_keeps_its_version(chat: Chat) -> None:
    assert release(chat, *chat.flow_set.flows.values()) == ()
    assert {flow.version for flow in chat.app.flows.values()} == {1}


def test_a_run_ends_in_the_version_that_it_began_in(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("CHECKIN")
    new = changed(chat, "daily", ("Good to hear, {first_name}.", "How lovely, {first_name}."))
    assert release(chat, new) == (Published("daily", 2),)
    chat.forget()
    chat.restart()
    chat.alice("4")
    chat.expect(alice="Good to hear, Alice.")
    chat.alice("CHECKIN")
    chat.alice("4")
    chat.expect(alice=["How are you feeling", "How lovely, Alice."])
    assert [(run.flow, run.version) for run in chat.all_runs()][-2:] == [("daily", 1), ("daily", 2)]


def test_a_run_whose_step_is_gone_from_the_new_version_goes_on(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("3")
    source = (
        quick.flow_set.flows["daily"].source.replace("anything:", "more:").replace("go: anything", "go: more")
    )
    flow = load_flow(source, file="daily.yaml", program=quick.app.program).flow
    assert flow is not None
    release(quick, flow)
    quick.forget()
    quick.restart()
    quick.alice("It rained")
    quick.expect(alice="A person reads what you write")


def test_another_process_takes_up_what_was_published(chat: Chat) -> None:
    other = open_chat_app(
        chat.url,
        clock=chat.clock,
        new_id=chat.app.new_id,
        carrier=chat.carrier,
        flow_set=chat.flow_set,
        reader=chat.reader,
    )
    assert not refresh(other)
    release(chat, changed(chat, "daily", ("Good to hear", "How lovely")))
    assert other.flows["daily"].version == 1
    assert refresh(other)
    assert other.flows["daily"].version == 2
    assert not refresh(other)
    other.store.close()


def test_publishing_at_the_same_moment_makes_one_version(chat: Chat) -> None:
    new = changed(chat, "daily", ("Good to hear", "How lovely"))
    barrier = threading.Barrier(4)
    outcomes: list[tuple[Published, ...]] = []

    def run() -> None:
        barrier.wait()
        outcomes.append(release(chat, new))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [(), (), (), (Published("daily", 2),)]
    assert chat.count(tables.flow_versions) == len(chat.flow_set.flows) + 1


def test_going_back_to_an_older_text_is_a_new_version(quick: Chat) -> None:
    old = quick.flow_set.flows["daily"]
    release(quick, changed(quick, "daily", ("Good to hear", "How lovely")))
    assert release(quick, old) == (Published("daily", 3),)
    stored = quick.app.store.read(lambda unit: runs.flow_version(unit, "daily", 3))
    assert stored is not None
    assert stored.source == old.source


def test_a_new_time_of_day_counts_from_the_next_start(chat: Chat) -> None:
    chat.joined("bob")
    release(chat, changed(chat, "daily", ('"17:00"', '"12:30"')))
    chat.later("2h 29m")
    chat.expect()
    chat.later("1m")
    chat.expect(alice="How are you feeling")


def test_what_cannot_be_planned_is_not_published_either(chat: Chat) -> None:
    """As if the process had died between the two: whoever publishes again gets both."""
    chat.joined("bob")
    new = changed(chat, "daily", ('"17:00"', '"12:30"'))
    at_no_time = MemberDateTrigger(JOINED, "noon")
    with pytest.raises(ValueError, match="noon"):
        release(chat, replace(new, start=(at_no_time,)))
    assert chat.app.flows["daily"].version == 1
    assert release(chat, new) == (Published("daily", 2),)
    chat.later("2h 30m")
    chat.expect(alice="How are you feeling")


def test_every_version_ever_published_can_still_be_read(quick: Chat) -> None:
    release(quick, changed(quick, "daily", ("Good to hear", "How lovely")))
    quick.restart()
    for name, version in (("daily", 1), ("daily", 2), ("welcome", 1), ("contacts", 1), ("after_support", 1)):
        flow = quick.app.store.read(lambda unit, n=name, v=version: quick.app.flow(unit, n, v))
        assert (flow.name, flow.version) == (name, version)


def test_a_paused_member_is_asked_nothing_by_a_new_schedule(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("PAUSE")
    quick.forget()
    release(quick, changed(quick, "daily", ('"17:00"', '"12:30"')))
    quick.later("1d")
    quick.expect()
    assert replace(quick.app.flows["daily"]).version == 2
