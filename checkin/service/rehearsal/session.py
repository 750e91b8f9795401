"""A session with one flow on a pretend phone: what is typed, what comes of it, and the test case it makes.

Knows lines of input and output. Must not know terminals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic_core import PydanticCustomError

from checkin.flow.chat_shape import BEGINS
from checkin.flow.chats import Chat, Line
from checkin.flow.parts import parse_length
from checkin.flow.speech import seconds
from checkin.service import reading
from checkin.service.rehearsal.happenings import Happening
from checkin.service.rehearsal.moments import read_moment
from checkin.service.rehearsal.play import EPOCH, Entry, line_of, stamped
from checkin.service.rehearsal.rewrite import written_chat
from checkin.service.rehearsal.stage import Stage, Theatre, open_stage
from checkin.service.rehearsal.tell import plain
from checkin.service.rehearsal.why import why

HELP = """\
Type what the member writes. Or:
  /skip 3h          let time pass (30m, 3h, 2d); /skip alone: until something happens
  /contact yes      let the trusted contact write; also /contact2, /staff
  /why              why the last decision fell as it did
  /save A title     keep this conversation as a test, beside the flow
  /quit             end"""


@dataclass(slots=True)
class Session:
    """One sitting. `begin` it, then feed it lines with `do`."""

    flow: str
    language: str
    contacts: int
    joined: bool
    beside: tuple[str, ...]
    stage: Stage
    begun: datetime
    entries: list[Entry] = field(default_factory=list)
    saved: int = 0
    """How many lines were there when it was saved last."""

    def begin(self) -> Iterator[str]:
        """Begin the flow, as if its time had come; where people join with it, wait for their first text."""
        if self.joined:
            yield from self._note(Line("start", text=self.flow), self.stage.begins(self.flow))

    def do(self, typed: str, folder: Path) -> Iterator[str]:
        """Do what was typed and go through the lines that tell what came of it."""
        word, _, rest = typed.strip().partition(" ")
        match word.lower():
            case "":
                return
            case "/skip":
                yield from self._skip(rest.strip())
            case "/why":
                yield from why(self.stage)
            case "/save":
                yield from self._save(rest.strip(), folder)
            case "/help":
                yield HELP
            case command if command.startswith("/") and (who := _part(command)) in self.stage.parts:
                yield from self._says(who, rest.strip())
            case command if command.startswith("/"):
                yield f"{word} is not known. /help says what is."
            case _:
                yield from self._says("member", typed.strip())

    def _says(self, who: str, text: str) -> Iterator[str]:
        if not text:
            yield f"Write behind it what is said: /{who} yes"
            return
        yield from self._note(Line("says", who, text), self.stage.says(who, text))

    def _skip(self, written: str) -> Iterator[str]:
        now = self.stage.clock.now()
        try:
            length = parse_length(written) if written else None
        except PydanticCustomError as error:
            context = error.context or {}
            yield f"{context.get('message', '')} {context.get('mend', '')}"
            return
        target = now + length if length is not None else self.stage.next_moment()
        if target is None:
            yield "Nothing is due any more."
            return
        target = max(target, now)
        came = self.stage.until(target)
        for moment, one in came:
            if moment < target:
                yield from self._tell(moment, one)
        self._pass(target)
        yield f"--- {target.astimezone(self.stage.zone):%A %H:%M}"
        for moment, one in came:
            if moment == target:
                yield from self._tell(moment, one)

    def _pass(self, target: datetime) -> None:
        """Note that time has passed, as long as since the last line."""
        before = self.entries[-1].moment if self.entries else self.begun
        if target > before:
            self.entries.append(Entry(target, Line("time", later=target - before)))

    def _note(self, line: Line, came: Sequence[Happening]) -> Iterator[str]:
        now = self.stage.clock.now()
        self.entries.append(Entry(now, line))
        for one in came:
            yield from self._tell(now, one)

    def _tell(self, moment: datetime, one: Happening) -> Iterator[str]:
        line = line_of(one, self.flow)
        if line is not None:
            self.entries.append(Entry(moment, line))
            yield f"{moment.astimezone(self.stage.zone):%a %H:%M}  {plain(line)}{self._lasts(line)}"

    def _lasts(self, line: Line) -> str:
        """Return about how long it takes to hear what is said by phone."""
        return f"  ({seconds(line.said(self.language), self.language):.0f} s)" if line.kind == "calls" else ""

    def _save(self, title: str, folder: Path) -> Iterator[str]:
        if not any(entry.line.kind in ("says", "time") for entry in self.entries):
            yield "Nothing was said yet."
            return
        path = folder / f"{self.flow}.test.yaml"
        self._append(path, title or f"A conversation in {self.language}")
        self.saved = len(self.entries)
        yield f"Kept in {path.name}. Play it with: checkin flows test {self.flow}"

    def _append(self, path: Path, title: str) -> None:
        setting: dict[str, object] = {"language": self.language}
        setting.update({} if self.joined else {"joined": False})
        setting.update({"contacts": self.contacts} if self.contacts else {})
        voice = self.stage.telephone is not None
        setting.update({"voice": True} if voice else {})
        setting.update({"with": list(self.beside)} if self.beside else {})
        lines = tuple(stamped(self.entries, self.begun, self.stage.zone))
        chat = Chat(title, (self.language,), self.joined, self.contacts, BEGINS, voice, self.beside, lines)
        before = path.read_text("utf-8").rstrip("\n") + "\n\n" if path.is_file() else _head(self.flow)
        path.write_text(before + written_chat(chat, lines, setting), "utf-8")


def _part(command: str) -> str:
    """Return whose line a command is: `/contact2` is `contact 2`."""
    name = command.removeprefix("/")
    return f"{name[:-1]} {name[-1]}" if name[-1:].isdigit() else name


def _head(flow: str) -> str:
    return f"flow: {flow}\nconversations:\n\n"


def open_session(
    theatre: Theatre,
    flow: str,
    *,
    language: str,
    contacts: int,
    beside: Sequence[str] = (),
    voice: bool = False,
) -> Session:
    """Open a session with a flow. Where people join with the flow, the member has not joined yet."""
    joined = not reading.asks_to_join(theatre.flows[flow])
    contacts = contacts if joined else 0
    stage = open_stage(
        theatre,
        dict.fromkeys((flow, *beside)),
        now=read_moment(BEGINS, EPOCH, theatre.zone),
        language=language,
        joined=joined,
        chosen=contacts,
        voice=voice,
    )
    return Session(flow, language, contacts, joined, tuple(beside), stage, stage.clock.now())
