"""Bringing a database to the tables of this version. Imported only where it is done: Alembic is slow to load."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade

from portal.config import PROJECT_ROOT
from portal.db.base import db


def attach(app: Flask) -> None:
    """Tell the application where its migrations are (also for `flask db` commands)."""
    Migrate(app, db, directory=str(PROJECT_ROOT / "migrations"), render_as_batch=True, compare_type=True)


def to_latest(app: Flask) -> None:
    """Apply the migrations that are missing, inside an application context."""
    attach(app)
    upgrade()


def to_nothing(app: Flask) -> None:
    """Undo every migration, inside an application context: all data are lost."""
    attach(app)
    downgrade(revision="base")
