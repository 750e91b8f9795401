"""The flows that are shipped: clean, cheap, and what the domain asks of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkin.flow.bundle import bundle
from checkin.flow.issue import Severity
from checkin.flow.load import FlowSet, load_flow, load_folder
from checkin.flow.model import AfterAlertTrigger, Ask, Invite, KeywordTrigger, RaiseAlert, RecordConsent
from checkin.flow.segments import segments
from checkin.flow.texts import CATALOGUE, SAMPLES, allowed_names, only_spoken


@pytest.fixture(scope="module")
def shipped(flows_folder: Path) -> FlowSet:
    return load_folder(flows_folder)


def test_no_error_and_no_warning(shipped: FlowSet) -> None:
    assert [str(issue) for issue in shipped.issues if issue.severity is not Severity.NOTE] == []
    assert set(shipped.flows) == {
        "welcome", "daily", "after_support", "by_phone", "contacts", "offer_person", "wellbeing",
        "phq4_check", "connection_check", "peer_event", "circle", "workplace_pulse", "my_plan",
        "caring_notes", "caring_note", "caring_note_last", "number_check", "voice_checkin",
        "missed_checkin", "still_useful",
    }  # fmt: skip


def test_english_texts_of_the_program_cost_one_message(shipped: FlowSet) -> None:
    facts = {**SAMPLES, **shipped.program.facts("en")}
    costs = {
        key: segments(text.render("en", facts))
        for key, text in shipped.program.texts.items()
        if not only_spoken(key)
    }
    assert {key: cost.count for key, cost in costs.items() if cost.count > 1} == {}


def test_every_text_of_the_catalogue_uses_what_it_is_given(shipped: FlowSet) -> None:
    for key, entry in CATALOGUE.items():
        for language, template in shipped.program.texts[key].by_language.items():
            used = {name for _, name in template.parts if name}
            assert used <= allowed_names(key), (key, language)
            assert {"member", "contact", "staff", "question", "until", "when", "by"} & set(
                entry.names
            ) <= used, key


def test_consent_says_what_the_law_asks(shipped: FlowSet) -> None:
    question = shipped.flows["welcome"].steps["consent"]
    assert isinstance(question, Ask)
    said = question.text.render("en", {"program": "Harbor Circle"})
    for part in (
        "Harbor Circle",
        "1 text a day",
        "not an emergency service",
        "HELP",
        "STOP",
        "Msg & data rates",
    ):
        assert part in said
    given = [s.given for s in shipped.flows["welcome"].steps.values() if isinstance(s, RecordConsent)]
    assert given == [True, False]


def test_crisis_reply_says_that_it_is_a_program_and_where_people_are(shipped: FlowSet) -> None:
    said = shipped.program.texts["crisis"].render("en", shipped.program.facts("en"))
    assert "program" in said
    assert "988" in said
    assert "911" in said


def test_alerts_and_invitations_are_where_they_belong(shipped: FlowSet) -> None:
    def reasons(flow: str) -> list[str]:
        return [s.reason for s in shipped.flows[flow].steps.values() if isinstance(s, RaiseAlert)]

    assert reasons("daily") == ["low"]
    assert reasons("after_support") == ["nobody_came", "low"]
    for flow in ("welcome", "contacts"):
        assert [s for s in shipped.flows[flow].steps.values() if isinstance(s, Invite)]


def test_triggers(shipped: FlowSet) -> None:
    assert shipped.flows["welcome"].start == (KeywordTrigger(frozenset(("join", "unirme"))),)
    assert not shipped.flows["welcome"].check_in
    assert shipped.flows["daily"].check_in
    assert isinstance(shipped.flows["after_support"].start[0], AfterAlertTrigger)


def test_a_published_version_is_loaded_from_its_own_source(shipped: FlowSet) -> None:
    for flow in shipped.flows.values():
        stored = bundle(flow.source, flow.parts)
        again = load_flow(stored, file="stored", program=shipped.program, version=7).flow
        assert again is not None
        assert (again.version, list(again.steps), again.first) == (7, list(flow.steps), flow.first)
        assert again.start == flow.start
