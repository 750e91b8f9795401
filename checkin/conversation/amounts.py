"""Read numbers and lengths of time out of a scanned text.

Knows how people write "4", "4/5", "a solid four", "in half an hour", "until Monday"; must not know why the
number was asked for.
"""

from __future__ import annotations

from typing import NamedTuple

from checkin.conversation.lexicon import Scan

FEW_WORDS = 6
"""A number at the end of a text counts only in a text of at most so many words."""


class Length(NamedTuple):
    """A length of time: seconds, or an ISO weekday to wait until, and the places it covers."""

    seconds: int | None
    until: int | None
    places: range


def read_number(
    scan: Scan, low: int | None, high: int | None, ranges: bool = True, units: bool = False
) -> int | None:
    """Return the one whole number that the text answers with, if it has one within the bounds.

    A number counts where it leads, as in "4, slept 8 hours", or closes a short text, as in "it was a 4". Two
    neighbours ("3 or 4", "3-4") and "3.5" count by the lower one, where `ranges` are wanted; a wider range, a
    negative number, or a number with a unit ("4 pm", "2 kids") is no answer, unless `units` are asked
    for. After a "but" the last part counts, where it has a number: "was a 4 yesterday but 2 today".
    """
    words = scan.words
    places = [place for place, word in enumerate(words) if word.isdigit()]
    if not places:
        return _number_word(scan, low, high, units)
    begin = 0
    turns = [place for place, word in enumerate(words) if word in scan.lexicon.sets["but"]]
    after_but = [place for place in places if turns and place > turns[-1]]
    if after_but and after_but != places:
        leads = all(
            place in scan.fillers or words[place] in scan.lexicon.sets["before_a_number"]
            for place in range(turns[-1] + 1, after_but[0])
        )
        if leads:
            places, begin = after_but, turns[-1] + 1
    first = places[0]
    value = int(words[first][:9])
    after = first + 1
    if len(words[first]) > 9 or (first == 0 and scan.tokens.signs_before(0) == "-"):
        return None
    part = _fraction(scan, places) if ranges else None
    of = _total(scan, first)
    if part is not None:
        value, after = part
    elif of is not None:
        total, after = of
        if total == value and high is not None:
            value = high
        elif total != high:
            return None
    elif _side_by_side(scan, places):
        return None
    elif value == 100 and high is not None and _percent(scan, first):
        value = high
    return value if _fits(value, low, high) and _stands_well(scan, first, after, units, begin) else None


def read_single(scan: Scan, section: str, low: int | None, high: int | None) -> int | None:
    """Return the amount of this section that is all that the text says: "none" of `counts`, "too" of
    `homophones`.
    """
    amounts = scan.lexicon.amounts[section]
    polite = scan.lexicon.sets["before_a_number"]
    said = [word for place, word in enumerate(scan.words) if word in amounts or place not in scan.fillers]
    known = [word for word in said if word in amounts]
    rest = [word for word in said if word not in amounts and word not in polite]
    if len(known) != 1 or rest or (section == "homophones" and len(said) != 1):
        return None
    value = int(amounts[known[0]])
    return value if _fits(value, low, high) else None


def _fraction(scan: Scan, places: list[int]) -> tuple[int, int] | None:
    """Return the lower whole number and the place after "3.5", "3-4", "3 or 4", "between 3 and 4".

    What comes close after "3.5" only says it again: "3.5 maybe 4".
    """
    if len(places) not in (2, 3):
        return None
    first, second = places[:2]
    one, other = scan.words[first], scan.words[second]
    decimal = (
        second == first + 1
        and scan.tokens.signs_before(second) in (".", ",")
        and len(other) == 1
        and len(one) <= 2
    )
    if len(places) == 3:  # "3.5 maybe 4"
        third = scan.words[places[2]]
        near = decimal and len(third) <= 2 and int(third) - int(one) in (0, 1)
        return (int(one), second + 1) if near else None
    if decimal:
        return int(one), second + 1
    if len(one) > 2 or len(other) > 2 or abs(int(one) - int(other)) != 1:
        return None
    if second == first + 1 and not set(scan.tokens.signs_before(second)) & {"-", "–", "—", "~"}:
        return None
    return (min(int(one), int(other)), second + 1) if _side_by_side(scan, places) else None


def _between(scan: Scan, place: int, end: int) -> int | None:
    """Return where "between 3 and 4" or "between a 3 and a 4" begins, if these are its two numbers."""
    if end <= place + 1:
        return None
    before = place - 1
    if before > 0 and _is_article(scan, scan.words[before]):
        before -= 1
    return before if before >= 0 and scan.words[before] in scan.lexicon.sets["between"] else None


def _is_article(scan: Scan, word: str) -> bool:
    return scan.lexicon.amounts["one_of"].get(word) == 1


def _percent(scan: Scan, place: int) -> bool:
    return scan.tokens.signs_before(place + 1).startswith("%")


