"""Settings: what is read, what is refused, and that everything wrong is told at once without a secret."""

from __future__ import annotations

import base64
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.service.setting_table import TABLE
from checkin.service.settings import Settings, SettingsRefused, document, load_settings

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"\xff" * 32).decode()
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "not-a-real-token",
    "TWILIO_FROM": "+12025550100",
    "CHECKIN_PUBLIC_URL": "https://checkin.example.org",
    "CHECKIN_SECRET_KEYS": KEY,
}


@pytest.fixture(autouse=True)
def _in_a_folder_with_flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flows").mkdir()
    monkeypatch.chdir(tmp_path)


def load(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def problems(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as refused:
        load_settings(environ, env_file=None)
    return {problem.setting: str(problem) for problem in refused.value.problems}


def test_nothing_has_to_be_set() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.carrier == "emulator"
    assert settings.embedded


def test_the_defaults_follow_the_settings_that_they_are_made_of() -> None:
    settings = load(PORT="9000", CHECKIN_VAR="/srv/checkin")
    assert settings.public_url == "http://localhost:9000"
    assert settings.database_url == "sqlite:////srv/checkin/checkin.sqlite3"


def test_twilio_is_the_carrier_where_its_account_is_given() -> None:
    settings = load(**TWILIO)
    assert settings.carrier == "twilio"
    assert settings.secret_keys == (bytes(range(32)),)


def test_a_messaging_service_takes_the_place_of_a_number() -> None:
    environ = {**TWILIO, "TWILIO_MESSAGING_SERVICE_SID": "MG" + "a" * 32}
    assert load(**environ).twilio_from == "+12025550100"
    del environ["TWILIO_FROM"]
    assert load(**environ).twilio_from is None


@pytest.mark.parametrize("spelling", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_psycopg(spelling: str) -> None:
    settings = load(CHECKIN_DATABASE_URL=f"{spelling}://checkin:p%23w@db:5432/checkin")
    assert settings.database_url == "postgresql+psycopg://checkin:p%23w@db:5432/checkin"


def test_the_first_key_comes_first() -> None:
    settings = load(CHECKIN_SECRET_KEYS=f" {OTHER_KEY}, {KEY} ")
    assert settings.secret_keys == (b"\xff" * 32, bytes(range(32)))


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9000\nCHECKIN_HOST=0.0.0.0\nCHECKIN_LOG_LEVEL=\nTWILIO_AUTH_TOKEN='a$HOME'\n")
    environ = {**TWILIO, "PORT": "9001"}
    del environ["TWILIO_AUTH_TOKEN"]
    settings = load_settings(environ, env_file=file)
    assert (settings.port, settings.host, settings.log_level) == (9001, "0.0.0.0", "INFO")
    assert settings.twilio_auth_token == "a$HOME"


def test_a_file_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert load_settings({}, env_file=tmp_path / ".env") == Settings()


def test_a_file_that_cannot_be_read_is_told_with_all_the_rest(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("CHECKIN_HOST=café\n".encode("latin-1"))
    with pytest.raises(SettingsRefused) as refused:
        load_settings({"PORT": "eighty"}, env_file=file)
    assert [one.setting for one in refused.value.problems] == [".env", "PORT"]
    assert "UTF-8" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("text", "host"), [("::1", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("checkin-1.local", "checkin-1.local")]
)
def test_a_host_is_a_name_or_an_address(text: str, host: str) -> None:
    assert load(CHECKIN_HOST=text).host == host


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.0"),
        ("PORT", "٨٠"),
        ("CHECKIN_HOST", "http://localhost"),
        ("CHECKIN_HOST", "127.0.0.1:8000"),
        ("CHECKIN_HOST", "localhost:8000"),
        ("CHECKIN_LOG_LEVEL", "LOUD"),
        ("CHECKIN_FLOWS", "no-such-folder"),
        ("CHECKIN_DATABASE_URL", "mysql://root@localhost/checkin"),
        ("CHECKIN_DATABASE_URL", "checkin.db"),
        ("CHECKIN_DATABASE_URL", "sqlite://"),
        ("CHECKIN_DATABASE_URL", "sqlite:///:memory:"),
        ("CHECKIN_DATABASE_URL", "postgresql://localhost"),
        ("CHECKIN_DATABASE_URL", "postgresql://localhost:port/checkin"),
        ("CHECKIN_BROKER_URL", "kafka://localhost"),
        ("CHECKIN_BROKER_URL", "redis://"),
        ("CHECKIN_BROKER_URL", "redis://localhost:99999"),
        ("CHECKIN_PUBLIC_URL", "checkin.example.org"),
        ("CHECKIN_PUBLIC_URL", "ftp://checkin.example.org"),
        ("CHECKIN_PUBLIC_URL", "https://checkin.example.org/"),
        ("CHECKIN_PUBLIC_URL", "https://check_in.example.org"),
        ("CHECKIN_PUBLIC_URL", "https://dana@checkin.example.org"),
        ("CHECKIN_PUBLIC_URL", "https://checkin.example.org?a=b"),
        ("CHECKIN_SECRET_KEYS", "c2hvcnQ="),
        ("CHECKIN_SECRET_KEYS", ","),
        ("CHECKIN_SECRET_KEYS", f"{KEY},{KEY}"),
        ("CHECKIN_TWILIO_API_URL", "http://twilio.example.org"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_a_mend(name: str, text: str) -> None:
    (problem,) = problems({name: text}).items()
    assert problem[0] == name
    assert "It should be " in problem[1]
    assert "for example: " in problem[1]


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_a_stand_in_for_twilio_may_be_plain_http_on_this_machine(host: str) -> None:
    assert load(CHECKIN_TWILIO_API_URL=f"http://{host}/").twilio_api_url == f"http://{host}"


def test_everything_wrong_is_told_at_once() -> None:
    wrong = problems({"PORT": "x", "CHECKIN_HOTS": "y", "CHECKIN_BROKER_URL": "z", "TWILIO_FROM": "555"})
    assert set(wrong) == {
        "PORT",
        "CHECKIN_HOTS",
        "CHECKIN_BROKER_URL",
        "TWILIO_FROM",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "CHECKIN_PUBLIC_URL",
        "CHECKIN_SECRET_KEYS",
    }
    assert "'x'" in wrong["PORT"]


@pytest.mark.parametrize("left_out", [name for name in TWILIO if name != "TWILIO_FROM"])
def test_twilio_is_set_up_as_a_whole(left_out: str) -> None:
    environ = {name: value for name, value in TWILIO.items() if name != left_out}
    assert list(problems(environ)) == [left_out]


def test_twilio_needs_a_sender() -> None:
    environ = {name: value for name, value in TWILIO.items() if name != "TWILIO_FROM"}
    assert "TWILIO_MESSAGING_SERVICE_SID" in problems(environ)["TWILIO_FROM"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CHECKIN_DATABSE_URL", "CHECKIN_DATABASE_URL"),
        ("TWILIO_AUTHTOKEN", "TWILIO_AUTH_TOKEN"),
        ("TWILIO_PHONE_NUMBER", "TWILIO_FROM"),
        ("CHECKIN_PORT", "PORT"),
    ],
)
def test_a_name_that_is_nearly_one_of_ours_is_a_question(name: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in problems({name: "x"})[name]


def test_a_name_of_ours_that_is_none_is_refused() -> None:
    assert "docs/settings.md" in problems({"CHECKIN_ZZZZ": "x"})["CHECKIN_ZZZZ"]


def test_what_belongs_to_other_programs_is_left_alone() -> None:
    assert load(TWILIO_FLEX_WORKSPACE="x", DATABASE_URL="y", HOME="/root") == Settings()


PREFIXES = [
    "",
    "redis://",
    "redis://:",
    "postgresql://",
    "sqlite://",
    "http://",
    "https://dana:",
    "+1",
    KEY + ",",
]


@given(before=st.sampled_from(PREFIXES), after=st.text("aZ09:/@_-+=,. ?#[]%", max_size=30))
def test_no_problem_repeats_the_value_of_a_secret(before: str, after: str) -> None:
    hidden = [row.name for row in TABLE if not row.shown]
    with pytest.raises(SettingsRefused) as refused:
        load_settings(dict.fromkeys(hidden, before + "s3cr3t" + after), env_file=None)
    assert "s3cr3t" not in str(refused.value)


def test_secrets_are_absent_from_the_repr() -> None:
    settings = load(
        **TWILIO,
        CHECKIN_DATABASE_URL="postgresql://u:hidden-password@db/checkin",
        CHECKIN_BROKER_URL="redis://:hidden-password@db",
    )
    shown = repr(settings)
    assert "hidden-password" not in shown
    assert TWILIO["TWILIO_AUTH_TOKEN"] not in shown
    assert TWILIO["TWILIO_FROM"] not in shown
    assert str(settings.secret_keys) not in shown


def test_every_setting_has_its_row_and_its_field() -> None:
    assert {row.field for row in TABLE} == {field.name for field in fields(Settings)}


def test_the_document_is_made_from_the_table() -> None:
    document_file = ROOT / "docs" / "settings.md"
    mend = "make it again: .venv/bin/python -m checkin.service.settings > docs/settings.md"
    assert document_file.read_text() == document(), mend
