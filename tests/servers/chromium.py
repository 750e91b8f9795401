"""Where the browser of the browser tests is, and how to get it: Debian's package `chromium`."""

from __future__ import annotations

import shutil
import subprocess

from tests.servers.needs import Missing

NAMES = ("chromium", "chromium-browser")


def find_chromium() -> str:
    """Return the path of the browser; raises `Missing` with the mend where there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    raise Missing(
        "The browser tests need Chromium: `apt-get install chromium` on Debian, or leave them out with "
        "`python3 -m tests --without browser`."
    )


def missing_chromium() -> bool:
    """Return whether there is no browser."""
    try:
        find_chromium()
    except Missing:
        return True
    return False


def install_chromium() -> None:
    """Install Debian's package; root only. A failure is left to the tests, which say what to do."""
    print("Chromium is missing: installing Debian's package `chromium` for the browser tests.", flush=True)
    subprocess.call(["apt-get", "update", "-qq"])
    subprocess.call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
