"""A call on one handset as a person uses it: pick up, listen, press, speak, put down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from handsets import PATIENCE_MS, Clock, Phone
from playwright.sync_api import expect

MOST_PRESSES = 8


class CallOnPhone:
    """The call on one phone; it knows the page's hooks and nothing of the service behind it."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self.root = phone.root.get_by_test_id("call")
        self.lines = self.root.get_by_test_id("call-lines")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._phone.page.expect_response(lambda answer: answer.url.endswith("/call")) as asked:
            yield
        assert asked.value.ok, f"the service answered {asked.value.status}"
        expect(self.root).not_to_have_attribute("data-asking", "")

    def _click(self, test_id: str) -> CallOnPhone:
        with self._asking():
            self._phone.root.get_by_test_id(test_id).click()
        return self

    def dial(self) -> CallOnPhone:
        """Call the program."""
        return self._click("dial")

    def answer(self) -> CallOnPhone:
        """Pick up."""
        return self._click("call-answer")

    def leave(self, how: str) -> CallOnPhone:
        """Let the call go another way: `decline`, `ignore`, `machine`."""
        return self._click(f"call-{how}")

    def press(self, key: str) -> CallOnPhone:
        """Press one key that makes an answer."""
        return self._click(f"key-{key}")

    def say(self, words: str) -> CallOnPhone:
        """Say something."""
        with self._asking():
            self.root.get_by_test_id("call-speech").fill(words)
            self.root.get_by_test_id("call-speech").press("Enter")
        return self

    def wait(self) -> CallOnPhone:
        """Say nothing until the program goes on."""
        return self._click("call-wait")

    def hang_up(self) -> CallOnPhone:
        """Put the phone down."""
        return self._click("call-hang-up")

    def back(self) -> CallOnPhone:
        """Leave the screen of a call that is over."""
        self.root.get_by_test_id("call-close").click()
        return self

    def until_it_rings(self, clock: Clock) -> CallOnPhone:
        """Press "to the next due event" until it rings: at night, nothing rings before the morning."""
        for _ in range(MOST_PRESSES):
            clock.advance("next")
            self._phone.expect_settled()
            if self.root.get_attribute("data-state") == "rings":
                break
        return self.expect_ringing()

    def expect_ringing(self) -> CallOnPhone:
        """Wait until it rings."""
        expect(self.root).to_have_attribute("data-state", "rings", timeout=PATIENCE_MS)
        return self

    def expect_heard(self, text: str) -> CallOnPhone:
        """Wait until the program has said this."""
        said = self.lines.locator('[data-who="program"]').filter(has_text=text)
        expect(said.last).to_be_visible(timeout=PATIENCE_MS)
        return self

    def expect_over(self, words: str) -> CallOnPhone:
        """Wait until the call is over."""
        expect(self.root.get_by_test_id("call-what")).to_have_text(words)
        return self

    def expect_quiet(self) -> CallOnPhone:
        """Wait until no call is on this phone."""
        expect(self.root).to_be_hidden(timeout=PATIENCE_MS)
        return self
