"""A flow on a pretend phone: typed lines, skipped time, reasons, and the test that is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.rehearsal.run import rehearse
from checkin.service.rehearsal.session import Session, open_session
from checkin.service.rehearsal.stage import Theatre, open_theatre

Do = Callable[..., list[str]]


@pytest.fixture(scope="module")
def theatre(flow_set: FlowSet, reader: Reader) -> Iterator[Theatre]:
    with open_theatre(flow_set, reader) as theatre:
        yield theatre


@pytest.fixture
def session(theatre: Theatre) -> Session:
    return open_session(theatre, "daily", language="en", contacts=1)


@pytest.fixture
def do(session: Session, tmp_path: Path) -> Do:
    """Type lines; return what is told of the last one."""
    list(session.begin())

    def do(*typed: str) -> list[str]:
        return [list(session.do(line, tmp_path)) for line in typed][-1]

    return do


def test_what_comes_of_a_line_is_told_with_its_time(session: Session, tmp_path: Path) -> None:
    assert [line[:32] for line in session.begin()] == ["Mon 12:00  program: Hi Alice, it"]
    told = list(session.do("4", tmp_path))
    assert told == [
        "Mon 12:00  result: mood = 4",
        "Mon 12:00  program: Good to hear, Alice. Talk to you soon.",
        "Mon 12:00  ends: done",
    ]


def test_why_names_the_rule_the_words_and_the_way(do: Do) -> None:
    told = do("so so, I guess", "/why")
    assert told[0].startswith("“so so, I guess” was understood as ok, by the rule en.mood: so so.")
    assert "It was taken for an answer to the question mood of the flow daily (version 1):" in told
    assert any("from the words: so so" in line for line in told)
    assert "  mood: if mood == 3, go: anything" in told
    assert told[-1] == "Now: it waits at anything."


def test_why_after_silence_names_the_rung(do: Do) -> None:
    do("/skip 3h")
    assert "The flow daily (version 1) went on. mood: no reply, after 3h." in do("/why")
    do("/skip 20h")
    told = do("/why")
    assert "The flow daily (version 1) went on. mood: no reply, after 20h, go: missed." in told
    assert told[-1] == "Now: it has ended at missed."


def test_why_tells_of_a_request_for_support(do: Do) -> None:
    do("1", "yes", "/skip 5m")
    assert do("/why") == ["The request for support went on because the time was over that it had waited for."]
    do("/contact 1")
    assert do("/why") == ["The request for support was taken: somebody said that they have it."]
    assert any("as help" in line for line in do("help", "/why"))


def test_time_passes_to_a_moment_or_to_what_is_due_next(do: Do) -> None:
    told = do("/skip")
    assert told[0] == "--- Monday 15:00"
    assert "we missed you today" in told[1]
    assert do("/skip 1d") == ["Tue 08:00  ends: missed", "--- Tuesday 15:00"]
    assert do("/skip tomorrow") == ["This is not a length of time. Write for example 30m, 3h, 2d or 1d12h."]
    assert do("/skip 0h")[0].startswith("This length of time is nothing")


def test_what_is_not_known_is_said_and_nothing_happens(do: Do, session: Session) -> None:
    before = list(session.entries)
    assert do("/jump") == ["/jump is not known. /help says what is."]
    assert do("/contact") == ["Write behind it what is said: /contact yes"]
    assert do("   ") == []
    assert "/why" in do("/help")[0]
    assert session.entries == before


def test_what_was_typed_is_kept_as_a_test_that_passes(
    do: Do, session: Session, theatre: Theatre, flow_set: FlowSet, reader: Reader, tmp_path: Path
) -> None:
    assert do("/save") == ["Nothing was said yet."]
    do("2", "yes", "/skip 5m", "/contact 2", "/skip 40m", "/staff 1", "/skip 2h")
    told = do('/save A "hard" day: and staff')
    assert told == ["Kept in daily.test.yaml. Play it with: checkin flows test daily"]
    do("/save Once more")
    rehearsed = rehearse(tmp_path, flow_set, ("daily",), reader=reader)
    assert rehearsed.issues == ()
    (report,) = rehearsed.reports
    assert [chat.title for chat in report.file.chats] == ['A "hard" day: and staff', "Once more"]
    assert [(play.language, play.good) for play in report.plays] == [("en", True), ("en", True)]
    text = (tmp_path / "daily.test.yaml").read_text()
    assert "- later: 2h" in text
    assert '- staff: "1"' in text
    assert session.saved == len(session.entries)


def test_whoever_joins_with_the_flow_begins_as_a_stranger(theatre: Theatre, tmp_path: Path) -> None:
    session = open_session(theatre, "welcome", language="es", contacts=1, beside=("contacts",))
    assert list(session.begin()) == []
    assert "SÍ para unirte" in "".join(session.do("unirme", tmp_path))
    assert next(session.do("sí", tmp_path)).startswith("Mon 12:00  program: ¡Gracias por unirte!")
    list(session.do("/save Unirse", tmp_path))
    text = (tmp_path / "welcome.test.yaml").read_text()
    assert '    joined: false\n    with: ["contacts"]\n' in text


def test_by_phone_it_is_told_how_long_one_listens(theatre: Theatre, tmp_path: Path) -> None:
    session = open_session(theatre, "daily", language="en", contacts=0, voice=True)
    (asked,) = session.begin()
    assert asked.endswith("1 is very low, 5 is great.  (12 s)")
    assert list(session.do("4", tmp_path))[1].endswith("Goodbye.  (8 s)")
