"""The phones' page against a scripted service: what a person sees, types and hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from complaints import Complaints
from handsets import Handsets, Phone
from playwright.sync_api import Page, expect
from pretend_service import PretendService

pytestmark = pytest.mark.browser

LOST = r"Failed to load resource: net::ERR_"


def test_first_look_shows_the_program_its_clock_and_every_phone(handsets: Handsets) -> None:
    page = handsets.page
    expect(page.get_by_test_id("program")).to_have_text("Harbor Circle")
    expect(page.locator("article[data-phone]")).to_have_count(4)
    handsets.clock.expect("9:00 AM").expect("Mon, Nov 23").expect("Real time")
    expect(page.locator("body")).to_contain_text("Nothing leaves this computer.")
    alice = handsets.phone("alice")
    expect(alice.root.get_by_test_id("hint")).to_have_text("Text JOIN to begin")
    expect(alice.root).to_contain_text("Member")
    expect(alice.root).to_contain_text("+1 202 555 0101")
    expect(alice.unread).to_be_hidden()


def test_enter_sends_and_the_answer_appears(handsets: Handsets, service: PretendService) -> None:
    alice = handsets.phone("alice").send("JOIN")
    expect(alice.root.get_by_test_id("empty")).to_be_hidden()
    expect(alice.input).to_have_value("")
    expect(alice.input).to_be_focused()
    service.say("alice", "Welcome to Harbor Circle.")
    alice.expect_text("Welcome").expect_quiet()
    assert alice.texts() == ["JOIN", "Welcome to Harbor Circle."]
    assert service.posts == [("send alice", {"text": "JOIN"})]


def test_the_button_and_a_suggestion_send_too(handsets: Handsets, service: PretendService) -> None:
    alice = handsets.phone("alice")
    alice.input.fill("hello")
    alice.button.click()
    alice.expect_status("hello", "received")
    alice.input.fill("half a thought")
    alice.tap("YES").expect_status("YES", "received")
    expect(alice.input).to_have_value("half a thought")
    assert [fields["text"] for _, fields in service.posts] == ["hello", "YES"]


def test_an_empty_text_is_not_sent(handsets: Handsets, service: PretendService) -> None:
    alice = handsets.phone("alice")
    expect(alice.button).to_have_attribute("aria-disabled", "true")
    alice.input.fill("   ")
    alice.input.press("Enter")
    alice.send("there")
    assert [fields["text"] for _, fields in service.posts] == ["there"]


def test_a_text_shows_at_once_and_only_once(handsets: Handsets, service: PretendService) -> None:
    service.answering.clear()
    alice = handsets.phone("alice")
    alice.input.fill("YES")
    alice.input.press("Enter")
    alice.expect_status("YES", "sending")
    service.answering.set()
    alice.expect_status("YES", "received")
    expect(alice.bubbles).to_have_count(1)


def test_ticks_say_how_far_a_text_has_come(handsets: Handsets, service: PretendService) -> None:
    words = {
        "queued": "Queued",
        "sending": "Sending",
        "sent": "Sent",
        "delivered": "Delivered",
        "failed": "Not delivered",
        "in_doubt": "In doubt",
    }
    texts = {service.say("bob", f"a text, {status}", "queued"): status for status in words}
    bob = handsets.phone("bob").expect_text("in_doubt")
    expect(bob.bubbles.get_by_test_id("tick")).to_have_text(["Queued"] * 6)
    for message, status in texts.items():
        service.mark(message, status)
    bob.expect_status("in_doubt", "in_doubt")
    ticks = bob.bubbles.get_by_test_id("tick")
    expect(ticks).to_have_text(list(words.values()))
    # Words that are only for screen readers are clipped to a point; trouble is spelt out for everyone.
    spelt_out = [tick.inner_text() for tick in ticks.all() if tick.bounding_box()["width"] > 40]
    assert spelt_out == ["Not delivered", "In doubt"]


def test_an_unread_badge_counts_until_somebody_picks_the_phone_up(
    handsets: Handsets, service: PretendService
) -> None:
    handsets.phone("alice").input.focus()
    service.say("bob", "one")
    service.say("bob", "two")
    service.say("alice", "three")
    bob = handsets.phone("bob").expect_text("two")
    expect(bob.unread).to_contain_text("2")
    expect(handsets.page).to_have_title("(2) Harbor Circle · pretend phones")
    handsets.phone("alice").expect_text("three")
    expect(handsets.phone("alice").unread).to_be_hidden()
    bob.input.focus()
    expect(bob.unread).to_be_hidden()
    expect(handsets.page).to_have_title("Harbor Circle · pretend phones")


def test_what_was_there_before_the_page_opened_is_not_new(
    page: Page, base_url: str, service: PretendService
) -> None:
    service.say("bob", "an old text")
    handsets = Handsets(page).open(base_url)
    bob = handsets.phone("bob").expect_text("an old text")
    expect(bob.unread).to_be_hidden()


def test_the_clock_moves_by_its_buttons(handsets: Handsets, service: PretendService) -> None:
    clock = handsets.clock
    clock.advance("10m").expect("9:10 AM").expect("10 minutes ahead")
    clock.advance("1h").expect("10:10 AM")
    clock.advance("1d").expect("Tue, Nov 24").expect("1 day and 1 hour and 10 minutes ahead")
    assert [fields["by"] for _, fields in service.posts] == ["10m", "1h", "1d"]
    expect(handsets.page.get_by_test_id("announce")).to_contain_text("Tue, Nov 24, 10:10 AM")


def test_the_next_due_event_is_named_and_reached(handsets: Handsets, service: PretendService) -> None:
    button = handsets.page.get_by_test_id("advance-next")
    expect(handsets.clock.next_due).to_have_text("Nothing is due")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.focus()
    handsets.page.keyboard.press("Enter")
    service.due(timedelta(days=1), "daily check-in")
    expect(handsets.clock.next_due).to_have_text("Tue 9:00 AM · daily check-in")
    expect(button).to_have_attribute("aria-disabled", "false")
    handsets.clock.advance("next").expect("Tue, Nov 24")
    assert service.posts == [("clock", {"by": "next"})]


def test_a_day_stands_between_texts_of_different_days(handsets: Handsets, service: PretendService) -> None:
    service.say("alice", "How are you today?")
    service.move("1d")
    service.say("alice", "And today?")
    handsets.phone("alice").expect_text("And today?")
    said = handsets.phone("alice").log.locator('[data-testid="day"], [data-testid="bubble-text"]')
    assert said.all_inner_texts() == ["Mon, Nov 23", "How are you today?", "Tue, Nov 24", "And today?"]


def test_a_call_is_told_from_a_text(handsets: Handsets, service: PretendService) -> None:
    service.say("carmen", "Press 1 if you are all right.", channel="voice")
    carmen = handsets.phone("carmen").expect_text("Press 1")
    expect(carmen.bubbles).to_contain_text("Phone call")


def test_a_draft_outlives_new_texts(handsets: Handsets, service: PretendService) -> None:
    alice = handsets.phone("alice")
    alice.input.fill("I feel rather")
    service.say("alice", "No rush.")
    alice.expect_text("No rush.")
    expect(alice.input).to_have_value("I feel rather")
    expect(alice.input).to_be_focused()
    alice.input.press_sequentially(" low")
    expect(alice.input).to_have_value("I feel rather low")


def with_a_long_talk(handsets: Handsets, service: PretendService) -> Phone:
    """Let Alice have had more texts than her phone shows at once."""
    for number in range(30):
        service.say("alice", f"text number {number}")
    return handsets.phone("alice").expect_text("text number 29")


def test_reading_older_texts_is_not_disturbed(handsets: Handsets, service: PretendService) -> None:
    alice = with_a_long_talk(handsets, service)
    expect(alice.bubbles.last).to_be_in_viewport()
    alice.log.evaluate("log => { log.scrollTop = 0 }")
    service.say("alice", "a newer one")
    alice.expect_text("a newer one")
    assert alice.log.evaluate("log => log.scrollTop") == 0
    alice.root.get_by_test_id("jump").click()
    expect(alice.bubbles.last).to_be_in_viewport()
    expect(alice.root.get_by_test_id("jump")).to_be_hidden()


def test_a_text_in_the_moment_of_scrolling_does_not_pull_the_reader_down(
    handsets: Handsets, service: PretendService
) -> None:
    alice = with_a_long_talk(handsets, service)
    expect(alice.bubbles.last).to_be_in_viewport()
    # The browser tells of a scroll with its next frame; here it never does.
    alice.log.evaluate("() => addEventListener('scroll', event => event.stopImmediatePropagation(), true)")
    alice.log.evaluate("log => { log.scrollTop = 0 }")
    service.say("alice", "a newer one")
    alice.expect_text("a newer one")
    assert alice.log.evaluate("log => log.scrollTop") == 0
    expect(alice.root.get_by_test_id("jump")).to_be_visible()


def test_the_last_text_stays_in_sight_when_the_composer_grows(
    handsets: Handsets, service: PretendService
) -> None:
    alice = with_a_long_talk(handsets, service)
    before = alice.log.bounding_box()["height"]
    service.phones["alice"].suggestions = [f"suggestion {number}" for number in range(6)]
    expect(alice.root.get_by_test_id("suggestion")).to_have_count(6)
    assert alice.log.bounding_box()["height"] < before
    expect(alice.bubbles.last).to_be_in_viewport(ratio=1)


def test_hostile_text_is_only_text(handsets: Handsets, service: PretendService) -> None:
    attack = "<img src=x onerror=\"document.body.dataset.hit='yes'\"><b>bold</b> {{7*7}}"
    service.phones["alice"].suggestions = [attack]
    service.phones["alice"].hint = attack
    service.phones["alice"].role = attack
    service.say("bob", attack)
    alice = handsets.phone("alice").send(attack)
    handsets.phone("bob").expect_text("onerror")
    assert alice.texts() == handsets.phone("bob").texts() == [attack]
    expect(alice.root.get_by_test_id("suggestion")).to_have_text(attack)
    assert handsets.page.locator("article img, article b").count() == 0
    assert handsets.page.locator("body").get_attribute("data-hit") is None


def test_a_refused_text_comes_back_with_its_reason(
    handsets: Handsets, service: PretendService, complaints: Complaints
) -> None:
    complaints.allow(r"status of 422")
    service.refuse_next = ("The text is too long.", "Shorten it to 1600 characters.")
    alice = handsets.phone("alice")
    alice.input.fill("too much")
    alice.input.press("Enter")
    expect(alice.note).to_have_text("The text is too long. Shorten it to 1600 characters.")
    expect(alice.input).to_have_value("too much")
    expect(alice.bubbles).to_have_count(0)
    alice.input.press_sequentially("!")
    expect(alice.note).to_be_hidden()


def test_an_unreachable_service_is_said_gently_and_mends_itself(
    handsets: Handsets, service: PretendService, complaints: Complaints
) -> None:
    complaints.allow(LOST)
    handsets.page.context.set_offline(True)
    expect(handsets.banner).to_contain_text("does not answer")
    handsets.page.context.set_offline(False)
    expect(handsets.banner).to_be_hidden()
    service.say("bob", "back again")
    handsets.phone("bob").expect_text("back again")


def test_a_text_that_could_not_be_sent_is_back_in_the_box(handsets: Handsets, complaints: Complaints) -> None:
    complaints.allow(LOST)
    alice = handsets.phone("alice")
    handsets.page.context.set_offline(True)
    alice.input.fill("help me")
    alice.input.press("Enter")
    expect(alice.note).to_contain_text("back in the box")
    expect(alice.input).to_have_value("help me")
    expect(alice.bubbles).to_have_count(0)


def test_a_hidden_tab_does_not_poll(handsets: Handsets, service: PretendService) -> None:
    page = handsets.page
    asked: list[str] = []
    hide = "state => { Object.defineProperty(document, 'hidden', { value: state, configurable: true });"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    with page.expect_response("**/phones/state"):
        page.clock.install()
        page.evaluate(hide, False)
    page.evaluate(hide, True)
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    service.say("bob", "while you were away")
    page.evaluate(hide, False)
    page.clock.run_for(1)
    handsets.phone("bob").expect_text("while you were away")


def test_work_still_being_done_is_shown(handsets: Handsets, service: PretendService) -> None:
    busy = handsets.page.get_by_test_id("busy")
    expect(busy).to_be_hidden()
    service.busy = True
    expect(busy).to_be_visible()
    service.busy = False
    expect(busy).to_be_hidden()


def test_starting_over_asks_first(handsets: Handsets, service: PretendService) -> None:
    page = handsets.page
    handsets.phone("alice").send("JOIN")
    page.get_by_test_id("start-over").click()
    expect(page.get_by_test_id("start-over-cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("start-over-dialog")).to_be_hidden()
    expect(handsets.phone("alice").bubbles).to_have_count(1)
    handsets.start_over()
    expect(handsets.phone("alice").bubbles).to_have_count(0)
    expect(handsets.phone("alice").root.get_by_test_id("empty")).to_be_visible()
    assert [name for name, _ in service.posts] == ["send alice", "start-over"]


def test_everything_is_reached_by_keyboard_in_reading_order(handsets: Handsets) -> None:
    page = handsets.page
    reached = []
    for _ in range(11):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.testid"))
    header = ["start-over", "advance-10m", "advance-1h", "advance-1d", "advance-next"]
    assert reached == [*header, "dial", "log", *["suggestion"] * 3, "composer-input"]
    page.keyboard.type("JOIN")
    page.keyboard.press("Tab")
    with page.expect_response("**/send"):
        page.keyboard.press("Space")
    handsets.phone("alice").expect_status("JOIN", "received")


def test_a_small_screen_shows_one_phone_and_names_the_others(
    handsets: Handsets, service: PretendService
) -> None:
    page = handsets.page
    page.set_viewport_size({"width": 390, "height": 844})
    tabs = page.get_by_test_id("people").get_by_role("button")
    expect(tabs).to_have_text(["Alice", "Bob", "Carmen", "Dana"])
    expect(tabs.first).to_have_attribute("aria-current", "true")
    expect(handsets.phone("alice").button).to_be_in_viewport(ratio=1)
    expect(handsets.phone("bob").button).not_to_be_in_viewport()
    service.say("alice", "seen at once")
    service.say("bob", "not seen yet")
    expect(tabs.nth(1)).to_have_accessible_name("Bob, 1 new")
    expect(tabs.first).to_have_accessible_name("Alice")
    tabs.nth(1).click()
    expect(handsets.phone("bob").button).to_be_in_viewport(ratio=1)
    expect(tabs.nth(1)).to_have_accessible_name("Bob")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [320, 390, 720, 768, 1024, 1240, 1280, 1366, 1440, 1920])
def test_the_header_keeps_its_place_and_cuts_nothing_off(
    handsets: Handsets, service: PretendService, width: int
) -> None:
    page = handsets.page
    page.set_viewport_size({"width": width, "height": 800})
    height = "document.querySelector('.top').offsetHeight"
    before = page.evaluate(height)
    service.now += timedelta(hours=22, minutes=34)
    service.due(timedelta(minutes=15), "staff are reminded")
    handsets.clock.expect("22 hours and 34 minutes ahead")
    expect(handsets.clock.next_due).to_contain_text("staff are reminded")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in ("start-over", "advance-10m", "advance-1h", "advance-1d", "advance-next"):
        expect(page.get_by_test_id(button)).to_be_in_viewport(ratio=1)
    # The narrowest of all may give the clock's words a second line, and shorten what is due.
    if width > 320:
        assert page.evaluate(height) == before
        assert handsets.clock.next_due.evaluate("shown => shown.scrollWidth <= shown.clientWidth")


def test_screen_readers_are_told_of_new_texts_only(handsets: Handsets) -> None:
    log = handsets.phone("alice").log
    assert log.get_attribute("role") == "log"
    assert log.get_attribute("aria-live") == "polite"
    assert log.get_attribute("aria-relevant") == "additions"
    expect(handsets.page.get_by_role("textbox", name="Text from Alice’s phone")).to_be_visible()
    expect(handsets.page.get_by_role("button", name="Plus 10 minutes")).to_be_visible()


# What is drawn behind a text: the first ground that is not see-through, or the worst part of the page's own.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const root = getComputedStyle(document.documentElement);
  const page = ["--glow", "--ground", "--ground-2"].map((name) => rgb(root.getPropertyValue(name)));
  const grounds = (node) => {
    for (; node; node = node.parentElement) {
      const found = rgb(getComputedStyle(node).backgroundColor);
      if (found[3] === 255) return [found];
    }
    return page;
  };
  const ratio = (ink, ground) => {
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = {};
  while (texts.nextNode()) {
    const at = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !at.checkVisibility()) continue;
    if (at.closest(".sr, .sprite, noscript")) continue;
    const ink = rgb(getComputedStyle(at).color);
    seen[texts.currentNode.data.trim().slice(0, 40)] = Math.min(...grounds(at).map((one) => ratio(ink, one)));
  }
  return seen;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(
    handsets: Handsets, service: PretendService, scheme: str
) -> None:
    handsets.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for phone in service.phones:
        service.hear(phone, f"{phone} writes")
        for status in ("queued", "sent", "delivered", "failed", "in_doubt"):
            service.say(phone, f"{phone} {status}", status)
    service.busy = True
    service.due(timedelta(hours=1), "daily check-in")
    handsets.phone("dana").expect_text("in_doubt")
    measured = handsets.page.evaluate(CONTRASTS)
    assert len(measured) > 40
    assert {text: ratio for text, ratio in measured.items() if ratio < 4.5} == {}
