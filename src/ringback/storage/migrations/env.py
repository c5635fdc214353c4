"""What Alembic runs: the steps that are missing, on the connection and in the transaction that it is handed."""

from alembic import context

from ringback.storage import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables.metadata)
context.run_migrations()
