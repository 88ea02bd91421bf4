"""Run Alembic within the transaction that the program opened."""

from alembic import context

from catalog.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=False,  # because the caller's transaction contains all changes
)
context.run_migrations()
