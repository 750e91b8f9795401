"""Message templates, the catalogue of the program's own texts, and the facts that every text may use.

Knows which names a text may hold. Must not know where a text is sent.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from checkin.flow.kinds import DATE, NUMBER, TEXT, TRUTH, Kind
from checkin.flow.model import Template, Value

DAYS_OF_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""What `day_of_week` can be, in every language: it is for conditions."""

FACTS: Mapping[str, Kind] = {
    "first_name": TEXT,
    "language": TEXT,
    "channel": Kind("text", ("sms", "voice")),
    "program": TEXT,
    "staff_hours": TEXT,
    "crisis_line": TEXT,
    "emergency_number": TEXT,
    "has_contact": TRUTH,
    "contact_name": TEXT,
    "invited_contact": TEXT,
    "taker_name": TEXT,
    "time": TEXT,
    "today": DATE,
    "day_of_week": Kind("text", DAYS_OF_WEEK),
    "window_minutes": NUMBER,
    "missed_call": TRUTH,
    "missed_staff": TRUTH,
    "missed_contacts": TRUTH,
}
"""What is known in every flow without asking; texts name it in braces, conditions without."""

MEMBER_FIELDS = frozenset(("first_name", "language", "channel"))
"""Facts that a flow may set: they are kept with the member."""

SAMPLES: Mapping[str, str] = {
    "first_name": "Alexandra", "contact_name": "Alexandra", "invited_contact": "Alexandra",
    "taker_name": "Alexandra", "member": "Alexandra", "contact": "Alexandra", "by": "Alexandra",
    "quiet": "Alexandra", "staff": "Alexandra", "time": "10:45 AM", "until": "December 24",
    "minutes": "15", "when": "1 hour",
    "today": "2027-09-30", "day_of_week": "wednesday", "question": "",
    "member_number": "+12025550100", "number": "+12025550100",
    "often": "once a day at most", "at": "10:45 AM", "wished": "10:45 AM",
    "start": "10:45 AM", "end": "10:45 PM",
    "days": "Mon, Wed and Fri", "calls": "off", "since": "yesterday", "contacts": "off",
    "language": "en", "channel": "sms", "digit": "2", "window_minutes": "15", "words": "",
    "names": "BOB", "says": "I only say you'd like to hear from them.",
    "texts": "120", "answers": "35",
    "topics": "your requests for support",
    "count": "3", "task": "Alexandra wrote: hello.", "tasks": "12: Alexandra wrote: hello.",
}  # fmt: skip
"""Values of a usual length, for counting a text's segments before it has real ones."""


USUAL: Mapping[str, Value] = {"date": "2027-09-30", "time": "10:45", "number": 5}
"""Values of a usual length for names of these types."""


