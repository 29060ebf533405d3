"""Alembic runs this file. The connection comes from ``suffice_migrations.upgrade``; there is no ini file."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
