"""The lawful way between two points: drive, ask the law, close what was broken, drive again.

The cost depends on the regulations met, not on how many there are. When a perimeter is met its whole outline is closed
at once, so that few rounds are needed; a drive is only accepted by the check at its real times.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import shapely
from shapely.ops import substring

from portal.itineriz.routing.checking import Check, LegContext, Violation, check_drive
from portal.itineriz.routing.costing import Costing
from portal.itineriz.routing.engine import Drive, distance_m
from portal.itineriz.routing.overlay import Overlay, Rows, Zone, in_force_throughout
from portal.itineriz.trip import RoadLimit
from portal.regulations.evaluate import Reason
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.territories.api import MAX_EXCLUDE_LOCATIONS, Probe


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a search may last; a search that is cut short finds no route and says so."""

    rounds: int = 40
    seconds: float = 10.0
    rows_per_regulation: int = 1500


@dataclass(frozen=True, slots=True)
class Round:
    """One drive that broke the law, and what it broke."""

    drive: Drive
    reasons: tuple[Reason, ...]
    limits: tuple[RoadLimit, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a search. drive: None when there is no lawful one. cut_short: given up, not proven impossible."""

    drive: Drive | None
    check: Check | None
    rounds: tuple[Round, ...]
    cut_short: bool = False


@dataclass(slots=True)
class Search:
    """The search of one leg. plain: the drive without law, with the same costing."""

    overlay: Overlay
    start: tuple[float, float]
    end: tuple[float, float]
    leg: LegContext
    costing: Costing
    plain: Drive
    limits: Limits = field(default_factory=Limits)

    def run(self) -> Outcome:
        """The best lawful drive found.

        A regulation that begins or ends during the trip is tried both ways: as if it were active all along, then
        edge by edge at the moments at which it is met. The earlier arrival wins.
        """
        whole = self._attempt(whole=True)
        met = {reason.id: reason for round_ in whole.rounds for reason in round_.reasons}
        if all(self._throughout(reason) for reason in met.values()):
            return whole
        timed = self._attempt(whole=False)
        if timed.drive is None or (whole.drive is not None and whole.drive.duration_s <= timed.drive.duration_s):
            return whole if whole.drive is not None else timed
        return timed

    @property
    def _window(self) -> Interval:
        span = max(2 * self.plain.duration_s, self.plain.duration_s + 1800)
        return Interval(self.leg.depart_at, self.leg.depart_at + timedelta(seconds=span))

    def _throughout(self, reason: Reason) -> bool:
        return in_force_throughout(self.overlay.regulation(reason), self.overlay.law, self._window)

    def _attempt(self, *, whole: bool) -> Outcome:
        closed: dict[int, Probe] = {}
        rounds: list[Round] = []
        drive: Drive | None = self.plain
        give_up_at = time.monotonic() + self.limits.seconds
        while drive is not None:
            check = check_drive(self.overlay.engine, self.overlay.law, drive, self.leg)
            if not check.violations:
                return Outcome(drive, check, tuple(rounds))
            rounds.append(_round(drive, check.violations))
            if len(rounds) > self.limits.rounds or time.monotonic() > give_up_at:
                return Outcome(None, check, tuple(rounds), cut_short=True)
            before = dict(closed)
            closed |= dict(self._closures(drive, check.violations, whole=whole))
            if closed == before:
                return Outcome(None, check, tuple(rounds))
            if len(closed) > MAX_EXCLUDE_LOCATIONS:
                return Outcome(None, check, tuple(rounds), cut_short=True)
            drive = self.overlay.engine.drive(self.start, self.end, self.costing, closed.values())
        return Outcome(None, None, tuple(rounds))

    def _closures(self, drive: Drive, violations: Iterable[Violation], *, whole: bool) -> Iterator[tuple[int, Probe]]:
        """What to close so that the drive is not found again."""
        ends = _Ends(self, drive)
        closed_whole: set[str] = set()
        for violation in violations:
            row = violation.edge.row
            if violation.limits:
                yield from ends.probes([row], None)
            for reason in violation.reasons:
                zone = self.overlay.zone(self.overlay.regulation(reason))
                if reason.id not in closed_whole and (whole or self._throughout(reason)):
                    closed_whole.add(reason.id)
                    yield from ends.probes(self._rows_of(zone, violation, drive), zone)
                yield from ends.probes([row], zone)

    def _rows_of(self, zone: Zone, violation: Violation, drive: Drive) -> list[int]:
        """The edges that keep the vehicle out of a regulation for the whole leg."""
        if zone.is_area:
            rows = self._outline(zone)
        else:
            leg = self.leg
            rows = self.overlay.closed_rows(zone, self._window, leg.vehicle, leg.passes, violation.purpose)
        if len(rows) > self.limits.rows_per_regulation:
            here = shapely.Point(drive.coords[violation.edge.first])
            away = shapely.distance(self.overlay.engine.table.shapes[rows], here)
            rows = rows[np.argsort(away)[: self.limits.rows_per_regulation]]
        return [int(row) for row in rows]

    def _outline(self, zone: Zone) -> Rows:
        """The edges that cross the outline of a perimeter, in the direction that must not be driven.

        Where the vehicle may be inside for a stop, it may cross once: closing the way in keeps it from coming back
        after it left, closing the way out keeps it from entering before its last time.
        """
        perimeter = zone.regulation
        assert isinstance(perimeter, Perimeter)
        if perimeter.access.motorised is Motorised.JUSTIFIED:
            if perimeter.id in self.leg.start_ids and perimeter.id in self.leg.end_ids:
                return zone.rows[:0]
            if perimeter.id in self.leg.end_ids:
                return zone.rows[zone.ends_outside]
        return zone.rows[zone.starts_outside]


class _Ends:
    """Places the probes. On the edges on which a drive starts or ends, the place decides what is closed: a trip may
    start behind a probe, and may end before it."""

    def __init__(self, search: Search, drive: Drive) -> None:
        self._engine = search.overlay.engine
        self._costing = search.costing
        self._starts = self._around(drive.edges[0].row, drive.coords[0]) if drive.edges else {}
        self._stops = self._around(drive.edges[-1].row, drive.coords[-1]) if drive.edges else {}

    def probes(self, rows: Iterable[int], zone: Zone | None) -> Iterator[tuple[int, Probe]]:
        """The probe of each row; a row that no probe closes alone is left out."""
        for row in rows:
            at_end = row in self._starts or row in self._stops
            fractions = self._fractions(row, zone) if at_end else ()
            probe = self._engine.probe_at(row, fractions, self._costing) if fractions else None
            probe = probe or self._engine.usual_probe(row)
            if probe is not None:
                yield row, probe

    def _fractions(self, row: int, zone: Zone | None) -> tuple[float, ...]:
        start, stop = self._starts.get(row), self._stops.get(row)
        if start is not None and stop is not None and start <= stop:
            return _between(start, stop) if self._bears(row, start, stop, zone) else ()
        if start is not None:
            return _between(start, 1.0) if self._bears(row, start, 1.0, zone) else _between(0.0, start)
        if stop is not None:
            return _between(stop, 0.0) if self._bears(row, 0.0, stop, zone) else _between(stop, 1.0)
        return ()

    def _bears(self, row: int, start: float, end: float, zone: Zone | None) -> bool:
        if zone is None:
            return True
        line = self._engine.table.shapes[row]
        part = substring(line, start, end, normalized=True)
        return shapely.get_dimensions(part) == 1 and zone.bears_on(part, self._engine, row)

    def _around(self, row: int, at: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[int, float]:
        """The edge at one end of a drive and its opposite, with the fraction at which the drive starts or ends."""
        table = self._engine.table
        point = shapely.Point(at)
        found = {}
        for candidate in (row, int(table.opposing[row])):
            if candidate < 0:
                continue
            line = table.shapes[candidate]
            fraction = float(shapely.line_locate_point(line, point, normalized=True))
            there = shapely.line_interpolate_point(line, fraction, normalized=True)
            if distance_m((there.x, there.y), (float(at[0]), float(at[1]))) < _ON_EDGE_M:
                found[candidate] = fraction
        return found


_ON_EDGE_M = 3.0


def _between(start: float, end: float) -> tuple[float, ...]:
    """Places to try from one fraction towards another, the nearest to the middle first."""
    return tuple(start + (end - start) * share for share in (0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9))


def _round(drive: Drive, violations: Iterable[Violation]) -> Round:
    reasons: dict[tuple[str, str], Reason] = {}
    limits: dict[RoadLimit, None] = {}
    for violation in violations:
        reasons |= {(reason.kind, reason.id): reason for reason in violation.reasons}
        limits |= dict.fromkeys(violation.limits)
    return Round(drive, tuple(reasons.values()), tuple(limits))
