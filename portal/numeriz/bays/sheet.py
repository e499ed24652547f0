"""A spreadsheet of bays: which column is which, and what each row says. No database, no clock.

A row of which one cell is not understood is left out whole and told: half a bay would be shown as if it were known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import force_locale

from portal.common.errors import Invalid
from portal.numeriz.bays.columns import BY_KEY, COLUMNS, column_of, says_nothing
from portal.numeriz.bays.fields import BayFields, Bounds, read_place
from portal.numeriz.values import Issue
from portal.sheets import Line, read_lines

MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 100
_SOUGHT_IN: Final = 20
_SAMPLES: Final = 3
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class SheetTitle:
    """A column of the file. place: from 0; key: one of ours, "" when it is left aside; samples: some values."""

    place: int
    title: str
    key: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """What a row says: values by our key. located: its place is that of its address."""

    number: int
    values: Mapping[str, Any]
    place: tuple[float, float] | None
    located: bool = False

    @property
    def local_id(self) -> str:
        """The identifier of the file; of a bay without one, its place to the metre."""
        if self.values.get("local_id") or self.place is None:
            return str(self.values.get("local_id", ""))
        return f"{self.place[1]:.5f},{self.place[0]:.5f}"

    def fields(self, before: BayFields | None) -> BayFields | None:
        """The bay it describes over what is stored of it; None when nothing says where it is. Raises Invalid."""
        place = self.place or ((before.lon, before.lat) if before else None)
        if place is None:
            return None
        known = {} if before is None else {name: getattr(before, name) for name in BayFields.__dataclass_fields__}
        said = {key: value for key, value in self.values.items() if key in BayFields.__dataclass_fields__}
        found = BayFields(**{**known, **said, "lon": place[0], "lat": place[1], "local_id": self.local_id})
        found.check()
        return found


@dataclass(slots=True)
class SheetRead:
    """The rows that are understood, and what is wrong with the others."""

    rows: list[SheetRow] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    refused: int = 0

    def refuse(self, issue: Issue) -> None:
        """Leave a row out and say why."""
        self.issues.append(issue)
        self.refused += 1


def lines_of(content: bytes) -> list[Line]:
    """The lines of a file that hold something. Raises Invalid as `read_lines`."""
    lines = read_lines(
        content,
        max_rows=MOST_ROWS,
        max_columns=MOST_COLUMNS,
        is_header=lambda text: column_of(text) is not None,
    )
    return [line for line in lines if not line.blank]


def titles_of(lines: Sequence[Line]) -> tuple[int, tuple[SheetTitle, ...]]:
    """The number of the line of titles and the columns under it, each proposed as the one of ours it names.

    Raises Invalid("no-header") when no line names two columns, ("no-row") when nothing stands below.
    """
    known = [(len({c.key for cell in line.cells if (c := column_of(cell))}), line) for line in lines[:_SOUGHT_IN]]
    most, header = max(known, key=lambda pair: pair[0], default=(0, None))
    if header is None or most < 2:
        raise Invalid("no-header")
    body = [line for line in lines if line.number > header.number]
    if not body:
        raise Invalid("no-row")
    taken: set[str] = set()
    titles = []
    for place, title in enumerate(header.cells):
        samples = [line.cells[place] for line in body[:_SHOWN] if place < len(line.cells) and line.cells[place]]
        if not title and not samples:
            continue
        found = column_of(title)
        key = found.key if found is not None and found.key not in taken else ""
        taken.add(key)
        titles.append(SheetTitle(place, title, key, tuple(dict.fromkeys(samples))[:_SAMPLES]))
    return header.number, tuple(titles)


def check_choice(chosen: Mapping[int, str]) -> None:
    """Raise Invalid: column-twice (params: column), column-unknown, place-column-missing."""
    counts = Counter(key for key in chosen.values() if key)
    for key, count in counts.items():
        if key not in BY_KEY:
            raise Invalid("column-unknown")
        if count > 1:
            raise Invalid("column-twice", column=str(BY_KEY[key].label))
    if not ({"lat", "lon"} <= counts.keys() or "position" in counts or "address" in counts or "local_id" in counts):
        raise Invalid("place-column-missing")


def read_rows(lines: Iterable[Line], header: int, chosen: Mapping[int, str], bounds: Bounds | None) -> SheetRead:
    """Read the rows below the titles. chosen: our key by place of the column."""
    read = SheetRead()
    seen: set[str] = set()
    for line in lines:
        if line.number > header:
            row = _row(line, chosen, bounds, read)
            if row is None:
                continue
            if row.local_id and row.local_id in seen:
                read.refuse(Issue("bay-row-twice", {"name": row.local_id[:_SHOWN]}, line.number))
                continue
            seen.add(row.local_id)
            read.rows.append(row)
    return read


def _row(line: Line, chosen: Mapping[int, str], bounds: Bounds | None, read: SheetRead) -> SheetRow | None:
    values: dict[str, Any] = {}
    for place, key in chosen.items():
        text = line.cells[place] if place < len(line.cells) else ""
        if key not in BY_KEY or says_nothing(text):
            continue
        try:
            values[key] = BY_KEY[key].read(text)
        except Invalid:
            column = str(BY_KEY[key].label)
            read.refuse(Issue("bay-row-unread", {"column": column, "value": text[:_SHOWN]}, line.number))
            return None
    try:
        found = _place(values, bounds)
    except Invalid as error:
        code = "bay-row-outside" if error.code == "place-outside" else "bay-row-unplaced"
        read.refuse(Issue(code, {"name": _name(values)}, line.number))
        return None
    return SheetRow(line.number, values, found)


def _place(values: dict[str, Any], bounds: Bounds | None) -> tuple[float, float] | None:
    lat, lon, both = values.pop("lat", ""), values.pop("lon", ""), values.pop("position", "")
    if lat and lon:
        return read_place(lat, lon, bounds)
    return read_place(both, "", bounds) if both else None


def _name(values: Mapping[str, Any]) -> str:
    return str(values.get("local_id") or values.get("address") or "")[:_SHOWN]


def sample_lines() -> tuple[list[str], list[str]]:
    """The titles and one row of the sample file."""
    shown = [column for column in COLUMNS if column.example]
    with force_locale("fr"):  # the file is read back by its French titles, whatever the language of the page
        return [str(column.label) for column in shown], [column.example for column in shown]
