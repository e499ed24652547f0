"""What a grid keeps of each regulation, and what it asks of it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from portal.itineriz.routing.timetable import Bounds, Pattern, Same, bounds_of
from portal.regulations.judging_measures import closes
from portal.regulations.measures import EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.precedence import rules_place
from portal.regulations.sites import Hit, Regulation, Site
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import VehicleRule

# A pass is asked for before a ban is broken.
_PASS_S: Final = 3600.0
_ACCREDITATION_S: Final = 2 * 3600.0
_FORBIDDEN_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a regulation from one version of the law to the next."""

    regulation: Regulation
    rule: VehicleRule
    bounds: tuple[Bounds, ...]


def runs_of(law: LawSnapshot) -> list[tuple[Regulation, int]]:
    """The regulations that have a place, in the order of the law, with the number of their sites."""
    return [(next(sites).regulation, 1 + sum(1 for _ in sites)) for _, sites in groupby(law.sites, _regulation_key)]


def _regulation_key(site: Site) -> int:
    return id(site.regulation)


def known_of(regulations: Sequence[Regulation], before: dict[int, Known]) -> dict[int, Known]:
    """What is kept of each regulation, by its identity, in their order. before: what was kept of an earlier law."""
    rules = Same({id(one.rule): one.rule for one in before.values()}.values())
    seen = {id(pattern): pattern for one in before.values() for _, _, pattern in one.bounds}
    patterns: Same[Pattern] = Same(seen.values())
    found = {}
    for regulation in regulations:
        known = before.get(id(regulation))
        found[id(regulation)] = known or Known(regulation, rules.of(_rule(regulation)), bounds_of(regulation, patterns))
    return found


def _rule(regulation: Regulation) -> VehicleRule:
    if isinstance(regulation, Perimeter):
        return VehicleRule(except_=regulation.access.vehicles_allowed)
    return regulation.vehicles


def kind_of(site: Site) -> object:
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


def may_rule(regulation: Regulation) -> bool:
    """Tell whether a measure rules the edges that it closes wholly: see `rules_place`."""
    return (
        isinstance(regulation, Measure)
        and regulation.origin is Origin.ORDER
        and regulation.type is MeasureType.NO_ENTRY
    )


def origin_of(regulation: Regulation) -> Origin | None:
    """Who says a measure; None for a perimeter."""
    return regulation.origin if isinstance(regulation, Measure) else None


def is_justified(regulation: Regulation) -> bool:
    """Tell whether a stop inside is all that a perimeter asks for."""
    return isinstance(regulation, Perimeter) and regulation.access.motorised is Motorised.JUSTIFIED


def penalty_s(regulation: Regulation) -> float:
    """What a search that may break the law counts for each street of the regulation."""
    if not isinstance(regulation, Perimeter) or regulation.access.motorised is Motorised.CLOSED:
        return _FORBIDDEN_S
    return _ACCREDITATION_S if regulation.access.motorised is Motorised.ACCREDITED else _PASS_S
