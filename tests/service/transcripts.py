"""Twelve situations of a request for support, as everybody in them reads them, in English and Spanish.

`python -m tests.service.transcripts` plays them on the real service and writes `docs/transcripts.md`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from checkin.carrier.base import FailureKind
from checkin.flow.segments import segments
from checkin.people.wishes import QuietHours, Wishes
from checkin.service.calls import CallRequest, answer
from checkin.service.phones import next_moment
from checkin.store import contacts, people
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import NUMBERS, Chat, Phone, length, load_shipped, new_reader

PAGE = Path(__file__).resolve().parents[2] / "docs" / "transcripts.md"
ZONE = ZoneInfo("America/New_York")
NAMES: Mapping[str, Mapping[str, str]] = {
    "en": {"alice": "Alice", "bob": "Bob", "carmen": "Carmen", "dana": "Dana", "charlie": "Charlie"},
    "es": {"alice": "Alicia", "bob": "Beto", "carmen": "Carmen", "dana": "Dana", "charlie": "Carlos"},
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "join": "JOIN", "yes": "YES", "no": "NO", "support": "SUPPORT", "contacts": "CONTACTS",
        "crisis": "I want to die", "never_mind": "never mind", "nobody_came": "NO", "add": "ADD",
    },
    "es": {
        "join": "UNIRME", "yes": "SÍ", "no": "NO", "support": "APOYO", "contacts": "CONTACTOS",
        "crisis": "quiero morirme", "never_mind": "ya no hace falta", "nobody_came": "NO", "add": "AÑADIR",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One text or one thing heard: when, whose phone it is on, whether it came in or went out."""

    at: datetime
    who: str
    sent: bool
    text: str
    spoken: bool = False


@dataclass(slots=True)
class Story:
    """A chat that is written down. `ask` and `wait` are what situations are made of."""

    chat: Chat
    language: str
    lines: list[Line] = field(default_factory=list)

    def say(self, who: str, words: str) -> None:
        """Let somebody text; a key of `WORDS` stands for its words in this language."""
        text = WORDS[self.language].get(words, words)
        self.lines.append(Line(self.chat.clock.now(), who, sent=True, text=text))
        phone = self.chat.phones[who]
        phone(text)
        self._read(phone)
        self._read_all()

    def wait(self, words: str) -> None:
        """Let time pass, step by step, and write down who read what when."""
        target = self.chat.clock.now() + length(words)
        while self.chat.clock.now() < target:
            self.chat.until(min(target, self._next()))
            self._read_all()

    def _next(self) -> datetime:
        """Return when something is due next, or when an hour has passed."""
        now = self.chat.clock.now()
        due_at = next_moment(self.chat.app) or now
        return due_at if due_at > now else now + timedelta(hours=1)

    def call(self, who: str, *keys: str, machine: bool = False) -> None:
        """Let somebody's phone be picked up, press these keys, and hang up."""
        phone = self.chat.phones[who]
        call = [row for row in self.chat.rows(phone) if row.channel == "voice"][-1]
        for turn, key in enumerate(("", *keys)):
            if key:
                self.lines.append(Line(self.chat.clock.now(), who, sent=True, text=f"[{key}]", spoken=True))
            request = CallRequest(
                call.carrier_id or "", turn, phone.number, key, outbound=True, machine=machine,
                our_number="+12025550100",
            )  # fmt: skip
            said = self.chat.app.store.run(
                lambda unit, r=request: answer(self.chat.app, unit, r, self.chat.clock.now())  # type: ignore[misc]
            ).says
            self.lines.append(Line(self.chat.clock.now(), who, sent=False, text=" ".join(said), spoken=True))
        self.chat.settle()
        self.chat.report(call.id, "delivered", carrier_id=call.carrier_id or "")
        self.chat.settle()
        self._read_all()

    def _read_all(self) -> None:
        for phone in self.chat.phones.values():
            self._read(phone)

    def _read(self, phone: Phone) -> None:
        if not (unread := phone.new()):
            return
        calls = [row.body for row in self.chat.rows(phone) if row.channel == "voice"]
        for text in unread:
            if text not in calls:  # the pretend carrier shows a call as a text; `call` plays it
                self.lines.append(Line(self.chat.clock.now(), phone.name, sent=False, text=text))


def begin(folder: Path, language: str, *contacts: str) -> Story:
    """Return a story in which Alice has joined and these have agreed; nobody remembers how it began."""
    url = f"sqlite:///{folder / 'checkin.sqlite3'}"
    make_migrated(url)
    flow_set = load_shipped()
    chat = Chat(url, flow_set, new_reader(flow_set))
    story = Story(chat, language)
    if language != "en":
        staff = tuple(replace(one, language=language) for one in chat.app.program.staff)
        chat.as_program(staff=staff)
        for id in chat.app.staff_ids:
            chat.app.store.run(lambda unit, i=id: people.set_language(unit, i, language))  # type: ignore[misc]
    joins(story, "alice", *contacts)
    return story


def joins(story: Story, member: str, *contacts: str) -> None:
    """Let somebody join, and each of these contacts agree; what was said is forgotten."""
    words, names = WORDS[story.language], NAMES[story.language]
    phones = story.chat.phones
    for text in (words["join"], words["yes"], names[member], words["yes"] if contacts else words["no"]):
        phones[member](text)
    for index, name in enumerate(contacts):
        if index:
            phones[member](words["add"])
        phones[member](names[name])
        phones[member](NUMBERS[name])
        phones[name](words["yes"])
    story.chat.forget()
    story.lines.clear()