class TemplateError(ValueError):
    """A text whose braces cannot be understood; `offset` is the character where.

    `old` is what stands between them, where that is known, and `new` the name that was probably meant.
    """

    def __init__(self, message: str, offset: int, mend: str, *, old: str = "", new: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.mend = message, offset, mend
        self.old, self.new = old, new


def parse_template(source: str) -> Template:
    """Parse `{name}` placeholders; `{{` and `}}` stand for braces. Raises `TemplateError`."""
    try:
        fields = tuple(string.Formatter().parse(source))
    except ValueError:
        offset = _stray_brace(source)
        mend = "Close every { with }, and write {{ or }} for a brace that is meant as such."
        raise TemplateError("A brace in this text has no partner.", offset, mend) from None
    parts: list[tuple[str, str | None]] = []
    for literal, name, spec, conversion in fields:
        if name is not None and (spec or conversion or not re.fullmatch(r"[a-z][a-z0-9_]*", name)):
            offset = max(0, source.find("{" + name))
            message = f"`{{{name}}}` is not a name that can be filled in."
            mend, new = "Write a bare name in braces, for example {first_name}.", ""
            if not spec and not conversion:
                new = re.sub(r"\W+", "_", name.strip().lower())
            raise TemplateError(message, offset, mend, old=name, new=new)
        parts.append((literal, name))
    return Template(source, tuple(parts))


def _stray_brace(source: str) -> int:
    """Return where the brace without a partner stands, as near as can be told."""
    opened: int | None = None
    for match in re.finditer(r"\{\{|\}\}|[{}]", source):
        if match[0] == "{":
            if opened is not None:
                return opened
            opened = match.start()
        elif match[0] in ("}", "}}") and opened is not None:
            opened = None
        elif match[0] == "}":
            return match.start()
    return opened or 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of the program: what it is for, and the names it may use besides the program's facts."""

    about: str
    names: tuple[str, ...] = ()


EVERYWHERE = ("program", "crisis_line", "emergency_number", "staff_hours")
"""Names that every text of the program may use."""

SHARED = ("unclear", "noted", "later", "later_by_day")
"""Texts that belong to every flow."""

SETTINGS_NAMES = ("often", "at", "days", "start", "end", "wished", "calls", "contacts")
"""Names that the texts about a member's own settings may use."""

CATALOGUE: Mapping[str, Entry] = {
    "unclear": Entry("Asks once more, gently, when an answer was not understood.", ("question",)),
    "noted": Entry("After one more try: we leave it; a person reads it by the next working day."),
    "later": Entry("Answers LATER: the question comes again in so long.", ("when",)),
    "later_by_day": Entry("Answers LATER where that would be at night: when the question comes.", ("when",)),
    "help": Entry("Answers HELP: how to reach a person, the crisis line, not an emergency service, STOP."),
    "help_contact": Entry("Answers HELP of a trusted contact or staff who is no member, in the same way."),
    "stopped": Entry("The one confirmation after STOP."),
    "stopped_erasing": Entry("The same for whoever wants their data deleted: erased in a week."),
    "my_data": Entry("Answers MY DATA: what is kept, and how to have it.", ("texts", "answers")),
    "resumed": Entry("After START: welcome back, texts come again."),
    "stranger": Entry("Answers a number that we do not know: what this is, JOIN, no emergency service."),
    "paused": Entry("Answers PAUSE: until when no check-in comes; SUPPORT still works.", ("until",)),
    "unpaused": Entry("A pause is over because the member said so."),
    "settings": Entry("Answers SETTINGS: how often and when, and how to change it.", SETTINGS_NAMES),
    "settings_now": Entry("After a change: what counts from now on.", SETTINGS_NAMES),
    "settings_missed": Entry("What happens after a missed check-in, and how to change it.", SETTINGS_NAMES),
    "settings_rarest": Entry("LESS, where it gets no rarer."),
    "settings_oftenest": Entry("MORE, where it gets no more often.", SETTINGS_NAMES),
    "settings_time_outside": Entry("A time that is outside the hours: how to widen them.", SETTINGS_NAMES),
    "settings_hours_unclear": Entry("Hours that begin when they end: how they are written."),
    "settings_language": Entry("The member chose this language."),
    "settings_often_1": Entry("Inside the texts above: once a day at most."),
    "settings_often_2": Entry("Inside the texts above: every other day."),
    "settings_often_4": Entry("Inside the texts above: twice a week at most."),
    "settings_often_7": Entry("Inside the texts above: once a week."),
    "settings_often_14": Entry("Inside the texts above: every other week."),
    "settings_every_day": Entry("Inside the texts above: on all days."),
    "settings_on": Entry("Inside the texts above: on."),
    "settings_off": Entry("Inside the texts above: off."),
    "settings_not_offered": Entry("A member chose what this program does not do."),
    "missed_contact": Entry("To a contact, where chosen: the member does not answer.", ("member", "since")),
    "missed_all_clear": Entry("To contacts who were told that: the member has answered.", ("member",)),
    "nothing_to_snooze": Entry("LATER was said, but no question is open."),
    "welcome_back": Entry("A member who had joined before joins again."),
    "crisis": Entry("The fixed reply to words of crisis: a program says so, and where people are now."),
    "crisis_other": Entry("The same to somebody who is no member."),
    "heard": Entry("A member wrote what no question asked for: a person reads it; SUPPORT is sooner."),
    "too_many": Entry("After very many texts in a short time, once: answers stop for a while."),
    "contact_invite": Entry("Invites a trusted contact; YES or NO.", ("member",)),
    "contact_invite_reminder": Entry("Reminds an invited contact, once.", ("member",)),
    "contact_accepted": Entry(
        "To a contact who agreed: what happens, how to listen, STOP ends.", ("member",)
    ),
    "contact_declined": Entry("To a person who said no to being a contact.", ("member",)),
    "contact_added": Entry("To the member: the contact was invited.", ("contact",)),
    "contact_agreed": Entry("To the member: the contact agreed.", ("contact",)),
    "contact_refused": Entry("To the member: the contact said no.", ("contact",)),
    "contact_expired": Entry("To the member: the contact did not answer the invitation.", ("contact",)),
    "contact_undelivered": Entry("To the member: the invitation does not arrive.", ("contact",)),
    "invite_own_number": Entry("To the member: the number is the member's own."),
    "invite_stopped": Entry("To the member: this number can't be texted.", ("contact",)),
    "invite_country": Entry("To the member: nobody is invited in that country.", ("contact",)),
    "invite_said_no": Entry("To the member: asked not long ago, not asked again yet.", ("contact",)),
    "invite_enough_contacts": Entry("To the member: no more contacts fit in.", ("contact",)),
    "invite_tomorrow": Entry("To the member: too many invitations; it can be tried later.", ("contact",)),
    "contact_left": Entry("To the member: the contact no longer takes part.", ("contact",)),
    "contacts_list": Entry("Answers CONTACTS: who they are, and what can be changed.", ("contacts",)),
    "contacts_add": Entry("How to add a trusted contact in one text."),
    "contacts_order": Entry("To the member: in which order contacts are asked now.", ("contacts",)),
    "contact_about": Entry(
        "To the member: what this contact is told of, and the very words.", ("contact", "topics", "words")
    ),
    "contact_about_untold": Entry(
        "The same of one who is not told of requests for support.", ("contact", "topics")
    ),
    "contact_removed": Entry("To the member: taken off, and not told.", ("contact",)),
    "contact_quiet": Entry("To the member: this contact's quiet hours are set.", ("contact", "start", "end")),
    "contact_quiet_off": Entry("To the member: this contact has no quiet hours.", ("contact",)),
    "contact_quiet_theirs": Entry(
        "To the member: the contact has set quiet hours; they stay.", ("contact", "start", "end")
    ),
    "contact_pauses": Entry("To the member: the contact takes a break, until when.", ("contact", "until")),
    "contact_back": Entry("To the member: the contact's break is over.", ("contact",)),
    "contact_paused_by_you": Entry("To a contact who takes a break.", ("member", "until")),
    "contact_resumed_by_you": Entry("To a contact whose break is over.", ("member",)),
    "contact_left_by_you": Entry("To a contact who does not want to be one any more.", ("member",)),
    "my_quiet": Entry("To a contact: their own quiet hours are set.", ("member", "start", "end")),
    "my_quiet_off": Entry("To a contact: they have no quiet hours any more.", ("member",)),
    "contact_tips": Entry("Answers TIPS of a contact: how to listen."),
    "contact_who_alone": Entry("Answers WHO of a contact: nobody else was asked so far.", ("member",)),
    "contact_who_others": Entry("Answers WHO: others were asked, without a name.", ("member",)),
    "no_contact_left": Entry("To the member: there is no trusted contact any more; staff will be told."),
    "alert_member_window_opened": Entry(
        "To the member: this contact will be asked in so many minutes, unless NO.",
        ("contact", "minutes", "says"),
    ),
    "alert_member_window_opened_choose": Entry(
        "The same with the names of whoever else could be asked.", ("contact", "minutes", "says", "names")
    ),
    "alert_member_window_opened_staff": Entry(
        "The same where no contact has agreed: staff will be asked.", ("minutes",)
    ),
    "says_discreet": Entry("Inside the two above: what a contact reads at first."),
    "says_open": Entry("Inside the two above: what a contact reads where the member lets it say more."),
    "alert_member_quiet": Entry(
        "To the member: this contact has quiet hours; what can be done.", ("contact", "until")
    ),
    "alert_member_morning": Entry(
        "To the member: asked when the quiet hours are over.", ("contact", "until")
    ),
    "alert_member_contact_told": Entry("To the member: this contact was texted.", ("contact", "time")),
    "alert_member_taken": Entry("To the member: this person has said they have it.", ("contact", "time")),
    "alert_member_passed_on": Entry("To the member: the one before could not; now this one.", ("contact",)),
    "alert_member_asked_instead": Entry(
        "To the member: a contact has quiet hours, so this person was asked.", ("quiet", "contact")
    ),
    "alert_member_staff_told": Entry("To the member: this person of the staff was told.", ("staff", "time")),
    "alert_member_still_looking": Entry("To the member: nobody has answered yet; we go on asking."),
    "alert_member_cancelled": Entry("To the member: nobody was told."),
    "alert_member_resolved": Entry("To the member: the request is closed."),
    "alert_member_reopened": Entry(
        "To the member: nobody came, and staff are asked; the flow has said sorry."
    ),
    "alert_member_taker_came": Entry(
        "To the member: who took it says that they were in touch; the request is closed.", ("contact",)
    ),
    "alert_member_soon": Entry("To the member: SUPPORT again, or a question, before anybody was asked."),
    "alert_member_already_open": Entry("To the member: SUPPORT again while a request is open."),
    "alert_notify_contact": Entry("Asks a contact, discreetly: 1 if you can, 2 if not.", ("member",)),
    "alert_notify_contact_open": Entry(
        "The same where the member lets it say that they asked for support.", ("member",)
    ),
    "alert_notify_contact_too": Entry(
        "Asks a contact who owes an answer about another member: the answer names whom.", ("member",)
    ),
    "alert_notify_contact_reminder": Entry("Asks a contact once more.", ("member",)),
    "alert_notify_staff": Entry("Asks a person on call.", ("member", "member_number")),
    "alert_notify_staff_reminder": Entry("Asks a person on call again.", ("member", "member_number")),
    "alert_notify_staff_crisis": Entry(
        "Tells a person on call of words of crisis.", ("member", "member_number")
    ),
    "staff_crisis_of_other": Entry("Tells staff of words of crisis from one who is no member.", ("number",)),
    "staff_request_stuck": Entry(
        "Tells staff of a request that the service itself has lost hold of.", ("member", "member_number")
    ),
    "staff_rota_hole": Entry(
        "Tells staff, days before, of a time at which nobody is on duty.", ("start", "end")
    ),
    "alert_check_taker": Entry("Asks who took it, a day later: were you in touch? 1 or 2.", ("member",)),
    "alert_other_thanks_for_coming": Entry("To who took it and was in touch: thanks.", ("member",)),
    "alert_other_taken_by_you": Entry("To the person who took it: thanks, and what to do.", ("member",)),
    "alert_other_taken_by_contact": Entry(
        "To a contact where another contact has it: without a name.", ("member",)
    ),
    "alert_other_taken_by_other": Entry("To the others: somebody has it.", ("member", "by")),
    "alert_other_thanks_for_answering": Entry("To a person who cannot: thanks.", ("member",)),
    "alert_other_later": Entry(
        "Someone asked says in an hour, or later: 1 if they will, 2 if not.", ("member",)
    ),
    "alert_other_after_all": Entry(
        "Someone who could not says in an hour, or later: 1 still counts.", ("member",)
    ),
    "alert_other_all_clear": Entry("To those who were told: the member is well now.", ("member",)),
    "alert_other_no_longer_needed": Entry("To those who were told: no longer needed.", ("member",)),
    "contact_unclear": Entry("A contact wrote something else than 1 or 2.", ("member",)),
    "staff_tasks": Entry("Answers TASKS: the staff's list, the most pressing first.", ("count", "tasks")),
    "staff_tasks_none": Entry("Answers TASKS: there is nothing on the list."),
    "staff_task_taken": Entry("Answers TAKE: the task is theirs.", ("number", "task")),
    "staff_task_noted": Entry("Answers NOTE: it is written down.", ("number",)),
    "staff_task_done": Entry("Answers DONE: the task is off the list.", ("number",)),
    "staff_task_refused": Entry("Answers TAKE, NOTE or DONE where that is not possible.", ("number",)),
    "staff_task_overdue": Entry("To staff on duty: nobody has taken a task in time.", ("number", "task")),
    "staff_task_unfinished": Entry("To whoever took a task: it is still open.", ("number", "task")),
    "contact_heard": Entry("A contact or staff wrote what is no answer: a person reads it."),
    "staff_heard": Entry("Staff wrote what is no answer and no word for the list: it is put on the list."),
    "contact_wants_support": Entry("A contact or staff who is no member asks for a person."),
    "staff_nothing_open": Entry("Staff answered 1 or 2, but nothing is open."),
    "call_menu": Entry("By phone: greets a member whom nothing was asked; what the keys do follows."),
    "call_stranger": Entry("By phone: greets a number that we do not know; how to join."),
    "call_join_here": Entry(
        "By phone, to a number that we do not know: the key to join in this language.", ("digit",)
    ),
    "call_withheld": Entry("By phone: answers a caller who hides the number, and hangs up."),
    "call_greeting": Entry("By phone: asks who is there, before anything else is said.", ("member",)),
    "call_machine": Entry("Left on an answering machine: first name and number only.", ("member", "number")),
    "call_not_here": Entry("By phone: the last words where somebody else picked up."),
    "call_broke_off": Entry("By text, where a call broke off in the middle of a question.", ("question",)),
    "call_broke_off_request": Entry(
        "By text, to a trusted contact or staff, where a call broke off in which they heard a request.",
        ("member",),
    ),
    "call_silence": Entry("By phone: nothing was heard again; we leave it, nothing is lost."),
    "call_goodbye": Entry("By phone: the last words of a call."),
}
"""Every text of `texts.yaml`, in the order in which it is written there."""


def only_spoken(key: str) -> bool:
    """Whether the program's own text `key` is never sent, but only said on the telephone."""
    return key.startswith("call_") and not key.startswith("call_broke_off")


def allowed_names(key: str) -> frozenset[str]:
    """Return the names that the program's text `key` may use in braces."""
    return frozenset((*CATALOGUE[key].names, *EVERYWHERE))
