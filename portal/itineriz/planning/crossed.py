"""What a leg avoids: each regulation that changed it, with its share of the detour or the wait, and what it forbids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from shapely import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from portal.itineriz.planning.hours import regulation_of
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.search import Outcome
from portal.itineriz.trip import Avoided
from portal.regulations.evaluate import Reason
from portal.regulations.measures import Origin
from portal.regulations.perimeters import Perimeter

type Lines = dict[str, BaseGeometry]


def avoided_of(grid: LawGrid, number: int, outcome: Outcome, *, lines: bool = True) -> Iterator[Avoided]:
    """The regulations that changed a leg that has a lawful way.

    The search drove, met regulations, closed them and drove again: what a round added to the route is shared in equal
    parts among the regulations it met, and a regulation met in several rounds is charged the sum, at least nothing:
    a detour shorter in metres costs minutes, not metres.
    """
    if outcome.drive is None or not outcome.rounds:
        return
    drives = [round_.drive for round_ in outcome.rounds] + [outcome.drive]
    reasons: dict[str, Reason] = {}
    seconds: defaultdict[str, float] = defaultdict(float)
    metres: defaultdict[str, float] = defaultdict(float)
    for round_, before, after in zip(outcome.rounds, drives, drives[1:], strict=False):
        for reason in round_.reasons:
            reasons.setdefault(reason.id, reason)
            seconds[reason.id] += (after.duration_s - before.duration_s) / len(round_.reasons)
            metres[reason.id] += (after.distance_m - before.distance_m) / len(round_.reasons)
    crossed = forbidden_lines(outcome) if lines and reasons else {}
    for key, reason in reasons.items():
        yield Avoided(
            reason,
            seconds=max(0.0, seconds[key]),
            metres=max(0.0, metres[key]),
            leg=number,
            lines=crossed.get(key),
            source=source_of(grid, reason),
        )


def awaited_of(grid: LawGrid, number: int, reasons: Sequence[Reason], waited_s: float) -> Iterator[Avoided]:
    """The regulations whose end was waited for before a leg, each with an equal part of the seconds waited."""
    for reason in reasons:
        yield Avoided(reason, 0.0, 0.0, number, source=source_of(grid, reason), waited_s=waited_s / len(reasons))


def forbidden_lines(outcome: Outcome) -> Lines:
    """By id of a regulation, what it forbids of the drives that met it: the route without law first."""
    found: defaultdict[str, dict[int, BaseGeometry]] = defaultdict(dict)
    for round_ in outcome.rounds:
        for violation in round_.violations:
            path = round_.drive.path(violation.edge)
            for reason in violation.reasons:
                found[reason.id].setdefault(violation.edge.row, path)
    return {key: lines for key, paths in found.items() if (lines := _multi(paths.values())) is not None}


def _multi(paths: Iterable[BaseGeometry]) -> BaseGeometry | None:
    lines = [path for path in paths if isinstance(path, LineString)]
    if not lines:
        return None
    merged = linemerge(lines)
    return MultiLineString([merged]) if isinstance(merged, LineString) else merged


def source_of(grid: LawGrid, reason: Reason) -> str:
    """Who says it: the name of the source of a perimeter, the authority of an order."""
    if reason.origin is Origin.OSM:
        return "OpenStreetMap"
    regulation = regulation_of(grid.law, reason)
    if isinstance(regulation, Perimeter):
        return regulation.provenance.title
    return reason.authority
