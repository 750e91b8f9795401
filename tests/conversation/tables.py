"""The tables of docs/understanding.md, made from the labelled replies."""

from __future__ import annotations

import re
from collections import Counter

from checkin.conversation.labelled import SAFETY
from checkin.conversation.read import Reader
from tests.conversation.labelled import ANSWERS, HALVES, NEVER_SEEN, Score, half, score

MARK = "measured"
UNSEEN = "never seen"
BLIND = "blind"
TIMES = "times"
OTHERS = ("snooze", "help", "resume", "not_an_answer", "unclear")


def put(document: str, mark: str, text: str) -> str:
    """Return the document with this text between its markers of this name."""
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", document)


def tables(reader: Reader) -> str:
    """Return what is measured on both halves, in Markdown."""
    return "\n\n".join(
        _scored(f"The {name.replace('_', '-')} half", score(reader, half(name))) for name in HALVES
    )


def filled(document: str, reader: Reader) -> str:
    """Return the document with what is measured today on the halves, the never seen and the blind sets."""
    unseen = _scored("What came out", score(reader, half(NEVER_SEEN)))
    blind = "\n\n".join(
        _scored(f"The {which} blind set", score(reader, half(f"blind_{which}")), confusion=which == "first")
        for which in ("first", "second")
    )
    return put(put(put(document, MARK, tables(reader)), UNSEEN, unseen), BLIND, blind)


def _scored(name: str, found: Score, confusion: bool = True) -> str:
    title = f"### {name}: {len(found.read):,} replies"
    rows = [
        "| understood as | recall | precision | ordinary texts taken for it |",
        "| --- | --- | --- | --- |",
    ]
    for category in SAFETY:
        false = _share(*found.false_alarms(category))
        rows.append(
            f"| {category} | {_share(*found.recall(category))} | {_precision(found, category)} | {false} |"
        )
    rows.append(f"| answers | {_share(*found.recall(*ANSWERS))} | {_precision(found, *ANSWERS)} | |")
    rows += [f"| {one} | {_share(*found.recall(one))} | {_precision(found, one)} | |" for one in OTHERS]
    parts = (title, "\n".join(rows), *([_confusion(found.confusion())] if confusion else []))
    return "\n\n".join(parts)


def _precision(found: Score, *categories: str) -> str:
    return _share(*found.precision(*categories))


def _share(good: int, of: int) -> str:
    return f"{good} of {of} ({good / of:.1%})" if of else "none"


def _confusion(counts: Counter[tuple[str, str]]) -> str:
    """Return the confusion table: labels down, what they were taken for across."""
    taken = sorted({found for _, found in counts})
    lines = ["| labelled, taken for → | " + " | ".join(taken) + " |", "| --- |" + " --- |" * len(taken)]
    for label in sorted({label for label, _ in counts}):
        cells = (str(counts[label, found] or "") for found in taken)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
