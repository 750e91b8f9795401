"""How texts sound: tone, dangerous words, two questions at once, reading ease, what a locked screen shows."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.load import load_flow, load_folder, load_program
from checkin.flow.program import Program
from checkin.flow.reading import english_syllables, hard, spanish_syllables
from checkin.flow.tone import revealing, tone

HEAD = "flow: test\ntitle: A test\nstart:\n  - staff: true\nsteps:\n"
END = "  done:\n    end: done\n"

UNKIND = [
    ("en", "Hi. I hope you are doing well today.", Code.TONE, "hope you are doing well"),
    ("en", "Hoping all is good with you!", Code.TONE, "Hoping all is good"),
    ("en", "We hope your week was okay.", Code.TONE, "hope your week was okay"),
    ("en", "You should go for a walk.", Code.TONE, "You should"),
    ("en", "You need to rest.", Code.TONE, "You need to"),
    ("en", "Be kind to yourself.", Code.TONE, "Be kind to yourself"),
    ("en", "Please try to sleep.", Code.TONE, "try to"),
    ("en", "Don't worry.", Code.TONE, "Don't worry"),
    ("en", "Stay positive!", Code.TONE, "Stay positive"),
    ("en", "Remember to breathe.", Code.TONE, "Remember to"),
    ("en", "He committed suicide.", Code.SAFE_WORDS, "committed suicide"),
    ("en", "after a failed attempt", Code.SAFE_WORDS, "failed attempt"),
    ("en", "Did you take pills?", Code.SAFE_WORDS, "take pills"),
    ("en", "Is there a gun at home?", Code.SAFE_WORDS, "gun"),
    ("en", "No overdose, please.", Code.SAFE_WORDS, "overdose"),
    ("en", "How are you? Did you sleep?", Code.TWO_QUESTIONS, "Did you sleep?"),
    ("es", "Espero que estés muy bien.", Code.TONE, "Espero que estés muy bien"),
    ("es", "Ojalá todo te vaya bien.", Code.TONE, "Ojalá todo te vaya bien"),
    ("es", "Deberías descansar.", Code.TONE, "Deberías"),
    ("es", "Tienes que salir.", Code.TONE, "Tienes que"),
    ("es", "No te preocupes.", Code.TONE, "No te preocupes"),
    ("es", "¡Anímate!", Code.TONE, "Anímate"),
    ("es", "Trata de dormir.", Code.TONE, "Trata de"),
    ("es", "Cometió suicidio.", Code.SAFE_WORDS, "Cometió suicidio"),
    ("es", "una sobredosis", Code.SAFE_WORDS, "sobredosis"),
    ("es", "¿Tienes pastillas para dormir?", Code.SAFE_WORDS, "pastillas para dormir"),
    ("es", "¿Cómo estás? ¿Dormiste?", Code.TWO_QUESTIONS, "Dormiste?"),
]
KIND = [
    ("en", "Thank you for telling me. If you need to talk, text SUPPORT. YES or NO? I remember you."),
    ("en", "Would you like a call? YES or NO?"),
    ("en", "How was it? From 1 to 5?"),
    ("en", "You have one more day. I hope to hear from you. Your tryout went well. The hangar is shut."),
    ("es", "No tienes que responder. Si hay alguien contigo, qué bueno. ¿Quieres hablar? ¿SÍ o NO?"),
    ("es", "Gracias por contarme. Se nota el esfuerzo. Espero tu respuesta. No hay que pagar nada."),
    ("xx", "You should stop. Why? How?"),
]


@pytest.mark.parametrize(("language", "text", "code", "words"), UNKIND)
def test_an_unkind_wording_is_found_where_it_stands(language: str, text: str, code: Code, words: str) -> None:
    (found,) = tone(text, language)
    assert (found.code, found.words) == (code, words)
    assert text[found.offset :].startswith(words)
    assert found.mend


@pytest.mark.parametrize(("language", "text"), KIND[:-1])
def test_a_kind_wording_is_left_alone(language: str, text: str) -> None:
    assert list(tone(text, language)) == []


def test_a_language_without_rules_still_has_one_question_a_text() -> None:
    assert [found.code for found in tone(KIND[-1][1], "xx")] == [Code.TWO_QUESTIONS]


ENGLISH = "the 1 people 2 someone 2 texted 2 asked 1 needed 2 times 1 places 2 table 2 emergency 4 service 2"
ENGLISH += " evening 2 everything 3 conversation 4 you're 1 didn't 2 professional 4 anxious 2 whenever 3"
ENGLISH += " created 3 walked 1 believe 2 usually 4 idea 3 various 3 patient 2 january 4 employee 3 eyes 1"
SPANISH = "cómo 2 día 2 muy 1 quieres 2 guitarra 3 pingüino 3 paseo 3 país 2 ciudad 2 también 2 teléfono 4"
SPANISH += " averiguáis 4 reyes 2 y 1 leer 2 oímos 3 conversación 4 buey 1"


def test_syllables_are_counted() -> None:
    for count, words in ((english_syllables, ENGLISH.split()), (spanish_syllables, SPANISH.split())):
        assert [(w, count(w)) for w in words[::2]] == [
            (w, int(n)) for w, n in zip(words[::2], words[1::2], strict=True)
        ]


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        (
            "en",
            "Participation necessitates confirmation of your availability and communication preferences.",
            "availability",
        ),
        (
            "es",
            "La participación requiere confirmar disponibilidad y preferencias institucionales.",
            "institucionales",
        ),
    ],
)
def test_a_hard_text_is_told_with_its_longest_word(language: str, text: str, word: str) -> None:
    found = hard(text, language)
    assert found is not None
    assert found.word == word
    assert word in found.mend


def test_long_sentences_are_told_as_such() -> None:
    text = "We will ask you how you are each day and then we will tell the one who you said we could tell "
    text += (
        "if you say that you want us to do that and if not then we will not do it and wait for the next day."
    )
    found = hard(text, "en")
    assert found is not None
    assert "shorter sentences" in found.mend


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hi Alexandra, how are you today, from 1 (very low) to 5 (great)?"),
        ("en", "Telecommunication notwithstanding."),
        ("es", "Hola Alexandra, ¿cómo estás hoy, de 1 (muy mal) a 5 (muy bien)?"),
        ("xx", "Participation necessitates confirmation of your availability and preferences."),
    ],
)
def test_an_easy_text_and_one_too_short_to_tell_are_left_alone(language: str, text: str) -> None:
    assert hard(text, language) is None


def test_what_a_locked_screen_shows() -> None:
    assert revealing("Hi Al. You asked for support. Did someone call?", "en") == "support"
    assert revealing("Hola. Pediste apoyo ayer.", "es") == "apoyo"
    assert revealing("Hi Sam, it's Harbor Circle. How are you feeling today?", "en") is None
    assert revealing("Text SUPPORT at any hour.", "en") is None
    assert revealing("crisis", "xx") is None


def told(source: str, program: Program) -> list[tuple[Code, int, int, str]]:
    loaded = load_flow(HEAD + source + END, file="t.yaml", program=program)
    assert loaded.flow is not None, loaded.issues
    return [(i.code, i.line, i.column, i.words) for i in loaded.issues]


def test_a_text_is_told_with_line_column_and_words(english: Program) -> None:
    source = "  a:\n    say: Hi {first_name}, you should rest.\n    go: done\n"
    assert told(source, english) == [(Code.TONE, 7, 27, "you should")]


def test_a_text_that_comes_unasked_is_discreet(english: Program) -> None:
    ladder = "    no_reply: [{ after: 1h, say: Your mood? }, { after: 2h, go: c }]\n"
    source = "  a:\n    ask: A bad mood?\n    answer: yes_no\n    go: b\n" + ladder
    source += "  b:\n    say: Your mood counts.\n    go: w\n  w:\n    wait: 1d\n    go: c\n"
    source += "  c:\n    task: { kind: x, note: mood }\n    go: d\n  d:\n    say: Mood again.\n    go: done\n"
    assert [line for code, line, *_ in told(source, english) if code is Code.DISCREET] == [7, 10, 21]


def test_a_score_is_told_to_nobody(english: Program) -> None:
    source = "  a:\n    measure: who5\n    go: b\n    no_reply: [{ after: 1h, go: done }]\n"
    source += "  b:\n    say: You have {who5_score} points.\n    go: done\n"
    assert (Code.VERDICT, 11, 19, "{who5_score}") in told(source, english)


def test_a_question_says_which_answers_it_takes(english: Program) -> None:
    ladder = "    go: done\n    no_reply: [{ after: 1h, go: done }]\n"
    scale = "  a:\n    ask: How are you, 1 to 5?\n    answer: { scale: [1, 7] }\n" + ladder
    assert told(scale, english) == [(Code.NOT_OFFERED, 7, 10, "How are you, 1 to 5?")]
    choice = "  a:\n    ask: A walk?\n    answer: { choice: { x: [walk, stroll], y: rest } }\n" + ladder
    assert [code for code, *_ in told(choice, english)] == [Code.NOT_OFFERED]


@pytest.fixture
def folder(tmp_path: Path, flows_folder: Path) -> Path:
    shutil.copytree(flows_folder, tmp_path / "flows")
    return tmp_path / "flows"


def about_crisis(issues: tuple[Issue, ...]) -> list[tuple[Severity, int, int]]:
    return [(i.severity, i.line, i.column) for i in issues if i.code is Code.CRISIS]


def test_the_crisis_line_is_reviewed_twice_a_year(folder: Path) -> None:
    line = next(
        number
        for number, text in enumerate((folder / "program.yaml").read_text(encoding="utf-8").split("\n"), 1)
        if "reviewed:" in text
    )
    assert about_crisis(load_folder(folder).issues) == []
    assert about_crisis(load_folder(folder, date(2027, 5, 1)).issues) == []
    assert about_crisis(load_folder(folder, date(2027, 6, 1)).issues) == [(Severity.WARNING, line, 13)]
    assert about_crisis(load_folder(folder, date(2026, 1, 1)).issues) == [(Severity.WARNING, line, 13)]


def test_a_crisis_text_without_the_crisis_line_is_refused(folder: Path) -> None:
    file = folder / "texts.yaml"
    text = file.read_text(encoding="utf-8")
    at = text.index("\ncrisis:")
    file.write_text(text[:at] + text[at:].replace("{crisis_line}", "a friend", 1), encoding="utf-8")
    program, issues = load_program(folder)
    assert program is None
    assert [severity for severity, *_ in about_crisis(issues)] == [Severity.ERROR]


def test_a_text_that_names_nobody_is_told(folder: Path) -> None:
    file = folder / "texts.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"{contact} answered at', '"Somebody answered at', 1), encoding="utf-8")
    program, issues = load_program(folder)
    assert program is not None
    assert [i.severity for i in issues if i.code is Code.PLACEHOLDER] == [Severity.WARNING]


@pytest.mark.parametrize(
    "written", ["{{first_name}}", "{{ first_name }}", "%first_name%", "[first_name]", "${first_name}"]
)
def test_a_name_that_would_not_be_filled_in_is_told(written: str, english: Program) -> None:
    source = HEAD + f'  a:\n    say: "Hi {written}, 5% [of] <all> cost $9."\n    go: done\n' + END
    loaded = load_flow(source, file="a.yaml", program=english)
    assert [(issue.code, issue.severity, issue.column) for issue in loaded.issues] == [
        (Code.PLACEHOLDER, Severity.WARNING, 14)
    ]
    assert loaded.issues[0].mend == 'say: "Hi {first_name}, 5% [of] <all> cost $9."'
