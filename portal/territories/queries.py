"""Reading territories; every view is frozen and carries the paths of the build that is in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from flask import current_app
from sqlalchemy import Row, bindparam, select

from portal.common.errors import NotFound, Unavailable
from portal.config import Settings
from portal.db import session
from portal.regulations.holidays import HolidayRegion
from portal.territories.build.errors import BuildError
from portal.territories.build.graph import read_graph_info
from portal.territories.models import Accent, Territory

GRAPH_NAME = "graph"
BASEMAP_NAME = "basemap.pmtiles"
ADDRESSES_NAME = "addresses.sqlite"
RESTRICTIONS_NAME = "restrictions.jsonl.gz"
BUILD_NAME = "build.json"


@dataclass(frozen=True, slots=True)
class TerritoryView:
    """A territory as other contexts see it.

    bounds: (west, south, east, north); centre: (lon, lat); degrees WGS84. Both are None, as are the paths, until the
    territory has been built.
    """

    id: UUID
    slug: str
    name: str
    timezone: str
    holidays: HolidayRegion
    bounds: tuple[float, float, float, float] | None
    centre: tuple[float, float] | None
    accent: Accent
    build_version: str | None
    graph_dir: Path | None
    basemap_path: Path | None
    addresses_path: Path | None
    restrictions_path: Path | None
    contact_email: str
    law_notice: str
    is_demo: bool
    version: int


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What the build in force holds, for the administrator. Sizes in bytes.

    restriction_count: roads with a restriction of OpenStreetMap; 0 in builds made before they were kept.
    missing_edge_count: directed sections that vehicles may drive but the engine did not name, so that neither the law
    nor a route knows them; None in builds made before they were counted.
    """

    version: str
    built_at: datetime
    source_name: str
    size_bytes: int
    directed_edge_count: int
    street_count: int
    address_count: int
    place_count: int
    incomplete_objects: int
    restriction_count: int = 0
    missing_edge_count: int | None = None

    def as_json(self) -> str:
        """Return the facts as the text kept beside the build."""
        return json.dumps({**asdict(self), "built_at": self.built_at.isoformat()}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> BuildFacts:
        """Read what `as_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "built_at": datetime.fromisoformat(values["built_at"])})


def get_territory(slug: str) -> TerritoryView:
    """Return the territory of a slug; raises NotFound("territory-not-found")."""
    row = session().scalar(select(Territory).where(Territory.slug == slug))
    if row is None:
        raise NotFound("territory-not-found", slug=slug)
    return territory_view(row)


# Each scan of a pass asks this: made once, plain columns.
_COLUMNS = Territory.__table__.c
_BY_ID = select(*_COLUMNS).where(_COLUMNS.id == bindparam("territory_id"))


def get_territory_by_id(territory_id: UUID) -> TerritoryView:
    """Return the territory of an id; raises NotFound("territory-not-found")."""
    session().flush()
    row = session().connection().execute(_BY_ID, {"territory_id": territory_id}).one_or_none()
    if row is None:
        raise NotFound("territory-not-found", territory_id=str(territory_id))
    settings: Settings = current_app.extensions["settings"]
    return _same_view(row, settings.territories_dir)


@lru_cache(maxsize=64)
def _same_view(row: Row[Any], _territories: Path) -> TerritoryView:
    """Equal rows give one view: what a row holds, read a moment ago, is all that counts."""
    return territory_view(row)


def list_territories() -> Sequence[TerritoryView]:
    """Return all territories in the order of their names. A portal holds tens of them, never thousands."""
    return [
        territory_view(row) for row in session().scalars(select(Territory).order_by(Territory.name, Territory.slug))
    ]


def get_build_facts(territory: TerritoryView) -> BuildFacts | None:
    """Return what the build in force says of itself; None before the first build.

    Raises Unavailable("build-missing") when its folder is not on this machine.
    """
    if territory.graph_dir is None:
        return None
    try:
        return BuildFacts.from_json((territory.graph_dir.parent / BUILD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unavailable("build-missing", slug=territory.slug) from error


def get_graph_version(territory: TerritoryView) -> str | None:
    """Return the version of the road graph in force; None before the first build, or when it is not on this machine."""
    if territory.graph_dir is None:
        return None
    try:
        return _graph_version(territory.graph_dir)
    except BuildError:
        return None


@lru_cache(maxsize=64)
def _graph_version(graph_dir: Path) -> str:
    """A finished build never changes."""
    return read_graph_info(graph_dir).version


class _Paths(NamedTuple):
    """Where the parts of one build are."""

    graph: Path | None = None
    basemap: Path | None = None
    addresses: Path | None = None
    restrictions: Path | None = None


_NO_PATHS = _Paths()


@lru_cache(maxsize=64)
def _paths(territories: Path, slug: str, version: str) -> _Paths:
    folder = territories / slug / version
    return _Paths(folder / GRAPH_NAME, folder / BASEMAP_NAME, folder / ADDRESSES_NAME, folder / RESTRICTIONS_NAME)


def territory_view(row: Territory | Row[Any]) -> TerritoryView:
    """Return the frozen view of a row."""
    settings: Settings = current_app.extensions["settings"]
    paths = _paths(settings.territories_dir, row.slug, row.build_version) if row.build_version else _NO_PATHS
    built = row.min_lon is not None
    return TerritoryView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        timezone=row.timezone,
        holidays=row.holidays,
        bounds=(row.min_lon, row.min_lat, row.max_lon, row.max_lat) if built else None,  # type: ignore[arg-type]
        centre=(row.centre_lon, row.centre_lat) if built else None,  # type: ignore[arg-type]
        accent=row.accent,
        build_version=row.build_version,
        graph_dir=paths.graph,
        basemap_path=paths.basemap,
        addresses_path=paths.addresses,
        restrictions_path=paths.restrictions,
        contact_email=row.contact_email,
        law_notice=row.law_notice,
        is_demo=row.is_demo,
        version=row.version,
    )


def build_folder(slug: str, version: str) -> Path:
    """Return the folder of one build of a territory."""
    return builds_dir(slug) / version


def builds_dir(slug: str) -> Path:
    """Return the folder that holds a territory's builds."""
    settings: Settings = current_app.extensions["settings"]
    return settings.territories_dir / slug
