"""Whether another process is answering people right now, by what PostgreSQL knows of its own connections.

A process that answers texts and calls names the connections that it writes on (`ANSWERS`). PostgreSQL shows
of each connection when its last statement ended (`pg_stat_activity`, PostgreSQL, "The Cumulative Statistics
System"): so nobody has to tell anything, and to ask costs one look for many check-ins. A pooler in between
that hides the name makes it look quiet, which is only slower for whoever is answered.

It is for those who answer nobody themselves: on its own connection a process would see its own writing.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from checkin.store.unit import Unit

ANSWERS = "checkin answers"
WAITS = "checkin"
"""The names of connections: of one on which people are answered, and of any other."""


def is_answering(unit: Unit, within: timedelta) -> bool:
    """Whether another process has answered anybody within this time. On SQLite there is no other process."""
    if unit.dialect == "sqlite":
        return False
    return bool(unit.execute(_answered, {"answers": ANSWERS, "seconds": within.total_seconds()}))


_activity = sa.table(
    "pg_stat_activity", sa.column("application_name"), sa.column("datname"), sa.column("state_change")
)
_ago = sa.func.clock_timestamp() - sa.func.make_interval(
    0, 0, 0, 0, 0, 0, sa.cast(sa.bindparam("seconds", type_=sa.Float), sa.Float)
)
_answered = (
    sa.select(_activity.c.state_change)
    .where(
        _activity.c.application_name == sa.bindparam("answers", type_=sa.Text),
        _activity.c.datname == sa.func.current_database(),
        _activity.c.state_change > _ago,
    )
    .limit(1)
)
