"""The skeleton of the town: river, railway, rings, radial avenues, axes of the old town, motorway.

Everything is drawn with smooth random curves in metres, and cut into faces by `skeleton.py`.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.plane import Point, offset_line

STEP_M = 28.0
QUAY_SETBACK_M = 10.0
RAIL_HALF_WIDTH_M = 11.0
STATION_HALF_WIDTH_M = 36.0
STATION_HALF_LENGTH_M = 230.0


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of the skeleton. role: what it is for; rank: 0 for the first of its role, from the centre."""

    role: str  # ring | old_ring | radial | axis | cross_axis | quay_left | quay_right | rail_left | rail_right | edge
    rank: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The drawing that everything else follows; metres from the centre of the town."""

    half_m: float
    old_radius_m: float
    ring_radius_m: float
    lines: tuple[PlanLine, ...]
    river: tuple[Point, ...]
    river_widths_m: tuple[float, ...]
    island_at: int  # index along the river
    rail: tuple[Point, ...]
    station_at: int  # index along the railway
    motorway: tuple[Point, ...]
    lobes: tuple[tuple[int, float, float], ...]  # how the town's outline swells: (harmonic, amplitude, phase)

    def reach(self, point: Point) -> float:
        """Return how far out a point lies: 0 at the centre, 1 at the ring road, with a lobed outline."""
        angle = math.atan2(point[1], point[0])
        swell = 1 + sum(amp * math.sin(k * angle + phase) for k, amp, phase in self.lobes)
        return math.hypot(*point) / (self.ring_radius_m * swell)


class Warp:
    """A smooth displacement that takes the compass out of the drawing."""

    def __init__(self, rng: random.Random, ring_radius_m: float) -> None:
        self._waves = []
        for share in (0.028, 0.018):
            wave_m = ring_radius_m * rng.uniform(0.75, 1.25) * (share / 0.02)
            for axis in (0, 1):
                heading = rng.uniform(0, math.tau)
                self._waves.append(
                    (
                        share * ring_radius_m,
                        math.cos(heading) * math.tau / wave_m / 1.6,
                        math.sin(heading) * math.tau / wave_m / 1.6,
                        rng.uniform(0, math.tau),
                        axis,
                    )
                )

    def __call__(self, x: float, y: float) -> Point:
        moved = [x, y]
        for amplitude, kx, ky, phase, axis in self._waves:
            moved[axis] += amplitude * math.sin(kx * x + ky * y + phase)
        return moved[0], moved[1]


def ring_radii(old_radius_m: float, ring_radius_m: float) -> list[float]:
    """Return the radii of the rings between the old town (excluded) and the ring road (included)."""
    radii = []
    radius = old_radius_m
    while radius < ring_radius_m * 0.99:
        radius = min(radius * 1.85, radius + 1500)
        if radius > ring_radius_m * 0.8:
            radius = ring_radius_m
        radii.append(radius)
    return radii


def draw_plan(seed: int, size_km: float) -> Plan:
    """Draw the skeleton of a town that fills a square of size_km kilometres; same arguments, same plan."""
    rng = dice("plan", seed)
    half = size_km * 500
    ring_radius = 0.345 * size_km * 1000
    old_radius = 300 * (size_km / 3) ** 0.6
    warp = Warp(rng, ring_radius)
    radii = ring_radii(old_radius, ring_radius)
    river, widths, island_at = _draw_river(rng, half, old_radius, ring_radius)
    rail, station_at = _draw_rail(rng, half, old_radius, ring_radius)
    lines = [_ring(rng, warp, "old_ring", 0, old_radius)]
    lines += [_ring(rng, warp, "ring", rank, radius) for rank, radius in enumerate(radii)]
    lines += _radials(rng, warp, old_radius, radii, half)
    lines += _axes(rng, warp, old_radius)
    quay = [w / 2 + QUAY_SETBACK_M for w in widths]
    lines.append(PlanLine("quay_left", 0, tuple(offset_line(river, quay))))
    lines.append(PlanLine("quay_right", 0, tuple(offset_line(river, [-d for d in quay]))))
    margins = rail_margins_m(rail, station_at)
    lines.append(PlanLine("rail_left", 0, tuple(offset_line(rail, [RAIL_HALF_WIDTH_M] * len(rail)))))
    lines.append(PlanLine("rail_right", 0, tuple(offset_line(rail, [-d for d in margins]))))
    corners = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
    lines.append(PlanLine("edge", 0, corners))
    return Plan(
        half_m=half,
        old_radius_m=old_radius,
        ring_radius_m=ring_radius,
        lines=tuple(lines),
        river=tuple(river),
        river_widths_m=tuple(widths),
        island_at=island_at,
        rail=tuple(rail),
        station_at=station_at,
        motorway=tuple(_draw_motorway(rng, half, ring_radius)),
        lobes=tuple((k, rng.uniform(0.03, 0.075), rng.uniform(0, math.tau)) for k in (2, 3, 5)),
    )


def rail_margins_m(rail: list[Point], station_at: int) -> list[float]:
    """Return the width of railway land right of the track, swelling smoothly at the station."""
    margins = []
    for i in range(len(rail)):
        away = abs(i - station_at) * STEP_M
        swell = max(0.0, min(1.0, (STATION_HALF_LENGTH_M + 90 - away) / 180))
        swell = swell * swell * (3 - 2 * swell)
        margins.append(RAIL_HALF_WIDTH_M + (2 * STATION_HALF_WIDTH_M - RAIL_HALF_WIDTH_M) * swell)
    return margins


def _ring(rng: random.Random, warp: Warp, role: str, rank: int, radius: float) -> PlanLine:
    waves = [(k, rng.uniform(0.008, 0.03), rng.uniform(0, math.tau)) for k in (2, 3, 4)]
    count = max(36, round(math.tau * radius / STEP_M))
    points = []
    for i in range(count):
        angle = math.tau * i / count
        r = radius * (1 + sum(a * math.sin(k * angle + p) for k, a, p in waves))
        points.append(warp(r * math.cos(angle), r * math.sin(angle)))
    return PlanLine(role, rank, (*points, points[0]))


def _radials(rng: random.Random, warp: Warp, old_radius: float, radii: list[float], half: float) -> list[PlanLine]:
    """Draw avenues outwards; more of them begin at each ring, none along the river's valley."""
    valley = math.radians(24)
    headings = [math.radians(d + rng.uniform(-5, 5)) for d in (90, 150, 210, 270, 330, 390)]
    begun: list[tuple[float, float]] = [(h, old_radius * 0.93) for h in headings]
    for radius in radii:
        headings.sort()
        new = []
        for a, b in zip(headings, [*headings[1:], headings[0] + math.tau], strict=True):
            middle = (a + b) / 2 + rng.uniform(-0.06, 0.06) * (b - a)
            if (b - a) * radius > 1000 and abs(math.remainder(middle, math.pi)) > valley / 2:
                new.append(middle)
                begun.append((middle, radius * 0.985))
        headings += new
    lines = []
    for heading, start in begun:
        bend, phase = rng.uniform(0.03, 0.085), rng.uniform(0, math.tau)
        points = []
        r = start
        while r < half * 1.55:
            angle = heading + bend * math.sin(2.4 * math.log(r / old_radius + 0.5) + phase) * min(1, 900 / r)
            points.append(warp(r * math.cos(angle), r * math.sin(angle)))
            r += STEP_M
        lines.append(PlanLine("radial", 0 if start < old_radius else 1, tuple(points)))
    return lines


