"""The settings of one deployment: environment variables, with a `.env` file underneath.

It knows how the environment becomes `Settings`, and how everything that is wrong with it is told at once.
The settings themselves stand in `setting_table`; docs/settings.md is made from there
(`python -m checkin.service.settings > docs/settings.md`). It must not know who uses a setting, and reads
nothing from the process: the environment comes in as an argument.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values

from checkin.service.setting_table import BY_NAME, COMMON_MISTAKES, TABLE, TWILIO_API, Setting
from checkin.service.setting_values import EMBEDDED, Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process needs to know of its deployment. Secrets are absent from its repr.

    `secret_keys` are 32 bytes each: the first encrypts, all decrypt. Empty means that none were given.
    """

    port: int = 8000
    host: str = "127.0.0.1"
    public_url: str = "http://localhost:8000"
    database_url: str = field(default="sqlite:///var/checkin.sqlite3", repr=False)
    broker_url: str = field(default=EMBEDDED, repr=False)
    flows: Path = Path("flows")
    var: Path = Path("var")
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    log_level: str = "INFO"
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = field(default=None, repr=False)
    twilio_from: str | None = field(default=None, repr=False)
    twilio_messaging_service_sid: str | None = None
    twilio_api_url: str = TWILIO_API
    sender_rate: float | None = None
    """None where the operator has not said what it is: that of the slowest kind of sender is assumed."""
    calls_a_second: float = 1.0
    calls_at_once: int = 10

    @property
    def carrier(self) -> Literal["twilio", "emulator"]:
        """Who moves texts and calls: Twilio where its account is given, else the pretend phones."""
        return "twilio" if self.twilio_account_sid else "emulator"

    @property
    def embedded(self) -> bool:
        """Whether the queue lives inside this process."""
        return self.broker_url == EMBEDDED


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one setting: what it is, what it should be, how to mend it."""

    setting: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.setting} {self.wrong}. {self.mend}"


class SettingsRefused(Exception):
    """The settings can't be used; `problems` names everything that is wrong with them, never a secret."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load_settings(environ: Mapping[str, str], *, env_file: Path | None) -> Settings:
    """Read the settings from this environment, and from a `.env` file for what the environment lacks.

    An empty value counts as none, a missing file as empty. Raises `SettingsRefused` with every problem.
    """
    file, problems = _from_file(env_file)
    given = _given(environ, file)
    problems += _unknown(given)
    read: dict[str, Any] = {}
    for row in TABLE:
        try:
            # A default is read too where reading looks at the disk: the folder of flows has to be there.
            if row.name in given:
                read[row.field] = row.read(given[row.name])
            elif row.name == "CHECKIN_FLOWS":
                row.read(row.default)
        except Wrong as wrong:
            problems.append(_problem(row, given.get(row.name, row.default), wrong))
    problems += _incomplete(given)
    if problems:
        raise SettingsRefused(tuple(problems))
    return Settings(**_derived(read), **read)


def document() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Settings are environment variables. A file `.env` in the folder where Checkin is started is",
        "read too, and the environment goes before it. An empty value counts as none. Everything that",
        "is wrong is told at once, and nothing starts until it is mended.",
        "",
        "| setting | default | what it is | example |",
        "| --- | --- | --- | --- |",
    ]
    for row in TABLE:
        cells = (f"`{row.name}`", row.default, f"{row.help} It is {row.should}.", row.example)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _from_file(env_file: Path | None) -> tuple[Mapping[str, str | None], list[Problem]]:
    """Return what stands in a `.env` file, or why it can't be read."""
    if env_file is None or not env_file.is_file():
        return {}, []
    try:
        # Interpolation is off: a `$` in a password is a `$`.
        return dotenv_values(env_file, interpolate=False), []
    except OSError as error:
        mend = "Let the user of the service read it, or remove it."
        return {}, [Problem(env_file.name, f"can't be opened ({error.strerror})", mend)]
    except UnicodeDecodeError:
        return {}, [Problem(env_file.name, "is not saved as UTF-8", "Save it again with that encoding.")]


def _given(environ: Mapping[str, str], file: Mapping[str, str | None]) -> dict[str, str]:
    both = {**file, **environ}
    return {name: value.strip() for name, value in both.items() if value and value.strip()}


def _unknown(given: Mapping[str, str]) -> Iterator[Problem]:
    """Find names that look like ours and are not.

    `TWILIO_` belongs to Twilio's other tools as well, so only a near miss of one of our names is a problem.
    """
    for name in sorted(given):
        if name in BY_NAME or not name.startswith(("CHECKIN_", "TWILIO_")):
            continue
        near = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.8)
        meant = COMMON_MISTAKES.get(name) or (near[0] if near else None)
        if meant:
            yield Problem(name, "is not a setting", f"Did you mean {meant}?")
        elif name.startswith("CHECKIN_"):
            yield Problem(name, "is not a setting", "Remove it; docs/settings.md lists those that are.")


def _problem(row: Setting, text: str, wrong: Wrong) -> Problem:
    shown = f" ({text[:40]!r})" if row.shown else ""
    return Problem(row.name, f"{wrong}{shown}", f"It should be {row.should}, for example: {row.example}.")


def _incomplete(given: Mapping[str, str]) -> Iterator[Problem]:
    """Find settings that only make sense together: Twilio is set up as a whole, or not at all."""
    senders = ("TWILIO_FROM", "TWILIO_MESSAGING_SERVICE_SID")
    if not any(name in given for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", *senders)):
        return
    why = "Twilio is set up as a whole or not at all"
    needed = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "CHECKIN_PUBLIC_URL", "CHECKIN_SECRET_KEYS")
    for name in needed:
        if name not in given:
            row = BY_NAME[name]
            yield Problem(name, "is missing", f"{why}: set it to {row.should}, for example: {row.example}.")
    if not any(name in given for name in senders):
        mend = f"{why}: set it to the number that texts and calls come from, or set {senders[1]}."
        yield Problem(senders[0], "is missing", mend)


def _derived(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults that follow from other settings."""
    out: dict[str, Any] = {}
    if "database_url" not in read:
        out["database_url"] = f"sqlite:///{read.get('var', Path('var')) / 'checkin.sqlite3'}"
    if "public_url" not in read:
        out["public_url"] = f"http://localhost:{read.get('port', 8000)}"
    return out


if __name__ == "__main__":
    sys.stdout.write(document())
