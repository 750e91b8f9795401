"""Trusted contacts managed by text: the member's list, order and wishes; a contact's own breaks and hours.

`understand` finds out whether a text is such an order from this very person; `obey` does it. Each answer says
what is so now, and for a change of what is told, word for word what the contact will read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from checkin.alert.model import Told
from checkin.conversation.commands import Command, Order, parse
from checkin.flow.model import Flow, Invite, Value
from checkin.people.consent import AGREED, ContactEvent, ContactState
from checkin.people.names import short_name
from checkin.people.numbers import NumberRefused, normalise
from checkin.people.wishes import QuietHours, Says, Wishes
from checkin.service import contacting, conversations, inviting, naming, reading, requests
from checkin.service.contacting import subject_of
from checkin.service.turn import Turn
from checkin.store import alerts, contacts, dossier, outbox, timers
from checkin.store.contacts import Contact
from checkin.store.situations import Person, Situation

_ONESELF = ("me", "myself", "my number", "us", "mi", "yo", "mi numero")
"""What people call themselves. Whatever a contact is called, "remove me" ends our texts."""

BREAK = timedelta(days=7)
"""How long a break lasts whose length nobody named."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of somebody who may give it. `contact` is the one it is about, where it is about one."""

    order: Order
    contact: Contact | None = None
    quiet: QuietHours | None = None
    new: tuple[str, str] | None = None
    """Name and E.164 number of somebody to add, where the text has both."""
    by_name: bool = False
    """Whether it names the contact: by more than a place on the list, and not the sender themselves."""


# ---------------------------------------------------------------- whether it is one


def understand(turn: Turn, here: Situation | None, text: str) -> Ordered | None:
    """Return the order that this text is from this person; None where it is none, or names nobody."""
    command = None if here is None or here.person.stopped else parse(text)
    if command is None or here is None:
        return None
    if command.order is Order.DATA:
        return Ordered(Order.DATA)
    if command.order in (Order.WHO, Order.TIPS, Order.LEAVE, Order.PAUSE) or _own_hours(command):
        return _of_contact(turn, here, command)
    if here.member_state not in reading.TAKES_PART:
        return None
    if command.order is Order.ADD:
        new = _new(turn, text) if command.name is not None else None
        return None if command.name is not None and new is None else Ordered(Order.ADD, new=new)
    if command.name is None:
        return Ordered(command.order)
    contact = naming.named(command.name, naming.listed(turn, here.person.id))
    if contact is None:
        return None
    by_name = not command.name.isdigit() and command.name not in _ONESELF
    return Ordered(command.order, contact, command.quiet, by_name=by_name)


def _own_hours(command: Command) -> bool:
    return command.order in (Order.QUIET, Order.NOT_QUIET) and command.name is None


def _of_contact(turn: Turn, here: Situation, command: Command) -> Ordered | None:
    roles = naming.agreed_for(turn, here.person.id)
    if not roles or (command.order is Order.WHO and here.notified_at is None):
        return None
    if command.name is None:
        return Ordered(command.order, quiet=command.quiet)
    contact = naming.member_named(turn, command.name, roles)
    return None if contact is None else Ordered(command.order, contact, command.quiet)


def _new(turn: Turn, text: str) -> tuple[str, str] | None:
    """Return whom "ADD Bob 202 555 0102" adds; None where it has no name or no number."""
    said = text.strip().split(maxsplit=1)[1]
    first = next((place for place, sign in enumerate(said) if sign in "+(0123456789"), None)
    name = short_name(said[:first].strip(" ,:")) if first else ""
    try:
        return (name, normalise(said[first:], turn.app.program.country)) if name else None
    except NumberRefused:
        return None


# ---------------------------------------------------------------- doing it


def obey(turn: Turn, here: Situation, ordered: Ordered, *, key: str) -> None:
    """Do what was ordered, and answer."""
    doing = _Doing(turn, here.person, key)
    if ordered.contact is not None:
        doing.about(ordered.contact, ordered)
        return
    match ordered.order:
        case Order.ADD:
            doing.add(ordered.new)
        case Order.LIST:
            doing.list()
        case Order.WHO:
            doing.who()
        case Order.DATA:
            doing.data()
        case Order.TIPS:
            doing.say("contact_tips")
        case _:
            for contact in naming.agreed_for(turn, here.person.id):
                doing.about(contact, ordered)


