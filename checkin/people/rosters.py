"""A list of people as a spreadsheet has it: its bytes made a table, and each row made a person or a reason.

Knows how such files are written: encodings, delimiters, the usual names of columns, and what people put into
them. Must not know who is a member already. No exception and no reason from here holds a number or a name.
"""

from __future__ import annotations

import codecs
import csv
import functools
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from babel import Locale

from checkin.people.cells import consent_in, folded, zone_in
from checkin.people.names import short_name
from checkin.people.numbers import NumberRefused, guess_zone, normalise

FIELDS = ("number", "name", "language", "zone", "consent", "group", "channel")
"""What a column can be. Only `number` must be there."""

_USUAL_NAMES = {
    "number": "number numbers phone phones phonenumber phoneno mobile mobilephone mobilenumber cell cellphone"
    " cellnumber cellphonenumber mobilephonenumber primaryphone tel telephone telephonenumber"
    " sms smsnumber textnumber e164 telefono numerodetelefono numerotelefonico numero movil telefonomovil"
    " celular telefonocelular numerodecelular",
    "name": "name firstname givenname preferredname callname nombre nombredepila nombrecompleto"
    " member membername fullname",
    "language": "language lang locale preferredlanguage idioma lengua",
    "zone": "zone timezone tz localtime iana zonahoraria husohorario",
    "consent": "consent consented consentdate dateofconsent consentgiven smsconsent textconsent optin optedin"
    " optindate smsoptin agreed agreedon permission consentimiento fechadeconsentimiento acepta aceptado",
    "group": "group groups groupname team circle grupo equipo circulo",
    "channel": "channel textorcall textorvoice preferredchannel contactby canal mensajeollamada",
}
_FIELD_OF = {name: what for what, names in _USUAL_NAMES.items() for name in names.split()}

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"\Asep=(.)\r?\n", re.IGNORECASE)
"""How Excel says which delimiter follows."""

_CHANNELS = {
    **dict.fromkeys(["sms", "text", "texts", "textmessage", "mensaje", "mensajes", "texto"], "sms"),
    **dict.fromkeys(
        ["voice", "call", "calls", "phonecall", "phonecalls", "llamada", "llamadas", "voz"], "voice"
    ),
}
"""What people write for how somebody wants to be reached. "Phone" could be either, and is neither."""


