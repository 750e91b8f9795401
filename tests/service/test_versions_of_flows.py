"""Versions: who is in which, what a file would change, going back, and taking up files while running."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from checkin.flow.load import load_flow, load_folder
from checkin.flow.model import Flow
from checkin.service import versions
from checkin.service.publishing import Published, publish
from checkin.service.reloading import Watch
from checkin.service.versions import NoSuchVersion, Standing
from tests.service.kit import Chat, copy_flows


def edited(chat: Chat, *words: tuple[str, str]) -> Flow:
    """Return the flow `daily` with other words in it, as a person has just written it."""
    source = chat.flow_set.flows["daily"].source
    for old, new in words:
        assert old in source
        source = source.replace(old, new)
    flow = load_flow(source, file="daily.yaml", program=chat.app.program).flow
    assert flow is not None
    return flow


def test_daily_is_edited_while_three_members_are_in_it(chat: Chat) -> None:
    for member in ("alice", "bob", "charlie"):
        chat.joined(member=member)
        chat.phones[member]("CHECKIN")
    chat.bob("2")
    chat.charlie("3")
    chat.forget()
    new = edited(
        chat,
        ("Good to hear, {first_name}. Talk to you soon.", "How lovely, {first_name}."),
        ("Thank you. A person reads what you write", "Thanks. A person reads what you write"),
    )

    (before,) = versions.differences(chat.app, {"daily": new}, ["daily"])
    assert [(one.step, one.where, one.new) for one in before.changes] == [
        ("heard", "say (en)", "Thanks. A person reads what you write by the next working day."),
        ("glad", "say (en)", "How lovely, {first_name}."),
    ]
    assert before.standing == (
        Standing(1, "anything", 1), Standing(1, "mood", 1), Standing(1, "offer", 1),
    )  # fmt: skip

    assert publish(chat.app, [new], author="dana", note="Warmer") == (Published("daily", 2),)
    chat.alice("4")
    chat.bob("no")
    chat.charlie("We cooked.")
    chat.expect(
        alice="Good to hear, Alice. Talk to you soon.",
        bob="OK. I'm glad you told us.",
        charlie="Thank you. A person reads what you write",
    )
    chat.alice("CHECKIN")
    chat.alice("4")
    chat.expect(alice=["How are you feeling today", "How lovely, Alice."])
    of_daily = [(run.version, run.outcome) for run in chat.all_runs() if run.flow == "daily"]
    assert of_daily == [(1, "done")] * 3 + [(2, "done")]
    (after,) = versions.differences(chat.app, {"daily": new}, ["daily"])
    assert (after.differs, after.standing) == (False, ())


def test_who_is_in_an_older_version_is_told_apart(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    publish(quick.app, [edited(quick, ("Good to hear", "Lovely to hear"))], author="dana", note="")
    quick.joined(member="charlie")
    quick.charlie("CHECKIN")
    assert quick.app.store.read(lambda unit: versions.standing(unit, "daily")) == (
        Standing(2, "mood", 1), Standing(1, "mood", 1),
    )  # fmt: skip


def test_going_back_is_publishing_again(quick: Chat) -> None:
    app = quick.app
    publish(app, [edited(quick, ("Good to hear", "Lovely to hear"))], author="dana", note="Warmer")
    assert versions.go_back(app, "daily", 1, author="eve", note="") == (Published("daily", 3),)
    history = versions.history(app, "daily")
    assert [(one.version, one.author, one.note) for one in history] == [
        (3, "eve", "as version 1"), (2, "dana", "Warmer"), (1, "test", ""),
    ]  # fmt: skip
    assert history[0].source == history[2].source
    assert all(one.at == quick.clock.now() for one in history)
    assert versions.between(app, "daily", 1, 3) == ()
    assert [one.step for one in versions.between(app, "daily", 1, 2)] == ["glad"]
    quick.joined()
    quick.alice("CHECKIN")
    quick.alice("5")
    assert quick.alice.new()[-1] == "Good to hear, Alice. Talk to you soon."
    with pytest.raises(NoSuchVersion, match=r"no version 7 of daily. There are: 1, 2, 3\."):
        versions.go_back(app, "daily", 7, author="eve", note="")


def test_what_was_never_published_is_new(quick: Chat) -> None:
    flow = replace(quick.flow_set.flows["daily"], name="weekly")
    (one,) = versions.differences(quick.app, {"weekly": flow}, ["weekly"])
    assert (one.is_new, one.differs, one.changes, one.standing) == (True, True, (), ())
    with pytest.raises(NoSuchVersion, match="never published"):
        versions.between(quick.app, "weekly", 1, 2)


def test_a_changed_file_is_taken_up_and_a_broken_one_never(quick: Chat, tmp_path: Path) -> None:
    folder = copy_flows(tmp_path / "flows")
    daily, watch = folder / "daily.yaml", Watch(folder)
    good = daily.read_text()
    assert watch.look(quick.app) is None

    daily.write_text(good.replace("Good to hear", "Lovely to hear"))
    taken = watch.look(quick.app)
    assert taken is not None
    assert (Published("daily", 2) in taken.published, taken.issues) == (True, ())
    assert watch.look(quick.app) is None

    daily.write_text(good.replace("go: glad", "go: glat"))
    broken = watch.look(quick.app)
    assert broken is not None
    assert broken.published == ()
    assert {issue.file for issue in broken.issues} == {"daily.yaml"}
    assert quick.app.flows["daily"].version == 2

    (folder / "program.yaml").write_text("program: [\n")
    nothing = watch.look(quick.app)
    assert nothing is not None
    assert {issue.file for issue in nothing.issues} == {"program.yaml"}
    assert quick.app.flows["daily"].version == 2
    assert quick.app.program.name == "Harbor Circle"

    quick.joined()
    quick.alice("CHECKIN")
    quick.alice("5")
    assert quick.alice.new()[-1] == "Lovely to hear, Alice. Talk to you soon."


def test_a_changed_text_of_the_program_is_taken_up(quick: Chat, tmp_path: Path) -> None:
    folder = copy_flows(tmp_path / "flows")
    texts, watch = folder / "texts.yaml", Watch(folder)
    texts.write_text(texts.read_text().replace("I will ask again in {when}", "You hear from me in {when}"))
    os.utime(texts, ns=(1, 1))
    assert watch.look(quick.app) is not None
    quick.joined()
    quick.alice("CHECKIN")
    quick.alice("later")
    assert quick.alice.new()[-1] == "Sure. You hear from me in 1 hour."
    assert load_folder(folder).program.name == quick.app.program.name