class _Doing:
    """Does one order of one person."""

    def __init__(self, turn: Turn, person: Person, key: str) -> None:
        self.turn = turn
        self.person = person
        self.key = key

    def say(self, text: str, **values: Value) -> None:
        subject = f"person:{self.person.id}"
        self._tell(text, f"{self.key}.{text}", subject, values)

    def list(self) -> None:
        """Show the list; whoever has nobody yet is asked whom they would like."""
        among, language = naming.listed(self.turn, self.person.id), self.person.language
        if among:
            self.say("contacts_list", contacts=naming.list_words(among, language))
        else:
            self.add(None)

    def add(self, new: tuple[str, str] | None) -> None:
        flow = adding(self.turn.app.flows)
        if new is not None:
            inviting.invite(self.turn, self.person.id, *new, key=f"{self.key}.invited")
        elif flow is not None:
            conversations.start(self.turn, self.person.id, flow)
        else:
            self.say("contacts_add")

    def who(self) -> None:
        """Say who else knows of the newest request, without a name: contacts never learn of one another."""
        known = alerts.open_for_person(self.turn.unit, self.person.id)
        if not known:
            self.say("staff_nothing_open")
            return
        alert, member = known[0], self.turn.person(known[0].member)
        others = [one for one, stands in alert.told.items() if one != self.person.id]
        asked = [one for one in others if alert.told[one] is not Told.UNREACHABLE]
        text = "contact_who_others" if asked else "contact_who_alone"
        self.say(text, member=contacting.name_of(self.turn, member))

    def data(self) -> None:
        """Say what is kept about this person, and let staff give them a copy."""
        kept = dossier.of_person(self.turn.unit, self.person)
        texts = sum("to you" in one.kind or one.kind.startswith("text from") for one in kept)
        answers = sum(one.kind.startswith("answer ") and one.kind != "answer to you" for one in kept)
        self.say("my_data", texts=texts, answers=answers)
        note = f"{self.person.name or self.person.number} wants to see their data: checkin members export."
        subject, id = f"person:{self.person.id}", f"{self.key}.data"
        self.turn.add_task("data_wanted", id=id, member_id=None, subject=subject, note=note)

    def about(self, contact: Contact, ordered: Ordered) -> None:
        """Do an order about one contact."""
        work = _OF_MEMBER if contact.member_id == self.person.id else _OF_CONTACT
        work[ordered.order](self, contact, ordered)

    # ------------------------------------------------------------ a member's orders

    def show(self, contact: Contact, _ordered: Ordered) -> None:
        """Say what this contact is told of, and the very words."""
        language = self.person.language
        about, words = naming.topic_words(contact, language), naming.preview(self.turn, contact)
        if contact.for_support:
            self.say("contact_about", contact=contact.name, topics=about, words=words)
        else:
            self.say("contact_about_untold", contact=contact.name, topics=about)

    def remove(self, contact: Contact, _ordered: Ordered) -> None:
        """Take a contact off without a word to them."""
        turn = self.turn
        _, key = contacting.move(turn, contact, ContactEvent.REMOVE)
        for timer in ("invitation", "contact_pause"):
            timers.drop(turn.unit, f"{timer}:{contact.id}")
        outbox.cancel_about(turn.unit, contact.person_id, subject_of(contact))
        self.say("contact_removed", contact=contact.name)
        requests.without(turn, self.person.id, contact.person_id)
        if contact.state in AGREED:
            contacting.warn_if_nobody_is_left(turn, contact, key)

    def place(self, contact: Contact, ordered: Ordered) -> None:
        """Let a contact be asked first, or last."""
        among = naming.listed(self.turn, self.person.id)
        rest = [one for one in among if one.id != contact.id]
        in_order = [contact, *rest] if ordered.order is Order.FIRST else [*rest, contact]
        contacts.set_positions(self.turn.unit, in_order)
        contacting.noted(self.turn, contact, None)
        self.say("contacts_order", contacts=naming.list_words(in_order, self.person.language))

    def topics(self, contact: Contact, ordered: Ordered) -> None:
        """Settle what a contact is told of."""
        support = ordered.order in (Order.REQUESTS, Order.BOTH)
        missed = ordered.order in (Order.MISSED, Order.BOTH)
        changed = self._settle(contact, replace(contact, for_support=support, for_missed=missed))
        if contact.for_support and not support and contact.state is ContactState.ACCEPTED:
            requests.without(self.turn, self.person.id, contact.person_id)
            self.show(changed, ordered)
            contacting.warn_if_nobody_is_left(self.turn, contact, f"{self.key}.nobody")
            return
        self.show(changed, ordered)

    def says(self, contact: Contact, ordered: Ordered) -> None:
        """Settle what a contact reads of a request for support."""
        says = Says.OPEN if ordered.order is Order.SAY_MORE else Says.DISCREET
        changed = self._settle(contact, replace(contact, wishes=replace(contact.wishes, says=says)))
        self.show(changed, ordered)

    def hours(self, contact: Contact, ordered: Ordered) -> None:
        """Settle when a contact is not to be asked, unless they have said so themselves."""
        language, theirs = self.person.language, contact.wishes.quiet
        if theirs is not None and contact.wishes.quiet_by == "contact":
            start, end = naming.hours_words(theirs, language)
            self.say("contact_quiet_theirs", contact=contact.name, start=start, end=end)
            return
        self._settle(contact, _with_hours(contact, ordered.quiet, by="member"))
        if ordered.quiet is None:
            self.say("contact_quiet_off", contact=contact.name)
            return
        start, end = naming.hours_words(ordered.quiet, language)
        self.say("contact_quiet", contact=contact.name, start=start, end=end)

    # ------------------------------------------------------------ a contact's own

    def leave(self, contact: Contact, _ordered: Ordered) -> None:
        """Stop being a member's trusted contact; everything else stays as it is."""
        self._say_of(contact, "contact_left_by_you")
        contacting.left(self.turn, contact)

    def rest(self, contact: Contact, _ordered: Ordered) -> None:
        """Take a break from being a member's trusted contact; the member is told kindly."""
        contacting.takes_a_break(self.turn, contact, self.turn.until(BREAK))

    def own_hours(self, contact: Contact, ordered: Ordered) -> None:
        """Settle when this person is not to be asked for this member."""
        self._settle(contact, _with_hours(contact, ordered.quiet, by="contact"))
        if ordered.quiet is None:
            self._say_of(contact, "my_quiet_off")
            return
        start, end = naming.hours_words(ordered.quiet, self.person.language)
        self._say_of(contact, "my_quiet", start=start, end=end)

    def _settle(self, contact: Contact, changed: Contact) -> Contact:
        contacts.save(self.turn.unit, changed, was=contact)
        contacting.noted(self.turn, contact, None)
        return changed

    def _say_of(self, contact: Contact, text: str, **values: Value) -> None:
        member = contacting.name_of(self.turn, self.turn.person(contact.member_id))
        id = f"{self.key}.{contact.id}.{text}"
        self._tell(text, id, subject_of(contact), {"member": member, **values})

    def _tell(self, text: str, id: str, subject: str, values: dict[str, Value]) -> None:
        self.turn.say(self.person, text, id=id, subject=subject, lane="routine", **values)


