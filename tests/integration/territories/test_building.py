"""A territory is built, switched, kept and removed."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import AuditTag, list_entries
from portal.common.actor import ANONYMOUS, system_actor
from portal.common.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.config import Settings
from portal.db import session
from portal.territories import api, pipeline
from portal.territories.api import AddTerritory
from portal.territories.models import ALL_TERRITORIES, Territory
from tests.support.extract import LAT, LON, village
from tests.support.territories import lay_builds

ACTOR = system_actor("test")


@pytest.fixture(autouse=True)
def builds(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of builds, empty after each test."""
    name = "database" if "database" in request.fixturenames else "app"
    flask_app: Flask = request.getfixturevalue(name)
    settings: Settings = flask_app.extensions["settings"]
    yield settings.territories_dir
    for territory in list(api.list_territories()):
        api.remove_territory(ACTOR, territory.slug)


def _state(builds: Path) -> list[str]:
    """The builds of the village; other tests of the run may keep theirs beside it."""
    return sorted(str(path.relative_to(builds)) for path in builds.glob("bourg/*") if path.name != ".lock")


@pytest.fixture
def standing(app: Flask, village_source: Path, village_builds: Path) -> api.BuildResult:
    """The village as a territory, with the build made once for the run."""
    lay_builds(app, village_builds, "bourg")
    return _add(village_source)


def _add(source: Path, slug: str = "bourg") -> api.BuildResult:
    return api.add_territory(ACTOR, AddTerritory(slug, "Bourg-l’Essai", source))


