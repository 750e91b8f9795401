"""Consent, the states of a trusted contact, and the limits on invitations."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.people.consent import (
    CHANGES,
    ChangeRefused,
    Consent,
    ContactEvent,
    ContactState,
    change,
    expires_at,
    remind_at,
)
from checkin.people.invitations import InvitationHistory, InvitationLimits, Refusal, may_invite

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def consent(*, wording: str = "Reply YES to join.", at: datetime = NOW) -> Consent:
    return Consent("alice", "check_ins", True, wording, "en", "sms", at)


def test_a_consent_keeps_the_words_and_does_not_print_them() -> None:
    kept = consent()
    assert kept.wording == "Reply YES to join."
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


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ("accept", ContactState.ACCEPTED),
        ("decline", ContactState.DECLINED),
        ("expire", ContactState.EXPIRED),
        ("expire accept", ContactState.ACCEPTED),
        ("decline accept", ContactState.ACCEPTED),
        ("accept accept", ContactState.ACCEPTED),
        ("accept leave", ContactState.LEFT),
        ("accept leave leave", ContactState.LEFT),
        ("leave", ContactState.DECLINED),
        ("accept remove", ContactState.REMOVED),
        ("accept remove invite", ContactState.INVITED),
        ("accept leave invite accept", ContactState.ACCEPTED),
    ],
)
def test_the_ways_of_a_trusted_contact(events: str, state: ContactState) -> None:
    at = ContactState.INVITED
    for event in events.split():
        at = change(at, ContactEvent(event))
    assert at is state


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (ContactState.REMOVED, ContactEvent.ACCEPT),
        (ContactState.LEFT, ContactEvent.ACCEPT),
        (ContactState.ACCEPTED, ContactEvent.EXPIRE),
        (ContactState.ACCEPTED, ContactEvent.INVITE),
        (ContactState.INVITED, ContactEvent.INVITE),
        (ContactState.DECLINED, ContactEvent.EXPIRE),
    ],
)
def test_what_makes_no_sense_is_refused(state: ContactState, event: ContactEvent) -> None:
    with pytest.raises(ChangeRefused, match=f"{state.value} cannot {event.value}"):
        change(state, event)


@given(st.lists(st.sampled_from(ContactEvent), max_size=12))
def test_only_an_invitation_and_a_yes_make_a_trusted_contact(events: list[ContactEvent]) -> None:
    state, answerable, said_yes = ContactState.INVITED, True, False
    for event in events:
        try:
            state = change(state, event)
        except ChangeRefused:
            continue
        if event is ContactEvent.ACCEPT:
            assert answerable
            said_yes = True
        elif state is not ContactState.ACCEPTED:
            said_yes = False
        answerable = state not in (ContactState.LEFT, ContactState.REMOVED)
        assert (state is ContactState.ACCEPTED) == said_yes


def test_every_state_can_be_left_and_the_member_can_always_take_somebody_off() -> None:
    assert {state for state, _ in CHANGES} == set(ContactState)
    for state in set(ContactState) - {ContactState.REMOVED}:
        assert change(state, ContactEvent.REMOVE) is ContactState.REMOVED


def test_an_invitation_is_repeated_once_and_ends_after_three_days() -> None:
    assert remind_at(NOW) == NOW + timedelta(hours=24)
    assert expires_at(NOW) == NOW + timedelta(hours=72)


def ago(*hours: float) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(hours=each) for each in hours)


@pytest.mark.parametrize(
    ("history", "refusal"),
    [
        (InvitationHistory(), None),
        (InvitationHistory(stopped=True, already_asked=True), Refusal.STOPPED),
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
        (InvitationHistory(in_program=ago(*[1] * 200)), Refusal.PROGRAM_TODAY),
        (InvitationHistory(in_program=ago(*[1] * 199, *[25] * 99)), None),
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
