"""Phone numbers: from what people type, paste and import to E.164, and back to a guess at a time zone.

Knows how numbers are written (through `phonenumbers`, Google's metadata). Must not know whose they are. No
exception from here carries the number, so that it can be logged and shown.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberMatcher, PhoneNumberType, timezone


class Reason(StrEnum):
    """Why a number was refused."""

    EMPTY = "empty"
    NO_NUMBER = "no_number"
    SEVERAL = "several"
    EXTENSION = "extension"
    ROUNDED = "rounded"
    SHORT_CODE = "short_code"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_SUCH_NUMBER = "no_such_number"
    PREMIUM = "premium"
    TOLL_FREE = "toll_free"
    NOT_PERSONAL = "not_personal"


MENDS = {
    Reason.EMPTY: "Write a phone number here.",
    Reason.NO_NUMBER: "There is no phone number here. Write it with its area code, like 202-555-0101.",
    Reason.SEVERAL: "There is more than one number here. Give the one to text.",
    Reason.EXTENSION: "An extension cannot be texted. Give a number that reaches the person directly.",
    Reason.ROUNDED: "A spreadsheet has rounded this number. Format the column as text and enter it again.",
    Reason.SHORT_CODE: "This is a short code, not a person's number. Give a whole number with its area code.",
    Reason.TOO_SHORT: "This number is too short. Give it with its area code.",
    Reason.TOO_LONG: "This number is too long. For another country begin with + and the country's code.",
    Reason.NO_SUCH_NUMBER: "Nobody can have this number. Check its digits; for another country begin with +.",
    Reason.PREMIUM: "This number costs extra to reach. Give a person's own number.",
    Reason.TOLL_FREE: "This is a company's free number. Give a person's own number.",
    Reason.NOT_PERSONAL: "This number does not reach a person's phone. Give a person's own number.",
}
"""How to put it right, in words for staff."""


class NumberRefused(ValueError):
    """A text is not a phone number that a person can be reached at. Never says what the text was."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        self.mend = MENDS[reason]
        super().__init__(f"{reason.value}: {self.mend}")


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SCHEME = re.compile(r"^(?:whatsapp|tel|sms|callto)\s*:\s*", re.IGNORECASE)
_SPREADSHEET = re.compile(
    r"(?<![\d.,])(?P<whole>\d+)(?:[.,](?P<rest>\d+))?\s?E\s?\+?(?P<power>\d{1,2})(?!\d)", re.IGNORECASE
)
_FEWEST_POWERS = 6
"""What is less is no number that a spreadsheet has shortened."""
_THOUSANDS = re.compile(r"^(\+?\d{1,3}(?:,\d{3}){2,})(?:\.0*)?$")
_DECIMAL = re.compile(r"^(\+?\d+)[.,]0+$")
_DIAL_ON = re.compile(r"\d\s*(?:[,;]+|;\s*ext\s*=|[pw*])\s*\d{1,7}#?$", re.IGNORECASE)
"""A number that a phone dials on after a pause: a comma, `p` or `w`."""

_LONGEST_TEXT = 300
_SHORTEST = 7
"""A whole number has at least so many digits; what is shorter is a short code or a mistake."""

_LOCAL_ONLY = phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
_REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE: Reason.PREMIUM,
    PhoneNumberType.SHARED_COST: Reason.PREMIUM,
    PhoneNumberType.TOLL_FREE: Reason.TOLL_FREE,
    PhoneNumberType.UAN: Reason.NOT_PERSONAL,
    PhoneNumberType.VOICEMAIL: Reason.NOT_PERSONAL,
    PhoneNumberType.PAGER: Reason.NOT_PERSONAL,
}


def is_e164(text: str) -> bool:
    """Whether this is written as E.164 (ITU-T E.164: +, country code, at most 15 digits).

    Fast, for what the carrier sends; whether anybody can have the number is not looked up.
    """
    return _E164.fullmatch(text) is not None


