"""Draws the whole town, step by step."""

from __future__ import annotations

from collections.abc import Callable

from portal.territories.demo_town import words
from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.growth import grow
from portal.territories.demo_town.landscape import draw_landscape
from portal.territories.demo_town.motorway import MotorwayBuilder
from portal.territories.demo_town.naming import name_chains
from portal.territories.demo_town.network import (
    Chain,
    build_segments,
    link_chains,
    make_one_way,
    make_pedestrian,
)
from portal.territories.demo_town.plan import draw_plan
from portal.territories.demo_town.plane import Plane, length_m
from portal.territories.demo_town.roads import build_roads, choose_limits, choose_restrictions
from portal.territories.demo_town.skeleton import build_skeleton
from portal.territories.demo_town.town import Road, Street, Town, TurnRestriction

Progress = Callable[[str, float], None]

LEAST_SIZE_KM, LARGEST_SIZE_KM = 2.0, 30.0


def generate(seed: int, size_km: float, progress: Progress | None = None) -> Town:
    """Draw the invented town that fills a square of size_km kilometres; same arguments, equal towns.

    progress: called with the name of the step just ended and the share of the work done, 0 to 1.
    Raises ValueError when the size is not between LEAST_SIZE_KM and LARGEST_SIZE_KM or the seed is negative.
    """
    if not LEAST_SIZE_KM <= size_km <= LARGEST_SIZE_KM:
        raise ValueError(f"size_km must be between {LEAST_SIZE_KM:g} and {LARGEST_SIZE_KM:g}, not {size_km:g}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    report = progress or (lambda _step, _share: None)
    plan = draw_plan(seed, size_km)
    draft = build_skeleton(plan)
    report("skeleton", 0.05)
    landmarks = grow(draft, seed)
    report("streets", 0.45)
    segments = build_segments(draft)
    make_pedestrian(draft, segments)
    make_one_way(draft, segments, seed)
    chains = link_chains(draft, segments)
    name_chains(draft, chains, seed)
    motorway = MotorwayBuilder(draft, segments).build()
    limits = choose_limits(draft, chains)
    roads = build_roads(draft, chains, limits, motorway)
    report("roads", 0.6)
    plane = Plane(words.TOWN_LON, words.TOWN_LAT)
    scene = draw_landscape(draft, chains, motorway, landmarks, limits, plane, seed)
    roads.extend(scene.paths)
    report("buildings", 0.95)
    restrictions = choose_restrictions(draft.map.points, roads)
    used, roads, restrictions = _renumbered(roads, restrictions)
    west, south = plane.to_lonlat((-plan.half_m, -plan.half_m))
    east, north = plane.to_lonlat((plan.half_m, plan.half_m))
    town = Town(
        seed=seed,
        size_km=size_km,
        name=words.TOWN_NAME,
        river_name=words.RIVER_NAME,
        insee_code=words.INSEE_CODE,
        postcode=words.POSTCODE,
        plane=plane,
        bounds=(west, south, east, north),
        nodes=tuple(plane.to_lonlat(draft.map.points[n]) for n in used),
        roads=tuple(roads),
        restrictions=tuple(restrictions),
        streets=tuple(_street(draft, chain, plane) for chain in chains),
        areas=tuple(scene.areas),
        lines=tuple(scene.lines),
        spots=tuple(scene.spots),
        addresses=tuple(scene.addresses),
        places=scene.places,
    )
    report("town", 1.0)
    return town


def _street(draft: TownDraft, chain: Chain, plane: Plane) -> Street:
    points = [draft.map.points[n] for n in chain.nodes]
    return Street(
        name=chain.name,
        highway=chain.highway,
        role=chain.role,
        rank=chain.rank,
        zone=chain.zone,
        one_way=any(segment.one_way for segment, _ in chain.parts),
        line=tuple(plane.to_lonlat(p) for p in points),
        length_m=round(length_m(points), 2),
    )


def _renumbered(
    roads: list[Road], restrictions: list[TurnRestriction]
) -> tuple[list[int], list[Road], list[TurnRestriction]]:
    """Keep only the nodes that roads use; return them with the roads and restrictions that name them anew."""
    used = sorted({node for road in roads for node in road.nodes})
    new = {node: index for index, node in enumerate(used)}
    moved = [Road(tuple(new[n] for n in road.nodes), road.tags, road.street) for road in roads]
    turns = [TurnRestriction(r.kind, r.from_road, new[r.via_node], r.to_road) for r in restrictions]
    return used, moved, turns
