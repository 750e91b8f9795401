"""Calls on the pretend phones, as somebody who tries the program takes and makes them.

`checkin dev` runs as a process of its own; Chromium picks up, presses, speaks and puts down. What is heard
comes through the same TwiML as Twilio's calls.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from calls import CallOnPhone
from desk import Desk, Screenshots
from dev_service import FLOWS, DevService
from handsets import Handsets
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

RING = """
flow: ring
title: Did you sleep well?
start: [{keyword: ringring}]
steps:
  sleep:
    ask: { en: "Did you sleep well? YES or NO", es: "¿Dormiste bien? SÍ o NO" }
    answer: yes_no
    then:
      - if: answer == yes
        go: good
      - go: done
    no_reply:
      - after: 1h
        call: this_step
      - after: 20h
        go: done
  good:
    say: { en: "Lovely, {first_name}.", es: "Qué bien, {first_name}." }
    go: done
  done:
    end: done
"""


@pytest.fixture(scope="module")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevService]:
    """One service for all calls, with the shipped flows and one whose question rings after an hour."""
    folder = tmp_path_factory.mktemp("dev")
    flows = shutil.copytree(FLOWS, folder / "flows")
    (flows / "ring.yaml").write_text(RING, "utf-8")
    service = DevService(folder, flows).start()
    yield service
    service.stop()


@pytest.fixture
def desk(running_service: DevService, page: Page, screenshots: Screenshots) -> Iterator[Desk]:
    """Open the page on a service that knows nobody; an error in its log fails the test."""
    running_service.post("/phones/start-over")
    yield Desk(Handsets(page).open(running_service.url), screenshots)
    assert running_service.errors() == []


@pytest.fixture
def rung(desk: Desk) -> CallOnPhone:
    """Alice was asked by text, has not answered for an hour, and her phone rings."""
    alice = desk.phone("alice")
    for text in ("JOIN", "YES", "Alice", "NO"):
        alice.send(text)
    alice.send("RINGRING").expect_text("Did you sleep well?")
    return CallOnPhone(alice).until_it_rings(desk.clock)


def test_a_call_rings_is_answered_and_its_answer_is_the_flows(desk: Desk, rung: CallOnPhone) -> None:
    desk.shot("call_rings")
    rung.answer().expect_heard("This is an automated call for Alice. Is that you?")
    rung.press("1").expect_heard("Did you sleep well? Yes or no")
    desk.shot("call_asks")
    rung.say("yes I did").expect_heard("Lovely, Alice.").expect_over("The call has ended")
    desk.shot("call_over")
    rung.back()
    alice = desk.phone("alice")
    alice.expect_text("Lovely, Alice.").expect_quiet()
    assert "Answered" in desk.phone("alice").log.inner_text()
    desk.shot("call_in_the_talk")
    desk.clock.advance("1h")
    rung.expect_quiet()


@pytest.mark.parametrize(
    ("how", "shown"),
    [("decline", "Declined"), ("ignore", "Nobody answered"), ("machine", "A machine took it")],
)
def test_a_call_that_nobody_takes_rings_again(desk: Desk, rung: CallOnPhone, how: str, shown: str) -> None:
    rung.leave(how)
    if how == "machine":
        rung.expect_heard("This is a message for Alice. Please call 2 0 2, 5 5 5, 0 1 0 0.").back()
    rung.expect_quiet()
    expect(desk.phone("alice").log).to_contain_text(shown)
    rung.until_it_rings(desk.clock)


def test_it_stops_ringing_by_itself(desk: Desk, rung: CallOnPhone) -> None:
    expect(desk.clock.next_due).to_contain_text("the phone stops ringing")
    desk.clock.advance("next")
    rung.expect_quiet()
    expect(desk.phone("alice").log).to_contain_text("Nobody answered")


def test_a_call_goes_on_after_the_page_was_reloaded(desk: Desk, rung: CallOnPhone) -> None:
    rung.answer().press("1").expect_heard("Did you sleep well?")
    desk.handsets.page.reload()
    rung.expect_heard("Did you sleep well?")
    rung.wait().expect_heard("Did you sleep well?")
    rung.hang_up().back().expect_quiet()
    desk.phone("alice").send("yes").expect_text("Lovely, Alice.")


def test_the_program_is_called_and_a_person_asked_for(desk: Desk) -> None:
    desk.join_with("Bob")
    call = CallOnPhone(desk.phone("alice")).dial()
    call.expect_heard("Hello, this is Harbor Circle.").expect_heard("To hear from a person, press 2.")
    desk.shot("call_menu")
    call.press("2").expect_heard("I will ask Bob")
    call.hang_up().back()
    desk.clock.advance("10m")
    bob = desk.phone("bob").expect_text("Alice would like to hear from you today")
    his = CallOnPhone(bob).dial().expect_heard("Alice would like to hear from you today")
    his.press("1").expect_heard("I told Alice that you will be in touch").expect_over("The call has ended")
    desk.phone("alice").expect_text("Bob answered")
    assert "Alice would like" in bob.log.inner_text()


def test_a_member_who_chose_calls_is_called_and_a_dropped_call_is_offered_again(desk: Desk) -> None:
    alice = desk.phone("alice")
    for text in ("JOIN", "YES", "Alice", "NO"):
        alice.send(text)
    alice.send("BY PHONE").expect_text("by text or by phone call")
    alice.send("CALL").expect_text("From now on we call you")
    call = CallOnPhone(alice).until_it_rings(desk.clock)
    call.answer().press("1").expect_heard("How are you feeling today?")
    desk.shot("check_in_by_phone")
    call.hang_up().back()
    alice.expect_text("our call broke off. Nothing is lost.")
    alice.send("4").expect_text("Good to hear, Alice").expect_quiet()