def normalise(text: str, region: str) -> str:
    """Return the E.164 number in what somebody typed, pasted or imported.

    `region` is the country (ISO 3166, `US`) whose numbers may be written without a prefix. Labels around the
    number ("cell", "Mom") are left out. Landlines pass, because they can be called. Raises `NumberRefused`.
    """
    tidy = _tidy(text)
    if not tidy:
        raise NumberRefused(Reason.EMPTY)
    if len(tidy) > _LONGEST_TEXT:
        raise NumberRefused(Reason.NO_NUMBER)
    written = _unrounded(tidy)
    number = _one_number(written, region)
    if number.extension or _DIAL_ON.search(written):
        raise NumberRefused(Reason.EXTENSION)
    if phonenumbers.is_possible_number_with_reason(number) == _LOCAL_ONLY:
        raise NumberRefused(Reason.TOO_SHORT)
    if not phonenumbers.is_valid_number(number):
        raise NumberRefused(Reason.NO_SUCH_NUMBER)
    refused = _REFUSED_TYPES.get(phonenumbers.number_type(number))
    if refused is not None:
        raise NumberRefused(refused)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(e164: str) -> str:
    """Return the country (ISO 3166) that an E.164 number belongs to; `ZZ` where that is no one country."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or "ZZ"
    except phonenumbers.NumberParseException:
        return "ZZ"


def guess_zone(e164: str, default: str) -> str:
    """Return the IANA time zone of a number's area where it has just one, else the default.

    A guess: mobile numbers move with their people. Toll-free and many national numbers have dozens.
    """
    if not is_e164(e164):
        return default
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return default
    known = [zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE]
    return known[0] if len(known) == 1 else default


def _tidy(text: str) -> str:
    """Return the text with plain digits and no invisible characters, quotes around it, or URI scheme."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Cc"))
    plain = "".join(str(unicodedata.decimal(char, char)) for char in plain)
    plain = plain.strip().lstrip("=").strip("'’‘`\"“” ")
    return _SCHEME.sub("", plain).strip()


def _unrounded(text: str) -> str:
    """Undo what spreadsheets do to long numbers, where no digit was lost."""
    if _THOUSANDS.match(text):
        return text.partition(".")[0].replace(",", "")
    rounded = _SPREADSHEET.search(text)
    if rounded is None or int(rounded["power"]) < _FEWEST_POWERS:
        return _DECIMAL.sub(r"\1", text)
    rest, power = rounded["rest"] or "", int(rounded["power"])
    if len(rest) < power or rest[power:].strip("0"):
        raise NumberRefused(Reason.ROUNDED)
    return text[: rounded.start()] + rounded["whole"] + rest[:power] + text[rounded.end() :]


def _one_number(text: str, region: str) -> PhoneNumber:
    """Return the one number that stands in the text; raises `NumberRefused` for none and for several."""
    found = {
        (match.number.country_code, match.number.national_number, match.number.extension): match.number
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE, max_tries=10)
    }
    if len(found) > 1:
        raise NumberRefused(Reason.SEVERAL)
    if found:
        return found.popitem()[1]
    if text.startswith("00"):  # how much of the world writes +, also where it cannot be dialled
        return _one_number("+" + text.lstrip("0"), region)
    raise NumberRefused(_why_none(text, region))


def _why_none(text: str, region: str) -> Reason:
    """Say why no number that is possible was found."""
    digits = sum(char.isdigit() for char in text)
    if digits < 3:
        return Reason.NO_NUMBER
    if digits < _SHORTEST:
        return Reason.SHORT_CODE
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as failure:
        too_long = failure.error_type == phonenumbers.NumberParseException.TOO_LONG
        return Reason.TOO_LONG if too_long else Reason.NO_SUCH_NUMBER
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_LONG:
            return Reason.TOO_LONG
        case phonenumbers.ValidationResult.TOO_SHORT:
            return Reason.TOO_SHORT
        case _:
            return Reason.NO_SUCH_NUMBER
