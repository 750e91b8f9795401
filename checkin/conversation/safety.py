"""Safety words: crisis, opt-out, a request for a person, a pause. They are heard in every step.

Knows what these look like in a scanned text; must not know what was asked. Each reads a `Scan` and returns
what decided, or None.
"""

from __future__ import annotations

from collections.abc import Iterator

from checkin.conversation.amounts import Length, read_length
from checkin.conversation.grammar_walk import Hit
from checkin.conversation.lexicon import Scan
from checkin.conversation.understanding import Category, Context, Understanding

_OPT_OUTS = frozenset({"opt_out", "opt_out_anywhere", "opt_out_sentence", "wrong_number"})
_ASKED_TO_AGREE = (Context.JOINING, Context.CONTACT_INVITED)
"""Where "not interested" declines what was asked, and nothing more."""


def read_safety(scan: Scan, context: Context, agrees: bool = False) -> Understanding | None:
    """Return a crisis, a pause, an opt-out or a phone's automatic reply, the first that the text is."""
    return next((one for one in safety_readings(scan, context, agrees) if one is not None), None)


def safety_readings(scan: Scan, context: Context, agrees: bool = False) -> Iterator[Understanding | None]:
    """Yield each of these that the text could be, in the order in which they count.

    `agrees` says that a yes or no was asked for, where "not interested" is a no.
    """
    yield _crisis(scan)
    yield _pause(scan)
    yield _opt_out(scan, context, agrees)
    yield _auto_reply(scan)


def support_reading(scan: Scan) -> Understanding | None:
    """Return the text as a request for a person, if it is one."""
    hit = support_hit(scan)
    return Understanding(Category.SUPPORT, rule=scan.rule(hit)) if hit else None


def read_when_stopped(scan: Scan) -> Understanding:
    """Return what may be heard from somebody who has opted out: START, crisis, a call for a person."""
    resume = scan.alone("resume")
    if resume:
        return Understanding(Category.RESUME, rule=scan.rule(resume))
    return _crisis(scan) or support_reading(scan) or Understanding(Category.UNCLEAR, rule="stopped")


def _crisis(scan: Scan) -> Understanding | None:
    hits = scan.clear(("crisis",), ("not_crisis",))
    hit = hits[0] if hits else scan.alone("crisis_alone")
    if hit is None:
        return None
    also = []
    if _opt_out_hit(scan):
        also.append(Category.OPT_OUT)
    if support_hit(scan):
        also.append(Category.SUPPORT)
    return Understanding(Category.CRISIS, also=tuple(also), rule=scan.rule(hit))


def _opt_out(scan: Scan, context: Context, agrees: bool) -> Understanding | None:
    if context is Context.ALERT_WINDOW:
        if scan.words == ["stop"]:
            # The carrier blocks the number on this one word, whatever we make of it.
            return Understanding(Category.OPT_OUT, also=(Category.NO,), rule="stop in the window")
        if scan.alone("window_no", "window_no_alone") or refuses_to_cancel(scan):
            return None
    if context in _ASKED_TO_AGREE and scan.alone("no"):
        return None
    unasked = context is Context.NONE and not agrees
    hit = _opt_out_hit(scan) or (scan.alone("opt_out_unasked", "opt_out") if unasked else None)
    if hit is None:
        return None
    also = (Category.SUPPORT,) if support_hit(scan) else ()
    rule = "wrong_number" if hit.leaf.section == "wrong_number" else scan.rule(hit)
    return Understanding(Category.OPT_OUT, also=also, rule=rule)


def _opt_out_hit(scan: Scan) -> Hit | None:
    if not scan.hits.keys() & _OPT_OUTS:
        return None
    shielded = {place for shield in scan.found("not_opt_out") for place in range(shield.start, shield.end)}
    for hit in scan.found("opt_out_anywhere", "wrong_number"):
        if hit.start not in shielded:
            return hit
    return (
        scan.alone("opt_out") or _opt_out_sentence(scan, shielded) or _opt_out_and_yes_or_no(scan, shielded)
    )


def _opt_out_sentence(scan: Scan, shielded: set[int]) -> Hit | None:
    """Return an opt-out that is a sentence of its own: "please stop, I have asked three times"."""
    for hit in scan.hits.get("opt_out_sentence", ()):
        if hit.start not in shielded and scan.is_sentence(hit):
            return hit
    return None


