"""Answers: a number, a mood, a yes or a no, a choice, in the situation in which they are asked for.

Knows what counts as an answer to what; must not know safety words (they have been looked for before). Each
reads a `Scan` and returns an understanding, or None where the text does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checkin.conversation.amounts import read_length, read_number, read_single
from checkin.conversation.grammar_walk import Hit
from checkin.conversation.lexicon import Scan
from checkin.conversation.normal import normal
from checkin.conversation.safety import cry_for_help, refuses_to_cancel
from checkin.conversation.understanding import Category, Understanding
from checkin.flow.model import Answer

LONG_REPLY = 12
"""Mood words count in replies of at most so many words; a longer text is a story, not an answer."""
SHORT_REPLY = 8
"""A yes or no that does not lead counts in replies of at most so many words."""

_YES_NO = ("yes", "no", "yes_alone", "unsure", "snooze", "fillers", "contact_yes", "contact_no", "window_no")


def read_whole_number(scan: Scan, low: int | None, high: int | None) -> Understanding | None:
    """Read the one whole number within the bounds that the text answers with."""
    value = read_number(scan, low, high)
    return None if value is None else Understanding(Category.NUMBER, value, rule="number")


def read_count(scan: Scan, low: int | None, high: int | None) -> Understanding | None:
    """Read how many or how long, in whatever unit was asked for: "like 6 hrs", "none", "a dozen"."""
    value = read_number(scan, low, high, units=True)
    if value is None:
        value = read_single(scan, "counts", low, high)
    return None if value is None else Understanding(Category.NUMBER, value, rule="number")


def read_on_scale(scan: Scan, low: int | None, high: int | None) -> Understanding | None:
    """Read a place on a scale: its number, a word that sounds like it and stands alone, or a mood."""
    number = read_number(scan, low, high)
    if number is None:
        number = read_single(scan, "homophones", low, high)
    if number is not None:
        return Understanding(Category.NUMBER, number, rule="number")
    return read_mood(scan, low, high)


def read_mood(scan: Scan, low: int | None, high: int | None) -> Understanding | None:
    """Read how somebody says they are; after a "but" only the last part counts, else the lowest word.

    With the ends of a scale the value is the word's place on it, rounded towards the low end.
    """
    if _asks_us(scan) or len(scan.words) > LONG_REPLY or any(word.isdigit() for word in scan.words):
        return None
    hits = scan.clear(("mood",), ("mood", "fillers", "unsure", "snooze", "not_support"))
    hits = [hit for hit in hits if not _unreal(scan, hit) and not (low is None and _of_another(scan, hit))]
    if not hits:
        return None
    turns = [place for place, word in enumerate(scan.words) if word in scan.lexicon.sets["but"]]
    last = [hit for hit in hits if turns and hit.start > turns[-1]] or hits
    worth, hit = min(((_turned(scan, hit), hit) for hit in last), key=lambda pair: pair[0])
    category = Category.LOW if worth < 0.5 else Category.OK
    value = None if low is None or high is None else low + int(worth * (high - low))
    return Understanding(category, value, rule=scan.rule(hit))


def _asks_us(scan: Scan) -> bool:
    """Whether the text asks something. Who only asks back has answered: "good, you?", "bien, ¿y tú?"."""
    if not scan.asks:
        return False
    opening = min(
        (hit.start for hit in scan.hits.get("asks_back", ()) if hit.end == len(scan.words)), default=0
    )
    before = "".join(scan.tokens.gaps[: opening + 1])
    return "?" in before or not (
        opening and (scan.tokens.breaks(opening - 1, opening) or _says_how(scan, opening - 1))
    )


def _says_how(scan: Scan, place: int) -> bool:
    """Whether the word here tells how somebody is, or changes nothing."""
    return place in scan.fillers or any(hit.start <= place < hit.end for hit in scan.hits.get("mood", ()))


def _unreal(scan: Scan, hit: Hit) -> bool:
    """Whether the mood is only hoped for: "I might feel better later"."""
    unreal = scan.lexicon.sets["unreal"]
    return any(word in unreal for word in scan.words[max(0, hit.start - 3) : hit.start])


def _of_another(scan: Scan, hit: Hit) -> bool:
    """Whether the clause says this of somebody else: "the vet says she'll be fine"."""
    others, subjects = scan.lexicon.sets["others"], scan.lexicon.sets["subjects"]
    for place in range(hit.start - 1, -1, -1):
        if scan.tokens.breaks(place, place + 1) or scan.words[place] in subjects:
            return False
        if scan.words[place] in others:
            return True
    return False


def _turned(scan: Scan, hit: Hit) -> float:
    """Return the worth of a mood word, turned round where a "not" stands just before it."""
    negations = scan.lexicon.sets["negations"]
    near = range(max(0, hit.start - 3), hit.start)
    if not any(scan.words[p] in negations and not scan.tokens.breaks(p, hit.start) for p in near):
        return hit.leaf.worth
    return 0.25 if hit.leaf.worth >= 0.5 else 0.5


def read_yes_no(
    scan: Scan,
    yes: Sequence[str] = ("yes",),
    no: Sequence[str] = ("no",),
    yes_alone: Sequence[str] = ("yes_alone",),
) -> Understanding | None:
    """Read a yes or a no: the text leads with it, or is short and has it; both at once are neither."""
    if scan.clear(("unsure",), _YES_NO):
        return None
    agreed = scan.clear(yes, _YES_NO)
    declined = scan.clear(no, _YES_NO)
    if agreed and declined:
        return None
    hits = agreed or declined
    if not hits:
        weak = scan.alone(*yes_alone)
        return Understanding(Category.YES, rule=scan.rule(weak)) if weak else None
    if not scan.leads(hits[0]) and len(scan.words) > SHORT_REPLY:
        return None
    return Understanding(Category.YES if agreed else Category.NO, rule=scan.rule(hits[0]))


def read_agreement(scan: Scan) -> Understanding | None:
    """Read a yes or no that is recorded as consent: a text that asks back ("yes? who is it?") is neither."""
    return None if scan.asks else read_yes_no(scan)


def read_in_window(scan: Scan) -> Understanding | None:
    """Read a text in the change-of-mind window: only plain words may take a request for support back."""
    if refuses_to_cancel(scan):
        return None
    hits = scan.clear(("window_no",), ("window_no", "not_support"))
    if hits and len(scan.words) <= LONG_REPLY:
        return Understanding(Category.NO, rule=scan.rule(hits[0]))
    alone = scan.alone("window_no_alone", "window_no")
    if alone:
        return Understanding(Category.NO, rule=scan.rule(alone))
    yes = read_yes_no(scan)
    return yes if yes and yes.category is Category.YES else None


def read_from_contact(scan: Scan) -> Understanding | None:
    """Read a trusted contact's "1 if you can, 2 if not". What asks back is no yes: the alert would stop."""
    number = read_number(scan, 1, 2, ranges=False)
    first = next((place for place, word in enumerate(scan.words) if word.isdigit()), None)
    if number is not None and first not in _clock_time(scan):  # "at 2" says when
        return Understanding(Category.YES if number == 1 else Category.NO, rule="number")
    said = {place for hit in scan.found("contact_yes", "contact_no") for place in range(hit.start, hit.end)}
    if scan.asks or any(word.isdigit() and place not in said for place, word in enumerate(scan.words)):
        return None
    yes_alone = ("yes_alone", "contact_yes_alone")
    return read_yes_no(scan, ("yes", "contact_yes"), ("no", "contact_no"), yes_alone)


