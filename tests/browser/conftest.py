"""A real Chromium for tests of pages; whatever the browser complains about fails the test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# Helpers beside the tests are imported by name; the tests' import mode adds no folder of its own.
sys.path.insert(0, str(Path(__file__).parent))

from complaints import Complaints
from handsets import Handsets
from pretend_service import PretendService, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
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
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; without one the test is skipped and the summary says so."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


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
