"""Writing rows by thousands, from values that need nothing more done to them.

SQLAlchemy prepares every parameter of every row anew: for tens of thousands of rows that takes longer than the database
itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    String,
    Table,
    TableValuedAlias,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    update,
)

_VERSION_BYTE, _VARIANT_BYTE, _ID_BYTES = 6, 8, 16
_VERSION_4 = bytes(0x40 | value & 0x0F for value in range(256))
_VARIANT_1 = bytes(0x80 | value & 0x3F for value in range(256))


class BulkInsert:
    """Inserts rows that share the values of some columns.

    fixed: those values, by column. varying: the other columns, in the order of the rows to come; their values are
    plain: numbers, booleans, texts (also for days and identifiers) and, for a column of JSON, the text of it.
    """

    def __init__(self, connection: Connection, table: Table, fixed: Mapping[str, Any], varying: Sequence[str]) -> None:
        self._connection = connection
        self._table = table
        self._fixed = fixed
        self._varying = list(varying)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, each with a value for every varying column."""
        if self._connection.dialect.name == "postgresql":
            self._write_one_document(rows)
        else:
            self._write_each(rows)

    def _write_each(self, rows: Sequence[Sequence[Any]]) -> None:
        names = [*self._fixed, *self._varying]
        places = ", ".join("?" * len(names))
        ready = _ready(self._connection, self._table, self._fixed)
        statement = f"INSERT INTO {self._table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 our own names
        self._connection.exec_driver_sql(statement, [(*ready, *row) for row in rows])

    def _write_one_document(self, rows: Sequence[Sequence[Any]]) -> None:
        columns = self._table.c
        read, told = _document(self._table, self._varying)
        said = [cast(literal(value, columns[name].type), columns[name].type) for name, value in self._fixed.items()]
        names = [*self._fixed, *self._varying]
        statement = insert(self._table).from_select(names, select(*said, *told.values()).select_from(read))
        self._connection.execute(statement, _sent(self._varying, rows))


def bulk_update(
    connection: Connection,
    table: Table,
    fixed: Mapping[str, Any],
    varying: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Write new values on rows of a versioned table. rows: the plain values of the varying columns, then the id."""
    if connection.dialect.name == "postgresql":
        read, told = _document(table, [*varying, "id"])
        values = {**fixed, **{name: told[name] for name in varying}, "version": table.c.version + 1}
        statement = update(table).values(values).where(table.c.id == read.c.id)
        connection.execute(statement, _sent([*varying, "id"], rows))
        return
    names = ", ".join(f"{name} = ?" for name in (*fixed, *varying))
    ready = _ready(connection, table, fixed)
    written = f"UPDATE {table.name} SET {names}, version = version + 1 WHERE id = ?"  # noqa: S608 our own names
    connection.exec_driver_sql(written, [(*ready, *row) for row in rows])


def _ready(connection: Connection, table: Table, fixed: Mapping[str, Any]) -> list[Any]:
    """Return values as the driver takes them."""
    ready, dialect = [], connection.dialect
    for name, value in fixed.items():
        process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        ready.append(process(value) if process else value)
    return ready


def _document(table: Table, names: Sequence[str]) -> tuple[TableValuedAlias, dict[str, ColumnElement[Any]]]:
    """Return rows sent as one JSON text, and their columns: the server takes it apart faster than thousands of
    statements.
    """
    types = {name: table.c[name].type for name in names}
    # JSON inside the document is a text of its own.
    sent = [column(name, String() if isinstance(types[name], JSON) else types[name]) for name in names]
    document = func.json_to_recordset(cast(bindparam("document", type_=String()), JSON()))
    read = document.table_valued(*sent).render_derived(with_types=True)
    return read, {
        name: cast(read.c[name], types[name]) if isinstance(types[name], JSON) else read.c[name] for name in names
    }


def _sent(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    return {"document": json.dumps([dict(zip(names, row, strict=True)) for row in rows])}


def ids_in_order(count: int) -> list[str]:
    """Return fresh random identifiers (UUID version 4) as 32 hexadecimal digits, the lowest first.

    An index takes them many times faster than in disorder.
    """
    noise = bytearray(os.urandom(_ID_BYTES * count))
    for place, table in ((_VERSION_BYTE, _VERSION_4), (_VARIANT_BYTE, _VARIANT_1)):
        noise[place::_ID_BYTES] = noise[place::_ID_BYTES].translate(table)
    digits = noise.hex()
    return sorted(digits[start : start + 2 * _ID_BYTES] for start in range(0, len(digits), 2 * _ID_BYTES))
