"""Whole conversations on the pretend phones, as somebody who tries the program plays them.

`checkin dev` runs as a process of its own with its own SQLite file, workers and clock; Chromium types,
presses and reads. Nothing is scripted but what people do.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from complaints import Complaints
from desk import Desk, Screenshots
from dev_service import DevService
from handsets import PATIENCE_MS, Handsets
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ASKED = "How are you feeling today"
WANTED = "Alice would like to hear from you today"


@pytest.fixture(scope="module")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevService]:
    """One service for all conversations: each begins by starting over, as people do."""
    service = DevService(tmp_path_factory.mktemp("dev")).start()
    yield service
    service.stop()


@pytest.fixture
def dev(running_service: DevService) -> Iterator[DevService]:
    """Give a service that knows nobody; an error in its log fails the test."""
    running_service.post("/phones/start-over")
    yield running_service
    assert running_service.errors() == []


@pytest.fixture
def desk(dev: DevService, page: Page, screenshots: Screenshots) -> Desk:
    """Open the page on a service that knows nobody."""
    return Desk(Handsets(page).open(dev.url), screenshots)


def test_low_answer_brings_bob_and_is_followed_up(desk: Desk) -> None:
    alice, bob = desk.phone("alice"), desk.phone("bob")
    desk.shot("newcomer")
    alice.send("JOIN").expect_text("Reply YES to join")
    alice.send("YES").expect_text("What first name")
    alice.send("Alice").expect_text("Thanks, Alice").expect_text("choose a trusted contact")
    alice.send("YES").expect_text("What is their first name?")
    alice.send("Bob").expect_text("Bob's mobile number")
    alice.send("(202) 555-0102").expect_text("I have asked Bob")
    bob.expect_text("Alice asks you to be a trusted contact").expect_quiet()
    desk.shot("invited")
    bob.send("YES").expect_text("Thank you! If Alice wants to hear from you")
    alice.expect_text("Bob said yes").expect_quiet()

    expect(desk.clock.next_due).to_contain_text("5:00 PM · daily check-in")
    desk.clock.advance("next").expect("5:00 PM")
    alice.expect_text("Hi Alice, it's Harbor Circle").expect_quiet()
    alice.send("2").expect_text("That sounds like a hard day")
    alice.send("YES").expect_text("In 5 minutes I will ask Bob").expect_quiet()
    bob.expect_quiet()
    desk.shot("window")
    desk.clock.advance("10m").expect("5:10 PM")
    bob.expect_text(WANTED).expect_quiet()
    alice.expect_text("I texted Bob at 5:05 PM").expect_quiet()
    desk.shot("bob_alerted")
    bob.tap("1").expect_text("I told Alice that you will be in touch").expect_quiet()
    alice.expect_text("Bob answered at 5:10 PM and will get in touch").expect_quiet()
    bob.expect_status("Alice would like", "delivered")
    desk.shot("bob_has_it")

    desk.until(alice, ASKED)
    alice.send("4").expect_text("Good to hear, Alice")
    desk.until(alice, "Did someone get in touch with you?")
    alice.send("YES").expect_text("I will ask how you are in two days").expect_quiet()
    desk.shot("next_day")
    desk.until(alice, "How are things since you asked for support")
    alice.send("4").expect_text("Good that you asked for support")
    bob.expect_quiet()
    desk.shot("after_three_days")
    desk.expect_steady()


def test_silence_goes_from_bob_to_carmen_to_dana(desk: Desk) -> None:
    alice, bob, carmen, dana = (desk.phone(name) for name in ("alice", "bob", "carmen", "dana"))
    desk.join_with("Bob", "Carmen")
    desk.until(alice, ASKED)
    alice.send("Awful. Could someone please call me?").expect_text("In 5 minutes I will ask Bob")
    desk.clock.advance("10m")
    bob.expect_text(WANTED).expect_quiet()
    carmen.expect_quiet()
    desk.clock.advance("next")
    carmen.expect_text(WANTED).expect_quiet()
    alice.expect_text("I texted Bob").expect_text("I have now asked Carmen").expect_quiet()
    dana.expect_quiet()
    desk.clock.advance("next")
    dana.expect_text("Alice asks for a person. Please call +12025550101").expect_quiet()
    alice.expect_text("I told Dana from our staff").expect_quiet()
    desk.shot("dana_on_call")
    dana.send("1").expect_text("I told Alice that you will be in touch").expect_quiet()
    alice.expect_text("Dana answered at").expect_quiet()
    for told in (bob, carmen):
        told.expect_text("Dana is getting in touch with Alice").expect_quiet().expect_suggestions()
        told.expect_status("Dana is getting in touch", "delivered")
    desk.shot("dana_has_it")
    desk.expect_steady()


def test_a_no_in_the_window_tells_nobody(desk: Desk) -> None:
    alice, bob = desk.phone("alice"), desk.phone("bob")
    desk.join_with("Bob")
    alice.send("SUPPORT").expect_text("Changed your mind? Reply NO")
    alice.tap("NO").expect_text("I told nobody").expect_quiet()
    desk.clock.advance("1h")
    bob.expect_quiet()
    alice.expect_quiet()
    desk.shot("changed_her_mind")


def test_the_phones_say_what_fits_the_moment(desk: Desk) -> None:
    alice, bob = desk.phone("alice"), desk.phone("bob")
    bob.expect_suggestions()
    alice.expect_suggestions("JOIN")
    alice.tap("JOIN").expect_text("Reply YES to join").expect_suggestions("YES", "NO")
    alice.tap("YES").expect_text("What first name").expect_suggestions("Alice", "SUPPORT")
    alice.tap("Alice").expect_text("choose a trusted contact").expect_suggestions("YES", "NO", "SUPPORT")
    alice.tap("YES").expect_text("What is their first name?").expect_suggestions("Bob", "Carmen", "SUPPORT")
    alice.tap("Bob").expect_text("Bob's mobile number").expect_suggestions("202 555 0102", "SUPPORT")
    alice.tap("202 555 0102").expect_text("I have asked Bob")
    bob.expect_suggestions("YES", "NO")
    bob.tap("YES").expect_text("Thank you!")
    alice.expect_suggestions("SUPPORT", "CONTACTS", "CHECKIN", "BY PHONE")
    alice.tap("CHECKIN").expect_text(ASKED)
    alice.expect_suggestions("1", "2", "3", "4", "5", "SUPPORT")
    alice.tap("1").expect_text("hard day")
    alice.tap("YES").expect_text("Changed your mind?")
    alice.expect_suggestions("NO")
    expect(desk.clock.next_due).to_contain_text("the request goes out")
    desk.clock.advance("next")
    bob.expect_text(WANTED)
    bob.expect_suggestions("1", "2")
    expect(desk.clock.next_due).to_contain_text("the next person is asked")


def test_a_killed_service_comes_back_with_the_same_phones(
    tmp_path: Path, page: Page, screenshots: Screenshots, complaints: Complaints
) -> None:
    complaints.allow("Failed to load resource")
    dev = DevService(tmp_path).start()
    try:
        desk = Desk(Handsets(page).open(dev.url), screenshots)
        desk.join_with("Bob")
        desk.phone("alice").send("SUPPORT").expect_text("In 5 minutes").expect_quiet()
        before, clock = desk.everything(), desk.handsets.page.get_by_test_id("ahead").inner_text()
        dev.kill()
        expect(desk.handsets.banner).to_contain_text("does not answer")
        dev.start()
        expect(desk.handsets.banner).to_be_hidden(timeout=15_000)
        assert desk.everything() == before
        page.reload()
        expect(desk.phone("alice").bubbles).to_have_count(len(before["alice"]))
        assert desk.everything() == before
        assert page.get_by_test_id("ahead").inner_text() == clock
        desk.clock.advance("10m")
        desk.phone("bob").expect_text(WANTED).expect_quiet()
        desk.expect_steady()
    finally:
        dev.stop()


def test_starting_over_forgets_everybody(desk: Desk) -> None:
    desk.join_with("Bob")
    desk.phone("alice").send("SUPPORT").expect_text("In 5 minutes")
    desk.handsets.start_over()
    for name in ("alice", "bob", "carmen", "dana"):
        expect(desk.phone(name).bubbles).to_have_count(0)
    expect(desk.clock.next_due).to_have_text("Nothing is due")
    desk.clock.advance("1h")
    desk.phone("bob").expect_quiet()
    desk.phone("alice").send("JOIN").expect_text("Reply YES to join")


def test_a_clock_button_pressed_twice_moves_as_often_as_the_service_was_asked(desk: Desk) -> None:
    desk.join_with("Bob")
    page, asked, answered = desk.handsets.page, [], []
    page.on("request", lambda one: asked.append(one) if one.url.endswith("/clock") else None)
    page.on("response", lambda one: answered.append(one) if one.url.endswith("/clock") else None)
    before = desk.now()
    page.get_by_test_id("advance-1d").dblclick()
    desk.phone("alice").expect_text(ASKED)
    while len(answered) < len(asked):
        page.wait_for_event("response", timeout=PATIENCE_MS)
    desk.phone("alice").expect_settled()
    assert len(asked) in (1, 2)
    assert round((desk.now() - before).total_seconds() / 86_400, 2) == len(asked)
    desk.expect_steady()


def test_texts_and_clocks_at_the_same_time_lose_and_double_nothing(desk: Desk, dev: DevService) -> None:
    desk.join_with("Bob")
    with ThreadPoolExecutor(8) as hands:
        acts = []
        for number in range(12):
            acts.append(hands.submit(dev.post, "/phones/alice/send", text="HELP"))
            acts.append(hands.submit(dev.post, "/phones/bob/send", text=f"hello {number}"))
            if number % 3 == 0:
                acts.append(hands.submit(dev.post, "/phones/clock", by="1d"))
        for act in acts:
            act.result()
    alice = desk.phone("alice").expect_text("Not an emergency service").expect_settled()
    shown = desk.shown("alice")
    for index, bubble in enumerate(shown):
        if bubble.text == "HELP":
            assert "Not an emergency service" in shown[index + 1].text
    assert sum(bubble.text == "HELP" for bubble in shown) == 12
    days = [bubble.day for bubble in shown if ASKED in bubble.text]
    assert len(days) == len(set(days)) == 4, "one check-in a day, and each once"
    expect(alice.bubbles).to_have_count(len(shown))
    assert alice.texts() == [bubble.text for bubble in shown]
    desk.expect_steady()


def test_long_strange_and_empty_texts(desk: Desk, dev: DevService) -> None:
    desk.join_with("Bob")
    alice = desk.phone("alice")
    odd = ["x" * 1600, "I am 😔💔 and 👩‍👩‍👧 too", "אני בסדר", "one\ntwo\n\nthree", "<b>2</b> & 3", ""]
    for text in odd:
        dev.post("/phones/alice/send", text=text)
    expect(alice.bubbles.filter(has_text="<b>2</b> & 3")).to_be_attached()
    alice.expect_settled()
    said = [bubble.text for bubble in desk.shown("alice") if not bubble.to_phone][-len(odd) :]
    assert said == odd
    assert alice.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    expect(alice.root.locator('[data-direction="from_phone"]').last).to_contain_text("Empty text")
    desk.shot("odd_texts")
    alice.send("HELP").expect_text("Not an emergency service")


def test_sixty_texts_stay_in_order_and_at_the_end(desk: Desk, dev: DevService) -> None:
    for number in range(60):
        if number % 25 == 24:
            desk.clock.advance("1h")  # more than thirty in ten minutes would be two robots talking
        dev.post("/phones/bob/send", text=f"text {number}")
    bob = desk.phone("bob")
    expect(bob.bubbles).to_have_count(120)
    shown = desk.shown("bob")
    assert [bubble.text for bubble in shown if not bubble.to_phone] == [f"text {n}" for n in range(60)]
    assert [bubble.to_phone for bubble in shown] == [False, True] * 60
    expect(bob.bubbles.last).to_be_in_viewport()
    expect(bob.input).to_be_in_viewport()
    desk.shot("sixty_texts")


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("dark", 1440, 900), ("light", 390, 844), ("dark", 390, 844)]
)
def test_other_looks(desk: Desk, scheme: str, width: int, height: int) -> None:
    page = desk.handsets.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    desk.join_with("Bob")
    desk.phone("alice").send("SUPPORT").expect_text("In 5 minutes I will ask Bob")
    desk.clock.advance("10m")
    desk.phone("alice").expect_text("I texted Bob").expect_settled()
    desk.shot(f"{scheme}_{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(desk.phone("alice").button).to_be_in_viewport(ratio=1)
