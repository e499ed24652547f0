"""Inserting rows by thousands: the statement is compiled once, and each value is made ready for the driver once.

SQLAlchemy prepares every parameter of every row anew: for tens of thousands of rows that takes longer than the database
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Table, insert

_REPEATED = (Enum, bool)


class BulkInsert:
    """Inserts rows that name every column of a table."""

    def __init__(self, connection: Connection, table: Table) -> None:
        dialect = connection.dialect
        self._connection = connection
        self._names = [column.name for column in table.columns]
        compiled = insert(table).compile(dialect=dialect, column_keys=self._names)
        self._statement = str(compiled)
        order = getattr(compiled, "positiontup", None)
        self._positions: list[str] | None = list(order) if order else None
        self._ready: dict[str, Callable[[Any], Any]] = {}
        for column in table.columns:
            ready = column.type.dialect_impl(dialect).bind_processor(dialect)
            if ready is not None:
                self._ready[column.name] = ready

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; each maps every column to its value."""
        columns = {name: self._column(name, [row[name] for row in rows]) for name in self._names}
        names = self._positions or self._names
        cells = zip(*(columns[name] for name in names), strict=True)
        if self._positions:
            self._connection.exec_driver_sql(self._statement, list(cells))
        else:
            self._connection.exec_driver_sql(self._statement, [dict(zip(names, row, strict=True)) for row in cells])

    def _column(self, name: str, values: list[Any]) -> list[Any]:
        ready = self._ready.get(name)
        if ready is None:
            return values
        first = values[0]
        if all(value is first for value in values):
            return [ready(first)] * len(values)
        if isinstance(first, _REPEATED):
            known = {value: ready(value) for value in set(values)}
            return [known[value] for value in values]
        return [ready(value) for value in values]
