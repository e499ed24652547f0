"""Adding, rebuilding, setting and removing territories."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from sqlalchemy import select

from portal import audit
from portal.audit import AuditTag
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.regulations.holidays import HolidayRegion
from portal.territories.models import ALL_TERRITORIES, DEFAULT_TIMEZONE, SLUG_PATTERN, Accent, Territory
from portal.territories.policies import refuses_operation, refuses_settings
from portal.territories.queries import BuildFacts, TerritoryView, builds_dir, territory_view

if TYPE_CHECKING:
    from portal.territories.pipeline import Built, Progress

SLUG_LENGTHS = (2, 40)
NAME_MAX_LENGTH = 120


@dataclass(frozen=True, slots=True)
class AddTerritory:
    """A territory to add: its names, its zone, and the extract it is built from."""

    slug: str
    name: str
    source: Path
    timezone: str = DEFAULT_TIMEZONE
    accent: Accent = Accent.BLUE
    contact_email: str = ""
    law_notice: str = ""
    is_demo: bool = False
    holidays: HolidayRegion = HolidayRegion.METROPOLE


@dataclass(frozen=True, slots=True)
class TerritorySettings:
    """What an administrator may set. version: of the territory the form was filled from."""

    name: str
    contact_email: str
    accent: Accent
    law_notice: str
    version: int
    holidays: HolidayRegion


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A territory after a build. already_built: the extract was the one in force, nothing changed."""

    territory: TerritoryView
    facts: BuildFacts
    already_built: bool


def add_territory(
    actor: Actor, command: AddTerritory, *, progress: Progress | None = None, clock: Clock = SYSTEM_CLOCK
) -> BuildResult:
    """Build a territory and open it.

    Raises Denied, Invalid (slug-format, slug-reserved, name-missing, name-long, timezone-unknown),
    Conflict("territory-exists"), BuildError; none leaves anything behind.
    """
    _require(refuses_operation(actor))
    _check_names(command)
    if _find(command.slug) is not None:
        raise Conflict("territory-exists", field="slug", slug=command.slug)
    built = _build(command.source, command.slug, progress, clock)
    with unit_of_work() as uow:
        if _find(command.slug) is not None:
            raise Conflict("territory-exists", field="slug", slug=command.slug)
        row = Territory(
            id=new_id(),
            slug=command.slug,
            name=command.name.strip(),
            timezone=command.timezone,
            holidays=command.holidays,
            accent=command.accent,
            contact_email=command.contact_email,
            law_notice=command.law_notice,
            is_demo=command.is_demo,
            created_at=clock.now(),
        )
        _switch(row, built)
        uow.session.add(row)
        # The journal's entry names the territory: the row must be there before it.
        uow.session.flush()
        data = {"slug": row.slug, "version": built.version}
        audit.record(actor, AuditTag.TERRITORY_ADDED, subject_id=row.id, territory_id=row.id, data=data, clock=clock)
        view = territory_view(row)
    return BuildResult(view, built.facts, already_built=False)


def rebuild_territory(
    actor: Actor, slug: str, source: Path, *, progress: Progress | None = None, clock: Clock = SYSTEM_CLOCK
) -> BuildResult:
    """Build a territory from another extract and switch to it; on any failure the build in force stays.

    Raises Denied, NotFound, BuildError, Conflict("build-running").
    """
    _require(refuses_operation(actor))
    _get(slug)
    built = _build(source, slug, progress, clock)
    with unit_of_work() as uow:
        row = _get(slug, lock=True)
        before = row.build_version
        if before == built.version:
            return BuildResult(territory_view(row), built.facts, already_built=True)
        _switch(row, built)
        uow.session.flush()
        audit.record(
            actor,
            AuditTag.TERRITORY_BUILT,
            subject_id=row.id,
            territory_id=row.id,
            data={"build_version": [before, built.version]},
            clock=clock,
        )
        _remove_old_after_commit(uow, slug, {version for version in (before, built.version) if version})
        view = territory_view(row)
    return BuildResult(view, built.facts, already_built=False)


