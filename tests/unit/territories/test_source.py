"""Which extracts are accepted, and what is said of the others."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import osmium
import pytest

from portal.territories.build.errors import BuildError
from portal.territories.build.source import Bounds, prepare_source
from tests.support.extract import LAT, LON, Extract, village

EMPTY_OSM = b'<?xml version="1.0"?><osm version="0.6"></osm>'


def _street(position: str = 'lat="48.86"', identity: str = "1", points: int = 2) -> bytes:
    """An extract of one street, with one of its facts as a faulty program writes it."""
    nodes = (
        f'<node id="{identity}" {position} lon="2.36" version="1"/><node id="2" lat="48.87" lon="2.37" version="1"/>'
    )
    refs = "".join(f'<nd ref="{n + 1}"/>' for n in range(points))
    way = f'<way id="1" version="1">{refs}<tag k="highway" v="residential"/></way>'
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{way}</osm>'.encode()


def _pbf(folder: Path) -> bytes:
    return village().write(folder / "whole.osm.pbf").read_bytes()


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("village.osm", bytes),
        ("village.osm.gz", gzip.compress),
        ("village.osm.bz2", bz2.compress),
        ("VILLAGE.OSM", bytes),
    ],
)
def test_extract_is_accepted_when_it_is_xml_compressed_or_not(
    tmp_path: Path, name: str, wrap: Callable[[bytes], bytes]
) -> None:
    source = tmp_path / name
    source.write_bytes(wrap(village().xml().encode()))
    info = prepare_source(source, tmp_path / "out.osm.pbf")
    assert info.road_count == 5
    assert info.bounds.contains(LON, LAT)
    assert info.bounds.contains(LON + 0.004, LAT + 0.004)
    assert info.bounds.max_lon < LON + 0.006
    assert sum(1 for _ in osmium.FileProcessor(str(info.pbf), osmium.osm.WAY)) == 5


def test_extract_is_accepted_when_it_is_pbf(tmp_path: Path) -> None:
    source = village().write(tmp_path / "village.osm.pbf")
    assert prepare_source(source, tmp_path / "out.osm.pbf").road_count == 5


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nothing.osm", b"", "source-empty"),
        ("nothing.osm.pbf", b"", "source-empty"),
        ("empty.osm", EMPTY_OSM, "source-empty"),
        ("empty.osm.gz", gzip.compress(EMPTY_OSM, mtime=0), "source-empty"),
        ("binary.osm.pbf", bytes(range(256)) * 40, "source-broken"),
        ("binary.osm", bytes(range(256)) * 40, "source-broken"),
        ("page.osm", b"<html><body>not found</body></html>", "source-broken"),
        ("cut.osm", village().xml().encode()[:900], "source-broken"),
        ("cut.osm.gz", gzip.compress(village().xml().encode(), mtime=0)[:-200], "source-broken"),
        ("words.osm", _street(position='lat="north"'), "source-broken"),
        ("letters.osm", _street(identity="one"), "source-broken"),
        ("dot.osm", _street(points=1), "source-no-roads"),
        ("table.csv", b"a;b", "source-kind"),
        ("picture.png", b"\x89PNG", "source-kind"),
    ],
)
def test_extract_is_refused_when_it_cannot_be_read_whole(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildError) as caught:
        prepare_source(tmp_path / name, tmp_path / "out.osm.pbf")
    assert caught.value.code == code


def test_pbf_is_refused_when_it_is_cut_short(tmp_path: Path) -> None:
    whole = _pbf(tmp_path)
    (tmp_path / "cut.osm.pbf").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(BuildError) as caught:
        prepare_source(tmp_path / "cut.osm.pbf", tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-broken"


def test_extract_is_refused_when_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        prepare_source(tmp_path / "none.osm", tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-missing"


def test_extract_is_refused_when_it_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.osm.pbf").mkdir()
    with pytest.raises(BuildError) as caught:
        prepare_source(tmp_path / "folder.osm.pbf", tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-folder"


def test_extract_is_refused_when_it_has_no_road_for_vehicles(tmp_path: Path) -> None:
    plan = Extract()
    plan.way([(0, 0), (1, 1)], {"highway": "footway", "name": "Sentier"})
    with pytest.raises(BuildError) as caught:
        prepare_source(plan.write(tmp_path / "path.osm"), tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-no-roads"


def test_extract_is_refused_when_its_roads_have_no_positions(tmp_path: Path) -> None:
    plan = Extract()
    plan.node(0, 0)
    plan.way_of([901, 902], {"highway": "primary"})
    with pytest.raises(BuildError) as caught:
        prepare_source(plan.write(tmp_path / "bare.osm"), tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-no-positions"


def test_extract_is_refused_when_it_spans_a_country(tmp_path: Path) -> None:
    plan = Extract()
    plan.way([(0, 0), (12_000, 0)], {"highway": "primary"})
    with pytest.raises(BuildError) as caught:
        prepare_source(plan.write(tmp_path / "wide.osm"), tmp_path / "out.osm.pbf")
    assert caught.value.code == "source-too-wide"


def test_objects_are_put_in_order_when_the_extract_has_ways_first(tmp_path: Path) -> None:
    xml = village().xml()
    first_node, first_way = xml.index("<node"), xml.index("<way")
    mixed = xml[:first_node] + xml[first_way : -len("</osm>")] + xml[first_node:first_way] + "</osm>"
    (tmp_path / "mixed.osm").write_text(mixed, encoding="utf-8")
    info = prepare_source(tmp_path / "mixed.osm", tmp_path / "out.osm.pbf")
    kinds = [item.type_str() for item in osmium.FileProcessor(str(info.pbf))]
    assert kinds == sorted(kinds)
    assert info.road_count == 5


def test_bounds_ignore_a_road_that_runs_far_away(tmp_path: Path) -> None:
    plan = Extract()
    for row in range(30):
        plan.way([(x, row) for x in range(30)], {"highway": "residential"})
    plan.way([(0, 0), (300, 0)], {"highway": "motorway"})
    bounds = prepare_source(plan.write(tmp_path / "far.osm"), tmp_path / "out.osm.pbf").bounds
    assert bounds.max_lon < LON + 0.05


def test_real_extracts_have_the_bounds_of_their_header_or_roads(shared_data: Path, tmp_path: Path) -> None:
    paris = prepare_source(shared_data / "osm" / "paris_bss.osm.pbf", tmp_path / "paris.osm.pbf").bounds
    assert paris == Bounds(2.351499, 48.857557, 2.38072, 48.87)
    monaco = prepare_source(shared_data / "osm" / "monaco.osm.gz", tmp_path / "monaco.osm.pbf").bounds
    assert monaco.min_lon == pytest.approx(7.404, abs=0.01)
    assert monaco.max_lat == pytest.approx(43.752, abs=0.01)