def test_territory_serves_its_graph_map_and_addresses_when_added(database: Flask, village_source: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    command = AddTerritory("bourg", " Bourg-l’Essai ", village_source)
    result = api.add_territory(ACTOR, command, progress=lambda *step: steps.append(step))
    territory = api.get_territory("bourg")
    assert territory == result.territory == api.get_territory_by_id(territory.id)
    assert territory.name == "Bourg-l’Essai"
    assert territory.bounds is not None
    west, south, east, north = territory.bounds
    assert west < LON < LON + 0.004 < east
    assert south < LAT < LAT + 0.004 < north
    assert territory.graph_dir is not None
    assert len(api.load_edges(territory.graph_dir)) == result.facts.directed_edge_count > 0
    assert territory.basemap_path is not None
    assert territory.basemap_path.read_bytes()[:7] == b"PMTiles"
    hit = api.geocode("bourg", "12 bis rue de bretagne")
    assert hit is not None
    assert hit.label == "12 bis Rue de Bretagne, 75003 Bourg-l’Essai"
    assert list(dict.fromkeys(name for name, _, _ in steps)) == list(pipeline.STEPS)
    assert api.get_build_facts(territory) == result.facts
    assert [entry.tag for entry in list_entries(territory_id=territory.id).items] == [AuditTag.TERRITORY_ADDED]


def test_nothing_is_built_when_the_extract_is_the_one_in_force(
    standing: api.BuildResult, village_source: Path, builds: Path
) -> None:
    first = standing
    before = _state(builds)
    again = api.rebuild_territory(ACTOR, "bourg", village_source)
    assert again.already_built
    assert again.territory == first.territory
    assert again.facts == first.facts
    assert _state(builds) == before


def test_new_build_is_served_and_the_last_one_kept_when_rebuilt(
    standing: api.BuildResult, larger_source: Path, builds: Path, tmp_path: Path
) -> None:
    first = standing.territory.build_version
    second = api.rebuild_territory(ACTOR, "bourg", larger_source)
    assert not second.already_built
    assert api.geocode("bourg", "rue nouvelle") is not None
    assert _state(builds) == sorted([f"bourg/{first}", f"bourg/{second.territory.build_version}"])
    plan = village()
    plan.way([(0, 6), (4, 6)], {"highway": "residential", "name": "Rue Encore"})
    third = api.rebuild_territory(ACTOR, "bourg", plan.write(tmp_path / "third.osm"))
    versions = [second.territory.build_version, third.territory.build_version]
    assert _state(builds) == sorted(f"bourg/{version}" for version in versions)
    tags = [entry.tag for entry in list_entries(territory_id=third.territory.id).items]
    assert tags == [AuditTag.TERRITORY_BUILT, AuditTag.TERRITORY_BUILT, AuditTag.TERRITORY_ADDED]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm", b""),
        ("binary.osm.pbf", bytes(range(256)) * 50),
        ("cut.osm", village().xml().encode()[:700]),
        ("notes.txt", b"not a map"),
        ("none.osm.gz", None),
    ],
)
def test_running_territory_is_untouched_when_the_new_extract_is_bad(
    standing: api.BuildResult, builds: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    before = standing.territory
    files = _state(builds)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        api.rebuild_territory(ACTOR, "bourg", tmp_path / name)
    assert api.get_territory("bourg") == before
    assert _state(builds) == files


def test_nothing_is_left_behind_when_a_new_territory_cannot_be_built(builds: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.osm").write_text('<?xml version="1.0"?><osm version="0.6"/>')
    with pytest.raises(Invalid):
        _add(tmp_path / "empty.osm")
    assert session().scalars(select(Territory)).all() == []
    assert not (builds / "bourg").exists()


@pytest.mark.parametrize(
    "fault", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OSError(errno.EDQUOT, "quota")], ids=["disk", "quota"]
)
def test_full_disk_is_named_and_the_territory_untouched(
    standing: api.BuildResult, larger_source: Path, builds: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError
) -> None:
    before = standing.territory
    files = _state(builds)

    def no_space(*_arguments: object, **_named: object) -> None:
        raise fault

    monkeypatch.setattr(pipeline, "build_basemap", no_space)
    with pytest.raises(PortalError) as caught:
        api.rebuild_territory(ACTOR, "bourg", larger_source)
    assert caught.value.code == "disk-full"
    assert api.get_territory("bourg") == before
    assert _state(builds) == files


def test_leftover_of_a_killed_build_is_cleared_when_building_again(
    standing: api.BuildResult, larger_source: Path, builds: Path
) -> None:
    leftover = builds / "bourg" / "0123456789abcdef-1.partial"
    (leftover / "graph").mkdir(parents=True)
    api.rebuild_territory(ACTOR, "bourg", larger_source)
    assert not leftover.exists()


def test_build_is_refused_when_another_process_builds_the_same_territory(
    standing: api.BuildResult, larger_source: Path, builds: Path
) -> None:
    with (builds / "bourg" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict) as caught:
            api.rebuild_territory(ACTOR, "bourg", larger_source)
    assert caught.value.code == "build-running"


@pytest.mark.parametrize(
    "slug", ["B", "b", "Bourg", "bo urg", "-bourg", "bourg-", "bo--urg", "é" * 3, "../x", "x" * 41]
)
def test_slug_is_refused_when_it_is_not_kebab_case(village_source: Path, builds: Path, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        _add(village_source, slug)
    assert caught.value.code == "slug-format"


def test_slug_is_refused_when_it_stands_for_all_territories(village_source: Path, builds: Path) -> None:
    with pytest.raises(Invalid) as caught:
        _add(village_source, ALL_TERRITORIES)
    assert caught.value.code == "slug-reserved"


@pytest.mark.parametrize(
    ("name", "timezone", "code"),
    [
        (" ", "Europe/Paris", "name-missing"),
        ("n" * 121, "Europe/Paris", "name-long"),
        ("n", "Paris", "timezone-unknown"),
    ],
)
def test_territory_is_refused_when_its_settings_are_wrong(
    village_source: Path, name: str, timezone: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        api.add_territory(ACTOR, AddTerritory("bourg", name, village_source, timezone))
    assert caught.value.code == code


def test_slug_is_refused_when_taken(standing: api.BuildResult, village_source: Path) -> None:
    with pytest.raises(Conflict):
        _add(village_source)


def test_files_and_row_are_gone_when_removed(database: Flask, village_source: Path, builds: Path) -> None:
    _add(village_source)
    api.remove_territory(ACTOR, "bourg")
    with pytest.raises(NotFound):
        api.get_territory("bourg")
    assert not (builds / "bourg").exists()


def test_only_who_runs_the_portal_builds(village_source: Path) -> None:
    with pytest.raises(Denied):
        api.add_territory(ANONYMOUS, AddTerritory("bourg", "Bourg", village_source))
    with pytest.raises(Denied):
        api.rebuild_territory(ANONYMOUS, "bourg", village_source)
    with pytest.raises(Denied):
        api.remove_territory(ANONYMOUS, "bourg")
