"""What a test may need besides Python, and how to get it where it is missing."""

from __future__ import annotations

NEEDS = ("browser", "postgres", "redis", "rabbitmq", "acceptance")
"""The names that `--without` takes; each is a pytest marker too."""


class Missing(Exception):
    """Something that a test needs is not on this machine; the text says how to get it."""