def _axes(rng: random.Random, warp: Warp, old_radius: float) -> list[PlanLine]:
    """Draw the two old main streets: one crosses the river by the old bridge, one runs beside it."""
    bow, lean = rng.uniform(0.05, 0.1), rng.uniform(-0.06, 0.06)
    along = [i / 24 * 2.16 - 1.08 for i in range(25)]
    main = [warp(old_radius * (bow * math.sin(2.2 * t) + lean * t), old_radius * t) for t in along]
    height = rng.uniform(0.16, 0.24)
    cross = [warp(old_radius * t, old_radius * (height + 0.09 * math.cos(1.9 * t + 0.4))) for t in along]
    return [PlanLine("axis", 0, tuple(main)), PlanLine("cross_axis", 0, tuple(cross))]


def _draw_river(
    rng: random.Random, half: float, old_radius: float, ring_radius: float
) -> tuple[list[Point], list[float], int]:
    big, small = rng.uniform(0.13, 0.17) * ring_radius, rng.uniform(0.028, 0.045) * ring_radius
    big_wave, small_wave = rng.uniform(2.0, 2.5) * ring_radius, rng.uniform(0.75, 0.95) * ring_radius
    p1, p2, p3 = rng.uniform(-0.5, 0.5), rng.uniform(0, math.tau), rng.uniform(0, math.tau)

    def meander(x: float) -> float:
        return big * math.sin(math.tau * x / big_wave + p1) + small * math.sin(math.tau * x / small_wave + p2)

    base = -0.42 * old_radius - meander(0.0)
    count = math.ceil((2 * half + 400) / STEP_M)
    width = 40 * (half / 1500) ** 0.45
    island_at = round(count * 0.5 - 0.47 * ring_radius / STEP_M)
    river, widths = [], []
    for i in range(count + 1):
        x = -half - 200 + i * STEP_M
        river.append((x, base + meander(x)))
        swell = math.exp(-(((i - island_at) * STEP_M / 130) ** 2))
        widths.append(width * (1 + 0.16 * math.sin(x / (0.31 * ring_radius) + p3)) + 46 * swell)
    return river, widths, island_at


def _draw_rail(rng: random.Random, half: float, old_radius: float, ring_radius: float) -> tuple[list[Point], int]:
    bow, lean = rng.uniform(0.05, 0.09) * ring_radius, rng.uniform(-0.05, 0.05)
    count = math.ceil((2 * half + 400) / STEP_M)
    rail = []
    for i in range(count + 1):
        x = -half - 200 + i * STEP_M
        y = 2.3 * old_radius + lean * x + bow * math.cos(x / ring_radius * 1.5 - 0.3)
        rail.append((x, y))
    return rail, round(count / 2 + 0.2 * old_radius / STEP_M + 0.5 * old_radius / STEP_M)


def _draw_motorway(rng: random.Random, half: float, ring_radius: float) -> list[Point]:
    """Draw the motorway from south to north, through the east of the town."""
    bow, phase = rng.uniform(0.08, 0.12) * ring_radius, rng.uniform(-0.4, 0.4)
    reach = half - 130
    count = math.ceil(2 * reach / STEP_M)
    points = []
    for i in range(count + 1):
        y = -reach + 2 * reach * i / count
        points.append((0.66 * ring_radius + bow * math.cos(1.7 * y / ring_radius + phase), y))
    return points
