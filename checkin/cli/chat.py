"""`checkin flows chat`: one flow on a pretend phone in the terminal.

Knows where lines come from and where they go. What comes of them is the session's to say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from checkin.flow.load import FlowSet
from checkin.service.rehearsal.session import Session, open_session
from checkin.service.rehearsal.stage import Runaway, open_theatre


def sit(
    flow_set: FlowSet,
    flow: str,
    folder: Path,
    *,
    language: str,
    contacts: int,
    beside: Sequence[str],
    voice: bool = False,
) -> None:
    """Play a flow with whoever types, until the end of the input or /quit."""
    with open_theatre(flow_set) as theatre:
        session = open_session(
            theatre, flow, language=language, contacts=contacts, beside=beside, voice=voice
        )
        _talk(session, folder, sys.stdin.isatty())


def _talk(session: Session, folder: Path, at_terminal: bool) -> None:
    if at_terminal:
        print(f"A pretend phone with {session.flow}; nothing leaves this computer. /help says what to type.")
    _print(session.begin())
    if not session.joined:
        print("This is a number that the program does not know yet. Begin with the word that joins.")
    for typed in _typed(at_terminal):
        if typed.strip().lower() == "/quit":
            break
        if not at_terminal and typed.strip():
            print(f"> {typed.strip()}")
        try:
            _print(session.do(typed, folder))
        except Runaway as error:
            print(f"This never ends: {error}")
            break
    if at_terminal and session.saved < len(session.entries) > 1:
        _offer(session, folder)


def _offer(session: Session, folder: Path) -> None:
    try:
        title = input("\nKeep this conversation as a test? Give it a title, or just press Enter: ")
    except EOFError:
        return
    if title.strip():
        _print(session.do(f"/save {title}", folder))


def _typed(at_terminal: bool) -> Iterator[str]:
    if not at_terminal:
        yield from sys.stdin
        return
    import readline  # noqa: F401  (arrow keys and history at the prompt)

    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        print(line, flush=True)
