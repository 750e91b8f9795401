"""Every setting: its name, its default, its rule and what it is for. The only such table.

It knows what a setting is called and how its text is read. It must not know where the text comes from or who
uses the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkin.service import setting_values as values
from checkin.service.setting_values import EMBEDDED

TWILIO_API = "https://api.twilio.com"
E164 = r"\+[1-9][0-9]{6,14}"
HEX32 = r"[0-9a-fA-F]{32}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `shown` says that a wrong value may be repeated in the problem's text."""

    name: str
    field: str
    read: Callable[[str], Any]
    default: str
    help: str
    should: str
    example: str
    shown: bool = False


TABLE = (
    Setting(
        name="PORT",
        field="port",
        read=values.port,
        default="8000",
        help="The port that the web process listens on.",
        should="a whole number from 1 to 65535",
        example="8000",
        shown=True,
    ),
    Setting(
        name="CHECKIN_HOST",
        field="host",
        read=values.host,
        default="127.0.0.1",
        help="The address that the web process listens on; 0.0.0.0 lets other machines in.",
        should="a host name or address without `http://` or a port",
        example="127.0.0.1",
    ),
    Setting(
        name="CHECKIN_PUBLIC_URL",
        field="public_url",
        read=values.public_url,
        default="http://localhost:PORT",
        help="Where the world reaches this service: Twilio signs its requests for this URL.",
        should="an absolute http or https URL without a slash at its end",
        example="https://checkin.example.org",
    ),
    Setting(
        name="CHECKIN_DATABASE_URL",
        field="database_url",
        read=values.database_url,
        default="checkin.sqlite3 in CHECKIN_VAR",
        help="Where everything is kept: a SQLite file, or PostgreSQL.",
        should="a sqlite:/// or postgresql:// URL",
        example="postgresql://checkin:PASSWORD@localhost/checkin",
    ),
    Setting(
        name="CHECKIN_BROKER_URL",
        field="broker_url",
        read=values.broker_url,
        default=EMBEDDED,
        help="What wakes the workers: `embedded` in one process, Redis or RabbitMQ between several.",
        should="`embedded`, or a redis://, rediss://, amqp:// or amqps:// URL",
        example="redis://localhost:6379/0",
    ),
    Setting(
        name="CHECKIN_FLOWS",
        field="flows",
        read=values.folder_of_flows,
        default="flows",
        help="The folder with program.yaml and the flows.",
        should="the path of a folder that is there",
        example="flows",
        shown=True,
    ),
    Setting(
        name="CHECKIN_VAR",
        field="var",
        read=Path,
        default="var",
        help="The folder for what this deployment keeps on disk; made when it is needed.",
        should="the path of a folder",
        example="var",
    ),
    Setting(
        name="CHECKIN_SECRET_KEYS",
        field="secret_keys",
        read=values.secret_keys,
        default="a key made in CHECKIN_VAR by `checkin dev`",
        help="Keys for what is encrypted at rest, separated by commas. The first encrypts, all decrypt.",
        should="one or more keys of 32 bytes in base64, separated by commas",
        example="the output of `head -c 32 /dev/urandom | base64`",
    ),
    Setting(
        name="CHECKIN_LOG_LEVEL",
        field="log_level",
        read=values.log_level,
        default="INFO",
        help="How much is logged.",
        should="DEBUG, INFO, WARNING or ERROR",
        example="INFO",
        shown=True,
    ),
    Setting(
        name="TWILIO_ACCOUNT_SID",
        field="twilio_account_sid",
        read=values.matching("AC" + HEX32, "is not a Twilio account SID"),
        default="none: the pretend phones are the carrier",
        help="The Twilio account. With it, Twilio moves the texts and calls.",
        should="AC and 32 hexadecimal digits",
        example="the Account SID on the first page of Twilio's console",
    ),
    Setting(
        name="TWILIO_AUTH_TOKEN",
        field="twilio_auth_token",
        read=values.matching(r"\S+", "has a space in it"),
        default="none",
        help="The account's auth token: it signs in at Twilio, and proves that a request is Twilio's.",
        should="the auth token itself, not an API key",
        example="the Auth Token on the first page of Twilio's console",
    ),
    Setting(
        name="TWILIO_FROM",
        field="twilio_from",
        read=values.matching(E164, "is not a phone number with its country code"),
        default="none",
        help="The number that texts and calls come from. Calls need it.",
        should="a number in the form +12025550100",
        example="+12025550100",
    ),
    Setting(
        name="TWILIO_MESSAGING_SERVICE_SID",
        field="twilio_messaging_service_sid",
        read=values.matching("MG" + HEX32, "is not the SID of a Twilio messaging service"),
        default="none",
        help="The messaging service that texts go out by, in place of TWILIO_FROM or beside it.",
        should="MG and 32 hexadecimal digits",
        example="the SID of the service in Twilio's console",
    ),
    Setting(
        name="CHECKIN_SENDER_RATE",
        field="sender_rate",
        read=values.sender_rate,
        default="long-code",
        help="How many message segments a second Twilio takes from the sender; check-ins keep below it.",
        should="long-code (1), toll-free (3), international (10), short-code (100), or a number",
        example="4.5",
        shown=True,
    ),
    Setting(
        name="CHECKIN_CALLS_A_SECOND",
        field="calls_a_second",
        read=values.calls_a_second,
        default="1",
        help="How many calls a second Twilio begins for the account. Check-ins by phone keep to it.",
        should="a number from 0.1 to 1000",
        example="5",
        shown=True,
    ),
    Setting(
        name="CHECKIN_CALLS_AT_ONCE",
        field="calls_at_once",
        read=values.calls_at_once,
        default="10",
        help="How many calls there may be at one time. Check-ins use four fifths; the rest is for alerts.",
        should="a whole number from 1 to 10000",
        example="30",
        shown=True,
    ),
    Setting(
        name="CHECKIN_TWILIO_API_URL",
        field="twilio_api_url",
        read=values.twilio_api_url,
        default=TWILIO_API,
        help="Twilio's API, or a stand-in for it on this machine.",
        should="an https URL, or an http URL on this machine",
        example=TWILIO_API,
    ),
)
BY_NAME = {row.name: row for row in TABLE}

COMMON_MISTAKES = {
    "TWILIO_PHONE_NUMBER": "TWILIO_FROM",
    "TWILIO_FROM_NUMBER": "TWILIO_FROM",
    "TWILIO_SID": "TWILIO_ACCOUNT_SID",
    "TWILIO_API_URL": "CHECKIN_TWILIO_API_URL",
    "CHECKIN_PORT": "PORT",
}
"""Names that other programs use, and what they are called here."""