class TableRefused(ValueError):
    """A file cannot be read as a list of people at all; says why and how to mend it."""

    def __init__(self, problem: str, mend: str) -> None:
        self.problem = problem
        self.mend = mend
        super().__init__(f"{problem} {mend}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says of a person. `zone` was written; `guessed_zone` is their number's where it has one.

    `consent` is what the row says of their consent, None where it says nothing.
    """

    e164: str = field(repr=False)
    name: str | None = field(repr=False)
    language: str | None
    zone: str | None
    guessed_zone: str | None
    consent: str | None
    group: str | None = None
    """The program's own name of the group that the row puts them into."""
    channel: str | None = None
    """How they want to be reached: `sms` or `voice`."""


@dataclass(frozen=True, slots=True)
class RowRefused:
    """Why a row cannot be taken, and how to mend it.

    `e164` is its number where that could be read. `declined` where the row says that this person said no.
    """

    problem: str
    mend: str
    e164: str | None = field(default=None, repr=False)
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, and which column of them is what. Rows are numbered as a spreadsheet shows them."""

    rows: Sequence[tuple[int, Sequence[str]]]
    columns: Mapping[str, int]
    width: int
    left_out: tuple[str, ...]
    """Names of the columns that say nothing to us."""


def read_table(content: bytes, mapped: Mapping[str, str] | None = None) -> Table:
    """Return the table in a CSV file: UTF-8, UTF-16 or Windows-1252; comma, semicolon, tab or bar.

    `mapped` names the column of a field (`{"number": "Handy"}`) where its usual names do not find it. Raises
    `TableRefused`.
    """
    text = _decoded(content)
    separator = _SEPARATOR_LINE.match(text)
    if separator is not None:
        text = text[separator.end() :]
    delimiter = separator[1] if separator is not None else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = list(reader)
    except csv.Error:
        raise TableRefused(
            "A quotation mark stands inside a cell, or is opened and never closed, or a cell is far too long;"
            f" it shows at line {reader.line_num}.",
            "Open the file in a spreadsheet and save it as CSV again.",
        ) from None
    header = next((index for index, cells in enumerate(lines) if any(map(str.strip, cells))), None)
    if header is None:
        raise TableRefused("The file is empty.", "It needs a line with the names of the columns.")
    names = [name.strip() for name in lines[header]]
    columns = _columns(names, mapped or {})
    rows = [
        (number, cells)
        for number, cells in enumerate(lines[header + 1 :], header + 2)
        if any(cell.strip() for cell in cells)
    ]
    left_out = tuple(name for index, name in enumerate(names) if name and index not in columns.values())
    return Table(rows, columns, len(names), left_out)


def read_rows(
    table: Table,
    *,
    region: str,
    languages: Sequence[str],
    groups: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[int, Entry | RowRefused]]:
    """Yield each row's number, and what it says or why it cannot be taken.

    `region` (ISO 3166) is whose numbers are written without a prefix, `languages` the program's own, `groups`
    its groups and what staff call each.
    """
    known = _language_names(tuple(languages))
    teams = {folded(called): group for group, title in groups.items() for called in (group, title)}
    for number, cells in table.rows:
        yield number, _entry(table, cells, region, known, teams)


def _entry(
    table: Table,
    cells: Sequence[str],
    region: str,
    languages: Mapping[str, str],
    groups: Mapping[str, str],
) -> Entry | RowRefused:
    if any(cell.strip() for cell in cells[table.width :]):
        return RowRefused("more cells than columns", "Put quotation marks around a cell with a comma in it.")
    row = {
        what: " ".join(cells[index].split()) if index < len(cells) else ""
        for what, index in table.columns.items()
    }
    try:
        e164 = normalise(row["number"], region)
    except NumberRefused as refused:
        return RowRefused(f"number: {refused.reason.value.replace('_', ' ')}", refused.mend)
    entry = _person(row, e164, languages, groups)
    return replace(entry, e164=e164) if isinstance(entry, RowRefused) else entry


def _person(
    row: Mapping[str, str], e164: str, languages: Mapping[str, str], groups: Mapping[str, str]
) -> Entry | RowRefused:
    """Return what a row says of the person with this number."""
    consent = row.get("consent") or None
    if consent is not None and (refused := _consent_problem(consent)) is not None:
        return refused
    language = languages.get(folded(row.get("language", "")))
    if row.get("language") and language is None:
        choices = ", ".join(sorted(set(languages.values())))
        return RowRefused("language: not one of the program's", f"Write one of these: {choices}.")
    zone = zone_in(row.get("zone", ""))
    if row.get("zone") and zone is None:
        return RowRefused("zone: no such time zone", "Write it like America/New_York, or leave it empty.")
    group = groups.get(folded(row.get("group", "")))
    if row.get("group") and group is None:
        choices = ", ".join(sorted(set(groups.values()))) or "none: program.yaml has no groups"
        return RowRefused("group: not one of the program's", f"Write one of these: {choices}.")
    channel = _CHANNELS.get(folded(row.get("channel", "")))
    if row.get("channel") and channel is None:
        return RowRefused("channel: neither texts nor calls", "Write text or call, or leave it empty.")
    name = short_name(row.get("name", "")) or None
    return Entry(e164, name, language, zone, guess_zone(e164, "") or None, consent, group, channel)


def _consent_problem(text: str) -> RowRefused | None:
    match consent_in(text):
        case "agreed":
            return None
        case "declined":
            mend = "Take the row out: nobody is asked again who said no."
            return RowRefused("consent: this person said no", mend, declined=True)
        case None:
            mend = "Write yes or the date on which they agreed, or leave it empty: then they are invited."
            return RowRefused("consent: neither a yes nor a date", mend)


def _decoded(content: bytes) -> str:
    """Return the text of a file whose encoding nobody tells; UTF-16 has a mark, or many zeros."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        tries = ["utf-16"]
    elif content[:200].count(0) > len(content[:200]) // 4:
        tries = ["utf-16-le" if content[1:2] == b"\0" else "utf-16-be"]
    else:
        tries = ["utf-8-sig", "cp1252"]
    for encoding in tries:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableRefused("The file is no text that can be read.", "Save it as CSV UTF-8 and try again.")


def _delimiter(text: str) -> str:
    """Return what separates the names of the columns; a comma where there is only one column."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def _columns(names: Sequence[str], mapped: Mapping[str, str]) -> Mapping[str, int]:
    found: dict[str, list[int]] = {}
    plain = [folded(name) for name in names]
    for what, wanted in mapped.items():
        if what not in FIELDS:
            raise TableRefused(f"`{what}` is nothing a column can be.", f"It is one of {', '.join(FIELDS)}.")
        if folded(wanted) not in plain:
            raise TableRefused(f"There is no column `{wanted}`.", f"There are: {', '.join(names)}.")
        found[what] = [plain.index(folded(wanted))]
    taken = {index for indices in found.values() for index in indices}
    for index, name in enumerate(plain):
        field_found = _FIELD_OF.get(name)
        if field_found is not None and field_found not in mapped and index not in taken:
            found.setdefault(field_found, []).append(index)
    for what, indices in found.items():
        if what != "number":  # which may be the row's own
            indices[:] = [index for index in indices if plain[index] == what] or indices
        if len(indices) > 1:
            which = " and ".join(f"`{names[index]}`" for index in indices)
            mend = f"Say which one to take: --column {what}={names[indices[0]]!r}."
            raise TableRefused(f"The columns {which} both look like the {what}.", mend)
    if "number" not in found:
        raise TableRefused(
            "No column has the name of a phone number.",
            "Name it `phone` in the first line, or say which it is: --column number='Name of the column'.",
        )
    return {what: indices[0] for what, indices in found.items()}


@functools.lru_cache(maxsize=8)
def _language_names(languages: tuple[str, ...]) -> Mapping[str, str]:
    """Return what the program's languages are called, in each of them and in English."""
    names: dict[str, str] = {}
    for code in languages:
        locale = Locale.parse(code, sep="-" if "-" in code else "_")
        for spoken in {"en", *(other.replace("-", "_") for other in languages)}:
            names[folded(locale.get_language_name(spoken) or code)] = code
        names[folded(code)] = code
        names[folded(f"{code}-us")] = names[folded(f"{code}-mx")] = code
        names[folded(f"{code}-es")] = names[folded(f"{code}-gb")] = code
    return names
