"""What a grid keeps of each regulation, and what it asks of it once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.timetable import Floats, Numbers, Pattern, bounds_of
from portal.regulations.judging_measures import closes, never_speaks
from portal.regulations.measures import Direction, EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.precedence import rules_place
from portal.regulations.sites import Hit, Regulation, Site
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import VehicleRule

type Kind = Motorised | tuple[MeasureType, Direction | None]

# A pass is asked for before a ban is broken.
_PASS_S: Final = 3600.0
_ACCREDITATION_S: Final = 2 * 3600.0
_FORBIDDEN_S: Final = 24 * 3600.0
_RULES_TOO_MANY: Final = 1000

JUSTIFIED, TAG, RULING, MUTE, SLOWING = 1, 2, 4, 8, 16
"""Traits: a perimeter where a stop is all that is asked for; a tag of OpenStreetMap; an order that may silence one; a
measure that says nothing to anyone; one that closes nothing and adds time."""

SLOWING_TYPES: Final = frozenset({MeasureType.SPEED_LIMIT, MeasureType.ALTERNATE_TRAFFIC})


class Numbered[T: Hashable]:
    """Gives equal values one number, in the order in which they come."""

    def __init__(self, values: Sequence[T] = ()) -> None:
        self._numbers = {value: number for number, value in enumerate(values)}

    def of(self, value: T) -> int:
        """The number of a value."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> tuple[T, ...]:
        """The values by number."""
        return tuple(self._numbers)


@dataclass(frozen=True, eq=False, slots=True)
class Regulated:
    """The regulations of a law that have a place, numbered in the order of the law, as columns.

    reg_of_site, kind_of_site: of each site of the law, the number of its regulation and of its kind (see `kind_of`).
    rule: number of the rule of each regulation. traits: bits. bound_of: the regulation of each of the bounds.
    """

    regulations: list[Regulation]
    reg_of_site: Numbers
    kind_of_site: Numbers
    kinds: tuple[Kind, ...]
    rule: Numbers
    rules: tuple[VehicleRule, ...]
    traits: npt.NDArray[np.uint8]
    penalty_s: Floats
    bound_of: Numbers
    starts: Floats
    ends: Floats
    pattern: Numbers
    patterns: tuple[Pattern, ...]

    def has(self, trait: int) -> npt.NDArray[np.bool_]:
        """Which regulations have a trait."""
        found: npt.NDArray[np.bool_] = (self.traits & trait) > 0
        return found


def regulated(law: LawSnapshot, before: Regulated | None, old_sites: Numbers) -> Regulated:
    """The columns of a law. before: those of an earlier law; old_sites: for each site its number there, -1 if new."""
    if before is None or len(before.rules) > _RULES_TOO_MANY + 2 * len(np.unique(before.rule)):
        # Rules and patterns that nobody has any more are dropped now and then.
        before, old_sites = _NOTHING, np.full(len(law.sites), -1, dtype=np.int64)
    sites = law.sites
    identity = np.fromiter((id(site.regulation) for site in sites), dtype=np.int64, count=len(sites))
    is_first = np.diff(identity, prepend=-1) != 0
    first = np.flatnonzero(is_first)
    regulations = [sites[number].regulation for number in first.tolist()]
    old = np.where(old_sites[first] >= 0, np.append(before.reg_of_site, -1)[old_sites[first]], -1)
    new = np.flatnonzero(old < 0).tolist()
    rules, patterns, kinds = Numbered(before.rules), Numbered(before.patterns), Numbered(before.kinds)
    added = [regulations[number] for number in new]
    rule = _taken(before.rule, old, [rules.of(_rule(one)) for one in added])
    traits = _taken(before.traits, old, [_traits(one) for one in added])
    penalty_s = _taken(before.penalty_s, old, [_penalty_s(one) for one in added])
    new_sites = np.flatnonzero(old_sites < 0).tolist()
    kind_of_site = _taken(before.kind_of_site, old_sites, [kinds.of(kind_of(sites[number])) for number in new_sites])
    now = np.full(len(before.regulations), -1, dtype=np.int64)
    now[old[old >= 0]] = np.flatnonzero(old >= 0)
    stays = now[before.bound_of] >= 0
    bounds = [(number, *bound) for number in new for bound in bounds_of(regulations[number])]
    bound_of = np.concatenate((now[before.bound_of][stays], [number for number, _, _, _ in bounds])).astype(np.int64)
    order = np.argsort(bound_of, kind="stable")
    return Regulated(
        regulations=regulations,
        reg_of_site=np.cumsum(is_first) - 1,
        kind_of_site=kind_of_site,
        kinds=kinds.values,
        rule=rule,
        rules=rules.values,
        traits=traits,
        penalty_s=penalty_s,
        bound_of=bound_of[order],
        starts=np.concatenate((before.starts[stays], [start for _, start, _, _ in bounds]))[order],
        ends=np.concatenate((before.ends[stays], [end for _, _, end, _ in bounds]))[order],
        pattern=np.concatenate((before.pattern[stays], [patterns.of(p) for _, _, _, p in bounds])).astype(np.int64)[
            order
        ],
        patterns=patterns.values,
    )


