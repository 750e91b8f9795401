"""How alembic reaches the database: through the engine of the store.

All migrations that are missing are one transaction, all of them or nothing: one that was killed begins again
from where it began. Of two that are begun at once, the second waits and finds nothing to do.
"""

import sqlalchemy as sa
from alembic import context

from checkin.store.store import open_engine

ONE_AT_A_TIME = 20_170_988
"""The number of the lock that a migration holds in PostgreSQL; nothing else of ours takes one."""

config = context.config
engine = open_engine(config.attributes["url"])
if engine.dialect.name == "sqlite":

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # Python's driver begins nothing by itself before it changes tables.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

else:
    engine = engine.execution_options(isolation_level="READ COMMITTED")
try:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=config.attributes["metadata"],
            render_as_batch=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if engine.dialect.name != "sqlite":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            context.run_migrations()
        if connection.in_transaction():
            connection.commit()
finally:
    engine.dispose()
