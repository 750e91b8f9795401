"""The texts that matter most: what somebody in a crisis reads, and what no text of the program may leave out.

Knows what has to stand in `program.yaml` and `texts.yaml` for that. Must not know what the date is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from checkin.flow.document import Document
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.lints import discreet, each
from checkin.flow.model import Text, Values
from checkin.flow.texts import CATALOGUE

REVIEW = timedelta(days=183)
"""After so long somebody has to make sure that the crisis line and its texts are right (DOMAIN.md, R27)."""

_SAID: Mapping[str, tuple[str, ...]] = {
    "crisis": ("crisis_line", "emergency_number"),
    "crisis_other": ("crisis_line", "emergency_number"),
    "help": ("crisis_line",),
    "help_contact": ("crisis_line",),
    "stranger": ("crisis_line",),
    "contact_accepted": ("crisis_line",),
}
"""Where people have to be told what to do in a crisis (R25)."""

_LIVE = frozenset(("member", "contact", "staff", "question", "until", "when", "by", "member_number"))
"""Names without which a text says nothing: whom it is about, or how long."""

_TO_OTHERS = frozenset(
    (
        "contact_invite", "contact_invite_reminder", "alert_notify_contact", "alert_notify_contact_reminder",
        "alert_other_taken_by_other", "alert_other_all_clear", "alert_other_no_longer_needed",
    )
)  # fmt: skip
"""Texts that come unasked to somebody whose phone lies on a table."""


def not_reviewed(document: Document, reviewed: date, today: date) -> Iterator[Issue]:
    """Find a review of the crisis texts that is too old, or has not happened yet."""
    if reviewed > today:
        message = f"This day has not come yet; today is {today}."
    elif today - reviewed > REVIEW:
        message = (
            f"Nobody has made sure since {reviewed} that the crisis line is right: more than six months."
        )
    else:
        return
    mend = f"Call the line, read `crisis` in texts.yaml in every language, then write: reviewed: {today}"
    yield document.issue(Code.CRISIS, ("crisis", "reviewed"), message, mend, severity=Severity.WARNING)


def left_out(document: Document, texts: Mapping[str, Text]) -> Iterator[Issue]:
    """Find texts that do not say what they are there for."""
    for key, text in texts.items():
        live = tuple(name for name in CATALOGUE[key].names if name in _LIVE)
        for path, _, template in each(document, (key,), text):
            said = {name for _, name in template.parts}
            for name in (*_SAID.get(key, ()), *live):
                if name not in said:
                    message = f"This text does not say `{{{name}}}`. It is there for: {CATALOGUE[key].about}"
                    mend = f"Put {{{name}}} into it."
                    worst = key in ("crisis", "crisis_other") and name == "crisis_line"
                    code = Code.PLACEHOLDER if name in live else Code.CRISIS
                    severity = Severity.ERROR if worst else Severity.WARNING
                    yield document.issue(code, path, message, mend, severity=severity, words="")


def seen_by_others(
    document: Document, texts: Mapping[str, Text], samples: Mapping[str, Values]
) -> Iterator[Issue]:
    """Find texts to trusted contacts that tell a stranger too much in their first words."""
    for key in texts.keys() & _TO_OTHERS:
        yield from discreet(document, (key,), texts[key], samples)