_SKIPS = frozenset(
    phrase.strip()
    for line in (
        "skip, skip it, skip this, skip this one, pass, next, i d rather not say, id rather not say",
        "rather not say, prefer not to say, i d rather not, id rather not",
        "saltar, saltar esta, paso, omitir, siguiente, prefiero no decir, prefiero no decirlo",
        "prefiero no contestar",
    )
    for phrase in line.split(",")
)
"""What somebody writes who would rather leave a question out."""


def skips(scan: Scan) -> bool:
    """Whether the text says nothing but that this question is to be left out."""
    words, fillers = scan.words, scan.fillers
    own = " ".join(word for place, word in enumerate(words) if place not in fillers)
    return own in _SKIPS or " ".join(words) in _SKIPS


def read_own_words(scan: Scan, answer: Answer) -> Understanding | None:
    """Read words that this question alone has for an answer, where they are all that the text says."""
    own = _but_fillers(scan)
    for value, by_language in answer.means.items():
        for phrase in (phrase for phrases in by_language.values() for phrase in phrases):
            if own and own == _but_fillers(scan.lexicon.scan(normal(phrase), scan.language)):
                rule = f"this step: {' '.join(scan.lexicon.cut(phrase).words)}"
                if answer.kind == "yes_no":
                    return Understanding(Category.YES if value == "yes" else Category.NO, rule=rule)
                return Understanding(Category.NUMBER, int(value), rule=rule)
    return None


def _but_fillers(scan: Scan) -> list[str]:
    return [word for place, word in enumerate(scan.words) if place not in scan.fillers]


def read_choice(scan: Scan, answer: Answer) -> Understanding | None:
    """Read which one of the choices the text names; two at once are none."""
    matched = {name for name, words in answer.choices.items() if _says(scan, words.values())}
    return Understanding(Category.CHOICE, matched.pop(), rule="choice") if len(matched) == 1 else None


