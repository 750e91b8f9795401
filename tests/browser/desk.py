"""Playing on the whole desk: joining, moving the clock until something comes, and looking that nothing moved.

It knows the words of the sample flows and the page's hooks, as `handsets` does, and nothing of the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from handsets import Clock, Handsets, Phone
from playwright.sync_api import expect

PHONES = ("alice", "bob", "carmen", "dana")
NUMBERS = {"Bob": "202 555 0102", "Carmen": "202 555 0103"}
MOST_PRESSES = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """One bubble as the service gives it."""

    id: str
    to_phone: bool
    text: str
    day: str


class Screenshots:
    """A folder of screenshots, numbered in the order in which they were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken = 0

    def next_path(self, name: str) -> Path:
        """Give the path for the next one."""
        self._taken += 1
        return self.folder / f"{self._taken:02}_{name}.png"


class Desk:
    """The page, with what a conversation needs again and again."""

    def __init__(self, handsets: Handsets, screenshots: Screenshots) -> None:
        self.handsets = handsets
        self.clock: Clock = handsets.clock
        self._screenshots = screenshots
        self._seen: dict[str, list[str]] = {}

    def phone(self, name: str) -> Phone:
        """Give one handset."""
        return self.handsets.phone(name)

    def join_with(self, *contacts: str) -> None:
        """Let Alice join and name these contacts, each of whom agrees."""
        alice = self.phone("alice")
        alice.send("JOIN").expect_text("Reply YES to join")
        alice.send("YES").expect_text("What first name")
        alice.send("Alice").expect_text("choose a trusted contact")
        for number, contact in enumerate(contacts):
            alice.send("ADD" if number else "YES").expect_text("first name")
            alice.send(contact).expect_text(f"{contact}'s mobile number")
            alice.send(NUMBERS[contact]).expect_text(f"I have asked {contact}")
            phone = self.phone(contact.lower()).expect_text("Alice asks you to be a trusted contact")
            phone.send("YES").expect_text("Thank you!")
            alice.expect_text(f"{contact} said yes")
        for name in PHONES:
            self.phone(name).expect_quiet()

    def until(self, phone: Phone, text: str) -> None:
        """Press "to the next due event" until this text is on the phone."""
        for _ in range(MOST_PRESSES):
            self.clock.advance("next")
            phone.expect_settled()
            if phone.has_new(text):
                break
        phone.expect_text(text)

    def shot(self, name: str) -> None:
        """Take a screenshot of what is on the screen now, and look that no bubble has moved."""
        self.expect_steady()
        self.handsets.page.screenshot(path=self._screenshots.next_path(name))

    def shown(self, name: str) -> list[Shown]:
        """Give the bubbles of one phone as the service gives them."""
        phones = self._state()["phones"]
        messages = next(phone["messages"] for phone in phones if phone["id"] == name)
        return [Shown(m["id"], m["direction"] == "to_phone", m["text"], m["day"]) for m in messages]

    def now(self) -> datetime:
        """Give the service's clock."""
        return datetime.fromisoformat(self._state()["now"])

    def everything(self) -> dict[str, list[str]]:
        """Give every text on every phone of the page."""
        return {name: self.phone(name).texts() for name in PHONES}

    def expect_steady(self) -> None:
        """Look that every bubble seen before is there under its id, and that none has changed places."""
        for name in PHONES:
            ids = [bubble.id for bubble in self.shown(name)]
            assert len(ids) == len(set(ids))
            before = self._seen.get(name, [])
            assert [id for id in ids if id in set(before)] == before, f"{name}'s bubbles moved"
            self._seen[name] = ids

    def _state(self) -> dict[str, Any]:
        page = self.handsets.page
        answer = page.request.get(urljoin(page.url, "/phones/state"))
        expect(answer).to_be_ok()
        state: dict[str, Any] = answer.json()
        return state
