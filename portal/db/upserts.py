"""Rows that may be there already: both databases take them in one statement, each by an INSERT of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite

from portal.db.unit_of_work import UnitOfWork

_INSERTS: Final[Mapping[str, Callable[[Any], Any]]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(uow: UnitOfWork, table: Any) -> Any:
    """The INSERT of the running database, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _INSERTS[_database(uow)](table)


class Upsert:
    """A statement built once for each database. build: from the INSERT of one, as `insert_into` gives it."""

    def __init__(self, build: Callable[[Callable[[Any], Any]], Executable]) -> None:
        self._built = {name: build(insert) for name, insert in _INSERTS.items()}

    def of(self, uow: UnitOfWork) -> Executable:
        """The statement for the running database."""
        return self._built[_database(uow)]


def _database(uow: UnitOfWork) -> str:
    return uow.session.get_bind().dialect.name
