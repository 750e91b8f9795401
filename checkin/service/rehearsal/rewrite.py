"""Writing test conversations: a file as its plays went, with what people wrote kept, and new ones.

Only lines that changed are written anew. Every other line, its comments and how it is written stay as they
are: the file belongs to whoever wrote it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from checkin.flow.chats import Chat, ChatFile, Kept, Line, Texts
from checkin.service.rehearsal.play import Play, Report


class NotWritten(Exception):
    """A conversation cannot be written as it went; the text says why, and how to mend it."""


def rewritten(report: Report, source: str) -> tuple[str, list[NotWritten]]:
    """Return the file's text with every conversation as its plays went, and why some could not be written."""
    lines = source.split("\n")
    problems: list[NotWritten] = []
    for index in reversed(range(len(report.file.chats))):
        plays = [play for play in report.plays if play.chat is report.file.chats[index]]
        if all(play.good for play in plays):
            continue
        try:
            _rewrite_chat(report.file, index, merged(plays), lines)
        except NotWritten as problem:
            problems.insert(0, problem)
    return "\n".join(lines), problems


def merged(plays: Sequence[Play]) -> tuple[Line, ...]:
    """Return what happened in the plays of one conversation, with a text in each of their languages.

    Raises `NotWritten` where it does not go the same way in all of them.
    """
    told = [play.lines() for play in plays]
    first = plays[0]
    for play, lines in zip(plays, told, strict=True):
        if [_form(line) for line in lines] != [_form(line) for line in told[0]]:
            raise NotWritten(
                f"“{first.chat.title}” goes another way in {play.language} than in {first.language}. "
                f"Write it as two conversations: one with `language: {first.language}`, one with "
                f"`language: {play.language}`."
            )
    languages = [play.language for play in plays]
    return tuple(
        replace(
            lines[0],
            text=_together(languages, [line.text for line in lines]),
            note=_together(languages, [line.note for line in lines]),
            result=_results(languages, [line.result for line in lines]),
        )
        for lines in zip(*told, strict=True)
    )


def _form(line: Line) -> Line:
    """Return what of a line has to be the same in all languages."""
    fixed = line.kind in ("alert", "task", "consent", "ends", "start")
    named = tuple((name, None) for name, _ in line.result)
    return replace(line, text=line.text if fixed else "", note="", result=named)


def _results(
    languages: Sequence[str], results: Sequence[tuple[tuple[str, Kept], ...]]
) -> tuple[tuple[str, Kept], ...]:
    together: list[tuple[str, Kept]] = []
    for kept in zip(*results, strict=True):
        values = [value for _, value in kept if not isinstance(value, Mapping)]
        same = len({json.dumps(value) for value in values}) == 1
        together.append((kept[0][0], values[0] if same else dict(zip(languages, values, strict=True))))
    return tuple(together)


def _together(languages: Sequence[str], texts: Sequence[Texts]) -> Texts:
    plain = [text for text in texts if isinstance(text, str)]
    return plain[0] if len(set(plain)) == 1 else dict(zip(languages, plain, strict=True))


def _rewrite_chat(file: ChatFile, index: int, new: Sequence[Line], lines: list[str]) -> None:
    """Put these lines in the place of a conversation's, in the lines of its file."""
    old = file.chats[index].lines
    begins = [
        file.document.place(("conversations", index, "chat", number)).line - 1 for number in range(len(old))
    ]
    if len(set(begins)) < len(begins) or not all(lines[at].lstrip().startswith("- ") for at in begins):
        raise NotWritten(
            f"{file.file}:{file.chats[index].place}: “{file.chats[index].title}” has several lines in one, "
            "or braces around them. Write each on a line of its own that begins with a dash."
        )
    indent = lines[begins[0]][: len(lines[begins[0]]) - len(lines[begins[0]].lstrip())]
    end = _end(file, index, len(lines))
    parts = _parts(lines, begins, end)
    out: list[str] = []
    matcher = difflib.SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        for number, (above, written) in enumerate(parts[a:b]):
            out.extend(above)
            if tag == "equal":
                same = old[a + number] == new[c + number]
                out.extend(written if same else written_line(new[c + number], indent))
        if tag != "equal":
            out.extend(text for line in new[c:d] for text in written_line(line, indent))
    last = begins[-1] + len(parts[-1][1])
    lines[begins[0] - len(parts[0][0]) : last] = out


