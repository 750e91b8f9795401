"""Four people text whatever they like, whenever, while the carrier fails and processes are killed.

What always has to hold: a request ends with a person; nothing goes to a number that said STOP; a text that
comes twice counts once; a check-in is sent at most once, and only by day; a run stays in its version; and
replaying the journal gives what is stored.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from checkin.alert.machine import CLOSED
from checkin.alert.model import Alert, AlertState
from checkin.alert.replay import began_under
from checkin.alert.replay import event_from_json as alert_event
from checkin.alert.replay import replay as replay_alert
from checkin.carrier.base import FailureKind
from checkin.conversation.replay import event_from_json, replay
from checkin.conversation.run import Run
from checkin.flow.load import load_flow
from checkin.flow.program import Program, Staff
from checkin.people.wishes import QuietHours, Wishes
from checkin.service import auditor, delivery, due
from checkin.service.app import LANES
from checkin.service.calls import CallRequest, answer
from checkin.service.publishing import publish
from checkin.store import contacts, inbox, outbox, people, runs, tables
from checkin.store.unit import Unit
from checkin.timing.rota import Rota, Shift
from tests.servers.migrated import make_migrated
from tests.service.kit import NUMBERS, Chat, Phone, length, load_shipped, new_reader

FLOW_SET = load_shipped()
READER = new_reader(FLOW_SET)
ZONE = ZoneInfo(FLOW_SET.program.timezone)

WORDS = (
    *("JOIN", "UNIRME", "YES", "NO", "sí", "1", "2", "3", "4", "5", "Alice", "CONTACTS", "CHECKIN"),
    *("SUPPORT", "APOYO", "please call me", "2, can someone call me?", "NO", "cancel it", "I'm OK now"),
    *("STOP", "START", "leave me alone", "HELP", "PAUSE", "stop for 2 days", "later", "thanks", ""),
    *("ADD", "remove bob", "carmen first", "bob missed", "bob both", "about bob", "add bob 2025550102"),
    *("leave", "leave alice", "pause alice", "quiet 9pm to 8am", "quiet off", "who else knows?", "tips"),
    *("SETTINGS", "LESS", "MORE", "TIME 8pm", "HOURS 10am-6pm", "DAYS mon wed", "CALLS ON", "CONTACTS ON"),
    *("I want to die", "I want to die, stop texting me", "stop texting me, I need help", "no, nobody came"),
    *("MORNING", "DELETE", "DELETE MY DATA", "MY DATA"),
    *(number[2:] for number in NUMBERS.values()),
)
ASKING = ("SUPPORT", "please call me", "2, can someone call me?", "no, nobody came", "I want to die", "NO")
TEXTS = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.text(max_size=20))
PEOPLE = st.sampled_from(["alice", "alice", "bob", "carmen", "dana"])
LENGTHS = st.sampled_from(
    ["1s", "30s", "2m", "5m", "5m", "16m", "31m", "1h", "3h", "5h", "9h", "1d", "3d", "8d"]
)
KINDS = st.sampled_from(list(FailureKind))
TROUBLES = ("none", "busy", "busy", "lost", "deaf", "deaf")


ENDS = ("busy", "machine", "takes", "passes", "hangs up", "wrong one")
"""How a call about a request may end."""

CALLING = replace(
    FLOW_SET.program,
    support=replace(FLOW_SET.program.support, call_after=timedelta(minutes=10), repeat=1),
)
"""Contacts are asked twice, and whoever says nothing is called."""


def shift(who: str, start: str, end: str) -> Shift:
    first = datetime.fromisoformat("2026-11-01 00:00")
    begins, ends = (first + length(clock) for clock in (start, end))
    return Shift((who,), begins, ends, ZONE, ("FREQ=DAILY",))


IN_SHIFTS = replace(
    CALLING,
    staff=(*CALLING.staff, Staff("Charlie", NUMBERS["charlie"], "en", on_call=False)),
    rota=Rota((shift("Dana", "8h", "14h"), shift("Charlie", "14h", "22h"))),
    last_resort=("Dana",),
)
"""Dana has the mornings and Charlie the afternoons; nobody has the nights."""


class History(RuleBasedStateMachine):
    """One history of the whole service."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "checkin.sqlite3"
        shutil.copyfile(template(), path)
        self.logs = structlog.testing.capture_logs()
        self.lines = self.logs.__enter__()
        self.chat = Chat(f"sqlite:///{path}", FLOW_SET, READER)
        self.said: list[tuple[Phone, str, str, tuple[str, ...]]] = []
        self.versions: dict[str, int] = {}
        self.published = 0
        self.looked_at = 0

    # ------------------------------------------------------------ what can happen

    @initialize(
        contacts=st.sampled_from([(), ("bob",), ("bob", "carmen"), ("carmen", "dana"), None]),
        program=st.sampled_from([FLOW_SET.program, CALLING, IN_SHIFTS]),
    )
    def begin(self, contacts: tuple[str, ...] | None, program: Program) -> None:
        self.chat.flow_set = replace(FLOW_SET, program=program)
        self.chat.calls_are_left = True
        self.chat.restart()
        if contacts is not None:
            self.chat.joined(*contacts)

    @rule(text=st.sampled_from(ASKING))
    def somebody_is_asked_for(self, text: str) -> None:
        self.says("alice", text)

    @rule(text=st.sampled_from(("1", "2", "3", "4", "YES", "NO", "later", "?")))
    def member_answers(self, text: str) -> None:
        self.says("alice", text)

    @rule(name=st.sampled_from(["bob", "carmen", "dana"]), text=st.sampled_from(("1", "2", "YES", "NO", "?")))
    def contact_answers(self, name: str, text: str) -> None:
        self.says(name, text)

    @rule(text=st.sampled_from(("remove bob", "remove 1", "carmen first", "bob missed", "bob both", "ADD")))
    def member_manages_contacts(self, text: str) -> None:
        self.says("alice", text)

    @rule(
        text=st.sampled_from(
            ("Carmen", "bob please", "ALL", "STAFF", "now", "NO", "I'm OK now", "MORNING", "MORNING")
        )
    )
    def member_chooses_who_is_asked(self, text: str) -> None:
        self.says("alice", text)

    @rule(
        name=st.sampled_from(["bob", "carmen"]),
        text=st.sampled_from(("leave", "PAUSE", "START", "pause alice")),
    )
    def contact_comes_and_goes(self, name: str, text: str) -> None:
        self.says(name, text)

    @rule(
        name=st.sampled_from(["dana", "charlie"]),
        text=st.sampled_from(("TASKS", "TAKE 1", "TAKE 2", "NOTE 1 called", "DONE 1", "DONE 2", "DONE 3")),
    )
    def staff_work_at_their_list(self, name: str, text: str) -> None:
        self.says(name, text)

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), how=st.sampled_from(ENDS))
    def a_call_ends(self, data: Any, how: str) -> None:
        """Let somebody pick up a call about a request, or not, and hang up."""
        call = data.draw(st.sampled_from(self.calls()))
        number = self.chat.app.store.read(lambda unit: people.by_id(unit, call.person_id)).number
        keys = {"takes": ["1", "1"], "passes": ["1", "2"], "hangs up": ["1"], "wrong one": ["2"]}.get(how, [])
        for turn, key in enumerate([] if how == "busy" else ["", *keys]):
            machine = how == "machine"
            request = CallRequest(call.carrier_id or "", turn, number, key, outbound=True, machine=machine)
            self.hears(request)
        status = "failed" if how == "busy" else "delivered"
        self.chat.report(call.id, status, carrier_id=call.carrier_id or "")
        self.chat.settle()

    def hears(self, request: CallRequest) -> None:
        app, now = self.chat.app, self.chat.clock.now()
        app.store.run(lambda unit: answer(app, unit, request, now))

    def calls(self) -> list[outbox.Message]:
        """Return the calls that ring, or were never heard of again."""
        made = [one.token for _, one in self.chat.carrier.taken_at[-20:] if one.channel == "voice"]
        rows = [self.chat.app.store.read(lambda unit, t=token: outbox.by_id(unit, t)) for token in made]
        return [row for row in rows if row is not None and row.state == "sent"]

    @rule(name=st.sampled_from(["bob", "carmen"]), start=st.integers(0, 23), hours=st.integers(1, 12))
    def a_contact_sets_quiet_hours(self, name: str, start: int, hours: int) -> None:
        person = self.chat.person(self.chat.phones[name])
        quiet = Wishes(quiet=QuietHours(start * 60, (start + hours) % 24 * 60), quiet_by="contact")
        if person is None:
            return
        person_id = person.id

        def work(unit: Unit) -> None:
            for was in contacts.of_person(unit, person_id):
                contacts.save(unit, replace(was, wishes=quiet), was=was)

        self.chat.app.store.run(work)

    @rule(name=PEOPLE, text=TEXTS)
    def somebody_writes(self, name: str, text: str) -> None:
        self.says(name, text)

    def says(self, name: str, text: str) -> None:
        phone = self.chat.phones[name]
        stopped = self.stopped(phone)
        phone.new()
        id = f"SM{len(self.said)}"
        answer = phone(text, id=id)
        self.said.append((phone, text, id, answer))
        heard = phone.new()
        if stopped and self.stopped(phone):
            assert heard == [], f"{name} has said STOP"
        if not stopped and self.stopped(phone) and self.was_taken_for_stop(phone, id):
            assert len(heard) <= 1, f"{name} heard more than one confirmation: {heard}"

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def is_delivered_again(self, data: Any) -> None:
        phone, text, id, answer = data.draw(st.sampled_from(self.said))
        before = self.rows()
        assert self.chat.receive(phone, text, id) == answer
        assert self.rows() == before

    @rule(words=LENGTHS)
    def time_passes(self, words: str) -> None:
        self.lives_on(lambda: self.chat.later(words))

    @rule()
    def what_is_next_falls_due(self) -> None:
        self.lives_on(self.chat.next_if_any)

    @rule(
        trouble=st.sampled_from(["none", "busy", "lost", "deaf", "deaf"]),
        text=st.sampled_from(["STOP", "4", "2"]),
    )
    def a_check_in_falls_due(self, trouble: str, text: str) -> None:
        """Let the carrier be in trouble at the very moment, and Alice write before it is over."""
        if trouble == "busy":
            self.chat.carrier.refuse(NUMBERS["alice"], FailureKind.RETRY, times=4)
        if trouble in ("lost", "deaf"):
            self.chat.carrier.lose_answer(NUMBERS["alice"], taken=True)
            self.chat.carrier.deaf = self.chat.reports_are_lost = trouble == "deaf"
        now = self.chat.clock.now()
        today = now.replace(hour=22, minute=0, second=0, microsecond=0)
        five = today if today >= now else today + timedelta(days=1)
        self.lives_on(lambda: self.chat.until(five))
        self.says("alice", text)
        self.chat.reports_are_lost = False
        self.lives_on(lambda: self.chat.later("1h"))

    def lives_on(self, pass_time: Callable[[], None]) -> None:
        stopped = {name: self.stopped(phone) for name, phone in self.chat.phones.items()}
        self.chat.forget()
        pass_time()
        for name, phone in self.chat.phones.items():
            assert not (stopped[name] and phone.new()), f"{name} has said STOP"

    @rule(words=LENGTHS)
    def service_stands_still(self, words: str) -> None:
        self.chat.stand_still(words)

    @rule(name=PEOPLE, kind=KINDS, times=st.integers(1, 4))
    def carrier_refuses(self, name: str, kind: FailureKind, times: int) -> None:
        self.chat.carrier.refuse(
            NUMBERS[name], kind, "21610" if kind is FailureKind.OPTED_OUT else "x", times=times
        )

    @rule(name=PEOPLE, taken=st.booleans())
    def answer_is_lost(self, name: str, taken: bool) -> None:
        self.chat.carrier.lose_answer(NUMBERS[name], taken=taken)

    @rule(deaf=st.booleans())
    def carrier_can_be_asked(self, deaf: bool) -> None:
        self.chat.carrier.deaf = deaf

    @precondition(lambda self: self.chat.carrier.taken_at)
    @rule(data=st.data(), word=st.sampled_from(["accepted", "sent", "delivered", "failed"]))
    def carrier_reports(self, data: Any, word: str) -> None:
        _, outgoing = data.draw(st.sampled_from(self.chat.carrier.taken_at[-5:]))
        self.chat.report(outgoing.token, word, error_code="30003" if word == "failed" else None)

    @rule(sends=st.booleans())
    def is_killed(self, sends: bool) -> None:
        """Kill the service between a claim and what follows it."""
        for lane in LANES:
            due.claim(self.chat.app, lane)
            for message in delivery.claim(self.chat.app, lane):
                person = self.chat.app.store.read(lambda unit, m=message: people.by_id(unit, m.person_id))
                if sends and not person.stopped and message.state == "sending":
                    hours = delivery._allowed_from(self.chat.app, message, person, self.chat.clock.now())
                    if hours == self.chat.clock.now():
                        self.chat.carrier._take(
                            delivery._outgoing(self.chat.app, message, person, self.chat.clock.now())
                        )
        self.chat.restart()

    @rule()
    def a_flow_is_published(self) -> None:
        self.published += 1
        source = FLOW_SET.flows["daily"].source.replace("Daily check-in", f"Daily check-in {self.published}")
        flow = load_flow(source, file="daily.yaml", program=self.chat.app.program).flow
        assert flow is not None
        publish(self.chat.app, [flow], author="dana", note="")

    # ------------------------------------------------------------ what always holds

    @invariant()
    def every_open_request_has_its_timer(self) -> None:
        timers = self.chat.timers()
        for alert in self.chat.all_alerts():
            timer = timers.get(f"alert:{alert.id}")
            if alert.state in CLOSED:
                assert timer is None
            else:
                assert timer is not None, alert
                assert timer.transition == alert.timer

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        """By its own rules every open request has a future; one that stood still is late, no more."""
        now = self.chat.clock.now()
        found = self.chat.app.store.read(lambda unit: auditor.findings(unit, now))
        assert {finding.wrong for finding in found} <= {"overdue"}, found

    @invariant()
    def a_run_stays_in_its_version(self) -> None:
        for run in self.chat.all_runs():
            assert self.versions.setdefault(run.id, run.version) == run.version

    @invariant()
    def what_flows_say_by_themselves_leaves_by_day(self) -> None:
        for at, outgoing in self.chat.carrier.taken_at[self.looked_at :]:
            message = self.chat.app.store.read(lambda unit, o=outgoing: outbox.by_id(unit, o.token))
            if message is not None and message.subject.startswith("run:"):
                assert 9 <= at.astimezone(ZONE).hour < 21, (message.id, at)
        self.looked_at = len(self.chat.carrier.taken_at)

    @invariant()
    def a_check_in_is_sent_at_most_once(self) -> None:
        tokens = Counter(outgoing.token for _, outgoing in self.chat.carrier.taken_at)
        for token in (token for token, count in tokens.items() if count > 1):
            message = self.chat.app.store.read(lambda unit, t=token: outbox.by_id(unit, t))
            assert message is not None
            assert message.kind != "check_in", message.id

    @invariant()
    def only_who_agreed_is_asked_about_a_member(self) -> None:
        def work(unit: Unit) -> list[tuple[str, str]]:
            asked = unit.read(sa_notified)
            return [(row.person_id, row.role) for row in asked]

        for person_id, role in self.chat.app.store.read(work):
            if role == "staff":
                assert person_id in self.chat.app.staff_ids
            else:
                given = self.chat.app.store.read(lambda unit, p=person_id: people.consents_of(unit, p))
                assert any(one.about.startswith("contact_for:") and one.given for one in given)

    @invariant()
    def who_has_gone_hears_no_more_of_a_member(self) -> None:
        """After leaving, or being taken off, nobody is texted about a request any more."""

        def gone(unit: Unit) -> list[tuple[str, str, datetime]]:
            rows = unit.read(tables.contacts.select())
            return [(r.member_id, r.person_id, r.changed_at) for r in rows if r.state in ("left", "removed")]

        def told(unit: Unit) -> list[Any]:
            return list(unit.read(tables.outbox.select()))

        away = {(member, person): at for member, person, at in self.chat.app.store.read(gone)}
        members = {f"alert:{alert.id}": alert.member for alert in self.chat.all_alerts()}
        for row in self.chat.app.store.read(told) if away else []:
            since = away.get((members.get(row.subject, ""), row.person_id))
            if since is not None and row.first_try_at is not None:
                is_staff = row.person_id in self.chat.app.staff_ids
                assert is_staff or row.first_try_at <= since, (row.id, row.state)

    # ------------------------------------------------------------ the end

    def teardown(self) -> None:
        try:
            self.replays_to_what_is_stored()
            self.ends_with_a_person()
            self.replays_to_what_is_stored()
            assert [line for line in self.lines if line["log_level"] == "error" and "exc_info" in line] == []
        finally:
            self.chat.close()
            self.logs.__exit__(None, None, None)
            self.folder.cleanup()

    def ends_with_a_person(self) -> None:
        """Let the carrier work again, and two days pass: no request is left in silence."""
        self.chat.carrier.troubles.clear()
        self.chat.carrier.deaf = False
        self.chat.later("5h")
        if any(alert.state is AlertState.PUT_OFF for alert in self.chat.all_alerts()):
            self.chat.later("18h")
        listed = {task.subject for task in self.chat.tasks()}
        for alert in self.chat.all_alerts():
            if alert.state is AlertState.WITH_STAFF:
                assert f"alert:{alert.id}" in listed
            else:
                assert alert.state in (*CLOSED, AlertState.ACKNOWLEDGED), alert
        assert due_rows(self.chat) == []

    def replays_to_what_is_stored(self) -> None:
        app = self.chat.app

        for run in self.chat.all_runs():
            events = app.store.read(lambda unit, r=run: runs.journal_of(unit, r.member, f"run:{r.id}"))
            flow = app.store.read(lambda unit, r=run: app.flow(unit, r.flow, r.version))
            new = Run(id=run.id, member=run.member, flow=run.flow, version=run.version)
            assert replay(flow, new, map(event_from_json, events)) == run
        for alert in self.chat.all_alerts():
            events = app.store.read(lambda unit, a=alert: runs.journal_of(unit, a.member, f"alert:{a.id}"))
            policy = began_under(events[0], alert.policy)
            raised = Alert(id=alert.id, member=alert.member, reason=alert.reason, policy=policy)
            assert replay_alert(raised, map(alert_event, events)) == alert

    # ------------------------------------------------------------ looking

    def stopped(self, phone: Phone) -> bool:
        person = self.chat.person(phone)
        return person is not None and person.stopped

    def was_taken_for_stop(self, phone: Phone, id: str) -> bool:
        """Whether it was this text that stopped the number, and not the carrier in the same moment."""
        received = self.chat.app.store.read(lambda unit: inbox.of_number(unit, phone.number))
        return any(one.carrier_id == id and one.subject in ("opt_out", "crisis") for one in received)

    def rows(self) -> dict[str, int]:
        return {table.name: self.chat.count(table) for table in tables.metadata.sorted_tables}


sa_notified = tables.notifications.select()


def due_rows(chat: Chat) -> list[str]:
    """Return the outbox rows that should have left an hour ago and have not."""
    before = chat.clock.now() - timedelta(hours=1)
    rows = chat.app.store.read(lambda unit: unit.read(tables.outbox.select()))
    return [row.id for row in rows if row.state in outbox.OPEN and row.due_at < before]


_TEMPLATE: list[Path] = []


def template() -> Path:
    """Return a migrated database that every history begins with a copy of."""
    if not _TEMPLATE:
        path = Path(tempfile.mkdtemp()) / "template.sqlite3"
        make_migrated(f"sqlite:///{path}")
        _TEMPLATE.append(path)
    return _TEMPLATE[0]


def test_any_history() -> None:
    """Half as many histories as the profile has examples; `--hypothesis-profile=search` looks all night."""
    run_state_machine_as_test(
        History,
        settings=settings(
            settings.default,
            max_examples=settings.default.max_examples // 2,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
