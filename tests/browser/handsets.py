"""The phones' page as a person uses it: pick up a phone, text, read, move the clock.

It knows the page's stable hooks and nothing of the service behind it, so the same words drive the page's own
tests and whole conversations with the real service.

    handsets = Handsets(page).open(base_url)
    handsets.phone("alice").send("JOIN").expect_text("Welcome to Harbor Circle")
    handsets.clock.advance("1h")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

# A service that does a day's work after a jump of the clock may take a while before its texts appear.
PATIENCE_MS = 10_000


class Phone:
    """One handset. Expectations are in order: each looks only at texts after the one found before."""

    def __init__(self, page: Page, phone: str) -> None:
        self.page = page
        self.root = page.locator(f'article[data-phone="{phone}"]')
        self.input = self.root.get_by_test_id("composer-input")
        self.button = self.root.get_by_test_id("send")
        self.bubbles = self.root.get_by_test_id("bubble")
        self.unread = self.root.get_by_test_id("unread")
        self.note = self.root.get_by_test_id("note")
        self.log = self.root.get_by_test_id("log")
        self.suggestions = self.root.get_by_test_id("suggestion")
        self._read_up_to = ""

    def send(self, text: str) -> Phone:
        """Text from this phone with the keyboard, and wait until the service has it and the page shows it."""
        with self._sending():
            self.input.fill(text)
            self.input.press("Enter")
        return self

    def tap(self, suggestion: str) -> Phone:
        """Send one of the suggested texts, and wait as `send` does."""
        with self._sending():
            self.suggestions.get_by_text(suggestion, exact=True).click()
        return self

    @contextmanager
    def _sending(self) -> Iterator[None]:
        with self.page.expect_response(lambda answer: answer.url.endswith("/send")) as sent:
            yield
        assert sent.value.ok, f"the service answered {sent.value.status}"
        expect(self.log.locator('[data-message^="pending-"]')).to_have_count(0)

    def expect_text(self, text: str) -> Phone:
        """Wait for a text of the service that contains `text`, newer than the last one expected here."""
        found = self._new_texts().filter(has_text=text).first
        expect(found).to_be_attached(timeout=PATIENCE_MS)
        self._read_up_to = found.get_attribute("data-message") or ""
        return self

    def expect_quiet(self) -> Phone:
        """Wait until the service has no work left; then nothing newer than the last expected text is here."""
        self.expect_settled()
        expect(self._new_texts()).to_have_count(0)
        return self

    def expect_settled(self) -> Phone:
        """Wait until the service has no work left."""
        expect(self.page.get_by_test_id("busy")).to_be_hidden(timeout=PATIENCE_MS)
        return self

    def expect_suggestions(self, *texts: str) -> Phone:
        """Wait until these are suggested, in this order, and nothing else."""
        expect(self.suggestions).to_have_text(list(texts))
        return self

    def has_new(self, text: str) -> bool:
        """Whether a text newer than the last expected one contains this, right now."""
        return self._new_texts().filter(has_text=text).count() > 0

    def expect_status(self, text: str, status: str) -> Phone:
        """Wait until the newest bubble that contains `text` has this delivery status."""
        bubble = self.bubbles.filter(has_text=text).last
        expect(bubble).to_have_attribute("data-status", status, timeout=PATIENCE_MS)
        return self

    def texts(self) -> list[str]:
        """Give what every bubble says, in order, both directions."""
        return self.root.get_by_test_id("bubble-text").all_inner_texts()

    def _new_texts(self) -> Locator:
        # All bubbles are siblings, so "newer than" is the general sibling combinator.
        after = f'[data-message="{self._read_up_to}"] ~ ' if self._read_up_to else ""
        return self.log.locator(f'{after}[data-direction="to_phone"]')


class Clock:
    """The service's clock and the buttons that move it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_test_id("clock")
        self.next_due = page.get_by_test_id("next-due")

    def advance(self, by: str) -> Clock:
        """Press a button: `10m`, `1h`, `1d` or `next`; waits for the service's answer."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/clock")) as moved:
            self.page.get_by_test_id(f"advance-{by}").click()
        assert moved.value.ok, f"the service answered {moved.value.status}"
        # The page takes this mark away once it shows what it was told.
        expect(self.page.locator("body[data-moving]")).to_have_count(0)
        return self

    def expect(self, text: str) -> Clock:
        """Wait until the clock shows this, such as `9:10 AM` or `Mon, Nov 23`."""
        expect(self.root).to_contain_text(text, timeout=PATIENCE_MS)
        return self


class Handsets:
    """The whole desk."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clock = Clock(page)
        self.banner = page.get_by_test_id("banner").first
        self._phones: dict[str, Phone] = {}

    def open(self, base_url: str) -> Handsets:
        """Load the page and wait for the first phone."""
        self.page.goto(f"{base_url}/phones")
        expect(self.page.locator("article[data-phone]").first).to_be_visible(timeout=PATIENCE_MS)
        return self

    def phone(self, phone: str) -> Phone:
        """Give one handset by its id; the same object each time, so it remembers what was read."""
        return self._phones.setdefault(phone, Phone(self.page, phone))

    def start_over(self) -> Handsets:
        """Forget the sample people, and confirm it."""
        self.page.get_by_test_id("start-over").click()
        with self.page.expect_response(lambda answer: answer.url.endswith("/start-over")):
            self.page.get_by_test_id("start-over-confirm").click()
        self._phones.clear()
        return self
