"""How many invitations there may be: to one number, from one member, in one day.

Knows only counts and moments. Must not know who anybody is.

An invitation is a text to somebody who has not agreed to anything, caused by somebody else. That can be a
nuisance (a number that is asked again and again) and is a known way to cheat a program out of its money
(numbers that earn their owner something by each text). So every way in has a limit, and a no is respected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
MONTH = timedelta(days=30)


class Refusal(StrEnum):
    """Why nobody is invited now.

    own_number       it is the member's own
    stopped          this number said STOP and has not said START
    country          the program invites nobody in the country of this number
    already_asked    this member has an open invitation to this number, or it is their trusted contact
    said_no          this number said no to this member within the last month
    enough_contacts  the member has as many trusted contacts as a member can have
    member_today     the member has invited too many people within a day
    number_today     this number was invited too often within a day
    number_month     this number was invited too often within a month
    country_today    too many were invited in this country within a day; staff should look
    """

    OWN_NUMBER = "own_number"
    STOPPED = "stopped"
    COUNTRY = "country"
    ALREADY_ASKED = "already_asked"
    SAID_NO = "said_no"
    ENOUGH_CONTACTS = "enough_contacts"
    MEMBER_TODAY = "member_today"
    NUMBER_TODAY = "number_today"
    NUMBER_MONTH = "number_month"
    COUNTRY_TODAY = "country_today"


WAITS_A_DAY = (Refusal.MEMBER_TODAY, Refusal.NUMBER_TODAY, Refusal.NUMBER_MONTH, Refusal.COUNTRY_TODAY)
"""Refusals that say nothing about the people, only about how many invitations there were."""


@dataclass(frozen=True, slots=True)
class InvitationLimits:
    """How many there may be. `contacts` counts open invitations and trusted contacts of one member.

    `countries` are ISO 3166 regions, the only ones whose numbers are invited: fraud by text message lives on
    numbers in far countries. A cap for a day in one country bounds what any trick can cost.
    """

    countries: tuple[str, ...] = ("US",)
    contacts: int = 5
    member_a_day: int = 5
    number_a_day: int = 2
    number_a_month: int = 6
    country_a_day: int = 200


@dataclass(frozen=True, slots=True)
class InvitationHistory:
    """What went before one invitation, all of it moments (aware) and counts.

    `country` is the number's. `by_member` are the member's invitations to anybody, `to_number` anybody's to
    this number, `in_country` how many there were within the last day to numbers of that country. `said_no` is
    when this number last said no to, or left, this member. `open_contacts` counts the member's open
    invitations and trusted contacts, and `already_asked` says that this number is among them.
    """

    country: str = "US"
    by_member: tuple[datetime, ...] = ()
    to_number: tuple[datetime, ...] = ()
    in_country: int = 0
    said_no: datetime | None = None
    open_contacts: int = 0
    already_asked: bool = False
    stopped: bool = False
    own_number: bool = False


def may_invite(
    history: InvitationHistory, at: datetime, limits: InvitationLimits | None = None
) -> Refusal | None:
    """Return why an invitation may not go out at this moment, the strongest reason first, or None."""
    limits = limits or InvitationLimits()
    reasons = (
        (Refusal.OWN_NUMBER, history.own_number),
        (Refusal.ALREADY_ASKED, history.already_asked),
        (Refusal.STOPPED, history.stopped),
        (Refusal.COUNTRY, history.country not in limits.countries),
        (Refusal.SAID_NO, history.said_no is not None and history.said_no > at - MONTH),
        (Refusal.ENOUGH_CONTACTS, history.open_contacts >= limits.contacts),
        (Refusal.MEMBER_TODAY, _within(history.by_member, at, DAY) >= limits.member_a_day),
        (Refusal.NUMBER_TODAY, _within(history.to_number, at, DAY) >= limits.number_a_day),
        (Refusal.NUMBER_MONTH, _within(history.to_number, at, MONTH) >= limits.number_a_month),
        (Refusal.COUNTRY_TODAY, history.in_country >= limits.country_a_day),
    )
    return next((refusal for refusal, holds in reasons if holds), None)


def _within(moments: Iterable[datetime], at: datetime, length: timedelta) -> int:
    """Count the moments of the time before `at`; one from a clock that runs ahead counts too."""
    return sum(moment > at - length for moment in moments)
