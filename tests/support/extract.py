"""Small OpenStreetMap extracts written by hand, for tests of the builders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium

LON, LAT = 2.36, 48.86
"""South-west corner of the plans; one step of a plan is 0.001 degree."""


class Extract:
    """Draws points and lines on a plan of whole or broken steps and writes them as `.osm`."""

    def __init__(self) -> None:
        self._nodes: list[str] = []
        self._ways: list[str] = []
        self._relations: list[str] = []
        self._next = 0

    def node(self, x: float, y: float, tags: Mapping[str, str] | None = None) -> int:
        """Add a point; return its id."""
        self._next += 1
        place = f'lat="{LAT + y / 1000:.7f}" lon="{LON + x / 1000:.7f}"'
        self._nodes.append(f'<node id="{self._next}" version="1" {place}>{_tags(tags or {})}</node>')
        return self._next

    def way(self, points: Sequence[tuple[float, float]], tags: Mapping[str, str], missing: Sequence[int] = ()) -> int:
        """Add a line, closed when it ends where it starts; `missing` are ids of nodes the extract does not hold."""
        ids: dict[tuple[float, float], int] = {}
        for point in points:
            if point not in ids:
                ids[point] = self.node(*point)
        refs = [ids[point] for point in points]
        return self.way_of([*refs, *missing], tags)

    def way_of(self, refs: Sequence[int], tags: Mapping[str, str]) -> int:
        """Add a line through known points; return its id."""
        self._next += 1
        nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self._ways.append(f'<way id="{self._next}" version="1">{nodes}{_tags(tags)}</way>')
        return self._next

    def relation(self, members: Sequence[tuple[str, int, str]], tags: Mapping[str, str]) -> None:
        """Add a relation of members (type, id, role)."""
        self._next += 1
        inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self._relations.append(f'<relation id="{self._next}" version="1">{inner}{_tags(tags)}</relation>')

    def xml(self) -> str:
        """Return the extract as OSM XML."""
        body = "".join([*self._nodes, *self._ways, *self._relations])
        return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{body}</osm>'

    def write(self, path: Path) -> Path:
        """Write the extract as `.osm`, or in any format pyosmium knows by its suffix."""
        plain = path if path.suffix == ".osm" else path.with_name("plain.osm")
        plain.write_text(self.xml(), encoding="utf-8")
        if plain != path:
            with osmium.SimpleWriter(str(path)) as writer:
                for item in osmium.FileProcessor(str(plain)):
                    writer.add(item)
        return path


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def village() -> Extract:
    """Return a village of four streets with houses: enough for every builder, built in less than a second."""
    plan = Extract()
    corners = {(x, y): plan.node(x, y) for x in (0, 2, 4) for y in (0, 2, 4)}
    streets = {
        "Rue de Bretagne": [(0, 0), (2, 0), (4, 0)],
        "Boulevard Saint-Martin": [(0, 2), (2, 2), (4, 2)],
        "Rue du Faubourg Saint-Denis": [(0, 0), (0, 2), (0, 4)],
        "Place de l’Hôtel-de-Ville": [(2, 0), (2, 2), (2, 4)],
        "Avenue du 8 Mai 1945": [(0, 4), (2, 4), (4, 4)],
    }
    for name, corners_of_street in streets.items():
        plan.way_of([corners[corner] for corner in corners_of_street], {"highway": "residential", "name": name})
    for number in (2, 4, 10, 12, 14, 20):
        plan.node(number / 6, 0.1, {"addr:housenumber": str(number), "addr:street": "Rue de Bretagne"})
    for number in (1, 3, 11):
        plan.node(number / 6, -0.1, {"addr:housenumber": str(number), "addr:street": "Rue de Bretagne"})
    town = {"addr:city": "Bourg-l’Essai", "addr:postcode": "75003"}
    plan.node(2.1, 0.1, {"addr:housenumber": "12 bis", "addr:street": "Rue de Bretagne", **town})
    plan.node(3.9, 3.9, {"place": "village", "name": "Bourg-l’Essai", "population": "1200"})
    plan.node(1.5, 1.5, {"amenity": "townhall", "name": "Mairie"})
    return plan
