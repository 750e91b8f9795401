"""The tables. Columns that hold numbers, names or texts are sealed bytes (`checkin.store.vault`).

Every change of a member's state is one row more in `journal`, whose key (member, seq) doubles as the
optimistic lock: two transactions that decided on the same state cannot both commit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(sa.TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite drops time zones; this puts UTC back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """Return what stores a moment: UTC, and as text on SQLite, in the form that Core writes there."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: sa.Dialect, _coltype: object) -> Callable[[Any], Any]:
        """Return what reads a moment, aware."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant must be aware")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


@functools.lru_cache(maxsize=256)
def _to_text(moment: datetime) -> str:
    """Spell a moment. One event writes the same moment into many rows."""
    return _to_utc(moment).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


ByteOrdered = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts by its bytes on both databases, so that a prefix is a range of the index."""


Sealed = sa.LargeBinary

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("number", Sealed, nullable=False),
    sa.Column("name", Sealed),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("zone", sa.Text),
    sa.Column("stopped_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("rhythm", sa.Text),
    sa.Column("channel", sa.Text),
    comment="Everybody whose number we know: members, trusted contacts, staff.",
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("paused_until", Instant),
    sa.Column("joined_at", Instant),
    sa.Column("fields", Sealed),
    comment="People who are checked in on. state: joining, active, paused, left.",
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.person_id"), nullable=False),
    sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("name", Sealed, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("invited_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("asked", Sealed),
    sa.Column("wishes", Sealed),
    sa.Column("for_support", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("for_missed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("paused_until", Instant),
    sa.UniqueConstraint("member_id", "person_id"),
    comment="Trusted contacts; checkin.people.consent has their states, `asked` what they were asked.",
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, nullable=False),
    sa.Column("number_index", sa.LargeBinary, nullable=False),
    sa.Column("country", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_invitations_member_id_at", "member_id", "at"),
    sa.Index("ix_invitations_number_index_at", "number_index", "at"),
    sa.Index("ix_invitations_country_at", "country", "at"),
    comment="Every invitation that was sent, so that they can be counted.",
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Column("wording", Sealed, nullable=False),
    sa.Column("version", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    comment="Who agreed to what, in which words. Rows are never changed.",
)

flow_versions = sa.Table(
    "flow_versions",
    metadata,
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("published_at", Instant, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    comment="Published flows. Rows are never changed.",
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.person_id"), nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("transition", sa.Integer, nullable=False),
    sa.Column("data", Sealed, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("asked_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Index(
        "ix_runs_waiting",
        "member_id",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    sa.Index("ix_runs_member_id_flow", "member_id", "flow"),
    sqlite_with_rowid=False,
    comment="One member going through one version of a flow.",
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("transition", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Sealed, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
    comment="Answers kept under a name.",
)

tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("week", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="How often each answer without a name was given in a week; nothing says by whom.",
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("member_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("transition", sa.Integer, nullable=False),
    sa.Column("event", Sealed, nullable=False),
    sqlite_with_rowid=False,
    comment="Every event that moved a run or an alert, in order. Rows are never changed.",
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.person_id"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("transition", sa.Integer, nullable=False),
    sa.Column("data", Sealed, nullable=False),
    sa.Column("raised_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Index(
        "ix_alerts_open",
        "member_id",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    comment="Requests for support.",
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("alert_id", sa.Text, sa.ForeignKey("alerts.id"), primary_key=True),
    sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("told_at", Instant, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index("ix_notifications_person_id_open", "person_id", "open"),
    comment="Who was told about which alert; open while an answer of theirs would mean something.",
)

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("subject", ByteOrdered, primary_key=True),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, nullable=False),
    sa.Column("transition", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("after_seconds", sa.Integer),
    sa.Column("counts_from", sa.Text),
    sa.Column("claimed_until", Instant),
    sa.Index("ix_timers_lane_due_at", "lane", "due_at"),
    sqlite_with_rowid=False,
    comment="What is due when, one row a subject. counts_from: the outbox row whose sending starts it.",
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("carrier_id", sa.Text, primary_key=True),
    sa.Column("number_index", sa.LargeBinary, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("body", Sealed, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("answer", Sealed, nullable=False),
    sa.Index("ix_inbox_number_index_at", "number_index", "at"),
    sqlite_with_rowid=False,
    comment="Every text that came in: the claim on its id, its reading, and the stored answer.",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("body", Sealed, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("lease", sa.Text),
    sa.Column("first_try_at", Instant),
    sa.Column("sent_at", Instant),
    sa.Column("carrier_id", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Index(
        "ix_outbox_due",
        "lane",
        "due_at",
        sqlite_where=sa.text("state IN ('queued', 'sending', 'in_doubt')"),
        postgresql_where=sa.text("state IN ('queued', 'sending', 'in_doubt')"),
    ),
    sa.Index(
        "ix_outbox_calls",
        "state",
        "sent_at",
        sqlite_where=sa.text("channel = 'voice'"),
        postgresql_where=sa.text("channel = 'voice'"),
    ),
    comment="Texts and calls to hand to the carrier; checkin.service.delivery explains the states.",
)

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, primary_key=True),
    sa.Column("carrier_id", sa.Text, nullable=False),
    sa.Column("error_code", sa.Text),
    sa.Column("at", Instant, nullable=False),
    sa.Column("sequence", sa.Integer),
    sqlite_with_rowid=False,
    comment="What the carrier said about a message; a repeated word is one row.",
)

call_turns = sa.Table(
    "call_turns",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("turn", sa.Integer, primary_key=True),
    sa.Column("document", Sealed, nullable=False),
    sa.Column("misses", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
    comment="What was said in each turn of a call, so that a repeated request hears the same again.",
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("note", Sealed, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("number", sa.Integer),
    sa.Column("due_at", Instant),
    sa.Column("claimed_by", sa.Text),
    sa.Index("ix_tasks_number", "number", unique=True),
    comment="The staff's list; checkin.store.tasks has its states.",
)

staff_notes = sa.Table(
    "staff_notes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("person_id", sa.Text),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("words", Sealed, nullable=False),
    sa.Column("at", Instant, nullable=False),
    comment="What staff did about tasks and requests. Rows are never changed.",
)

pacing = sa.Table(
    "pacing",
    metadata,
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("free_at", sa.BigInteger, nullable=False),
    comment="When a sender is free for routine texts again, in microseconds since 1970.",
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
    comment="Single values: the sealed index key, the clock's heartbeat.",
)