def _taken[D: np.generic](column: npt.NDArray[D], old: Numbers, new: Sequence[float]) -> npt.NDArray[D]:
    """A column in the new order: what was there before, and the new values where there was nothing."""
    found = np.empty(len(old), dtype=column.dtype)
    found[old >= 0] = column[old[old >= 0]]
    found[old < 0] = new
    return found


def _empty[D: np.generic](dtype: type[D]) -> npt.NDArray[D]:
    return np.empty(0, dtype=dtype)


_NOTHING: Final = Regulated(
    regulations=[],
    reg_of_site=_empty(np.int64),
    kind_of_site=_empty(np.int64),
    kinds=(),
    rule=_empty(np.int64),
    rules=(),
    traits=_empty(np.uint8),
    penalty_s=_empty(np.float64),
    bound_of=_empty(np.int64),
    starts=_empty(np.float64),
    ends=_empty(np.float64),
    pattern=_empty(np.int64),
    patterns=(),
)


def _rule(regulation: Regulation) -> VehicleRule:
    if isinstance(regulation, Perimeter):
        return VehicleRule(except_=regulation.access.vehicles_allowed)
    return regulation.vehicles


def kind_of(site: Site) -> Kind:
    """All that decides, beside the edge and how the site bears on it, whether it can close the edge."""
    if isinstance(site.regulation, Perimeter):
        return site.regulation.access.motorised
    return site.regulation.type, None if site.location is None else site.location.direction


def closes_edge(hit: Hit, edge: EdgeFacts) -> bool:
    """Tell whether a regulation closes an edge to those it binds, or opens it to those it lets in alone."""
    if isinstance(hit.regulation, Perimeter):
        return hit.regulation.access.motorised is not Motorised.FREE
    return closes(hit, hit.regulation, edge)


def rules_edge(hit: Hit, edge: EdgeFacts) -> bool:
    """Tell whether a regulation is an order beside which a tag may be out of date."""
    return isinstance(hit.regulation, Measure) and rules_place(hit, hit.regulation, edge)


def _traits(regulation: Regulation) -> int:
    if isinstance(regulation, Perimeter):
        return JUSTIFIED if regulation.access.motorised is Motorised.JUSTIFIED else 0
    # What rules the edges that it closes wholly: see `rules_place`.
    is_order = regulation.origin is Origin.ORDER and regulation.type is MeasureType.NO_ENTRY
    traits = TAG * (regulation.origin is Origin.OSM) + RULING * is_order
    return traits + MUTE * never_speaks(regulation) + SLOWING * (regulation.type in SLOWING_TYPES)


def _penalty_s(regulation: Regulation) -> float:
    """What a search that may break the law counts for each street of the regulation."""
    if not isinstance(regulation, Perimeter) or regulation.access.motorised is Motorised.CLOSED:
        return _FORBIDDEN_S
    return _ACCREDITATION_S if regulation.access.motorised is Motorised.ACCREDITED else _PASS_S
