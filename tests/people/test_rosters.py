"""Lists of people as spreadsheets and people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.people.rosters import Entry, RowRefused, TableRefused, read_rows, read_table

GROUPS = {"circle": "The Tuesday circle", "workplace": "The workplace team"}


def read(content: bytes, **mapped: str) -> list[tuple[int, Entry | RowRefused]]:
    return list(read_rows(read_table(content, mapped), region="US", languages=("en", "es"), groups=GROUPS))


def only(text: str) -> Entry | RowRefused:
    ((_, entry),) = read(text.encode())
    return entry


def entry_of(text: str) -> Entry:
    entry = only(text)
    assert isinstance(entry, Entry), entry
    return entry


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    lines = [["Teléfono", "Nombre", "Idioma"], ["202 555 0101", "Íñigo", "Español"]]
    text = "\r\n".join(delimiter.join(cells) for cells in lines) + "\r\n"
    ((row, entry),) = read(text.encode(encoding))
    assert row == 2
    assert isinstance(entry, Entry)
    assert (entry.e164, entry.name, entry.language) == ("+12025550101", "Íñigo", "es")


def test_excel_says_its_delimiter() -> None:
    assert entry_of("sep=;\r\nphone;name\r\n2025550101;Sam, Alex").name == "Sam, Alex"


@pytest.mark.parametrize(
    "written",
    [
        "(202) 555-0101", "202.555.0101", "+1 202-555-0101", "1-202-555-0101", "2025550101.0",
        "cell: 202-555-0101", "Mom 202 555 0101", "２０２５５５０１０１", "1.2025550101E+10", "'2025550101",
        "tel:+1-202-555-0101", "2.025550101E+9", "\u202a202-555-0101\u202c",
    ],
)  # fmt: skip
def test_numbers_as_people_and_spreadsheets_write_them(written: str) -> None:
    assert entry_of(f'phone\n"{written}"\n').e164 == "+12025550101"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1.20256E+10", "rounded"), ("202-555-0101 ext. 7", "extension"), ("555-0101", "too short"),
        ("n/a", "no number"), ("202-555-0101 / 202-555-0102", "several"), ("12345", "short code"),
        ("+999 12345678", "no such number"), ("800-555-0199", "toll free"), ("", "empty"),
    ],
)  # fmt: skip
def test_numbers_that_are_none(written: str, why: str) -> None:
    refused = only(f'phone,name\n"{written}",Sam\n')
    assert isinstance(refused, RowRefused)
    assert refused.problem == f"number: {why}"
    assert refused.mend
    assert "202" not in refused.problem


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("America/Denver", "America/Denver"), ("america/denver", "America/Denver"),
        ("Pacific", "America/Los_Angeles"),
        ("Eastern Time", "America/New_York"), ("CST", "America/Chicago"), ("", None),
        ("Eastern Daylight Time", "America/New_York"), ("Mountain Standard Time", "America/Denver"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("Pacific (PT)", "America/Los_Angeles"), ("los angeles", "America/Los_Angeles"),
        ("America/New York", "America/New_York"), ("New York", "America/New_York"),
        ("Europe/Madrid", "Europe/Madrid"), ("UTC", "UTC"),
    ],
)  # fmt: skip
def test_zones(written: str, zone: str | None) -> None:
    assert entry_of(f"phone,time zone\n2025550101,{written}\n").zone == zone


@pytest.mark.parametrize(
    "written", ["Factory", "localtime", "UTC-5", "North", "Louisville", "Springfield", "()"]
)
def test_zones_that_are_none_or_several(written: str) -> None:
    refused = only(f"phone,zone\n2025550101,{written}\n")
    assert isinstance(refused, RowRefused)
    assert refused.problem == "zone: no such time zone"
    assert refused.e164 == "+12025550101"


def test_an_empty_zone_is_guessed_from_the_number() -> None:
    assert entry_of("phone\n4155550101\n").guessed_zone == "America/Los_Angeles"


@pytest.mark.parametrize("language", ["es", "ES", "Spanish", "español", "espanol", "es-MX"])
def test_languages(language: str) -> None:
    assert entry_of(f"phone,language\n2025550101,{language}\n").language == "es"


@pytest.mark.parametrize(
    "consent",
    [
        "yes", "Y", "Sí", "x", "TRUE", "1", "2026-03-04", "3/4/26", "25.12.2025", "✓", "2026-03-04T10:15:00Z",
        "4-Mar-26", "March 4, 2026", "4th of March 2026", "4 de marzo de 2026", "Sept 9 2025", "29/2/2024",
    ],
)  # fmt: skip
def test_consent(consent: str) -> None:
    assert entry_of(f'phone,Opt-in\n2025550101,"{consent}"\n').consent == consent


@pytest.mark.parametrize(
    "consent",
    ["99/99/9999", "2026-02-30", "29/2/2026", "maybe 4 2026", "13/13/2026", "Mar-26", "46085", "not yet"],
)
def test_what_is_no_consent(consent: str) -> None:
    refused = only(f"phone,consent\n2025550101,{consent}\n")
    assert isinstance(refused, RowRefused)
    assert refused.problem == "consent: neither a yes nor a date"
    assert not refused.declined


@pytest.mark.parametrize("consent", ["no", "FALSE", "0", "opted out", "Unsubscribed", "STOP", "rechazado"])
def test_whoever_said_no(consent: str) -> None:
    refused = only(f"phone,consent,language\n2025550101,{consent},klingon\n")
    assert isinstance(refused, RowRefused)
    assert (refused.problem, refused.declined) == ("consent: this person said no", True)
    assert refused.e164 == "+12025550101"
    assert "2025550101" not in repr(refused)


@pytest.mark.parametrize(
    "name", ["Phone #", "Cell Phone Number", "MOBILE_PHONE", "Teléfono celular", "tel.", "SMS"]
)
def test_usual_names_of_the_number(name: str) -> None:
    assert entry_of(f"{name},Nombre completo\n2025550101,Sam\n").name == "Sam"


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("2025550101,,,no", "consent: this person said no"),
        ("2025550101,,,perhaps", "consent: neither"),
        ("2025550101,klingon,,", "language:"),
        ("2025550101,,Mars/Olympus,", "zone:"),
        ("2025550101,,,,more", "more cells"),
    ],
)
def test_rows_that_are_wrong(line: str, begins: str) -> None:
    refused = only(f"phone,language,zone,consent\n{line}\n")
    assert isinstance(refused, RowRefused)
    assert refused.problem.startswith(begins)
    assert refused.mend


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    found = read(b'phone,name\n\n2025550101,"two\nlines"\n,\n2025550102\n')
    assert [row for row, _ in found] == [3, 5]


def test_a_column_is_named_where_its_usual_names_do_not_find_it() -> None:
    ((_, entry),) = read(b"Handy,Rufname\n2025550101,Sam\n", number="handy", name="Rufname")
    assert isinstance(entry, Entry)
    assert entry.name == "Sam"


def test_of_two_columns_the_one_with_the_plain_name_counts() -> None:
    table = read_table(b"phone,first name,name,consent date,consent\n2025550101,Samuel,Sam,,yes\n")
    ((_, entry),) = read_rows(table, region="US", languages=("en",))
    assert isinstance(entry, Entry)
    assert (entry.name, entry.consent) == ("Sam", "yes")
    assert table.left_out == ("first name", "consent date")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n \n", b"name\nSam\n", b"phone,mobile\n1,2\n", b'phone\n"2025550101\n', b"\xff\xfe\x00"],
)
def test_files_that_are_no_list(content: bytes) -> None:
    with pytest.raises(TableRefused) as refused:
        read_table(content)
    assert refused.value.problem
    assert refused.value.mend


def test_a_wrong_quotation_mark_is_told_with_its_line() -> None:
    with pytest.raises(TableRefused, match="line 3"):
        read_table(b'phone,name\n2025550101,Sam "Sammy" Lee\n2025550102,"Al" Roe\n2025550103,Jo\n')


def test_columns_that_are_not_there_or_nothing() -> None:
    for mapped in ({"number": "Handy"}, {"phone": "phone"}):
        with pytest.raises(TableRefused):
            read_table(b"phone\n2025550101\n", mapped)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    with contextlib.suppress(TableRefused):
        for row, entry in read(b"phone,name\n" + content):
            assert row > 1
            assert isinstance(entry, Entry) or entry.mend
