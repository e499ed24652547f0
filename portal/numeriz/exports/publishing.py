"""Making the files of open data: one pass over the law writes them all, one transaction puts them in place.

Nothing is made in a request. A job makes the files of a scope (a territory, or "portail" for all of them) beside those
in place; readers see the old ones until the new rows are durable, and the old files go after that.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import delete, insert, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import UnitOfWork, session
from portal.files import file_store
from portal.jobs import JobState, RunningJob, enqueue, latest_job, task
from portal.numeriz.bays.suspensions import bounds_passed
from portal.numeriz.exports.bearings import Bearing, street_bearings
from portal.numeriz.exports.channels import CHANNELS
from portal.numeriz.exports.edition import Edition, Place, Source, Writer
from portal.numeriz.exports.rows import bays_of, events_of, orders_of, perimeters_of, sources_of
from portal.numeriz.law.memory import law_version
from portal.numeriz.models import Publication
from portal.territories.api import ALL_TERRITORIES, TerritoryView, get_territory, list_territories

PUBLISH_JOB = "numeriz.publish"
AREA = "open-data"
LAYOUT = 1
"""Raised when a file is written otherwise than before, so that all are made again."""

# Between two makings of a scope: an import changes the law some thousand times.
LEAST_APART = timedelta(minutes=1)
APART_AFTER_FAILURE = timedelta(minutes=10)
_READINGS = 3
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """A file made and stored, not yet in place. etag: SHA-256 of its bytes."""

    channel: str
    file_key: str
    etag: str
    size_bytes: int
    record_count: int


def territories_of(scope: str) -> Sequence[TerritoryView]:
    """The territories of a scope. Raises NotFound("territory-not-found")."""
    return list_territories() if scope == ALL_TERRITORIES else [get_territory(scope)]


def content_version(scope: str, now: datetime) -> str:
    """The version of what the files of a scope say: the law of each territory, its build, the day, and the layout.

    The day counts because what is over leaves the files; so do bays that went out of use or came back.
    """
    parts = [
        f"{found.slug}={law_version(found.id)}@{found.build_version}+{bounds_passed(found.id, now)}"
        for found in territories_of(scope)
    ]
    told = "\n".join([str(LAYOUT), f"{now.astimezone(UTC):%Y-%m-%d}", _settings().public_url, *parts])
    return hashlib.sha256(told.encode()).hexdigest()


@task(PUBLISH_JOB, timeout_s=3600)
def publish(job: RunningJob, scope: str) -> None:
    """Make the files of a scope and put them in place of the old ones."""
    job.progress("writing")
    version, produced_at, made = make_files(scope, SYSTEM_CLOCK)
    try:
        with job.finish() as uow:
            put_in_place(uow, scope, version, produced_at, made)
    except BaseException:
        # Nobody will ever name them.
        for found in made:
            file_store().delete(found.file_key)
        raise


def publish_due(clock: Clock = SYSTEM_CLOCK) -> Sequence[str]:
    """Ask for the files of every scope that says something else now; return those scopes.

    A scope whose job waits or runs is left alone, and so is one made a moment ago: the last change is published with
    those before it.
    """
    now = clock.now()
    asked = []
    for scope in [*(found.slug for found in list_territories()), ALL_TERRITORIES]:
        versions = set(session().scalars(select(Publication.law_version).where(Publication.scope == scope)))
        if versions == {content_version(scope, now)} or not _may_publish(scope, now):
            continue
        enqueue(PUBLISH_JOB, {"scope": scope})
        asked.append(scope)
    return asked


def _may_publish(scope: str, now: datetime) -> bool:
    last = latest_job(PUBLISH_JOB, {"scope": scope})
    if last is None:
        return True
    if not last.state.ended:
        return False
    apart = LEAST_APART if last.state is JobState.DONE else APART_AFTER_FAILURE
    return now - last.created_at >= apart


def make_files(scope: str, clock: Clock) -> tuple[str, datetime, Sequence[Made]]:
    """Write every file of a scope from one reading of its law, and store them.

    Returns the version they say, the instant, and the files. When the law changes during the reading it is read again;
    the last reading stands under the version it began with, so that the next round makes the files anew.
    """
    for left in reversed(range(_READINGS)):
        now = clock.now()
        version = content_version(scope, now)
        with tempfile.TemporaryDirectory(prefix="open-data-") as folder, force_locale("fr"):
            counts = _write(scope, now, Path(folder))
            if left and content_version(scope, now) != version:
                continue
            return version, now, [_stored(Path(folder), name, count) for name, count in counts.items()]
    raise AssertionError("the last reading always stands")


def _write(scope: str, now: datetime, folder: Path) -> dict[str, int]:
    """Write the files of a scope into a folder, each under the name of its channel; return how much each says."""
    territories = territories_of(scope)
    places = [_place(found) for found in territories]
    sources: set[Source] = {source for place in places for source in sources_of(place, now)}
    edition = Edition(
        scope,
        territories[0].name if scope != ALL_TERRITORIES else "Joptimiz",
        now,
        _settings().public_url,
        tuple(sorted(sources, key=lambda source: (source.name, source.licence))),
    )
    with ExitStack() as files:
        writers = {
            channel.name: channel.open(
                files.enter_context((folder / channel.name).open("wb")), edition, _bearings(territories)
            )
            for channel in CHANNELS
        }
        for place in places:
            _hand_over(place, now, list(writers.values()))
        for writer in writers.values():
            writer.close()
    return {name: writer.records for name, writer in writers.items()}


def _hand_over(place: Place, now: datetime, writers: Sequence[Writer]) -> None:
    for order in orders_of(place, now):
        for writer in writers:
            writer.order(order)
    for perimeter in perimeters_of(place, now):
        for writer in writers:
            writer.perimeter(perimeter)
    for bay in bays_of(place, now):
        for writer in writers:
            writer.bay(bay)
    for event in events_of(place, now):
        for writer in writers:
            writer.event(event)


def _place(territory: TerritoryView) -> Place:
    return Place(territory.id, territory.slug, territory.name, ZoneInfo(territory.timezone), territory.holidays)


def _bearings(territories: Sequence[TerritoryView]) -> Callable[[Place], Bearing]:
    """The directions of streets, read when the first bay of a place asks."""
    by_id = {found.id: found for found in territories}

    @cache
    def of(territory_id: UUID) -> Bearing:
        return street_bearings(by_id[territory_id])

    return lambda place: of(place.id)


def _stored(folder: Path, name: str, count: int) -> Made:
    path = folder / name
    seen = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            seen.update(chunk)
    return Made(name, file_store().put_file(AREA, path), seen.hexdigest(), path.stat().st_size, count)


def put_in_place(uow: UnitOfWork, scope: str, version: str, produced_at: datetime, made: Sequence[Made]) -> None:
    """Replace the rows of a scope; the files they named go once this is durable."""
    old = list(uow.session.scalars(select(Publication.file_key).where(Publication.scope == scope)))
    uow.session.execute(delete(Publication).where(Publication.scope == scope))
    territory_id = None if scope == ALL_TERRITORIES else get_territory(scope).id
    uow.session.execute(
        insert(Publication),
        [
            {
                "id": new_id(),
                "territory_id": territory_id,
                "scope": scope,
                "channel": found.channel,
                "law_version": version,
                "file_key": found.file_key,
                "etag": found.etag,
                "size_bytes": found.size_bytes,
                "record_count": found.record_count,
                "produced_at": produced_at,
            }
            for found in made
        ],
    )
    store = file_store()
    for key in old:
        uow.after_commit(partial(store.delete, key))


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file in place. etag: SHA-256 of its bytes."""

    channel: str
    etag: str
    size_bytes: int
    record_count: int
    produced_at: datetime
    file_key: str

    def open(self) -> BinaryIO:
        """Open its bytes; raises NotFound when a newer one took its place a moment ago."""
        return file_store().open(self.file_key)


def published_files(scope: str) -> dict[str, PublishedFile]:
    """The files of a scope in place, by channel."""
    rows = session().scalars(
        select(Publication).where(Publication.scope == scope).execution_options(populate_existing=True)
    )
    return {
        row.channel: PublishedFile(
            row.channel, row.etag, row.size_bytes, row.record_count, row.produced_at, row.file_key
        )
        for row in rows
    }


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
