"""How migrations reach the database: the application's own engine and the models' metadata."""

from __future__ import annotations

from alembic import context
from flask import current_app

from portal.db import Base, db

config = context.config


def run() -> None:
    """Apply the migrations over the application's engine, one transaction per run; batch mode for SQLite."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: offline mode is not supported.")
run()
