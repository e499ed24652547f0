"""Inserting rows by thousands, from values that need nothing more done to them.

SQLAlchemy prepares every parameter of every row anew: for tens of thousands of rows that takes longer than the database
itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, String, Table, bindparam, cast, column, func, insert, literal, select

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
        dialect = self._connection.dialect
        names = [*self._fixed, *self._varying]
        places = ", ".join("?" * len(names))
        ready = []
        for name, value in self._fixed.items():
            process = self._table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
            ready.append(process(value) if process else value)
        statement = f"INSERT INTO {self._table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 our own names
        self._connection.exec_driver_sql(statement, [(*ready, *row) for row in rows])

    def _write_one_document(self, rows: Sequence[Sequence[Any]]) -> None:
        """Send the rows as one JSON text: the server takes it apart faster than it takes thousands of statements."""
        types = {name: self._table.c[name].type for name in self._varying}
        # JSON inside the document is a text of its own.
        sent = [column(name, String() if isinstance(types[name], JSON) else types[name]) for name in self._varying]
        document = func.json_to_recordset(cast(bindparam("document", type_=String()), JSON()))
        read = document.table_valued(*sent).render_derived(with_types=True)
        said = [
            cast(literal(value, self._table.c[name].type), self._table.c[name].type)
            for name, value in self._fixed.items()
        ]
        told = [
            cast(read.c[name], types[name]) if isinstance(types[name], JSON) else read.c[name] for name in self._varying
        ]
        statement = insert(self._table).from_select([*self._fixed, *self._varying], select(*said, *told))
        named = [dict(zip(self._varying, row, strict=True)) for row in rows]
        self._connection.execute(statement, {"document": json.dumps(named)})


def ids_in_order(count: int) -> list[str]:
    """Return fresh random identifiers (UUID version 4) as 32 hexadecimal digits, the lowest first.

    An index takes them many times faster than in disorder.
    """
    noise = bytearray(os.urandom(_ID_BYTES * count))
    for place, table in ((_VERSION_BYTE, _VERSION_4), (_VARIANT_BYTE, _VARIANT_1)):
        noise[place::_ID_BYTES] = noise[place::_ID_BYTES].translate(table)
    digits = noise.hex()
    return sorted(digits[start : start + 2 * _ID_BYTES] for start in range(0, len(digits), 2 * _ID_BYTES))
