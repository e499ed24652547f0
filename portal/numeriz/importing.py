"""The one engine of imports: files are recognised, read record by record, and stored; a coded report says what landed.

Orders are stored one transaction each, with the note that they were read: whenever an import dies, whole orders are
there, and the next one goes on. Perimeters, bays and events of one file are one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.config import Settings
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz.imports.documents import check_plain, clean_text
from portal.numeriz.imports.formats import formats_of, recognise
from portal.numeriz.imports.reading import Draft, Format, Reading, ReadingContext, SourceFile, SourceRecord, Understood
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.models import TITLE_LENGTH
from portal.numeriz.storing.absence import Absence, absent_records, ask_scope, scope_read_elsewhere
from portal.numeriz.storing.bays import merge_bays
from portal.numeriz.storing.events import end_events, merge_events
from portal.numeriz.storing.live import live_events, live_orders
from portal.numeriz.storing.orders import (
    Change,
    WrittenOrder,
    check_order,
    merge_written,
    withdraw_orders,
)
from portal.numeriz.storing.perimeters import merge_perimeters
from portal.numeriz.storing.records import (
    AWAITED,
    BATCH,
    KnownRecord,
    RecordNote,
    await_records,
    forget_records,
    known_records,
    save_records,
    stored_issues,
)
from portal.numeriz.storing.reports import ImportIdentity, close_import, error_json
from portal.numeriz.storing.tally import Findings, Tally
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState, Issue, OrderDraft
from portal.territories.api import TerritoryView

AUTO = "auto"
MOST_VANISHED, MOST_EVENTS_VANISHED = "most-vanished", "most-events-vanished"
"""Codes of a file that lacks more than half of its source; it is worth another look."""

type Progress = Callable[[int, int], None]

# Perimeters and bays come in small files of which every record is read each time; their content tells what changed.
_REMEMBERED = frozenset({ImportKind.ORDERS, ImportKind.EVENTS})
_NO_OPTIONS: Mapping[str, str] = {}


def run_import(
    actor: Actor,
    territory: TerritoryView,
    kind: ImportKind,
    files: Sequence[SourceFile],
    *,
    format: str = AUTO,  # noqa: A002 the word of the command and of the page
    options: Mapping[str, str] = _NO_OPTIONS,
    feed_id: UUID | None = None,
    report_id: UUID | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Read files as one source and store what they hold; to be called outside any unit of work.

    A record that cannot be understood is skipped and reported; a file that breaks off is a partial import of what came
    before. A complete file of a source that holds everything withdraws what is absent, when that can be believed (see
    `storing.absence`). dry_run: nothing is stored, the counts are the same. progress: called with bytes read and in
    all. report_id: the waiting report to fill. Raises Invalid when nothing could be read: `unknown-layout`, and as the
    format does.
    """
    chosen = _chosen(kind, files, format)
    settings: Settings = current_app.extensions["settings"]
    context = ReadingContext(
        zone=ZoneInfo(territory.timezone),
        bounds=territory.bounds,
        now=clock.now(),
        most_bytes=settings.max_feed_bytes if chosen.streams else settings.max_upload_bytes,
        most_rows=settings.max_import_rows,
        own_url=settings.public_url,
        options=options,
    )
    names = ", ".join(clean_text(file.name, TITLE_LENGTH) for file in files)
    identity = ImportIdentity(actor, territory.id, kind, names, chosen.name, options, feed_id, report_id)
    run = _Run(identity, chosen.open(files, context), dry_run, progress, clock)
    return run.orders() if kind is ImportKind.ORDERS else run.together()


def _chosen(kind: ImportKind, files: Sequence[SourceFile], name: str) -> Format[Any]:
    if not files:
        raise Invalid("file-missing")
    for file in files:
        check_plain(file.head(), file=file.name)
    if name != AUTO:
        found = formats_of(kind).get(name)
    else:
        head = files[0].head()
        if not head.strip():
            raise Invalid("file-empty", file=files[0].name)
        found = recognise(kind, head, files[0].name)
    if found is None:
        raise Invalid("unknown-layout", file=files[0].name)
    return found


