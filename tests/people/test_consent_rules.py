"""Consent, the states of a trusted contact, and the limits on invitations."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.people.consent import (
    AGREED,
    ASKED,
    CHANGES,
    LATE_YES,
    Asked,
    ChangeRefused,
    Consent,
    ContactEvent,
    ContactState,
    change,
    counts_late,
    expires_at,
    remind_at,
)
from checkin.people.invitations import InvitationHistory, InvitationLimits, Refusal, may_invite

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def consent(*, wording: str = "Reply YES to join.", at: datetime = NOW) -> Consent:
    return Consent("alice", "check_ins", True, Asked(wording, "welcome 1", "en"), "sms", at)


def test_a_consent_keeps_the_words_and_does_not_print_them() -> None:
    kept = consent()
    assert kept.asked.wording == "Reply YES to join."
    assert "YES" not in repr(kept)
    with pytest.raises(FrozenInstanceError):
        kept.given = False


def test_a_consent_without_words_or_without_utc_is_none() -> None:
    with pytest.raises(ValueError, match="words"):
        consent(wording="  ")
    with pytest.raises(ValueError, match="UTC"):
        consent(at=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="UTC"):
        consent(at=NOW.astimezone(ZoneInfo("America/New_York")))


TABLE = """
             invite   remind   accept   decline  expire  undelivered  pause   resume   leave    remove