def _fits(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _total(scan: Scan, place: int) -> tuple[int, int] | None:
    """Return the total and the place after it of "4/5", "4 out of 5", "4 de 5"."""
    words = scan.words
    at = place + 1
    while at < len(words) and words[at] in scan.lexicon.out_of and at - place <= 2:
        at += 1
    if at >= len(words) or not words[at].isdigit() or len(words[at]) > 9:
        return None
    said = at > place + 1
    if said or scan.tokens.signs_before(at) == "/":
        return int(words[at]), at + 1
    return None


def _side_by_side(scan: Scan, places: list[int]) -> bool:
    """Whether the first two numbers stand side by side with nothing but "or", "to", "-" between them."""
    if len(places) < 2:
        return False
    between = scan.words[places[0] + 1 : places[1]]
    return all(word in scan.lexicon.sets["between_numbers"] or _is_article(scan, word) for word in between)


def _stands_well(scan: Scan, start: int, end: int, units: bool = False, begin: int = 0) -> bool:
    """Whether the number at these places leads the text or closes a short one, and carries no unit."""
    words = scan.words
    if units:
        if start and words[start - 1] in scan.lexicon.sets["later_words"]:
            return False  # "in 2 hours" says when, not how many
    elif (
        end < len(words)
        and words[end] in scan.lexicon.sets["not_a_scale_after"]
        and not scan.tokens.breaks(end - 1, end)
    ):
        return False
    before = [place for place in range(begin, start) if place not in scan.fillers]
    between = _between(scan, start, end)
    first = start if between is None else between
    said = {place for hit in scan.found("mood", "unsure") for place in range(hit.start, hit.end)}
    clause = next((at for at in range(first, begin, -1) if scan.tokens.breaks(at - 1, at)), begin)
    apart = scan.lexicon.sets["not_before_a_number"]
    if any(words[place] in apart and place not in said for place in range(clause, first)):
        return False
    before = [place for place in before if place < first and place not in said]
    if all(words[place] in scan.lexicon.sets["before_a_number"] for place in before):
        return True
    if start and words[start - 1] in scan.lexicon.sets["not_closing_after"]:
        return False
    unit = units and end < len(words) and words[end] in scan.lexicon.sets["not_a_scale_after"]
    behind = range(end + unit, len(words))
    return len(words) <= FEW_WORDS + unit and all(place in scan.fillers for place in behind)


def _number_word(scan: Scan, low: int | None, high: int | None, units: bool = False) -> int | None:
    hits = scan.clear(("numbers",), ("not_numbers",))
    end = hits[0].end if hits else 0
    if len(hits) == 2 and hits[1].leaf.worth == high and _out_of(scan, hits[0].end, hits[1].start):
        end = hits[1].end
        hits = hits[:1]
    values = {int(hit.leaf.worth) for hit in hits}
    if len(values) != 1:
        return None
    hit = hits[0]
    value = values.pop()
    said = {place for one in scan.found("mood", "unsure") for place in range(one.start, one.end)}
    others = [
        place
        for place in scan.rest(hits)
        if place not in said and scan.words[place] not in scan.lexicon.sets["before_a_number"]
    ]
    good = len(others) <= 3 and _stands_well(scan, hit.start, end, units)
    return value if good and _fits(value, low, high) else None


def _out_of(scan: Scan, start: int, end: int) -> bool:
    """Whether the words between say "out of", as in "four out of five"."""
    return start < end and all(word in scan.lexicon.out_of for word in scan.words[start:end])


def read_length(scan: Scan, start: int = 0) -> Length | None:
    """Return the first length of time from place `start` on: "2 hours", "half an hour", "until Monday"."""
    words = scan.words
    lengths = scan.lexicon.amounts["lengths"]
    weekdays = scan.lexicon.amounts["weekdays"]
    for place in range(start, len(words)):
        word = words[place]
        if word in weekdays:
            for first in range(
                place - 1, max(start, place - 2) - 1, -1
            ):  # "until next Monday", "hasta el lunes"
                if words[first] in scan.lexicon.sets["until_words"]:
                    return Length(None, int(weekdays[word]), range(first, place + 1))
        if word in lengths:
            count, first = _count_before(scan, start, place)
            return Length(min(int(count * lengths[word]), 366 * 86400), None, range(first, place + 1))
    return None


def _count_before(scan: Scan, start: int, unit: int) -> tuple[float, int]:
    """Return how many of the unit are meant, and where saying so begins; an article counts only by itself."""
    words = scan.words
    article = (1.0, unit)
    for place in range(unit - 1, max(start, unit - 4) - 1, -1):
        word = words[place]
        if word.isdigit():
            return float(min(int(word[:4]), 1000)), place
        count = scan.lexicon.amounts["one_of"].get(word)
        if count is not None and count != 1:
            return count, place
        if count is None and word in scan.lexicon.amounts["numbers"]:
            return scan.lexicon.amounts["numbers"][word], place
        if count == 1 and all(between in scan.fillers for between in range(place + 1, unit)):
            article = (1.0, place)  # "a long day" is how it was, and no length to wait for
    return article
