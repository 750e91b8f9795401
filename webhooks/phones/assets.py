"""The files of the phones' page: what may be served, as what, and under which content security policy.

It knows names and media types only; whoever serves them is the routes' business. Nothing else of this
folder is ever served.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
PAGE = FOLDER / "page.html"

# Modules are refused by browsers under any other media type, so none is left to the system's own table.
ASSETS: Mapping[str, str] = MappingProxyType(
    {
        "phones.css": "text/css; charset=utf-8",
        "calls.css": "text/css; charset=utf-8",
        "call.js": "text/javascript; charset=utf-8",
        "sound.js": "text/javascript; charset=utf-8",
        "phones.js": "text/javascript; charset=utf-8",
        "handset.js": "text/javascript; charset=utf-8",
        "page_parts.js": "text/javascript; charset=utf-8",
        "service.js": "text/javascript; charset=utf-8",
        "phones.svg": "image/svg+xml",
    }
)
"""File name under `/phones/assets/`, and its media type."""

CONTENT_SECURITY_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""The page needs nothing but its own files: no inline script or style, no other host."""