def _end(file: ChatFile, index: int, length: int) -> int:
    """Return the number of the line with which what follows a conversation's chat begins."""
    here: tuple[str | int, ...] = ("conversations", index)
    chat = file.document.place((*here, "chat"), key=True).line
    after = [
        line
        for path in file.document.marks
        if path[: len(here) + 1] != (*here, "chat")
        and path != ()
        and (line := file.document.place(path, key=True).line) > chat
    ]
    return min(after, default=length + 1) - 1


def _parts(lines: Sequence[str], begins: Sequence[int], end: int) -> list[tuple[list[str], list[str]]]:
    """Return, for each line of the chat, the comments above it and the lines on which it is written."""
    parts: list[tuple[list[str], list[str]]] = []
    above: list[str] = []
    for begin, stop in zip(begins, [*begins[1:], end], strict=True):
        own = list(lines[begin:stop])
        below: list[str] = []
        while len(own) > 1 and (not own[-1].strip() or own[-1].lstrip().startswith("#")):
            below.insert(0, own.pop())
        parts.append((above, own))
        above = below
    return parts


def _keys(lines: Iterable[Line]) -> list[str]:
    """Return what lines are compared by. Time that passes stays where it is, however it is written."""
    return ["time" if line.kind == "time" else _written_key(line) for line in lines]


def _written_key(line: Line) -> str:
    return repr(replace(line, text=_key(line.text), note=_key(line.note)))


def _key(texts: Texts) -> str:
    return texts if isinstance(texts, str) else json.dumps(dict(texts), sort_keys=True)


def written_line(line: Line, indent: str) -> list[str]:
    """Return a line as it is written in a file, moved in by `indent`."""
    rows = [] if line.at is None else [f'at: "{line.at}"' if line.at[0].isdigit() else f"at: {line.at}"]
    if line.kind == "time":
        rows = rows or [f"later: {_length(line)}"]
    elif line.kind == "result":
        kept = ", ".join(f"{name}: {_value(value)}" for name, value in line.result)
        rows.append(f"result: {{ {kept} }}")
    elif line.kind in ("alert", "task", "consent", "ends", "start"):
        rows.append(f"{line.key}: {line.text}")
    else:
        rows.extend(_texts(line.key, line.text))
    if line.note:
        rows.extend(_texts("note", line.note))
    return [indent + ("- " if number == 0 else "  ") + row for number, row in enumerate(rows)]


def _texts(key: str, texts: Texts) -> list[str]:
    if isinstance(texts, str):
        return [f"{key}: {_quoted(texts)}"]
    return [f"{key}:", *(f"  {language}: {_quoted(text)}" for language, text in texts.items())]


def _quoted(text: str) -> str:
    """Return a text in quotation marks; what JSON writes, YAML reads."""
    return json.dumps(text, ensure_ascii=False)


def _value(value: Kept) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{language}: {_value(one)}" for language, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _length(line: Line) -> str:
    assert line.later is not None
    minutes = int(line.later.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(
        f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number
    )


def written_chat(chat: Chat, lines: Iterable[Line], setting: Mapping[str, object]) -> str:
    """Return a new conversation as it is written in a file; `setting` are its keys before the chat."""
    head = [f"  - title: {_quoted(chat.title)}"]
    head.extend(f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in setting.items())
    body = [text for line in lines for text in written_line(line, " " * 6)]
    return "\n".join([*head, "    chat:", *body, ""])
