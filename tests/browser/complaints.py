"""What the browser complains about while a test runs: console errors and warnings, uncaught exceptions."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Page


class Complaints:
    """What the browser complained about while a test ran."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error.message}"))

    def allow(self, pattern: str) -> None:
        """Let complaints pass that this test provokes."""
        self._allowed.append(re.compile(pattern))

    def left(self) -> list[str]:
        """Give those that nobody expected."""
        return [text for text in self.seen if not any(known.search(text) for known in self._allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.type}: {message.text}")