def is_choice(scan: Scan, answer: Answer) -> bool:
    """Whether the text is one of the choices in so many words, and nothing else."""
    phrases = (phrase for words in answer.choices.values() for some in words.values() for phrase in some)
    return any(list(scan.lexicon.cut(phrase).words) == list(scan.words) for phrase in phrases)


def _says(scan: Scan, by_language: Iterable[Iterable[str]]) -> bool:
    """Whether the text has one of these phrases in it, not directly after a "not"."""
    words, negations = scan.words, scan.lexicon.sets["negations"]
    for phrases in by_language:
        for phrase in phrases:
            wanted = scan.lexicon.cut(phrase).words
            first = (*wanted[:1], *(f"{word}s" for word in wanted[:1]))
            for place in range(len(words) - len(wanted) + 1):
                if words[place] not in first:
                    continue
                negated = place > 0 and words[place - 1] in negations
                if _same(words[place : place + len(wanted)], wanted) and not negated:
                    return True
    return False


def _same(said: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether these are the words of a choice, or their plurals: "mornings" says morning."""
    return all(one in (other, f"{other}s") for one, other in zip(said, wanted, strict=True))


def read_unasked(scan: Scan) -> Understanding | None:
    """Read a text that answers no question: thanks, an all-clear, a late number, a yes or no, a mood."""
    known = read_courtesy(scan) or read_always(scan)
    if known:
        return known
    signs = [hit for hit in scan.hits.get("mood", ()) if hit.leaf.language == "any"]
    thanks = scan.hits.get("thanks")
    if signs and thanks and not scan.rest([*signs, *thanks]):
        return Understanding(Category.NOT_AN_ANSWER, rule=scan.rule(thanks[0]))
    hit = scan.alone("fine")
    if hit:
        return Understanding(Category.OK, rule=scan.rule(hit))
    number = read_whole_number(scan, None, None) if len(scan.words) <= 3 else None
    return number or read_yes_no(scan) or read_mood(scan, None, None)


def read_courtesy(scan: Scan) -> Understanding | None:
    """Read a bare "thank you", which asks for nothing."""
    hit = scan.alone("thanks")
    return Understanding(Category.NOT_AN_ANSWER, rule=scan.rule(hit)) if hit else None


def read_always(scan: Scan) -> Understanding | None:
    """Read the words that are understood in every step when they stand alone: help, resume, later."""
    cry = cry_for_help(scan)
    if cry:
        return Understanding(Category.HELP, also=(Category.SUPPORT,), rule=scan.rule(cry))
    for section, category in (("help", Category.HELP), ("resume", Category.RESUME)):
        hit = scan.alone(section)
        if hit:
            return Understanding(category, rule=scan.rule(hit))
    return _snooze(scan)


def _snooze(scan: Scan) -> Understanding | None:
    anywhere = scan.clear(("snooze_anywhere",), ("snooze_anywhere", "not_support"))
    hits = scan.found("snooze", "snooze_anywhere")
    length = read_length(scan)
    seconds = length.seconds if length else None
    if anywhere and not scan.asks and len(scan.words) <= LONG_REPLY:
        return Understanding(
            Category.SNOOZE, seconds or int(anywhere[0].leaf.worth), rule=scan.rule(anywhere[0])
        )
    clock = _clock_time(scan)
    if not hits and not seconds and not clock:
        return None
    sets = scan.lexicon.sets
    covered = {place for hit in hits for place in range(hit.start, hit.end)} | scan.fillers | clock
    connecting = sets["polite"]
    if clock:
        connecting = connecting | sets["ask_again"]
    if length and seconds:
        covered.update(length.places)
        connecting = connecting | sets["for_words"] | sets["ask_again"]
    if any(p not in covered and word not in connecting for p, word in enumerate(scan.words)):
        return None
    if seconds:
        return Understanding(Category.SNOOZE, seconds, rule="length")
    if not hits:
        return Understanding(Category.SNOOZE, rule="time of day")
    return Understanding(Category.SNOOZE, int(hits[0].leaf.worth), rule=scan.rule(hits[0]))


def _clock_time(scan: Scan) -> set[int]:
    """Return the places of a time of day: "at 5", "around 5 pm", "a las 9"."""
    before, after = scan.lexicon.sets["clock_before"], scan.lexicon.sets["clock_after"]
    for place, word in enumerate(scan.words):
        if place and word.isdigit() and len(word) <= 2 and scan.words[place - 1] in before:
            places = {place - 1, place}
            following = place + 1
            while following < len(scan.words) and (
                scan.words[following] in after or scan.words[following].isdigit()
            ):
                places.add(following)
                following += 1
            return places | ({place - 2} if place > 1 and scan.words[place - 2] in before else set())
    return set()
