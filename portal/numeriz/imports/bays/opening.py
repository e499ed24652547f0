"""What every bay file asks: a table, lines read one by one, places checked, one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from portal.common.errors import Invalid
from portal.numeriz.codec import digest
from portal.numeriz.imports.areas import Bounds, swapped
from portal.numeriz.imports.bays.cells import Cells
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.reading import Format, Reading, ReadingContext, SourceFile, SourceRecord, Understood
from portal.numeriz.imports.tables import Row, first_row_of, headers_of, read_table
from portal.numeriz.values import BayDraft, ImportKind, Issue

type Lines = list[Cells]

_REJECTED: Final = frozenset({"bay-without-id", "bay-without-place", "not-a-delivery-bay"})


@dataclass(frozen=True, slots=True)
class BayLayoutOfFile:
    """A layout of columns. columns: those by which it is told. key: what makes several lines one bay.

    read: the bay of the lines of one key; None when they are none, and then their issues say why. sample: tells apart
    layouts with the same columns by the first line. maker: address of the portal that published a line, if it says so.
    """

    name: str
    columns: frozenset[str]
    read: Callable[[Lines, str], BayDraft | None]
    key: Callable[[Row], str] = lambda row: str(row.line)
    sample: Callable[[Mapping[str, str]], bool] = lambda _first: True
    maker: Callable[[Row], str] = lambda _row: ""

    def format(self) -> Format[BayDraft]:
        """The layout as a format."""
        return Format(self.name, ImportKind.BAYS, self._recognises, self._open)

    def _recognises(self, head: bytes, _name: str) -> bool:
        return self.columns <= set(headers_of(head)) and self.sample(first_row_of(head))

    def _open(self, files: Sequence[SourceFile], context: ReadingContext) -> Reading[BayDraft]:
        found: list[SourceRecord[BayDraft]] = []
        issues: list[Issue] = []
        counts: Counter[str] = Counter()
        for file in files:
            try:
                table = read_table(file, context)
                if not self.columns <= table.rows[0].columns.keys():
                    raise Invalid("unknown-layout")
                issues += table.issues
                counts["lines"] += len(table.rows)
                found += self._records(table.rows, context, counts)
            except Invalid as error:
                raise Invalid(error.code, error.field, **{**error.params, "file": clean_text(file.name, 80)}) from error
        size = sum(file.path.stat().st_size for file in files)
        reading: Reading[BayDraft] = Reading(
            self.name, self.name, iter(()), issues=issues, counts=counts, total_bytes=size
        )
        reading.records = _told(found, reading)
        return reading

    def _records(
        self, rows: Iterable[Row], context: ReadingContext, counts: Counter[str]
    ) -> Iterator[SourceRecord[BayDraft]]:
        """Read everything at once: a file whose axes are exchanged must not be half believed."""
        groups: dict[str, Lines] = {}
        own_url = context.own_url.rstrip("/")
        for row in rows:
            if own_url and self.maker(row) == own_url:
                own: Understood[BayDraft] = Understood((), (Issue("own-export", where=row.line),))
                yield SourceRecord(f"line {row.line}", digest([row.cells]), row.line, _given(own))
                continue
            groups.setdefault(self.key(row), []).append(Cells(row))
        seen: set[str] = set()
        for lines in groups.values():
            line = lines[0].row.line
            draft = self.read(lines, self.name)
            issues = [issue for cells in lines for issue in cells.issues]
            if draft is not None:
                issues += _place_issues(draft, context.bounds, line)
                draft = replace(draft, issues=tuple(Issue(issue.code, issue.params) for issue in issues))
                counts["duplicates"] += draft.local_id in seen
                counts["bays"] += draft.local_id not in seen
                seen.add(draft.local_id)
            codes = {issue.code for issue in issues}
            counts["rejected"] += bool(codes & _REJECTED)
            counts["outside"] += "outside-territory" in codes
            understood = Understood(() if draft is None else (draft,), tuple(issues) if draft is None else ())
            yield SourceRecord(
                f"line {line}" if draft is None else draft.local_id,
                digest([lines[0].row.cells]),
                line,
                _given(understood),
            )


def _given(understood: Understood[BayDraft]) -> Callable[[], Understood[BayDraft]]:
    return lambda: understood


def _told(records: Iterable[SourceRecord[BayDraft]], reading: Reading[BayDraft]) -> Iterator[SourceRecord[BayDraft]]:
    yield from records
    reading.complete = True


def _place_issues(draft: BayDraft, bounds: Bounds | None, line: int) -> list[Issue]:
    """Doubts about where a bay lies. Raises Invalid(`coordinates-swapped`)."""
    if bounds is None:
        return []
    if swapped((draft.lon, draft.lat, draft.lon, draft.lat), bounds):
        raise Invalid("coordinates-swapped", where=line)
    west, south, east, north = bounds
    inside = west <= draft.lon <= east and south <= draft.lat <= north
    return [] if inside else [Issue("outside-territory", where=line)]
