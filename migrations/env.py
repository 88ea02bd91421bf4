"""Run Alembic within the transaction that the program opened."""

from alembic import context
from sqlmodel import SQLModel

import catalog.store.tables  # noqa: F401  # fills the metadata for --autogenerate

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # because the caller's transaction contains all changes
)
context.run_migrations()
