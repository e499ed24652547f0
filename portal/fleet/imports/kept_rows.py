"""The rows of a file that need a person, kept beside it: found again by page, by kind of fault or by number without
reading the file anew.

A kept file is a run of compressed parts, some hundred rows each, then an index of them; only the parts that are asked
for are unpacked.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from portal.fleet.checking import CheckedRow, PlateKey, kind_of
from portal.fleet.drafts import Fault
from portal.sheets import Line

_ROWS_PER_PART = 250
_TAIL_BYTES = 8


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as it was judged without corrections. untouched: no correction concerned it when the file was judged."""

    checked: CheckedRow
    untouched: bool

    @property
    def number(self) -> int:
        """Its row in the spreadsheet."""
        return self.checked.line.number


class KeptRowsWriter:
    """A kept file in the making; rows come in the order of the spreadsheet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._index: list[dict[str, Any]] = []
        self._rows: list[list[Any]] = []
        self._kinds: Counter[str] = Counter()
        self._offset = 0

    def add(self, row: CheckedRow, *, untouched: bool) -> None:
        """Keep a row."""
        faults, warnings = ([_plain(fault) for fault in found] for found in (row.faults, row.warnings))
        self._rows.append([row.line.number, list(row.line.cells), faults, warnings, untouched])
        self._kinds.update({kind_of(fault) for fault in row.faults})
        if len(self._rows) >= _ROWS_PER_PART:
            self._close_part()

    def _close_part(self) -> None:
        if self._rows:
            part = {"first": self._rows[0][0], "last": self._rows[-1][0], "rows": len(self._rows)}
            self._index.append({**part, "kinds": dict(self._kinds), **self._put(self._rows)})
            self._rows, self._kinds = [], Counter()

    def _put(self, value: Any) -> dict[str, int]:
        packed = zlib.compress(json.dumps(value, default=str).encode(), 1)
        place = {"at": self._offset, "bytes": len(packed)}
        self._parts.append(packed)
        self._offset += len(packed)
        return place

    def content(self, plates: dict[PlateKey, int]) -> bytes:
        """Return the kept file. plates: those of the good rows, (country, key) -> row."""
        self._close_part()
        known = self._put([[country, key, number] for (country, key), number in plates.items()])
        index = self._put({"parts": self._index, "plates": known})
        return b"".join(self._parts) + index["bytes"].to_bytes(_TAIL_BYTES, "big")


def _plain(fault: Fault) -> list[Any]:
    return [fault.column, fault.code, fault.value, dict(fault.params)]


class KeptRows:
    """A kept file that is open for reading; close it by closing its stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        end = stream.seek(-_TAIL_BYTES, 2)
        size = int.from_bytes(stream.read(_TAIL_BYTES), "big")
        index = self._get({"at": end - size, "bytes": size})
        self._parts: list[dict[str, Any]] = index["parts"]
        self._plates: dict[str, int] = index["plates"]

    def _get(self, place: dict[str, Any]) -> Any:
        self._stream.seek(place["at"])
        return json.loads(zlib.decompress(self._stream.read(place["bytes"])))

    def plates(self) -> dict[PlateKey, int]:
        """Return the plates of the good rows that no correction concerned."""
        return {(country, key): number for country, key, number in self._get(self._plates)}

    def count(self, kind: str | None = None) -> int:
        """Count the rows, or those with one kind of fault."""
        return sum(part["kinds"].get(kind, 0) if kind else part["rows"] for part in self._parts)

    def rows(self, kind: str | None = None, *, skip: int = 0) -> Iterator[KeptRow]:
        """Yield the rows, or those with one kind of fault, after so many."""
        for part in self._parts:
            inside = part["kinds"].get(kind, 0) if kind else part["rows"]
            if inside <= skip:
                skip -= inside
                continue
            for kept in map(_row, self._get(part)):
                if kind and kind not in {kind_of(fault) for fault in kept.checked.faults}:
                    continue
                if skip:
                    skip -= 1
                else:
                    yield kept

    def row(self, number: int) -> KeptRow | None:
        """Return the row with a number of the spreadsheet, if it is kept."""
        for part in self._parts:
            if part["first"] <= number <= part["last"]:
                return next((kept for kept in map(_row, self._get(part)) if kept.number == number), None)
        return None


def _row(kept: list[Any]) -> KeptRow:
    number, cells, faults, warnings, untouched = kept
    line = Line(number, tuple(cells))
    return KeptRow(CheckedRow(line, None, _faults(faults), _faults(warnings)), untouched)


def _faults(kept: list[list[Any]]) -> tuple[Fault, ...]:
    return tuple(Fault(column, code, value, params) for column, code, value, params in kept)
