"""Phone numbers as people type, paste and import them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number

from checkin.people.numbers import MENDS, NumberRefused, Reason, guess_zone, is_e164, normalise

BOB = "+12025550101"


@pytest.mark.parametrize(
    "text",
    [
        "202-555-0101",
        "(202) 555-0101",
        "202.555.0101",
        "202/555/0101",
        "2 0 2 5 5 5 0 1 0 1",
        "1 202 555 0101",
        "+1 202 555 0101",
        "001 202 555 0101",
        "cell: 202-555-0101",
        "Mom 2025550101",
        "202-555-0101 (home)",
        "my number is 202 555 0101, thanks!",
        "1. 202-555-0101",
        "202-555-0101 / (202) 555 0101",
        "whatsapp:+12025550101",
        "WhatsApp: +12025550101",
        "tel:+1-202-555-0101",
        "'2025550101",
        "’2025550101",
        '="2025550101"',
        "2025550101.0",
        "12025550101.00",
        "2025550101,0",
        "1.2025550101E+10",
        "2,025550101e+09",
        "12.025550101E+09",
        "1.20255501010E+10",
        "cell 1.2025550101E+10",
        "1.2025550101 E+10 (Mom)",
        "2,025,550,101",
        "+12,025,550,101.00",
        "202-555-0101 e5",
        "２０２５５５０１０１",
        "＋１（２０２）５５５ー０１０１",
        "٢٠٢٥٥٥٠١٠١",
        "\u202a+1\u00a0(202)\u00a0555\u20110101\u202c",
        "\ufeff202-555-0101\t\n",
    ],
)
def test_one_number_in_many_clothes(text: str) -> None:
    assert normalise(text, "US") == BOB


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("07911 123456", "GB", "+447911123456"),
        ("+44 7911 123456", "US", "+447911123456"),
        ("0044 7911 123456", "US", "+447911123456"),
        ("011 52 55 1234 5678", "US", "+525512345678"),
        ("612 345 678", "ES", "+34612345678"),
        ("202-555-0101", "CA", BOB),
    ],
)
def test_a_number_is_read_as_in_its_country(text: str, region: str, e164: str) -> None:
    assert normalise(text, region) == e164


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("  \u200b ", Reason.EMPTY),
        ("'", Reason.EMPTY),
        ("Mom", Reason.NO_NUMBER),
        ("I don't know, 5 maybe", Reason.NO_NUMBER),
        ("lorem ipsum " * 40 + "202-555-0101", Reason.NO_NUMBER),
        ("202-555-0101 or 202-555-0102", Reason.SEVERAL),
        ("202-555-0101 202-555-0102", Reason.SEVERAL),
        ("202-555-0101 x12", Reason.EXTENSION),
        ("202-555-0101 ext. 12", Reason.EXTENSION),
        ("tel:+12025550101;ext=12", Reason.EXTENSION),
        ("+12025550101,,5#", Reason.EXTENSION),
        ("2025550101;12", Reason.EXTENSION),
        ("+12025550101 ;ext=5", Reason.EXTENSION),
        ("202-555-0101w5", Reason.EXTENSION),
        ("202-555-0101p55#", Reason.EXTENSION),
        ("1.41556E+10", Reason.ROUNDED),
        ("1,41556e10", Reason.ROUNDED),
        ("1E+10", Reason.ROUNDED),
        ("2E10", Reason.ROUNDED),
        ("Mom 4.155550101E+11", Reason.ROUNDED),
        ("+1.41556E+10", Reason.ROUNDED),
        ("911", Reason.SHORT_CODE),
        ("text 988", Reason.SHORT_CODE),
        ("22395", Reason.SHORT_CODE),
        ("555-0101", Reason.TOO_SHORT),
        ("+1 202 555 010", Reason.TOO_SHORT),
        ("202-555-01012", Reason.TOO_LONG),
        ("+1202555010123456", Reason.TOO_LONG),
        ("200 000 0000", Reason.NO_SUCH_NUMBER),
        ("+999 123 45678", Reason.NO_SUCH_NUMBER),
        ("1-202-555-O1O1", Reason.TOO_SHORT),
        ("900-555-1234", Reason.PREMIUM),
        ("800-555-1234", Reason.TOLL_FREE),
        ("+44 76 4012 3456", Reason.NOT_PERSONAL),
    ],
)
def test_what_is_not_a_persons_number_is_refused_with_a_reason_and_a_mend(text: str, reason: Reason) -> None:
    with pytest.raises(NumberRefused) as caught:
        normalise(text, "US")
    assert caught.value.reason is reason
    assert caught.value.mend == MENDS[reason]


def test_every_reason_has_a_mend() -> None:
    assert set(MENDS) == set(Reason)


def test_a_refusal_never_says_the_number() -> None:
    with pytest.raises(NumberRefused) as caught:
        normalise("202-555-0199 x9876", "US")
    error: BaseException | None = caught.value
    assert "0199" not in f"{error} {error!r}"
    assert "9876" not in f"{error} {error!r}"
    assert caught.value.__cause__ is None


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_valid_number_or_a_refusal(text: str) -> None:
    try:
        e164 = normalise(text, "US")
    except NumberRefused:
        return
    assert is_e164(e164)
    assert phonenumbers.is_valid_number(phonenumbers.parse(e164))
    assert normalise(e164, "ES") == e164


@given(st.text(alphabet="+0123456789 ()-.,;xE'", max_size=24))
@settings(max_examples=400, deadline=None)
def test_texts_that_look_like_numbers_never_break_it(text: str) -> None:
    try:
        e164 = normalise(text, "US")
    except NumberRefused:
        return
    assert is_e164(e164)
    assert set(e164[1:]) <= set(text) | {"1"}


@pytest.mark.parametrize("text", [BOB, "+447911123456", "+34612345678", "+1234567"])
def test_what_is_e164(text: str) -> None:
    assert is_e164(text)


@pytest.mark.parametrize(
    "text", ["", "+", "12025550101", "+02025550101", "+1202555010a", "+1 2025550101", BOB + "\n", "+1٢٣٤٥٦٧٨"]
)
def test_what_is_not_e164(text: str) -> None:
    assert not is_e164(text)
    assert not is_e164("+1" + "2" * 15)


@pytest.mark.parametrize(
    ("e164", "zone"),
    [
        ("+14155550101", "America/Los_Angeles"),
        (BOB, "America/New_York"),
        ("+81312345678", "Asia/Tokyo"),
        ("+18005550101", "America/Chicago"),
        ("+9991234567", "America/Chicago"),
        ("not a number", "America/Chicago"),
    ],
)
def test_a_zone_is_guessed_only_where_there_is_one(e164: str, zone: str) -> None:
    assert guess_zone(e164, "America/Chicago") == zone


def test_every_zone_that_can_be_guessed_exists() -> None:
    guessed = set()
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        assert number is not None
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        zone = guess_zone(e164, "UTC")
        assert ZoneInfo(zone).key == zone
        assert zone == "UTC" or zone in time_zones_for_number(number)
        guessed.add(zone)
    assert len(guessed) > 150
