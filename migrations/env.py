"""How migrations reach the database: the application's own engine and the models' metadata."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import JSON, Connection

from portal.db import Base, UtcDateTime, db

config = context.config


def render_item(kind: str, item: Any, autogenerate: Any) -> str | bool:
    """Write our own types as the plain columns they are: an old migration must not depend on today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


@contextmanager
def _rows_kept(connection: Connection) -> Iterator[None]:
    """Let a table be replaced without its children: SQLite would delete them with the old one ("ON DELETE CASCADE")."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.commit()
    yield
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if orphans:
        raise RuntimeError(f"the migrations left {len(orphans)} rows without the row they belong to")
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    connection.commit()


def run() -> None:
    """Apply the migrations over the application's engine, one transaction per run; batch mode for SQLite."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection, _rows_kept(connection):
        context.configure(connection=connection, target_metadata=Base.metadata, render_item=render_item, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: offline mode is not supported.")
run()