def _opt_out_and_yes_or_no(scan: Scan, shielded: set[int]) -> Hit | None:
    """Return an opt-out beside nothing but a yes, a no or thanks: "no, stop"; never in "don't stop"."""
    hits = [hit for hit in scan.hits.get("opt_out", ()) if hit.start not in shielded]
    negations = scan.lexicon.sets["negations"]
    beside = [
        hit
        for hit in scan.found("yes", "no", "yes_alone", "thanks")
        if hit.end == hit.start + 1
        and (hit.leaf.section != "no" or scan.words[hit.start] not in negations - {"no"})
    ]
    return hits[0] if hits and not scan.rest([*hits, *beside]) else None


def refuses_to_cancel(scan: Scan) -> bool:
    """Whether the text says "don't cancel" or "not ok", in one breath: "no, I'm ok" is something else."""
    return any(not scan.tokens.breaks(hit.start, hit.end - 1) for hit in scan.hits.get("not_window_no", ()))


def _auto_reply(scan: Scan) -> Understanding | None:
    hits = scan.hits.get("auto_reply")
    if hits:
        return Understanding(Category.NOT_AN_ANSWER, rule=scan.rule(hits[0]))
    receipts = scan.found("receipt")
    if receipts and all(scan.words[place].isdigit() for place in scan.rest(receipts)):
        return Understanding(Category.NOT_AN_ANSWER, rule=scan.rule(receipts[0]))
    return None


def cry_for_help(scan: Scan) -> Hit | None:
    """Return where "help" is a cry as well as the keyword: "HELP!!!", "help help". Both are answered then."""
    hits = scan.hits.get("help_once", ())
    if hits and scan.alone("help_once") and (len(hits) > 1 or "!" in scan.tokens.tail):
        return hits[0]
    return None


def support_hit(scan: Scan) -> Hit | None:
    """Return where a person is asked for, unless the text says that none is wanted."""
    hit = scan.alone("support")
    if hit and not scan.hits.get("not_support"):
        return hit
    hits = scan.hits.get("support_anywhere")
    if not hits:
        return None
    refusals = _Refusals(scan)
    return next((hit for hit in hits if not refusals.cover(hit)), None)


class _Refusals:
    """Where a text says that no person is wanted."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        refused = [
            one for one in scan.hits.get("not_support", ()) if not scan.tokens.breaks(one.start, one.end - 1)
        ]
        self._inside = {place for one in refused for place in range(one.start + 1, one.end)}
        self._furthest: dict[int, int] = {}
        for one in refused:
            self._furthest[one.start] = max(one.end, self._furthest.get(one.start, 0))
        self._ends = {one.end for one in refused}

    def cover(self, hit: Hit) -> bool:
        """Whether this request is refused: "I don't want to be alone" says more than its refusal does."""
        if hit.start in self._inside or hit.end <= self._furthest.get(hit.start, 0):
            return True
        if any(self._furthest.get(place, 0) > hit.end for place in range(hit.start + 1, hit.end)):
            return True  # "I need help | with my taxes"
        # "you don't have to | call me", but not "I don't want to | I need help".
        scan = self._scan
        begins_anew = scan.words[hit.start] in scan.lexicon.sets["subjects"]
        return (
            hit.start in self._ends and not begins_anew and not scan.tokens.breaks(hit.start - 1, hit.start)
        )


def _pause(scan: Scan) -> Understanding | None:
    if not scan.hits.keys() & {"pause", "pause_with_length", "opt_out_anywhere"}:
        return None
    for hit in scan.found("pause", "pause_with_length", "opt_out_anywhere"):
        length = read_length(scan, hit.end) or _until_before(scan, hit)
        if length is None and hit.leaf.section != "pause":
            continue
        covered = {*range(hit.start, hit.end), *(length.places if length else ())}
        if _only_connects(scan, covered, hit, length is not None):
            seconds, until = (length.seconds, length.until) if length else (None, None)
            return Understanding(Category.PAUSE, seconds, rule=scan.rule(hit), until=until)
    return None


def _until_before(scan: Scan, hit: Hit) -> Length | None:
    """Return the day that stands before: "until Monday don't text me"."""
    length = read_length(scan)
    return length if length and length.until is not None and length.places.stop <= hit.start else None


def _only_connects(scan: Scan, covered: set[int], hit: Hit, has_length: bool) -> bool:
    """Whether the words of its sentence that are not `covered` only connect: "can we … for … please".

    Where a length is given, other sentences may say why: "vacation, pause these for two weeks".
    """
    sets = scan.lexicon.sets
    first, last = 0, len(scan.words)
    if has_length:
        first, last = scan.tokens.clause(hit.start, max(covered))
    for place in range(first, last):
        word = scan.words[place]
        if place in covered or place in scan.fillers or word in sets["polite"]:
            continue
        if not (has_length and place >= hit.end and word in sets["for_words"]):
            return False
    return True
