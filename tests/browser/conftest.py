"""A real Chromium for tests of pages; whatever the browser complains about fails the test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# Helpers beside the tests are imported by name; the tests' import mode adds no folder of its own.
sys.path.insert(0, str(Path(__file__).parent))

from complaints import Complaints
from desk import Screenshots
from handsets import Handsets
from pretend_service import PretendService, serving

SCREENSHOTS = pytest.StashKey[Path]()
# Nothing but the page under test may go out: no updates, no sync, no field trials.
QUIET = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
]


# One browser a module, not a session: Playwright keeps an event loop in the main thread as long as it runs,
# and tests elsewhere start loops of their own.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Debian's Chromium; without one the test fails and says how to get it."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def look() -> dict[str, Any]:
    """Give the options of the browser's window; a test module or a parameter may override them."""
    return {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "locale": "en-US"}


@pytest.fixture
def watched(browser: Browser, look: dict[str, Any]) -> Iterator[tuple[Page, Complaints]]:
    """Open an empty page in a fresh context; what the browser complains about fails the test."""
    context = browser.new_context(**look)
    context.set_default_timeout(10_000)
    opened = context.new_page()
    complaints = Complaints(opened)
    yield opened, complaints
    left = complaints.left()
    context.close()
    assert not left, f"the browser complained: {left}"


@pytest.fixture
def page(watched: tuple[Page, Complaints]) -> Page:
    """Give the page of this test."""
    return watched[0]


@pytest.fixture
def complaints(watched: tuple[Page, Complaints]) -> Complaints:
    """Give what the browser of this test complains about, to allow what the test provokes."""
    return watched[1]


@pytest.fixture
def service() -> PretendService:
    """Give a scripted service with four empty phones."""
    return PretendService()


@pytest.fixture
def base_url(service: PretendService) -> Iterator[str]:
    """Serve the scripted service on loopback."""
    with serving(service.app()) as url:
        yield url


@pytest.fixture
def handsets(page: Page, base_url: str) -> Handsets:
    """Open the phones' page on the scripted service."""
    return Handsets(page).open(base_url)


@pytest.fixture(scope="session")
def screenshots(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Screenshots:
    """Give the folder for screenshots: SCREENSHOTS, or a temporary one; the summary names it."""
    asked_for = os.environ.get("SCREENSHOTS")
    folder = Path(asked_for) if asked_for else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    pytestconfig.stash[SCREENSHOTS] = folder
    return Screenshots(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where the screenshots are."""
    folder = config.stash.get(SCREENSHOTS, None)
    if folder is not None:
        terminalreporter.write_line(f"screenshots of the phones: {folder}")
