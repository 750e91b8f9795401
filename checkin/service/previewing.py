"""What a member is told before anybody hears of their request: whom it goes to, in which words, who sleeps.

Knows contacts and their wishes. Must not move a request.
"""

from __future__ import annotations

from checkin.alert.model import Alert
from checkin.flow.model import Value
from checkin.people.wishes import Says
from checkin.service import naming
from checkin.service.turn import Turn
from checkin.timing.words import moment_words


def say_who_sleeps(turn: Turn, alert: Alert, *, key: str) -> None:
    """Tell the member who is not asked because of quiet hours: nothing is held back in silence.

    `key` is the id of what is said.
    """
    at = turn.until(alert.policy.window)
    _, quiet = naming.awake_and_quiet(turn, alert.member, at)
    if not quiet:
        return
    member, contact = turn.person(alert.member), quiet[0]
    until = naming.quiet_until(turn, contact, at)
    assert until is not None, "somebody who has quiet hours then"
    turn.say(
        member,
        "alert_member_quiet",
        id=key,
        subject=f"contact:{contact.id}",
        contact=contact.name,
        until=moment_words(turn.local(member, until), turn.local(member), member.language),
    )


def choices(turn: Turn, alert: Alert, person: str, values: dict[str, Value]) -> str:
    """Fill in what the contact will read, and who else could be asked; return how the text's key ends."""
    language = turn.person(alert.member).language
    awake, _ = naming.awake_and_quiet(turn, alert.member, turn.until(alert.policy.window))
    contact = next((one for one in awake if one.person_id == person), None)
    says = Says.DISCREET if contact is None else contact.wishes.says
    values["says"] = turn.text(language, f"says_{says}")
    asked = next((tier.targets for tier in alert.policy.tiers if tier.targets[0].person == person), ())
    others = [one.name.upper() for one in awake if all(one.person_id != each.person for each in asked)]
    values["names"] = ", ".join(others)
    return "_choose" if others else ""


def quiet_words(turn: Turn, member_id: str, person_id: str) -> str:
    """Return when a contact's quiet hours are over, in the member's words."""
    member = turn.person(member_id)
    contact = next(one for one in naming.listed(turn, member_id) if one.person_id == person_id)
    until = naming.quiet_until(turn, contact, turn.now)
    assert until is not None, "somebody who has quiet hours now"
    return moment_words(turn.local(member, until), turn.local(member), member.language)
