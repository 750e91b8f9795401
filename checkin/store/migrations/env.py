"""How alembic reaches the database: through the engine of the store."""

from alembic import context

from checkin.store.store import open_engine

config = context.config
engine = open_engine(config.attributes["url"])
if engine.dialect.name != "sqlite":
    # A migration is one transaction: all of it or nothing.
    engine = engine.execution_options(isolation_level="READ COMMITTED")
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=config.attributes["metadata"],
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.in_transaction():
        connection.commit()
engine.dispose()
