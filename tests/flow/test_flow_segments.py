"""SMS segments against hand-counted cases of 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.flow.segments import cheaper, segments

CASES = [
    ("", "GSM-7", 1, 0, None),
    ("a" * 160, "GSM-7", 1, 160, None),
    ("a" * 161, "GSM-7", 2, 161, None),
    ("a" * 306, "GSM-7", 2, 306, None),
    ("a" * 307, "GSM-7", 3, 307, None),
    ("¿Cómo"[0] + "é ñ ü à è ì ò ù ¡ Ñ É Ä Ö Å å ß", "GSM-7", 1, 32, None),
    ("€" * 80, "GSM-7", 1, 160, None),
    ("€" * 80 + "a", "GSM-7", 2, 161, None),
    # an escape pair may not be divided: 152 places, then the pair moves on to the second part
    ("a" * 152 + "€" + "a" * 151, "GSM-7", 2, 305, None),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 3, 306, None),
    ("[]{}~\\|^", "GSM-7", 1, 16, None),
    ("á", "UCS-2", 1, 1, "á"),
    ("a" * 69 + "í", "UCS-2", 1, 70, "í"),
    ("a" * 70 + "í", "UCS-2", 2, 71, "í"),
    ("a" * 133 + "ó", "UCS-2", 2, 134, "ó"),
    ("a" * 134 + "ú", "UCS-2", 3, 135, "ú"),
    ("`", "UCS-2", 1, 1, "`"),
    ("ç", "UCS-2", 1, 1, "ç"),  # the large Ç is in the alphabet, the small one is not
    ("Ç", "GSM-7", 1, 1, None),
    ("😀" * 35, "UCS-2", 1, 70, "😀"),
    ("😀" * 36, "UCS-2", 2, 72, "😀"),
    # a surrogate pair may not be divided: 66 places and a pair do not fit into 67
    ("a" * 66 + "😀" + "a" * 65, "UCS-2", 2, 133, "😀"),
    ("a" * 66 + "😀" + "a" * 66, "UCS-2", 3, 134, "😀"),
    ("9:05\u202fAM", "UCS-2", 1, 7, "\u202f"),
    ("It’s here", "UCS-2", 1, 9, "’"),
    ("a\nb\rc", "GSM-7", 1, 5, None),
    ("👩‍👩‍👧", "UCS-2", 1, 8, "👩"),
]


@pytest.mark.parametrize(("text", "alphabet", "count", "places", "dear"), CASES)
def test_segments(text: str, alphabet: str, count: int, places: int, dear: str | None) -> None:
    found = segments(text)
    assert (found.alphabet, found.count, found.places, found.dear) == (alphabet, count, places, dear)


@given(st.text())
def test_a_longer_text_never_costs_less(text: str) -> None:
    assert segments(text + "a").count >= segments(text).count >= 1


@given(st.text())
def test_plain_characters_never_cost_more(text: str) -> None:
    # An ellipsis becomes three places, so only texts that fit into one message either way are compared.
    plain = cheaper(text)
    assert segments(plain).alphabet == "GSM-7" or segments(text).alphabet == "UCS-2"
    if len(plain) <= 70:
        assert segments(plain).count <= segments(text).count