def _with_hours(contact: Contact, quiet: QuietHours | None, *, by: str) -> Contact:
    wishes = contact.wishes
    if quiet is None:
        return replace(contact, wishes=Wishes(wishes.says))
    return replace(contact, wishes=Wishes(wishes.says, quiet, "member" if by == "member" else "contact"))


def adding(flows: Mapping[str, Flow]) -> Flow | None:
    """Return the conversation that asks a member for a trusted contact, where the program has one."""
    for flow in flows.values():
        if not reading.asks_to_join(flow) and any(isinstance(one, Invite) for one in flow.steps.values()):
            return flow
    return None


_Work = Callable[[_Doing, Contact, Ordered], None]
_OF_MEMBER: Mapping[Order, _Work] = {
    Order.ABOUT: _Doing.show,
    Order.REMOVE: _Doing.remove,
    Order.FIRST: _Doing.place,
    Order.LAST: _Doing.place,
    Order.REQUESTS: _Doing.topics,
    Order.MISSED: _Doing.topics,
    Order.BOTH: _Doing.topics,
    Order.NEVER: _Doing.topics,
    Order.SAY_MORE: _Doing.says,
    Order.SAY_LESS: _Doing.says,
    Order.QUIET: _Doing.hours,
    Order.NOT_QUIET: _Doing.hours,
}
_OF_CONTACT: Mapping[Order, _Work] = {
    Order.LEAVE: _Doing.leave,
    Order.PAUSE: _Doing.rest,
    Order.QUIET: _Doing.own_hours,
    Order.NOT_QUIET: _Doing.own_hours,
}
