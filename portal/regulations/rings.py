"""A perimeter drawn as a ring: whoever has to go to the core has a reason to cross the ring of the same event.

The blue polygons of 2024 are rings around a red or grey core: the two touch and neither lies in the other (measured on
the 377 blue records whose event has a core, docs/adr/021). A stop in the core is then a stop inside the ring. A core
may itself be drawn as a ring around a stricter one: the ring around both is the ring of the inner one too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import shapely

from portal.regulations.geometry import grown
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.snapshot import LawSnapshot

_TOUCH_M: Final = 1.0
_OF_NOBODY: Final = frozenset({Motorised.FREE, Motorised.JUSTIFIED})


def with_rings(law: LawSnapshot, ids: frozenset[str]) -> frozenset[str]:
    """The ids of regulations, and those of the rings around the perimeters among them.

    It says what a trip is for, never what is closed: a place in the core does not bear the rule of the ring.
    """
    rings = _rings(law)
    return ids.union(*(rings[perimeter_id] for perimeter_id in ids if perimeter_id in rings))


def cores_of(law: LawSnapshot, perimeter_id: str) -> frozenset[str]:
    """The perimeters that a ring surrounds; none when it is not a ring."""
    return frozenset(core for core, rings in _rings(law).items() if perimeter_id in rings)


@lru_cache(maxsize=8)
def _rings(law: LawSnapshot) -> dict[str, frozenset[str]]:
    """By id of a core, the ids of the rings of the same event around it: those that touch it, or a core that does."""
    of_event: defaultdict[str, list[Perimeter]] = defaultdict(list)
    for perimeter in law.perimeters.values():
        if perimeter.event and not perimeter.shape.is_empty:
            of_event[perimeter.event].append(perimeter)
    found: dict[str, frozenset[str]] = {}
    for perimeters in of_event.values():
        rings = [p for p in perimeters if p.access.motorised is Motorised.JUSTIFIED]
        cores = [p for p in perimeters if p.access.motorised not in _OF_NOBODY] if rings else []
        for core in cores:
            around = _touching(core, cores)
            ids = frozenset(ring.id for one in around for ring in rings if _adjoin(one, ring) and _together(core, ring))
            if ids:
                found[core.id] = ids
    return found


def _touching(core: Perimeter, cores: Sequence[Perimeter]) -> list[Perimeter]:
    """A core and those that touch it, or touch one that does, while it is active."""
    found, left = [core], [other for other in cores if other is not core and _together(core, other)]
    for one in found:
        near = [other for other in left if _adjoin(one, other)]
        found += near
        left = [other for other in left if other not in near]
    return found


def _together(core: Perimeter, ring: Perimeter) -> bool:
    return any(
        (two.end is None or one.start < two.end) and (one.end is None or two.start < one.end)
        for one in core.activations
        for two in ring.activations
    )


def _adjoin(one: Perimeter, other: Perimeter) -> bool:
    if not grown(one.shape, _TOUCH_M).intersects(shapely.box(*other.shape.bounds)):
        return False
    return bool(shapely.distance(one.shape, other.shape) * _METRES_PER_DEGREE <= _TOUCH_M)


# Along a meridian; along a parallel a degree is shorter, and the two are then nearer than this says.
_METRES_PER_DEGREE: Final = 111_195.0