def update_settings(
    actor: Actor, slug: str, command: TerritorySettings, *, clock: Clock = SYSTEM_CLOCK
) -> TerritoryView:
    """Change the settings of a territory. Raises Denied, NotFound, Invalid, Conflict("territory-changed")."""
    _require(refuses_settings(actor, slug))
    _check_name(command.name)
    with unit_of_work() as uow:
        row = _get(slug, lock=True)
        if row.version != command.version:
            raise Conflict("territory-changed", slug=slug)
        wanted = {
            "name": command.name.strip(),
            "contact_email": command.contact_email.strip(),
            "accent": command.accent,
            "law_notice": command.law_notice.strip(),
            "holidays": command.holidays,
        }
        changes = {key: [getattr(row, key), value] for key, value in wanted.items() if getattr(row, key) != value}
        for key, value in wanted.items():
            setattr(row, key, value)
        if changes:
            audit.record(
                actor,
                AuditTag.TERRITORY_UPDATED,
                subject_id=row.id,
                territory_id=row.id,
                data={key: [_plain(before), _plain(after)] for key, (before, after) in changes.items()},
                clock=clock,
            )
        # The view must carry the version the next form starts from.
        uow.session.flush()
        return territory_view(row)


def remove_territory(actor: Actor, slug: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Remove a territory, all that belongs to it, and its builds. Raises Denied, NotFound."""
    _require(refuses_operation(actor))
    with unit_of_work() as uow:
        row = _get(slug)
        audit.record(actor, AuditTag.TERRITORY_REMOVED, subject_id=row.id, data={"slug": slug}, clock=clock)
        uow.session.delete(row)
        folder = builds_dir(slug)
        uow.after_commit(lambda: shutil.rmtree(folder) if folder.exists() else None)


def _build(source: Path, slug: str, progress: Progress | None, clock: Clock) -> Built:
    # The builders are heavy, and only commands build: a web process never loads them.
    from portal.territories.pipeline import build

    return build(source, builds_dir(slug), progress, clock)


def _remove_old_after_commit(uow: UnitOfWork, slug: str, keep: set[str]) -> None:
    from portal.territories.pipeline import remove_old_builds

    folder = builds_dir(slug)
    uow.after_commit(lambda: remove_old_builds(folder, keep))


def _switch(row: Territory, built: Built) -> None:
    bounds = built.bounds
    row.build_version = built.version
    row.min_lon, row.min_lat = bounds.min_lon, bounds.min_lat
    row.max_lon, row.max_lat = bounds.max_lon, bounds.max_lat
    row.centre_lon, row.centre_lat = bounds.centre


def _check_names(command: AddTerritory) -> None:
    shortest, longest = SLUG_LENGTHS
    if not shortest <= len(command.slug) <= longest or not re.fullmatch(SLUG_PATTERN, command.slug):
        raise Invalid("slug-format", field="slug", slug=command.slug)
    if command.slug == ALL_TERRITORIES:
        raise Invalid("slug-reserved", field="slug", slug=command.slug)
    _check_name(command.name)
    if command.timezone not in available_timezones():
        raise Invalid("timezone-unknown", field="timezone", timezone=command.timezone)


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid("name-missing", field="name")
    if len(name.strip()) > NAME_MAX_LENGTH:
        raise Invalid("name-long", field="name", at_most=NAME_MAX_LENGTH)


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


def _find(slug: str) -> Territory | None:
    return session().scalar(select(Territory).where(Territory.slug == slug))


def _get(slug: str, *, lock: bool = False) -> Territory:
    """Return the row; lock: hold it until the transaction ends, for who will change it by what it says."""
    row = _find(slug)
    if row is not None and lock:
        session().refresh(row, with_for_update=True)
    if row is None:
        raise NotFound("territory-not-found", slug=slug)
    return row


def _require(refusal: str | None) -> None:
    if refusal is not None:
        raise Denied(refusal)
