"""The map of streets and blocks as a planar graph that can be cut further.

Every block is a face; every street side belongs to one face. A cut inserts its ends into the streets
it meets, on both sides at once, so junctions are shared nodes by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from portal.territories.demo_town.plane import Point

Edge = tuple[int, int]


def edge_key(u: int, v: int) -> Edge:
    """Return the undirected name of an edge."""
    return (u, v) if u < v else (v, u)


class PlanarMap:
    """Nodes (metres), undirected edges with the number of their street, faces as counter-clockwise rings."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.degree: list[int] = []
        self.edge_street: dict[Edge, int] = {}
        self.face_left_of: dict[Edge, int] = {}
        self.rings: dict[int, list[int]] = {}
        self._next_face = 0

    def add_node(self, point: Point) -> int:
        """Add a node and return its number."""
        self.points.append(point)
        self.degree.append(0)
        return len(self.points) - 1

    def add_edge(self, u: int, v: int, street: int) -> None:
        """Add an edge of a street; adding it again changes nothing."""
        key = edge_key(u, v)
        if key not in self.edge_street:
            self.degree[u] += 1
            self.degree[v] += 1
            self.edge_street[key] = street

    def add_face(self, ring: list[int]) -> int:
        """Add a face given by the node numbers of its counter-clockwise ring; return its number."""
        face = self._next_face
        self._next_face += 1
        self.rings[face] = ring
        self._own(face)
        return face

    def ring_points(self, face: int) -> list[Point]:
        """Return the ring of a face as points."""
        points = self.points
        return [points[node] for node in self.rings[face]]

    def street_of(self, u: int, v: int) -> int:
        """Return the street number of the edge between two neighbouring nodes."""
        return self.edge_street[edge_key(u, v)]

    def insert_node(self, u: int, v: int, point: Point) -> int:
        """Put a new node on the edge u-v, in the rings of both sides; return its number."""
        node = self.add_node(point)
        self.degree[node] = 2
        street = self.edge_street.pop(edge_key(u, v))
        self.edge_street[edge_key(u, node)] = street
        self.edge_street[edge_key(node, v)] = street
        for a, b in ((u, v), (v, u)):
            face = self.face_left_of.pop((a, b), None)
            if face is not None:
                ring = self.rings[face]
                ring.insert(self._side_index(ring, a, b) + 1, node)
                self.face_left_of[(a, node)] = face
                self.face_left_of[(node, b)] = face
        return node

    def cut(self, face: int, a: int, b: int, inner: Sequence[Point], street: int) -> tuple[int, int]:
        """Cut a face along a new street from its node a to its node b; return both parts.

        The first part keeps the number of the face.
        """
        ring = self.rings[face]
        start = ring.index(a)
        ring = ring[start:] + ring[:start]
        turn = ring.index(b)
        middle = [self.add_node(point) for point in inner]
        path = [a, *middle, b]
        for u, v in pairwise(path):
            self.add_edge(u, v, street)
        self.rings[face] = ring[: turn + 1] + middle[::-1]
        other = self.add_face([*ring[turn:], a, *middle])
        self._own(face)
        return face, other

    def _own(self, face: int) -> None:
        ring = self.rings[face]
        last = ring[-1]
        for node in ring:
            self.face_left_of[(last, node)] = face
            last = node

    @staticmethod
    def _side_index(ring: list[int], a: int, b: int) -> int:
        """Return the index of a where it is followed by b (a ring may pass twice by one node)."""
        size = len(ring)
        for i, node in enumerate(ring):
            if node == a and ring[(i + 1) % size] == b:
                return i
        raise ValueError(f"nodes {a} and {b} do not follow each other")
