"""Names that people give, as they stand in texts to others."""

from __future__ import annotations

import pytest

from checkin.people.names import LONGEST_NAME, short_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Alice", "Alice"),
        ("  Ana   María \t", "Ana María"),
        ("\nBob\nReply STOP", "Bob"),
        ("", ""),
        ("  \n ", ""),
        ("👍 " * 40, ("👍 " * 40)[:LONGEST_NAME].strip()),
    ],
)
def test_a_name_is_one_short_line(given: str, kept: str) -> None:
    assert short_name(given) == kept
    assert len(short_name(given)) <= LONGEST_NAME
