"""The rows of a file as they were judged, kept beside it, so that the file is not read anew.

Those that need a person are found again by page, by kind of fault or by number; the good ones are there to be stored.
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
from portal.fleet.drafts import Fault, VehicleDraft
from portal.fleet.imports.good_rows import FIELDS, GIVEN, PlainRow, plain_row
from portal.sheets import Line

_ROWS_PER_PART = 250
_GOOD_ROWS_PER_PART = 2_000
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
        self._good: list[PlainRow] = []
        self._good_parts: list[dict[str, int]] = []
        self._given: dict[frozenset[str], int] = {}

    def add_good(self, draft: VehicleDraft) -> None:
        """Keep a row that can be stored, whatever the corrections of others."""
        row = plain_row(draft)
        # A file says the same columns again and again.
        row[GIVEN] = self._given.setdefault(draft.given, len(self._given))
        self._good.append(row)
        if len(self._good) >= _GOOD_ROWS_PER_PART:
            self._close_good_part()

    def _close_good_part(self) -> None:
        if self._good:
            self._good_parts.append(self._put(self._good))
            self._good = []

    def add(self, row: CheckedRow, *, untouched: bool) -> None:
        """Keep a row that needs a person."""
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
        self._close_good_part()
        # They are asked for when a row is corrected; where every row is good none will be.
        known = self._put([[*plate, number] for plate, number in plates.items()] if self._index else [])
        given = [sorted(columns) for columns in self._given]
        good = {"fields": FIELDS, "given": given, "parts": self._good_parts}
        index = self._put({"parts": self._index, "plates": known, "good": good})
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
        self._good: dict[str, Any] | None = index.get("good")
        self._opened: tuple[int, dict[int, KeptRow]] = (-1, {})

    def _get(self, place: dict[str, Any]) -> Any:
        self._stream.seek(place["at"])
        return json.loads(zlib.decompress(self._stream.read(place["bytes"])))

    def good_rows(self) -> Iterator[PlainRow] | None:
        """Yield the good rows that no correction concerned; None when another version of the portal kept them."""
        good = self._good
        return self._good_rows(good) if good is not None and good["fields"] == list(FIELDS) else None

    def _good_rows(self, good: dict[str, Any]) -> Iterator[PlainRow]:
        given = [frozenset(columns) for columns in good["given"]]
        for part in good["parts"]:
            for row in self._get(part):
                row[GIVEN] = given[row[GIVEN]]
                yield row

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
        """Return the row with a number of the spreadsheet, if it is kept.

        The part last unpacked is held: many rows asked for in their order cost one unpacking of each part.
        """
        for place, part in enumerate(self._parts):
            if part["first"] <= number <= part["last"]:
                if self._opened[0] != place:
                    self._opened = (place, {kept.number: kept for kept in map(_row, self._get(part))})
                return self._opened[1].get(number)
        return None


def _row(kept: list[Any]) -> KeptRow:
    number, cells, faults, warnings, untouched = kept
    line = Line(number, tuple(cells))
    return KeptRow(CheckedRow(line, None, _faults(faults), _faults(warnings)), untouched)


def _faults(kept: list[list[Any]]) -> tuple[Fault, ...]:
    return tuple(Fault(column, code, value, params) for column, code, value, params in kept)
