"""What a reader of an outside format gives to the engine: a stream of records, each read only when it must be.

Extract: a `Format` opens files and yields `SourceRecord`s. Transform: `SourceRecord.read` turns one record into drafts
in our own words (`portal.numeriz.values`). Load: the engine (`portal.numeriz.importing`) stores them. A reader touches
no database, no network and no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.numeriz.values import BayDraft, EventDraft, ImportKind, Issue, OrderDraft, PerimeterDraft

type Bounds = tuple[float, float, float, float]
type Draft = OrderDraft | EventDraft | PerimeterDraft | BayDraft

HEAD_BYTES = 65_536
"""How much of a file is looked at to recognise its format."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. name: as the person knows it, shown in the report; path: where its bytes are."""

    name: str
    path: Path

    def head(self) -> bytes:
        """The first bytes, to recognise the format."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What a reader needs to know beside the files.

    zone: local clock of the territory. bounds: its box (west, south, east, north), None before its first build. now:
    to tell what has ended. own_url: public address of this portal, whose own exports are not read back. options: what
    the person or the feed sets, by name (each format documents its own).
    """

    zone: ZoneInfo
    bounds: Bounds | None
    now: datetime
    most_bytes: int
    most_rows: int
    own_url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Understood[D: Draft]:
    """What became of one record: drafts to store (none: not kept, and `issues` says why)."""

    drafts: tuple[D, ...]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRecord[D: Draft]:
    """One record of a source, not yet understood.

    id: stable within the source. digest: SHA-256 of its text and of everything that decides how it is read (version of
    the reader, options, bounds): an equal digest means nothing is to be done. where: its place in the file, from 1.
    scope: the part of the source it stands in ("" when the source has no parts). read: may raise Invalid, which skips
    this record alone, with its code in the report.
    """

    id: str
    digest: str
    where: int
    read: Callable[[], Understood[D]]
    scope: str = ""


@dataclass(slots=True)
class Reading[D: Draft]:
    """An opened source.

    records: read once, in the order of the file; raises Invalid when the rest of the file cannot be read. snapshot:
    scopes of which the file holds everything, so that what is absent has been withdrawn; empty: absence says nothing.
    Filled while reading: `issues` about the whole, `counts` by name, `complete` once the end was reached.
    """

    format: str
    source: str
    records: Iterator[SourceRecord[D]]
    snapshot: frozenset[str] = frozenset()
    issues: list[Issue] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    complete: bool = False
    total_bytes: int = 0
    read_bytes: Callable[[], int] = lambda: 0


@dataclass(frozen=True, slots=True)
class Format[D: Draft]:
    """One outside format. recognises: looks at the head of a file and its name; open: raises Invalid at once when the
    files cannot be this format. Every format refuses a file over `ReadingContext.most_bytes`.

    streams: reads in constant memory, and so may be given the largest files.
    """

    name: str
    kind: ImportKind
    recognises: Callable[[bytes, str], bool]
    open: Callable[[Sequence[SourceFile], ReadingContext], Reading[D]]
    streams: bool = False
