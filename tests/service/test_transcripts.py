"""The page of transcripts is what the service says; what contacts read of a request is one message each."""

from __future__ import annotations

import pytest

from checkin.flow.program import Program
from checkin.flow.segments import segments
from checkin.flow.texts import CATALOGUE
from tests.service import transcripts
from tests.service.kit import load_shipped
from tests.service.transcripts import LANGUAGES, PAGE, SITUATIONS, Line, played

FOR_CONTACTS = [
    key
    for key in CATALOGUE
    if key.startswith(("alert_notify", "alert_other", "alert_check", "contact_heard", "contact_wants"))
]
FOR_MEMBERS = ["crisis", *(key for key in CATALOGUE if key.startswith("alert_member"))]


@pytest.fixture(scope="module")
def program() -> Program:
    return load_shipped().program


@pytest.fixture(scope="module")
def plays() -> dict[tuple[str, str], list[Line]]:
    """Every situation in every language, played once."""
    return {(one.title, language): played(one, language) for one in SITUATIONS for language in LANGUAGES}


def test_the_page_is_what_the_service_says(plays: dict[tuple[str, str], list[Line]]) -> None:
    now = transcripts.page(lambda situation, language: plays[situation.title, language])
    assert PAGE.read_text(encoding="utf-8") == now, "write it anew: python -m tests.service.transcripts"


@pytest.mark.parametrize("key", FOR_CONTACTS + FOR_MEMBERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_of_a_request_is_one_message(program: Program, language: str, key: str) -> None:
    values = dict.fromkeys(CATALOGUE[key].names, "Alexandra")
    values |= {"member_number": "+12025550100", "time": "10:45", "minutes": "15"}
    text = program.texts[key].render(language, {**program.facts(language), **values})
    assert segments(text).count == 1, f"{text} ({segments(text).count})"


def test_no_contact_reads_more_than_that_the_member_would_like_to_hear_from_them(
    plays: dict[tuple[str, str], list[Line]],
) -> None:
    """No reason, no state, no word of crisis or alarm, and always the program's name or thanks."""
    for situation in SITUATIONS:
        for line in contacts_lines(plays[situation.title, "en"]):
            assert line.spoken or line.text.startswith(("Harbor Circle:", "Thank you")), line.text
            for word in ("crisis", "urgent", "emergency", "alert", "sad", "support", "mood"):
                assert word not in line.text.lower(), line.text


def contacts_lines(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.who in ("bob", "carmen") and not line.sent]