def sleeps(story: Story, who: str, start: int, end: int) -> None:
    """Give one of Alice's contacts quiet hours, from one hour of the day to another."""
    alice, person = story.chat.person(story.chat.alice), story.chat.person(story.chat.phones[who])
    assert alice is not None
    assert person is not None
    member_id, person_id = alice.id, person.id

    def work(unit: Unit) -> None:
        was = next(one for one in contacts.of_member(unit, member_id) if one.person_id == person_id)
        wishes = Wishes(quiet=QuietHours(start * 60, end * 60), quiet_by="contact")
        contacts.save(unit, replace(was, wishes=wishes), was=was)

    story.chat.app.store.run(work)


# ---------------------------------------------------------------- the twelve situations


def _taken(story: Story) -> None:
    story.say("alice", "support")
    story.wait("15m")
    story.say("bob", "1")


def _passed_on(story: Story) -> None:
    story.say("alice", "support")
    story.wait("5m")
    story.say("bob", "2")
    story.wait("2m")
    story.say("carmen", "1")


def _changed_mind(story: Story) -> None:
    story.say("alice", "support")
    story.wait("2m")
    story.say("alice", "never_mind")


def _silence(story: Story) -> None:
    story.say("alice", "support")
    story.wait("90m")
    story.say("dana", "1")


def _no_contact(story: Story) -> None:
    story.say("alice", "support")
    story.wait("6m")
    story.say("dana", "1")


def _called(story: Story) -> None:
    support = story.chat.app.program.support
    story.chat.as_program(support=replace(support, call_after=timedelta(minutes=10)))
    story.chat.reports_are_lost = True
    story.say("alice", "support")
    story.wait("15m")
    story.call("bob", machine=True)
    story.wait("10m")
    story.call("carmen", "1", "1")


def _asleep(story: Story) -> None:
    sleeps(story, "bob", 9, 17)
    story.say("alice", "support")
    story.wait("7m")
    story.say("carmen", "1")


def _undelivered(story: Story) -> None:
    story.chat.carrier.refuse(NUMBERS["bob"], FailureKind.PERMANENT, "21614")
    story.say("alice", "support")
    story.wait("6m")
    story.say("carmen", "1")


def _nobody_came(story: Story) -> None:
    story.say("alice", "support")
    story.wait("6m")
    story.say("bob", "1")
    story.wait("24h")
    story.say("alice", "nobody_came")
    story.say("dana", "1")


def _not_followed_up(story: Story) -> None:
    story.say("alice", "support")
    story.wait("6m")
    story.say("bob", "1")
    story.wait("33h")
    story.say("bob", "2")


def _two_members(story: Story) -> None:
    joins(story, "charlie", "bob")
    story.say("alice", "support")
    story.wait("6m")
    story.say("charlie", "support")
    story.wait("6m")
    story.say("bob", f"1 {NAMES[story.language]['alice']}")
    story.say("bob", "2")


def _crisis(story: Story) -> None:
    story.say("alice", "crisis")
    story.wait("1m")
    story.say("dana", "1")


@dataclass(frozen=True, slots=True)
class Situation:
    """One of the twelve: what it is called, who agreed to be asked, and what happens."""

    title: str
    contacts: tuple[str, ...]
    play: Callable[[Story], None]


SITUATIONS = (
    Situation("A trusted contact takes it", ("bob",), _taken),
    Situation("The first cannot, the second takes it", ("bob", "carmen"), _passed_on),
    Situation("The member changes their mind", ("bob",), _changed_mind),
    Situation("Everybody is silent, and staff take it", ("bob", "carmen"), _silence),
    Situation("A member without a trusted contact", (), _no_contact),
    Situation("Nobody answers the text: a machine, then a yes by phone", ("bob", "carmen"), _called),
    Situation("The first contact has quiet hours", ("bob", "carmen"), _asleep),
    Situation("The text to the first contact does not arrive", ("bob", "carmen"), _undelivered),
    Situation("Nobody came", ("bob",), _nobody_came),
    Situation("Taken, and not followed up", ("bob", "carmen"), _not_followed_up),
    Situation("One contact, two members who ask at once", ("bob",), _two_members),
    Situation("Words of crisis", ("bob",), _crisis),
)

HEAD = """# What everybody reads

Twelve situations of a request for support, as they are on the phones of those in them: Alice the
member, Bob and Carmen her trusted contacts, Dana of the staff. The service itself played them;
`python -m tests.service.transcripts` writes this page anew, and a test fails where it is not what
the service says. A number behind a text is how many messages it costs, where it is more than one.
Day and time are those of the members.
"""
LANGUAGES = {"en": "English", "es": "Spanish"}


def played(situation: Situation, language: str) -> list[Line]:
    """Play one situation on a service of its own, and return what was read and heard."""
    with tempfile.TemporaryDirectory() as folder:
        story = begin(Path(folder), language, *situation.contacts)
        try:
            situation.play(story)
        finally:
            story.chat.close()
        return story.lines


def page(play: Callable[[Situation, str], list[Line]] = played) -> str:
    """Return the whole page."""
    parts = [HEAD]
    for place, situation in enumerate(SITUATIONS, start=1):
        parts.append(f"\n## {place}. {situation.title}\n")
        for language, name in LANGUAGES.items():
            lines = "\n".join(_written(line, language) for line in play(situation, language))
            parts.append(f"\n{name}:\n\n```\n{lines}\n```\n")
    return "".join(parts)


def _written(line: Line, language: str) -> str:
    when = f"{line.at.astimezone(ZONE):%a %H:%M}"
    count = 1 if line.spoken else segments(line.text).count
    dear = f"  ({count})" if count > 1 and not line.sent else ""
    arrow = "→" if line.sent else "←"
    how = " by phone" if line.spoken else ""
    return f"{when}  {NAMES[language][line.who]}{how} {arrow} {line.text}{dear}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
