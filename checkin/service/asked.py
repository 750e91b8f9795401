"""The answers of those who were asked something for a member: to be there, or to be a trusted contact.

Knows which request or invitation an answer is about. Must not decide what follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence

from checkin.alert.model import Alert, Passed, Told, Took
from checkin.flow.words import fold
from checkin.people.consent import ASKED
from checkin.service import contacting, requests, telling, unplaced
from checkin.service.reply import Reply
from checkin.store import alerts, contacts
from checkin.store.situations import Person, Situation


def takes_or_passes(reply: Reply, person: Person, *, takes: bool) -> None:
    """Take or pass an alert: the one whose member is named, else the one told last and not answered.

    Whoever has several is asked about the next one at once, so that none is taken for another.
    """
    turn = reply.turn
    known = alerts.open_for_person(turn.unit, person.id)
    unanswered = [alert for alert in known if requests.is_asked(alert, person.id)]
    if not known:
        reply.say("staff_nothing_open")
        return
    alert = _which(reply, unanswered, known)
    if not takes and (unplaced.nobody_came(reply) or (not unanswered and unplaced.is_well_again(reply))):
        return  # it is about their own request
    requests.feed(turn, alert, Took(person.id) if takes else Passed(person.id))
    rest = [one for one in unanswered if one.id != alert.id]
    if rest:
        telling.ask_again(turn, rest[0], person, key=reply.key)


def _which(reply: Reply, unanswered: Sequence[Alert], known: Sequence[Alert]) -> Alert:
    """Return the one that an answer is about: whoever took one and names its member speaks of that one."""
    named = _named(reply, unanswered, known) or _named(reply, known, known)
    return (named or unanswered or list(known))[0]


def _named(reply: Reply, unanswered: Sequence[Alert], known: Sequence[Alert]) -> list[Alert]:
    """Return those of the first whose member the reply names: the longest name first, "Mary Ann" is not Mary.

    Of two with the same name each is written with the end of its number: "1 Alice (0102)".
    """
    turn, said = reply.turn, f" {fold(reply.inbound.body)} "
    names = {one.id: fold(turn.person(one.member).name or "") for one in unanswered}
    named = [one for one in unanswered if names[one.id] and f" {names[one.id]} " in said]
    apart = {one.id: fold(telling.told_apart(turn, one, names[one.id], known)) for one in named}
    exact = [one for one in named if f" {apart[one.id]} " in said]
    return sorted(exact or named, key=lambda one: len(names[one.id]), reverse=True)


def unclear(reply: Reply, here: Situation) -> None:
    """Ask for 1 or 2 while an answer is wanted; who has answered may have more to say to staff."""
    person = here.person
    known = alerts.open_for_person(reply.turn.unit, person.id)
    unanswered = [alert for alert in known if requests.is_asked(alert, person.id)]
    if not unanswered:
        unplaced.noted(reply, here)
        return
    name = reply.turn.person(unanswered[0].member).name or reply.turn.app.program.name
    reply.say("contact_unclear", member=name)


def later(reply: Reply, here: Situation) -> None:
    """Answer "in an hour" where no flow asks anything: somebody who was asked to be there may say so."""
    person = here.person
    known = alerts.open_for_person(reply.turn.unit, person.id) if here.notified_at is not None else ()
    if not known and here.invited_at is not None and here.member_state is None:
        unplaced.noted(reply, here)  # the invitation waits for an answer, and says which
        return
    if not known:
        reply.say("nothing_to_snooze")
        return
    unanswered = next((alert for alert in known if requests.is_asked(alert, person.id)), None)
    cannot = next((one for one in known if one.told.get(person.id) is Told.PASSED and not one.taken_by), None)
    alert = unanswered or cannot
    if alert is None:
        unplaced.noted(reply, here)
        return
    name = reply.turn.person(alert.member).name or reply.turn.app.program.name
    reply.say("alert_other_later" if unanswered is not None else "alert_other_after_all", member=name)


def answers_invitation(reply: Reply, person: Person, *, agrees: bool) -> None:
    """Record the yes or no of somebody who was asked to be a trusted contact."""
    for contact in contacts.of_person(reply.turn.unit, person.id):
        if contact.state in ASKED:
            contacting.answered(reply.turn, contact, agrees=agrees)
            return
