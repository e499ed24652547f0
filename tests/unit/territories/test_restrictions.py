"""Which roads of an extract are kept for the law, and how they are read back."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from portal.common.errors import Unavailable
from portal.territories.build.restrictions import build_restrictions
from portal.territories.restrictions import TaggedRoad, read_restrictions
from tests.support.extract import Extract, village


def _packed(content: bytes) -> bytes:
    """Packed without the hour: these bytes name a test, which every worker must name alike."""
    return gzip.compress(content, mtime=0)


def _built(plan: Extract, folder: Path, name: str = "restrictions.jsonl.gz") -> Path:
    out = folder / name
    build_restrictions(plan.write(folder / "plan.osm.pbf"), out)
    return out


def test_a_road_is_kept_as_drawn_when_it_has_a_restriction(tmp_path: Path) -> None:
    plan = village()
    tags = {"highway": "residential", "name": "Rue Basse", "maxheight": "3.5", "hgv:conditional": "no @ (Su)"}
    way = plan.way([(1, 1), (2, 1.5)], {**tags, "surface": "sett", "source": "survey"})
    out = tmp_path / "out.gz"
    assert build_restrictions(plan.write(tmp_path / "plan.osm.pbf"), out) == 1
    [road] = read_restrictions(out)
    assert road == TaggedRoad(way, tags, ((2.361, 48.861), (2.362, 48.8615)))


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "residential"},
        {"highway": "residential", "oneway": "yes", "maxspeed": "30"},
        {"highway": "footway", "motor_vehicle": "no"},
        {"highway": "cycleway", "access": "no"},
        {"highway": "construction", "access": "no"},
        {"railway": "rail", "maxheight": "4"},
        {"building": "yes", "access": "private"},
    ],
)
def test_a_way_is_left_out_when_it_is_no_road_or_says_nothing_of_goods(tmp_path: Path, tags: dict[str, str]) -> None:
    plan = village()
    plan.way([(1, 1), (2, 1.5)], tags)
    assert list(read_restrictions(_built(plan, tmp_path))) == []


def test_a_road_is_cut_where_the_extract_ends_when_points_are_missing(tmp_path: Path) -> None:
    plan = village()
    plan.way([(1, 1), (2, 1)], {"highway": "service", "maxheight": "3"}, missing=[990, 991])
    plan.way([(1, 2)], {"highway": "service", "maxheight": "2"}, missing=[992])
    [road] = read_restrictions(_built(plan, tmp_path))
    assert len(road.coords) == 2


def test_the_same_extract_gives_the_same_bytes_when_it_is_built_again(tmp_path: Path) -> None:
    plan = village()
    plan.way([(1, 1), (2, 1)], {"highway": "service", "maxheight": "3"})
    (tmp_path / "again").mkdir()
    name = "restrictions.jsonl.gz"
    assert _built(plan, tmp_path).read_bytes() == _built(plan, tmp_path / "again", name).read_bytes()


def test_there_is_no_restriction_when_the_build_is_older_than_they_are(tmp_path: Path) -> None:
    assert list(read_restrictions(tmp_path / "none.jsonl.gz")) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"not gzip", _packed(b'{"way_id":1}\n'), _packed(b"[1, 2]\n"), _packed(b"{}" * 99)[:-9]],
    ids=["empty", "plain", "keys", "list", "cut"],
)
def test_a_damaged_file_is_refused_when_it_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bourg" / "version" / "restrictions.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(Unavailable) as refused:
        list(read_restrictions(path))
    assert refused.value.code == "build-missing"


def test_the_counts_are_those_of_the_file_when_the_extract_is_paris(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "paris.gz"
    # Counted in the extract itself; of a 14th conditional and an 8th height the extract holds one point only.
    assert build_restrictions(shared_data / "osm/paris_bss.osm.pbf", out) == 70
    roads = list(read_restrictions(out))
    assert sum("motor_vehicle:conditional" in road.tags for road in roads) == 13
    assert sum("maxheight" in road.tags for road in roads) == 7
    assert sum("maxweight" in road.tags for road in roads) == 1
    assert sum("maxwidth" in road.tags for road in roads) == 1
