"""A blue ring and its core: a stop in the core is a reason to cross the ring, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from portal.regulations.perimeters import AccessPolicy, Colour, Motorised, Perimeter
from portal.regulations.rings import cores_of, with_rings
from tests.support.law import law_of, perimeter

CORE_SHAPE = shapely.box(2.30, 48.80, 2.31, 48.81)
RING_SHAPE = shapely.box(2.29, 48.79, 2.32, 48.82).difference(CORE_SHAPE)
CORE = perimeter(Colour.RED, id="core", shape=CORE_SHAPE)
RING = perimeter(Colour.BLUE, id="ring", shape=RING_SHAPE)


def test_a_ring_counts_when_a_stop_is_in_its_core():
    law = law_of(CORE, RING)
    assert with_rings(law, frozenset({"core", "street"})) == {"core", "street", "ring"}
    assert with_rings(law, frozenset({"ring"})) == {"ring"}
    assert cores_of(law, "ring") == {"core"} and cores_of(law, "core") == frozenset()


@pytest.mark.parametrize(
    ("core", "ring"),
    [
        (CORE, replace(RING, event="Judo")),
        (CORE, replace(RING, event="")),
        (CORE, replace(RING, shape=shapely.box(2.32, 48.79, 2.33, 48.82))),
        (CORE, perimeter(Colour.BLUE, ("2024-07-28 10:00", "2024-07-28 20:00"), id="ring", shape=RING_SHAPE)),
        (CORE, replace(RING, policy=AccessPolicy(Motorised.PASS_REQUIRED))),
        (replace(CORE, policy=AccessPolicy(Motorised.FREE)), RING),
    ],
    ids=["other-event", "no-event", "apart", "other-day", "pass-required", "free-core"],
)
def test_a_ring_does_not_count_when_it_is_not_around_that_core(core: Perimeter, ring: Perimeter):
    assert with_rings(law_of(core, ring), frozenset({"core"})) == {"core"}


def test_a_ring_that_leaves_a_gap_of_metres_does_not_count():
    gap = RING_SHAPE.difference(CORE_SHAPE.buffer(5 / 90_000))
    assert with_rings(law_of(CORE, replace(RING, shape=gap)), frozenset({"core"})) == {"core"}


def test_a_ring_counts_when_a_stop_is_in_the_inner_core():
    inner_shape = shapely.box(2.303, 48.803, 2.307, 48.807)
    outer = replace(CORE, shape=CORE_SHAPE.difference(inner_shape))
    inner = perimeter(Colour.GREY, id="inner", shape=inner_shape)
    law = law_of(outer, inner, RING)
    assert with_rings(law, frozenset({"inner"})) == {"inner", "ring"}
    assert cores_of(law, "ring") == {"core", "inner"}
    apart = replace(inner, shape=shapely.box(2.40, 48.80, 2.41, 48.81))
    assert with_rings(law_of(outer, apart, RING), frozenset({"inner"})) == {"inner"}