invited      -        reminded accepted declined expired unreachable  -       -        declined removed
reminded     -        -        accepted declined expired unreachable  -       -        declined removed
accepted     -        -        accepted -        -       -            paused  -        left     removed
paused       -        -        -        -        -       -            paused  accepted left     removed
declined     invited  -        accepted declined -       -            -       -        -        removed
expired      invited  -        accepted declined -       -            -       -        declined removed
unreachable  invited  -        accepted declined -       -            -       -        declined removed
left         invited  -        -        -        -       -            -       -        left     removed
removed      invited  -        -        -        -       -            -       -        -        -
"""
"""Every state with every event, written out by hand: what it comes to, or that it is refused."""


def table() -> list[tuple[ContactState, ContactEvent, str]]:
    head, *lines = TABLE.strip().splitlines()
    return [
        (ContactState(line.split()[0]), ContactEvent(event), after)
        for line in lines
        for event, after in zip(head.split(), line.split()[1:], strict=True)
    ]


def test_every_state_with_every_event() -> None:
    assert len(table()) == len(ContactState) * len(ContactEvent)
    for state, event, after in table():
        if after == "-":
            assert (state, event) not in CHANGES
            with pytest.raises(ChangeRefused, match=f"{state.value} cannot {event.value}"):
                change(state, event)
        else:
            assert change(state, event) is ContactState(after)


def test_only_an_invitation_and_a_yes_make_somebody_be_told() -> None:
    """Walk every order of events: whoever is accepted has said yes since they were asked last."""
    seen = {(ContactState.INVITED, False)}
    ahead = list(seen)
    while ahead:
        state, said_yes = ahead.pop()
        for event in ContactEvent:
            if (state, event) not in CHANGES:
                continue
            after = change(state, event)
            agreed = said_yes or event is ContactEvent.ACCEPT
            agreed = agreed and after in AGREED
            if (after, agreed) not in seen:
                seen.add((after, agreed))
                ahead.append((after, agreed))
    assert {state for state, _ in seen} == set(ContactState)
    assert {(state, yes) for state, yes in seen if state in AGREED} == {(state, True) for state in AGREED}
    assert not any(yes for state, yes in seen if state not in AGREED)


@pytest.mark.parametrize(
    ("state", "after", "counts"),
    [
        (ContactState.EXPIRED, timedelta(days=29), True),
        (ContactState.EXPIRED, timedelta(days=30), False),
        (ContactState.UNREACHABLE, timedelta(hours=1), True),
        (ContactState.DECLINED, timedelta(hours=23), True),
        (ContactState.DECLINED, timedelta(hours=24), False),
        (ContactState.LEFT, timedelta(0), False),
        (ContactState.REMOVED, timedelta(0), False),
        (ContactState.ACCEPTED, timedelta(0), False),
    ],
)
def test_how_late_a_yes_counts(state: ContactState, after: timedelta, counts: bool) -> None:
    assert counts_late(state, NOW, NOW + after) is counts
    assert not counts or (state, ContactEvent.ACCEPT) in CHANGES


def test_the_groups_of_states_are_told_apart() -> None:
    assert not set(ASKED) & set(AGREED)
    assert all((state, ContactEvent.ACCEPT) in CHANGES for state in (*ASKED, *LATE_YES))


def test_what_is_said_before_the_answer_belongs_to_what_was_asked() -> None:
    asked = Asked("Will you?", "contact_invite 1f", "en").and_then("Still hoping.")
    assert asked == Asked("Will you?\nStill hoping.", "contact_invite 1f", "en")


def test_an_invitation_is_repeated_once_and_ends_after_three_days() -> None:
    assert remind_at(NOW) == NOW + timedelta(hours=24)
    assert expires_at(NOW) == NOW + timedelta(hours=72)


def ago(*hours: float) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(hours=each) for each in hours)


@pytest.mark.parametrize(
    ("history", "refusal"),
    [
        (InvitationHistory(), None),
        (InvitationHistory(own_number=True, stopped=True), Refusal.OWN_NUMBER),
        (InvitationHistory(stopped=True, already_asked=True), Refusal.ALREADY_ASKED),
        (InvitationHistory(stopped=True, country="FR"), Refusal.STOPPED),
        (InvitationHistory(country="FR"), Refusal.COUNTRY),
        (InvitationHistory(already_asked=True, open_contacts=1), Refusal.ALREADY_ASKED),
        (InvitationHistory(said_no=NOW - timedelta(days=29)), Refusal.SAID_NO),
        (InvitationHistory(said_no=NOW - timedelta(days=30)), None),
        (InvitationHistory(open_contacts=5), Refusal.ENOUGH_CONTACTS),
        (InvitationHistory(open_contacts=4), None),
        (InvitationHistory(by_member=ago(1, 2, 3, 4, 5)), Refusal.MEMBER_TODAY),
        (InvitationHistory(by_member=ago(1, 2, 3, 4, 24)), None),
        (InvitationHistory(to_number=ago(1, 23.9)), Refusal.NUMBER_TODAY),
        (InvitationHistory(to_number=ago(1, 24)), None),
        (InvitationHistory(to_number=ago(100, 200, 300, 400, 500, 600)), Refusal.NUMBER_MONTH),
        (InvitationHistory(to_number=ago(100, 200, 300, 400, 500, 720)), None),
        (InvitationHistory(in_country=200), Refusal.COUNTRY_TODAY),
        (InvitationHistory(in_country=199), None),
    ],
)
def test_limits_on_invitations(history: InvitationHistory, refusal: Refusal | None) -> None:
    assert may_invite(history, NOW) is refusal


def test_a_program_may_set_its_own_limits() -> None:
    strict = InvitationLimits(member_a_day=1)
    assert may_invite(InvitationHistory(by_member=ago(1)), NOW, strict) is Refusal.MEMBER_TODAY
    assert may_invite(InvitationHistory(by_member=ago(1)), NOW) is None


@given(
    gaps=st.lists(st.integers(0, 60 * 48), max_size=40),
    limits=st.builds(InvitationLimits, number_a_day=st.integers(1, 4), number_a_month=st.integers(1, 8)),
)
def test_however_often_one_tries_a_number_is_not_pestered(gaps: list[int], limits: InvitationLimits) -> None:
    at, sent = NOW, list[datetime]()
    for gap in gaps:
        at += timedelta(minutes=gap)
        if may_invite(InvitationHistory(to_number=tuple(sent)), at, limits) is None:
            sent.append(at)
        for moment in sent:
            day = [each for each in sent if moment <= each < moment + timedelta(days=1)]
            month = [each for each in sent if moment <= each < moment + timedelta(days=30)]
            assert len(day) <= limits.number_a_day
            assert len(month) <= limits.number_a_month