@dataclass(slots=True)
class _Run:
    """One import under way."""

    identity: ImportIdentity
    reading: Reading[Any]
    dry_run: bool
    progress: Progress | None
    clock: Clock
    tally: Tally = field(default_factory=lambda: Tally(Counter(), []))
    counts: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    seen: set[str] = field(default_factory=set)
    retold: dict[UUID, int] = field(default_factory=dict)
    error: Invalid | None = None
    doubted: bool = False

    # Orders: one transaction each.

    def orders(self) -> ImportOutcome:
        """Store each order as it is read."""
        known = self._known()
        not_kept: list[RecordNote] = []
        for record, understood in self._understood(known):
            note = self._note(record, understood)
            before = known.get(record.id)
            if understood.drafts or (before is not None and before.kept):
                self._order(record.id, understood, note)
            else:
                # No law in them: many together, so that a national feed costs a town little.
                not_kept.append(note)
                if len(not_kept) >= BATCH:
                    self._remember(not_kept)
                    not_kept.clear()
        self._remember(not_kept)
        kind, source, now = self.identity.kind, self.reading.source, self.clock.now()
        live = live_orders(self._territory_id, source, now)
        absent = self._absent(known, live).believed
        elsewhere = scope_read_elsewhere(self._territory_id, self.reading.snapshot)
        # What may have changed scope is not withdrawn before the other one was read; that reading decides.
        moved = {name for name in absent & live if elsewhere and known[name].digest != AWAITED}
        withdrawn = absent & live - moved
        if moved:
            self.counts["orders_awaited"] += len(moved)
        if self.dry_run:
            self._would_withdraw(len(withdrawn))
            return self._outcome()
        with unit_of_work() as uow:
            lock_law(uow, self._territory_id)
            tally = Tally(self.tally.counts, [])
            withdraw_orders(uow, self._territory_id, source, withdrawn, tally, now)
            forget_records(uow, self._territory_id, kind, source, absent - moved)
            if moved:
                await_records(uow, self._territory_id, kind, source, moved, elsewhere)
                ask_scope(uow, self._territory_id, elsewhere, now)
            if tally.changed:
                self.tally.changed = True
                bump_law(uow, self._territory_id, self.clock)
            return self._closed(uow)

    def _order(self, record_id: str, understood: Understood[Any], note: RecordNote) -> None:
        orders = [WrittenOrder(draft) for draft in understood.drafts]
        changes = [order.compare(self._territory_id)[0] for order in orders]
        if self.dry_run:
            self.tally.counts.update(change.value for change in changes)
            self.tally.changed |= any(change is not Change.UNCHANGED for change in changes)
            self._would_withdraw(0 if orders else 1)
            return
        now = self.clock.now()
        with unit_of_work() as uow:
            if any(change is not Change.UNCHANGED for change in changes):
                # The version is counted first: it makes other writers of this law wait.
                bump_law(uow, self._territory_id, self.clock)
                self.tally.changed = True
            else:
                lock_law(uow, self._territory_id)
            tally = Tally(self.tally.counts, [])
            if orders:
                merge_written(uow, self._territory_id, orders, tally, now)
            else:
                withdraw_orders(uow, self._territory_id, self.reading.source, [record_id], tally, now)
                if tally.changed:
                    self.tally.changed = True
                    bump_law(uow, self._territory_id, self.clock)
            save_records(uow, self._territory_id, self.identity.kind, self.reading.source, [note])

    def _would_withdraw(self, count: int) -> None:
        if count:
            self.tally.counts["orders_withdrawn"] += count
            self.tally.changed = True

    def _remember(self, notes: Sequence[RecordNote]) -> None:
        if notes and not self.dry_run:
            with unit_of_work() as uow:
                save_records(uow, self._territory_id, self.identity.kind, self.reading.source, notes)

    # Everything else: one transaction for the file.

    def together(self) -> ImportOutcome:
        """Read everything, then store it at once."""
        kind = self.identity.kind
        known = self._known() if kind in _REMEMBERED else {}
        drafts: list[Any] = []
        notes: list[RecordNote] = []
        for record, understood in self._understood(known):
            drafts += understood.drafts
            notes.append(self._note(record, understood))
        now = self.clock.now()
        try:
            with unit_of_work() as uow:
                lock_law(uow, self._territory_id)
                if kind is ImportKind.PERIMETERS:
                    merge_perimeters(uow, self._territory_id, drafts, self.tally, now)
                elif kind is ImportKind.BAYS:
                    merge_bays(uow, self._territory_id, drafts, self.tally, now)
                else:
                    self._events(uow, known, drafts, notes, now)
                uow.session.flush()  # constraints speak before the report says it is done
                if self.dry_run:
                    raise _Tried(self._outcome())
                if self.tally.changed:
                    bump_law(uow, self._territory_id, self.clock)
                return self._closed(uow)
        except _Tried as tried:
            return tried.outcome

    def _events(
        self,
        uow: UnitOfWork,
        known: Mapping[str, KnownRecord],
        drafts: Sequence[Any],
        notes: Sequence[RecordNote],
        now: datetime,
    ) -> None:
        source = self.reading.source
        merge_events(uow, self._territory_id, drafts, self.tally, now)
        save_records(uow, self._territory_id, ImportKind.EVENTS, source, notes)
        live = live_events(self._territory_id, source, now)
        absence = self._absent(known, live)
        # What now lies elsewhere, or says nothing that can be read, is no longer what was stored of it.
        left = {note.record_id for note in notes if not note.kept and note.record_id in known}
        end_events(uow, self._territory_id, source, (absence.believed & live) | left, self.tally, now)
        forget_records(uow, self._territory_id, ImportKind.EVENTS, source, absence.believed)
        await_records(uow, self._territory_id, ImportKind.EVENTS, source, absence.doubted)

    # Reading.

    @property
    def _territory_id(self) -> UUID:
        return self.identity.territory_id

    def _known(self) -> dict[str, KnownRecord]:
        return known_records(self._territory_id, self.identity.kind, self.reading.source)

    def _understood(self, known: Mapping[str, KnownRecord]) -> Iterator[tuple[SourceRecord[Draft], Understood[Draft]]]:
        """The records that are new or changed, each understood."""
        for record in self._records():
            if record.id in self.seen:
                self.findings.add([Issue("duplicate-record", {"name": record.id[:80]}, record.where)])
                continue
            self.seen.add(record.id)
            before = known.get(record.id)
            if before is not None and (before.digest, before.scope) == (record.digest, record.scope):
                self.counts["records_unchanged"] += 1
                self.retold[before.id] = record.where
                if len(self.retold) >= BATCH:
                    self._retell()
                continue
            try:
                understood = record.read()
                for draft in understood.drafts:
                    if isinstance(draft, OrderDraft):
                        check_order(draft)
            except Invalid as error:
                self.counts["records_skipped"] += 1
                params = {name: value if isinstance(value, int) else str(value) for name, value in error.params.items()}
                self.findings.add([Issue(error.code, params, record.where)])
                continue
            if not understood.drafts:
                self.counts["records_not_kept"] += 1
            yield record, understood
        self._retell()

    def _records(self) -> Iterator[SourceRecord[Draft]]:
        """Every record of the source; where it breaks off, the error is kept. Raises it when nothing came before."""
        step = max(self.reading.total_bytes // 100, 1)
        told = 0
        try:
            for record in self.reading.records:
                self.counts["records"] += 1
                yield record
                read = self.reading.read_bytes()
                if self.progress is not None and read - told >= step:
                    told = read
                    self.progress(read, self.reading.total_bytes)
        except Invalid as error:
            if not self.counts["records"]:
                raise
            self.error = error

    def _note(self, record: SourceRecord[Draft], understood: Understood[Draft]) -> RecordNote:
        """What to remember of a record; what is doubtful about it goes to the report."""
        said = [*understood.issues, *(issue for draft in understood.drafts for issue in draft.issues)]
        placed = (issue if issue.where is not None else replace(issue, where=record.where) for issue in said)
        issues = [*{(issue.code, str(issue.params), issue.where): issue for issue in placed}.values()]
        self.findings.add(issues)
        return RecordNote(record.id, record.scope, record.digest, bool(understood.drafts), issues)

    def _retell(self) -> None:
        self.findings.add(stored_issues(self.retold))
        self.retold.clear()

    # Ending.

    def _absent(self, known: Mapping[str, KnownRecord], live: set[str]) -> Absence:
        """What a complete source no longer holds; a doubt about it is told."""
        if self.error is not None or not self.reading.complete:
            return Absence()
        events = self.identity.kind is ImportKind.EVENTS
        found = absent_records(known, self.reading.snapshot, self.seen, live, second_time=events)
        if found.doubted:
            code = MOST_EVENTS_VANISHED if events else MOST_VANISHED
            self.findings.add([Issue(code, {"gone": len(found.doubted), "known": found.expected})])
            self.doubted = True
        return found

    def _outcome(self) -> ImportOutcome:
        self.findings.add([*self.reading.issues, *self.tally.issues])
        stored = {name: self.tally.counts[name] for name in sorted(self.tally.counts)}
        found = {name: number for name, number in self.counts.items() if number or name == "records"}
        counts = {**self.reading.counts, **found, **stored, "doubts": self.findings.doubts}
        all_known = self.counts["records"] == self.counts["records_unchanged"] and not self.doubted
        quiet = not self.tally.changed and (all_known or self.identity.kind not in _REMEMBERED)
        state = ImportState.PARTIAL if self.error else ImportState.UNCHANGED if quiet else ImportState.APPLIED
        return ImportOutcome(
            counts,
            self.findings.listed(),
            self.tally.changed,
            self.clock.now(),
            dict(self.findings.totals),
            state,
            error_json(self.error) if self.error else {},
        )

    def _closed(self, uow: UnitOfWork) -> ImportOutcome:
        outcome = self._outcome()
        return replace(outcome, report_id=close_import(uow, self.identity, outcome, self.clock))


class _Tried(Exception):
    """Raised to undo what was only tried; carries what it would have done."""

    def __init__(self, outcome: ImportOutcome) -> None:
        super().__init__("dry-run")
        self.outcome = outcome
