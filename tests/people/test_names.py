"""Names that people give, as they stand in texts to others."""

from __future__ import annotations

import pytest

from checkin.people.names import LONGEST_NAME, given_name, short_name


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


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Alice", "Alice"),
        ("I'm Alice", "Alice"),
        ("im alice", "alice"),
        ("I’m Alice!", "Alice"),
        ("Hi, my name is Mary Ann.", "Mary Ann"),
        ("You can call me Bo, please", "Bo"),
        ("It's Sam here", "Sam"),
        ("Soy Alice", "Alice"),
        ("Hola, me llamo José Luis", "José Luis"),
        ("Mi nombre es Ana, gracias", "Ana"),
        ("Llámame Nacho", "Nacho"),
        ("Dimentia", "Dimentia"),
        ("Imani", "Imani"),
        ("Soyla", "Soyla"),
        ("I'm", "I'm"),
        ("Thanks", "Thanks"),
        ("J. R.", "J. R"),
        ("Bob 202 555 0102", "Bob"),
        ("his name is Bob, +1 (202) 555-0102", "his name is Bob"),
        ("202-555-0102 Carmen", "Carmen"),
        ("2025550102", ""),
        ("+1 202 555 0102.", ""),
        ("Bob 2", "Bob 2"),
    ],
)
def test_a_name_is_found_in_the_sentence_that_gives_it(said: str, name: str) -> None:
    assert given_name(said) == name
