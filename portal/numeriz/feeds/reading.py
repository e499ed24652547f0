"""Reading a feed once: download what is new, import it, and note how it went. Used by the job and by the command."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select

from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, PortalError
from portal.config import Settings
from portal.db import UnitOfWork, session
from portal.numeriz.feeds.fetching import Fetched, FetchRules, fetch
from portal.numeriz.feeds.register import FeedView, retry_delay
from portal.numeriz.importing import MOST_EVENTS_VANISHED, MOST_VANISHED, run_import
from portal.numeriz.imports.reading import HEAD_BYTES, SourceFile
from portal.numeriz.models import Feed, ImportReport
from portal.numeriz.storing.absence import awaits_reading
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState
from portal.territories.api import TerritoryView, get_territory_by_id

INCREMENTS = "increments"
"""Option of a feed: `1` when numbered files with what is new since stand beside the whole one, as Bison Futé does."""

READ_AS = "read_as"
"""In the position of a feed: digest of what decided how it was last read, beside its content."""

FETCHING, READING = "fetching", "reading"
_IMPORTS = Path(__file__).with_name("imports")
_WHOLE_EVERY = timedelta(hours=1)
_MOST_INCREMENTS = 300
_KEPT_REPORTS = 200
# The whole file says which increment it includes: <feedType>3491704</feedType>, in any namespace.
_NUMBER = re.compile(rb"<(?:\w+:)?feedType[^<>]*>\s*(\d{1,15})\s*<")

type Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FeedReading:
    """How one reading went. outcome None: nothing new came, or it failed.

    error: code and parameters of what went wrong, empty when nothing did; wanted_s: the rest the source asked for.
    """

    at: datetime
    outcome: ImportOutcome | None = None
    error: Mapping[str, Any] = field(default_factory=dict)
    wanted_s: float = 0.0
    etag: str = ""
    last_modified: str = ""
    position: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Download:
    """Files to import in their order (none: nothing new), and what to remember once they are."""

    files: Sequence[SourceFile]
    etag: str
    last_modified: str
    position: Mapping[str, Any]


def fetch_rules() -> FetchRules:
    """The rules of the running application."""
    settings: Settings = current_app.extensions["settings"]
    return FetchRules(settings.feed_hosts, settings.max_feed_bytes)


def read_feed(feed: FeedView, progress: Progress | None = None, clock: Clock = SYSTEM_CLOCK) -> FeedReading:
    """Download and import a feed; whatever goes wrong with the source is told, not raised.

    To be called outside any unit of work: an import is several. `settle` writes the rest. progress: step, done, total.
    """
    told = progress or (lambda _step, _done, _total: None)
    row = session().get_one(Feed, feed.id)
    etag, last_modified, position = row.etag, row.last_modified, dict(row.position)
    territory = get_territory_by_id(feed.territory_id)
    read_as = _read_as(territory)
    if position.get(READ_AS) != read_as or awaits_reading(territory.id, feed.kind, feed.options):
        # The same content is to be understood otherwise, or to settle what another feed left open.
        etag, last_modified, position = "", "", {}
    with tempfile.TemporaryDirectory(prefix="joptimiz-feed-") as folder:
        source = _Source(feed.url, Path(folder), fetch_rules(), told)
        try:
            if feed.options.get(INCREMENTS) == "1":
                download = source.numbered(etag, last_modified, position, clock.now())
            else:
                download = source.whole(etag, last_modified, position)
            outcome = _import(feed, territory, download, told, clock) if download.files else None
        except PortalError as error:
            wanted_s = error.params.get("retry_after_s")
            return FeedReading(
                clock.now(),
                None,
                {"code": error.code, "params": {name: str(value) for name, value in error.params.items()}},
                float(wanted_s) if isinstance(wanted_s, int) else 0.0,
                etag,
                last_modified,
                position,
            )
    if outcome is not None and outcome.state is ImportState.PARTIAL:
        # Without marks the same file comes again: the rest of it was not read.
        return FeedReading(clock.now(), outcome, outcome.error, position=position)
    position = {**download.position, READ_AS: read_as}
    if outcome is not None and not {MOST_VANISHED, MOST_EVENTS_VANISHED}.isdisjoint(outcome.issue_counts):
        # Without marks too: a doubt about the source is settled by its next answer, even the same one.
        return FeedReading(clock.now(), outcome, position=position)
    return FeedReading(
        clock.now(),
        outcome,
        etag=download.etag,
        last_modified=download.last_modified,
        position=position,
    )


def _read_as(territory: TerritoryView) -> str:
    """Digest of all that decides how a file is read: where and when the territory is, and the readers themselves."""
    decides = [territory.bounds, territory.timezone, _readers_digest()]
    return hashlib.sha256(repr(decides).encode()).hexdigest()


@cache
def _readers_digest() -> str:
    found = hashlib.sha256()
    for path in sorted(_IMPORTS.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _options(feed: FeedView) -> dict[str, str]:
    """How a feed is read. Events always have a source of their own: that of the same address, whatever it holds."""
    options = {name: value for name, value in feed.options.items() if name != INCREMENTS}
    if feed.kind is ImportKind.EVENTS:
        host = (urlsplit(feed.url).hostname or "")[:20]
        options.setdefault("source", f"{host}-{hashlib.sha256(feed.url.encode()).hexdigest()[:6]}")
    return options


def _import(
    feed: FeedView, territory: TerritoryView, download: _Download, told: Progress, clock: Clock
) -> ImportOutcome:
    return run_import(
        system_actor("feed"),
        territory,
        feed.kind,
        download.files,
        format=feed.format,
        options=_options(feed),
        feed_id=feed.id,
        progress=lambda done, total: told(READING, done, total),
        clock=clock,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """The address of a feed, and where its files land."""

    url: str
    folder: Path
    rules: FetchRules
    told: Progress

    def whole(self, etag: str, last_modified: str, position: Mapping[str, Any]) -> _Download:
        """The one file of the feed, when it is new."""
        name = Path(urlsplit(self.url).path).name or "source"
        found, file = self._fetch(self.url, name, etag, last_modified)
        return _Download(
            [file] if found.changed else [], found.etag or etag, found.last_modified or last_modified, position
        )

    def numbered(self, etag: str, last_modified: str, position: Mapping[str, Any], now: datetime) -> _Download:
        """The whole file once an hour, and the increments that follow it or what was read last.

        They are read together: what only an increment tells is absent from the whole file, and has not ended.
        """
        number, whole_at = position.get("number"), position.get("whole_at")
        files: list[SourceFile] = []
        if number is None or whole_at is None or now - datetime.fromisoformat(whole_at) >= _WHOLE_EVERY:
            whole = self.whole(etag, last_modified, position)
            files += whole.files
            etag, last_modified, whole_at = whole.etag, whole.last_modified, now.isoformat()
            number = _number_of(files[0].path) if files else number
            if number is None:
                raise Invalid("feed-number-missing")
        reached = int(number)
        for following in range(reached + 1, reached + 1 + _MOST_INCREMENTS):
            try:
                _found, file = self._fetch(urljoin(self.url, f"{following}.xml"), f"{following}.xml", "", "")
            except Invalid as error:
                if error.code == "feed-missing":
                    break  # not written yet; or lost, and then the next whole file holds it
                raise
            files.append(file)
            reached = following
        return _Download(files, etag, last_modified, {"number": reached, "whole_at": whole_at})

    def _fetch(self, url: str, name: str, etag: str, last_modified: str) -> tuple[Fetched, SourceFile]:
        file = SourceFile(name, self.folder / f"{len(list(self.folder.iterdir()))}")
        found = fetch(
            url,
            file.path,
            self.rules,
            etag=etag,
            last_modified=last_modified,
            progress=_seldom(lambda done, total: self.told(FETCHING, done, total)),
        )
        return found, file


def settle(uow: UnitOfWork, feed_id: UUID, reading: FeedReading) -> None:
    """Write in the feed how a reading went and when the next one is due; nothing when the feed was removed."""
    row = uow.session.get(Feed, feed_id, populate_existing=True, with_for_update=True)
    if row is None:
        return
    row.job_id = None
    row.etag, row.last_modified, row.position = reading.etag, reading.last_modified, dict(reading.position)
    if reading.outcome is not None and reading.outcome.changed:
        row.changed_at = reading.at
    row.error = dict(reading.error)
    row.failures = row.failures + 1 if reading.error else 0
    if not reading.error:
        row.checked_at = reading.at
    if row.every_s is None or not row.active:
        row.next_at = None
    elif reading.error:
        row.next_at = reading.at + retry_delay(row.every_s, row.failures, reading.wanted_s)
    else:
        row.next_at = reading.at + timedelta(seconds=row.every_s)
    _forget_old_reports(uow, feed_id)


def _forget_old_reports(uow: UnitOfWork, feed_id: UUID) -> None:
    """Keep the newest reports of a feed: one that is read every five minutes would write a hundred thousand a year."""
    mine = select(ImportReport.id).where(ImportReport.feed_id == feed_id)
    newest = mine.order_by(ImportReport.created_at.desc(), ImportReport.id.desc()).offset(_KEPT_REPORTS).limit(1000)
    old = uow.session.scalars(newest).all()
    if old:
        uow.session.execute(delete(ImportReport).where(ImportReport.id.in_(old)))


def _number_of(path: Path) -> int | None:
    with path.open("rb") as stream:
        found = _NUMBER.search(stream.read(HEAD_BYTES))
    return int(found[1]) if found else None


def _seldom(tell: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Tell of each megabyte, not of each packet."""
    last = -1

    def told(done: int, total: int) -> None:
        nonlocal last
        if done >> 20 != last:
            last = done >> 20
            tell(done, total)

    return told
