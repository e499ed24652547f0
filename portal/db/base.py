"""The declarative base, the extension object, and the settings of each SQLite connection."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Enum, MetaData, Uuid, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry

from portal.db.matching import SQLITE_NAME, folded_text
from portal.db.types import UtcDateTime

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every model. Python types decide columns: datetime is UTC, dict and list are JSON, enums are text."""

    # A registry of our own, not a class attribute: the extension derives a class from this one and refuses the latter.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION),
        type_annotation_map={
            datetime: UtcDateTime(),
            UUID: Uuid(),
            dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
            list[Any]: JSON().with_variant(JSONB(), "postgresql"),
        },
    )


def text_enum(kind: type[Any], length: int = 32) -> Enum:
    """Return a column type that stores the *values* of a StrEnum as text with a CHECK constraint."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=length,
        values_callable=lambda members: [member.value for member in members],
        name=kind.__name__.lower(),
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: object, _record: ConnectionPoolEntry) -> None:
    """Turn on what SQLite leaves off: readers beside a writer, foreign keys, patience when locked, words folded."""
    if isinstance(connection, sqlite3.Connection):
        connection.create_function(SQLITE_NAME, 1, _folded, deterministic=True)
        cursor = connection.cursor()
        # A batch of 500 decisions is one transaction, and holds the only lock for as long as it is written.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _folded(value: str | None) -> str | None:
    return None if value is None else folded_text(value)


@event.listens_for(Engine, "handle_error")
def _forget_values(context: ExceptionContext) -> None:
    """Keep of PostgreSQL's complaint its first sentence: the details quote the values, and complaints are logged."""
    sentence = getattr(getattr(context.original_exception, "diag", None), "message_primary", None)
    if sentence:
        context.original_exception.args = (sentence,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(context.original_exception).__name__}) {sentence}",)


def init_app(app: Flask) -> None:
    """Attach the database to the application."""
    # A failed statement is logged: with its text, never with the plates and addresses it was given.
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})["hide_parameters"] = True
    db.init_app(app)
