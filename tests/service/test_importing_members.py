"""Members brought in from a list: who is asked, who begins, and all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from checkin.people.rosters import Entry, read_rows, read_table
from checkin.service.importing import Outcome, Wanted, take
from checkin.service.publishing import publish
from checkin.store import tables
from checkin.store.rosters import Known
from tests.service.kit import Chat

GROUPS = {"circle": "The Tuesday circle", "workplace": "The workplace team"}


def bring(chat: Chat, text: str, *, dry_run: bool = False, skip_invalid: bool = False) -> list[Outcome]:
    rows = read_rows(read_table(text.encode()), region="US", languages=("en", "es"), groups=GROUPS)
    return take(chat.app, list(rows), dry_run=dry_run, skip_invalid=skip_invalid)


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [one.status for one in outcomes]


BOTH = "phone,name,consent\n202-555-0101,Alice,2026-11-01\n202-555-0102,Bob,\n"


def test_a_list_puts_members_into_groups(chat: Chat) -> None:
    with_group = "phone,name,consent,team\n202-555-0101,Alice,yes,{}\n202-555-0102,Bob,yes,\n"
    assert statuses(bring(chat, with_group.format("circle"))) == ["added", "added"]
    assert chat.situation(chat.alice).fields == {"group": "circle"}
    assert chat.situation(chat.bob).fields == {}
    assert statuses(bring(chat, with_group.format("The Tuesday circle"))) == ["unchanged", "unchanged"]
    assert statuses(bring(chat, with_group.format("workplace"))) == ["updated", "unchanged"]
    assert chat.situation(chat.alice).fields == {"group": "workplace"}
    assert statuses(bring(chat, with_group.format(""))) == ["unchanged", "unchanged"]
    (wrong, _) = bring(chat, with_group.format("choir"))
    assert (wrong.status, wrong.mend) == ("invalid", "Write one of these: circle, workplace.")


def test_a_list_says_who_wants_to_be_called(chat: Chat) -> None:
    with_channel = "phone,name,consent,text or call\n202-555-0101,Alice,yes,{}\n202-555-0102,Bob,,{}\n"
    _, bob = bring(chat, with_channel.format("call", "call"))
    assert bob.problem == "channel: nobody is called who has not agreed to it"
    assert statuses(bring(chat, with_channel.format("Phone call", ""))) == ["added", "added"]
    assert chat.situation(chat.alice).person.channel == "voice"
    assert statuses(bring(chat, with_channel.format("voz", "text"))) == ["unchanged", "unchanged"]
    assert statuses(bring(chat, with_channel.format("", ""))) == ["unchanged", "unchanged"]
    assert statuses(bring(chat, with_channel.format("mensajes", ""))) == ["updated", "unchanged"]
    assert chat.situation(chat.alice).person.channel == "sms"
    wrong, _ = bring(chat, with_channel.format("phone", ""))
    assert (wrong.status, wrong.mend) == ("invalid", "Write text or call, or leave it empty.")


def test_whoever_agreed_begins_and_everybody_else_is_asked_once(chat: Chat) -> None:
    assert statuses(bring(chat, BOTH)) == ["added", "added"]
    chat.settle()
    chat.expect(bob="Reply YES to join")
    assert chat.situation(chat.alice).member_state == "active"
    assert "schedule:" in "".join(chat.timers())
    assert statuses(bring(chat, BOTH)) == ["unchanged", "unchanged"]
    chat.settle()
    chat.expect()
    chat.bob("YES")
    assert chat.situation(chat.bob).member_state == "active"


def test_nobody_is_asked_at_night(chat: Chat) -> None:
    chat.stand_still("14h")  # midnight in New York
    bring(chat, BOTH)
    chat.settle()
    chat.expect()
    chat.later("10h")
    assert any("Reply YES to join" in text for text in chat.bob.new())


def test_one_wrong_row_keeps_all_out_unless_they_are_skipped(chat: Chat) -> None:
    text = BOTH + "12,Charlie,yes\n"
    found = bring(chat, text)
    assert statuses(found) == ["added", "added", "invalid"]
    assert (found[2].row, found[2].e164) == (4, None)
    assert found[2].problem
    assert found[2].mend
    assert chat.person(chat.alice) is None
    assert statuses(bring(chat, text, skip_invalid=True)) == ["added", "added", "invalid"]
    assert chat.person(chat.alice) is not None
    assert statuses(bring(chat, text, skip_invalid=True)) == ["unchanged", "unchanged", "invalid"]


def test_a_dry_run_tells_the_same_and_writes_nothing(chat: Chat) -> None:
    assert statuses(bring(chat, BOTH, dry_run=True)) == ["added", "added"]
    assert chat.person(chat.alice) is None
    assert chat.count(tables.members) == 0


def test_the_same_number_in_any_spelling_is_one_person(chat: Chat) -> None:
    found = bring(chat, "phone\n2025550101\n+1 (202) 555-0101\n12025550101.0\n")
    assert statuses(found) == ["added", "duplicate", "duplicate"]
    assert found[1].problem == "row 2 has the same number"
    assert chat.count(tables.members) == 1


def test_a_member_is_updated_by_what_the_row_says(chat: Chat) -> None:
    chat.joined()
    before = chat.timers()
    text = "phone,name,language,zone\n2025550101,Ally,es,Pacific\n"
    assert statuses(bring(chat, text)) == ["updated"]
    chat.settle()
    chat.expect()
    person = chat.person(chat.alice)
    assert person is not None
    assert (person.name, person.language, person.zone) == ("Ally", "es", "America/Los_Angeles")
    assert chat.timers() != before
    assert statuses(bring(chat, text)) == ["unchanged"]
    assert statuses(bring(chat, "phone\n2025550101\n")) == ["unchanged"]


def test_consent_that_comes_later_ends_the_question(chat: Chat) -> None:
    bring(chat, "phone\n2025550101\n")
    chat.settle()
    chat.expect(alice="Reply YES to join")
    assert statuses(bring(chat, "phone,consent\n2025550101,yes\n")) == ["updated"]
    chat.settle()
    assert chat.waiting(chat.alice) == []
    assert chat.situation(chat.alice).member_state == "active"


def test_nobody_comes_back_by_a_list_who_said_stop(chat: Chat) -> None:
    chat.joined()
    chat.alice("STOP")
    chat.forget()
    (found,) = bring(chat, "phone,consent\n2025550101,yes\n")
    assert (found.status, found.problem) == ("unchanged", "this number said STOP")
    chat.later("1d")
    chat.expect()


def test_a_trusted_contact_can_become_a_member(chat: Chat) -> None:
    chat.joined("bob")
    assert statuses(bring(chat, "phone,consent\n2025550102,yes\n")) == ["added"]
    assert chat.situation(chat.bob).member_state == "active"


def test_without_a_flow_that_asks_nobody_can_be_invited(chat: Chat) -> None:
    chat.app.go_live({})
    found = bring(chat, BOTH)
    assert statuses(found) == ["added", "invalid"]
    assert "flows publish" in (found[1].mend or "")


def test_before_any_flow_is_live_people_are_taken_and_asked_once_it_is(chat: Chat) -> None:
    flows = dict(chat.app.flows)
    chat.app.go_live({})
    chat.app.store.run(lambda unit: unit.write(sa.delete(tables.flow_versions)))
    rows = list(read_rows(read_table(BOTH.encode()), region="US", languages=("en", "es")))
    assert statuses(take(chat.app, rows, asks_later=True)) == ["added", "added"]
    chat.later("2h")
    assert chat.alice.new() == chat.bob.new() == []
    publish(chat.app, flows.values(), author="Dana", note="the first")
    chat.later("1m")
    assert any(subject.startswith("schedule:") for subject in chat.timers()), "who has agreed begins"
    (invitation,) = chat.bob.new()
    assert "YES" in invitation
    publish(chat.app, flows.values(), author="Dana", note="the same")
    chat.later("1m")
    assert chat.bob.new() == []


def test_a_no_in_any_row_counts(chat: Chat) -> None:
    text = "phone,consent\n202-555-0101,yes\n(202) 555 0102,yes\n+1 202 555 0102,No\n"
    found = bring(chat, text, skip_invalid=True)
    assert statuses(found) == ["added", "invalid", "invalid"]
    assert [one.e164 for one in found] == ["+12025550101", "+12025550102", "+12025550102"]
    assert "another row" in (found[1].problem or "")
    assert chat.count(tables.members) == 1


def test_staff_keep_the_name_that_the_program_gives_them(chat: Chat) -> None:
    staff = chat.app.program.staff[0]
    text = f"phone,name,consent\n{staff.number},Somebody,yes\n"
    assert statuses(bring(chat, text)) == ["added"]
    chat.restart()
    assert statuses(bring(chat, text)) == ["unchanged"]


def test_what_is_written_can_be_watched(chat: Chat) -> None:
    seen: list[int] = []

    def watch(wanted: Wanted) -> Iterator[tuple[Entry, Known | None]]:
        for number, one in enumerate(wanted, 1):
            yield one
            seen.append(number)

    rows = list(read_rows(read_table(BOTH.encode()), region="US", languages=("en", "es")))
    take(chat.app, rows, watch=watch)
    assert seen == [1, 2]


def test_what_fails_in_the_middle_leaves_nothing(quick: Chat) -> None:
    with closing(sqlite3.connect(sa.make_url(quick.url).database or "")) as database:
        database.execute(
            "CREATE TRIGGER fails BEFORE INSERT ON members WHEN (SELECT count(*) FROM members) = 7"
            " BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    text = "phone\n" + "".join(f"20255501{number:02}\n" for number in range(10, 30))
    with pytest.raises(Exception, match="no more"):
        bring(quick, text)
    people_before = quick.count(tables.people)
    assert quick.count(tables.members) == 0
    assert quick.count(tables.timers) == 0
    assert people_before == len(quick.app.staff_ids)
