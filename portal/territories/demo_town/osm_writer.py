"""Writes a town as an OpenStreetMap file, always the same bytes for the same town."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

from portal.territories.demo_town.plane import Point
from portal.territories.demo_town.town import Tags, Town

Progress = Callable[[str, float], None]


class _Ids:
    """Numbers nodes in writing order; points of areas and lines that coincide share a node."""

    def __init__(self, first_free: int) -> None:
        self._next = first_free
        self._known: dict[Point, int] = {}

    def of(self, point: Point) -> tuple[int, bool]:
        """Return (node number, it is new)."""
        known = self._known.get(point)
        if known is not None:
            return known, False
        number = self._next
        self._next += 1
        self._known[point] = number
        return number, True

    def fresh(self) -> int:
        """Return a number for a node of its own."""
        self._next += 1
        return self._next - 1


def write_osm_pbf(town: Town, path: Path | str, progress: Progress | None = None) -> None:
    """Write the town to `path` (format by suffix: .osm.pbf, .osm). An existing file is replaced.

    progress: called with a step name and a share from 0 to 1. Raises OSError when the file cannot be written.
    """
    header = osmium.io.Header()
    header.add_box(
        osmium.osm.Box(
            osmium.osm.Location(town.bounds[0], town.bounds[1]), osmium.osm.Location(town.bounds[2], town.bounds[3])
        )
    )
    header.set("generator", "joptimiz demo-town")
    report = progress or (lambda _step, _share: None)
    try:
        writer = osmium.SimpleWriter(str(path), header=header, overwrite=True)
    except RuntimeError as error:
        raise OSError(str(error)) from error
    try:
        _write(writer, town, report)
    finally:
        writer.close()


def _write(writer: osmium.SimpleWriter, town: Town, report: Progress) -> None:
    ids = _Ids(len(town.nodes) + 1)
    shapes: list[tuple[list[int], Tags]] = []
    relations: list[tuple[list[list[int]], Tags]] = []
    for number, point in enumerate(town.nodes, 1):
        writer.add_node(Node(id=number, version=1, location=point))
    report("nodes", 0.2)

    def reference(points: tuple[Point, ...], *, closed: bool) -> list[int]:
        numbers = []
        for point in points:
            number, is_new = ids.of(point)
            if is_new:
                writer.add_node(Node(id=number, version=1, location=point))
            numbers.append(number)
        return [*numbers, numbers[0]] if closed else numbers

    for area in town.areas:
        rings = [reference(ring, closed=True) for ring in area.rings]
        if len(rings) == 1:
            shapes.append((rings[0], area.tags))
        else:
            relations.append((rings, area.tags))
    shapes.extend((reference(line.points, closed=False), line.tags) for line in town.lines)
    report("areas", 0.6)
    for spot in town.spots:
        writer.add_node(Node(id=ids.fresh(), version=1, location=spot.point, tags=dict(spot.tags)))
    for address in town.addresses:
        tags = {
            "addr:housenumber": address.number,
            "addr:street": address.street,
            "addr:postcode": town.postcode,
            "addr:city": town.name,
        }
        writer.add_node(Node(id=ids.fresh(), version=1, location=(address.lon, address.lat), tags=tags))
    report("addresses", 0.75)
    _write_ways(writer, town, shapes, relations)
    report("ways", 1.0)


def _write_ways(
    writer: osmium.SimpleWriter,
    town: Town,
    shapes: list[tuple[list[int], Tags]],
    relations: list[tuple[list[list[int]], Tags]],
) -> None:
    way = 0
    for road in town.roads:
        way += 1
        writer.add_way(Way(id=way, version=1, nodes=[n + 1 for n in road.nodes], tags=dict(road.tags)))
    for nodes, tags in shapes:
        way += 1
        writer.add_way(Way(id=way, version=1, nodes=nodes, tags=dict(tags)))
    multipolygons = []
    for rings, tags in relations:
        members = []
        for index, ring in enumerate(rings):
            way += 1
            writer.add_way(Way(id=way, version=1, nodes=ring, tags={}))
            members.append(("w", way, "outer" if index == 0 else "inner"))
        multipolygons.append((members, tags))
    relation = 0
    for turn in town.restrictions:
        relation += 1
        members = [("w", turn.from_road + 1, "from"), ("n", turn.via_node + 1, "via"), ("w", turn.to_road + 1, "to")]
        tags_ = {"type": "restriction", "restriction": turn.kind}
        writer.add_relation(Relation(id=relation, version=1, members=members, tags=tags_))
    for members, tags in multipolygons:
        relation += 1
        writer.add_relation(
            Relation(id=relation, version=1, members=members, tags={"type": "multipolygon", **dict(tags)})
        )
