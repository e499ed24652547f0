"""Whether a driven path obeys bare rules at every metre and every moment: shapely, records, and nothing of ours.

Everything is judged in metres on a plane scaled at the latitude of the field. A judge must not accuse wrongly: a line
is followed when the path runs within 2 m and 20 degrees of it for 17 m (two pieces of 8 m and their joint), an area is
entered a metre deep for a metre.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tests.support.plain_law import BAN, CLOSED, JUSTIFIED, ONE_WAY, PASS, Roads, Rule

METRES_PER_DEGREE = 111_195.0
DEEP_M, ENTERED_M = 1.0, 1.0
REACH_M, ANGLE_DEG, FOLLOWED_M, STEP_M = 2.0, 20.0, 17.0, 2.0
AT_STOP_M = 12.0
"""A stop is in the street of a measure this near to its line."""
LIMIT_TOLD = "limit-passed-with-unknown-size"
_MOMENT = timedelta(milliseconds=20)
"""Instants are written to the millisecond: what meets a bound by less is not seen."""


@dataclass(frozen=True)
class Leg:
    """One leg of a timeline: points (lon, lat, instant), and where the stops at its ends are (lon, lat), each twice:
    the place asked for and the place on the street."""

    points: Sequence[tuple[float, float, datetime]]
    start: Sequence[tuple[float, float]]
    end: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Stay:
    """A vehicle that stands somewhere from an instant to another, for a stop there."""

    place: tuple[float, float]
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Broken:
    """A rule that was broken, when, and in which way."""

    rule: str
    at: datetime
    how: str


class Law:
    """The rules of a field, ready to judge many tours."""

    def __init__(self, rules: Iterable[Rule], roads: Roads, zone: ZoneInfo, latitude: float) -> None:
        self.zone, self.roads = zone, roads
        self._scale = np.array([math.cos(math.radians(latitude)), 1.0]) * METRES_PER_DEGREE
        self.rules = [*rules, *roads.limits]
        self._areas = [rule for rule in self.rules if rule.area is not None and not rule.area.is_empty]
        self._outlines = np.array([self._metric(shapely.make_valid(rule.area)) for rule in self._areas], dtype=object)
        cores = [outline.buffer(-DEEP_M) for outline in self._outlines]
        self._deep = np.array([c if not c.is_empty else o for c, o in zip(cores, self._outlines, strict=True)])
        self._area_tree = shapely.STRtree(self._deep)
        lines = [(r, n) for r in self.rules for n in range(len(r.lines))]
        self._lines = [(rule, rule.lines[n][1]) for rule, n in lines]
        self._shapes = np.array([self._metric(rule.lines[n][0]) for rule, n in lines], dtype=object)
        self._line_tree = shapely.STRtree(self._shapes)
        self._spared = shapely.STRtree([self._metric(line) for line in roads.spared])

    def _metric(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda xy: xy * self._scale)

    def broken_by(
        self,
        legs: Sequence[Leg],
        stays: Sequence[Stay],
        vehicle: Mapping[str, Any],
        passes: Sequence[Mapping[str, Any]] = (),
        told: frozenset[str] = frozenset(),
        beyond: frozenset[str] = frozenset(),
    ) -> list[Broken]:
        """What a tour breaks. told: ids of the rules that the answer warns of because a fact is not known.

        beyond: ids of those with a stop behind them that has no other access, as if the stop were inside.
        """
        case = _Case(self, vehicle, passes, told, beyond)
        return [
            *(broken for leg in legs for broken in case.on(leg)),
            *(broken for stay in stays for broken in case.at(stay)),
        ]

    def may_forbid(
        self,
        rule_id: str,
        start: datetime,
        end: datetime,
        vehicle: Mapping[str, Any],
        passes: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Whether a rule forbids something to a vehicle at some moment of [start, end), wherever it may be."""
        case = _Case(self, vehicle, passes, frozenset(), frozenset())
        return any(
            case._forbidden(rule, start, end, stops=False, here=False) for rule in self.rules if rule.id == rule_id
        )


class _Case:
    def __init__(
        self,
        law: Law,
        vehicle: Mapping[str, Any],
        passes: Sequence[Mapping[str, Any]],
        told: frozenset[str],
        beyond: frozenset[str],
    ) -> None:
        self.law, self.vehicle, self.passes, self.told, self.beyond = law, vehicle, passes, told, beyond

    def on(self, leg: Leg) -> list[Broken]:
        xy = np.array([point[:2] for point in leg.points]) * self.law._scale
        moves = [n for n in range(len(xy) - 1) if np.hypot(*(xy[n + 1] - xy[n])) > 0.01]
        if not moves:
            return []
        segments = np.array([shapely.LineString(xy[n : n + 2]) for n in moves], dtype=object)
        times = [(leg.points[n][2], leg.points[n + 1][2]) for n in moves]
        return [*self._areas(leg, moves, segments, times), *self._lines(leg, segments, times)]

    def at(self, stay: Stay) -> list[Broken]:
        """Only areas bind a vehicle that stands, and a stop inside is all that some of them ask for."""
        here = shapely.Point(np.array(stay.place) * self.law._scale)
        broken = []
        for index in self.law._area_tree.query(here, predicate="intersects").tolist():
            rule = self.law._areas[index]
            if rule.what not in (PASS, CLOSED):
                continue
            if stay.since < stay.until and self._forbidden(rule, stay.since, stay.until, stops=True, here=True):
                broken.append(Broken(rule.id, stay.since, "stands inside"))
        return broken

    def _forbidden(self, rule: Rule, start: datetime, end: datetime, *, stops: bool, here: bool) -> bool:
        """Whether a rule forbids to be there. here: the way belongs to a stop inside (asked by a justified area)."""
        # What meets a bound by less than is written is not seen.
        if not rule.holds_during(start + _MOMENT, end - _MOMENT, self.law.zone):
            return False
        bound = rule.binds(self.vehicle, stops_inside=stops)
        if bound is False or (bound is None and self._is_told(rule)):
            return False
        if rule.what == JUSTIFIED and here:
            return False
        return not any(self._opens(one, rule, start, end) for one in self.passes)

    def _is_told(self, rule: Rule) -> bool:
        return (LIMIT_TOLD if rule.id.startswith("osm-") else rule.id) in self.told

    def _opens(self, held: Mapping[str, Any], rule: Rule, start: datetime, end: datetime) -> bool:
        """Whether one pass covers the whole time in which the rule holds."""
        if rule.what not in (JUSTIFIED, PASS, CLOSED) or not rule.colour:
            return False
        named = rule.id in held.get("perimeter_ids", ()) or rule.colour in held.get("colours", ())
        return named and any(
            held["start"] <= max(start, hours.start) + _MOMENT
            and (end if hours.end is None else min(end, hours.end)) - _MOMENT <= held["end"]
            for hours in rule.hours
            if hours.hold_during(start + _MOMENT, end - _MOMENT, self.law.zone)
        )

    # Areas

    def _areas(
        self, leg: Leg, moves: Sequence[int], segments: np.ndarray, times: Sequence[tuple[datetime, datetime]]
    ) -> list[Broken]:
        law = self.law
        near = law._area_tree.query(segments, predicate="intersects")
        broken = []
        for index in np.unique(near[1]).tolist():
            rule = law._areas[index]
            stops = rule.id in self.beyond or any(self._within(index, place) for place in (*leg.start, *leg.end))
            belongs = self._belonging(index, leg, moves, segments) if rule.what == JUSTIFIED else None
            for n in near[0][near[1] == index].tolist():
                here = belongs is not None and belongs[n]
                deep_m = min(ENTERED_M, segments[n].length / 2)
                if (
                    self._forbidden(rule, *times[n], stops=stops, here=here)
                    and shapely.length(shapely.intersection(law._deep[index], segments[n])) > deep_m
                    and not self._is_spared(segments[n])
                ):
                    how = "crosses" if rule.what == JUSTIFIED else "enters"
                    broken.append(Broken(rule.id, times[n][0], how))
                    break
        return broken

    def _within(self, index: int, place: tuple[float, float]) -> bool:
        return bool(shapely.dwithin(self.law._outlines[index], shapely.Point(np.array(place) * self.law._scale), 1.0))

    def _touch(self, one: int, other: int) -> bool:
        return bool(shapely.dwithin(self.law._outlines[one], self.law._outlines[other], 2.0))

    def _is_spared(self, segment: BaseGeometry) -> bool:
        middle = shapely.line_interpolate_point(segment, 0.5, normalized=True)
        return len(self.law._spared.query(middle, predicate="dwithin", distance=1.5)) > 0

    def _belonging(self, index: int, leg: Leg, moves: Sequence[int], segments: np.ndarray) -> list[bool]:
        """Which pieces belong to a stop inside: from a start inside to where it is left, and towards an end inside.

        Left means: a whole street, from junction to junction, lies outside. A core of the same event counts as inside,
        and so does a core that this core surrounds.
        """
        law, rule = self.law, self.law._areas[index]
        cores = [
            n
            for n, one in enumerate(law._areas)
            if one.event == rule.event and one.what in (PASS, CLOSED) and one.colour
        ]
        parts, met = [index], [index]
        while met:
            met = [n for n in cores if n not in parts and any(self._touch(n, part) for part in met)]
            parts += met
        touches = np.any([shapely.dwithin(law._outlines[part], segments, 0.5) for part in parts], axis=0)
        ends = [any(self._within(part, place) for part in parts for place in places) for places in (leg.start, leg.end)]
        joints = [law.roads.is_junction(*leg.points[n + 1][:2]) for n in moves]
        leaving = _carried(touches.tolist(), joints, inside=ends[0])
        # Backwards the joint of a piece is the point at which it begins.
        starts = [law.roads.is_junction(*leg.points[n][:2]) for n in moves]
        reaching = _carried(touches.tolist()[::-1], starts[::-1], inside=ends[1])[::-1]
        return [one or other for one, other in zip(leaving, reaching, strict=True)]

    # Lines

    def _lines(self, leg: Leg, segments: np.ndarray, times: Sequence[tuple[datetime, datetime]]) -> list[Broken]:
        law = self.law
        near = law._line_tree.query(segments, predicate="dwithin", distance=REACH_M)
        broken = []
        for index in np.unique(near[1]).tolist():
            rule, direction = law._lines[index]
            shape = law._shapes[index]
            places = [shapely.Point(np.array(place) * law._scale) for place in (*leg.start, *leg.end)]
            lines = _lines_of(law, rule)
            stops = rule.id in self.beyond or any(shapely.dwithin(o, p, AT_STOP_M) for o in lines for p in places)
            if rule.binds(self.vehicle, stops_inside=stops) is False:
                continue
            numbers = near[0][near[1] == index].tolist()
            followed = {n: _followed(shape, segments[n]) for n in numbers}
            wrong = {n: _wrong(rule, direction, along, against) for n, (along, against) in followed.items()}
            bad = [n for n in numbers if wrong[n] > 0 and self._forbidden(rule, *times[n], stops=stops, here=False)]
            for _, run in groupby(enumerate(bad), key=lambda pair: pair[1] - pair[0]):
                pieces = [n for _, n in run]
                if sum(wrong[n] for n in pieces) > FOLLOWED_M:
                    broken.append(Broken(rule.id, times[pieces[0]][0], "drives along"))
                    break
        return broken


def _lines_of(law: Law, rule: Rule) -> list[BaseGeometry]:
    return [law._shapes[n] for n, (other, _) in enumerate(law._lines) if other is rule]


def _carried(touches: Sequence[bool], joints: Sequence[bool], *, inside: bool) -> list[bool]:
    carried: list[bool] = []
    street_outside = False  # the street under way began at a junction and has not touched the area
    for touch, joint in zip(touches, joints, strict=True):
        street_outside = street_outside and not touch
        carried.append(inside)
        if joint:
            inside = inside and not street_outside
            street_outside = True
    return carried


def _wrong(rule: Rule, direction: str, along_m: float, against_m: float) -> float:
    """Metres driven where the rule forbids it. An unknown direction is judged along the drawing alone."""
    if rule.what == ONE_WAY:
        return against_m if direction == "forward" else (along_m if direction == "backward" else 0.0)
    assert rule.what == BAN
    if direction == "both":
        return along_m + against_m
    return against_m if direction == "backward" else along_m


def _followed(shape: BaseGeometry, segment: BaseGeometry) -> tuple[float, float]:
    """Metres of a straight piece that run along a drawn line, as it is drawn and against it."""
    count = max(1, math.ceil(segment.length / STEP_M))
    samples = shapely.line_interpolate_point(segment, (np.arange(count) + 0.5) / count, normalized=True)
    parts = shapely.get_parts(shape)
    (x0, y0), (x1, y1) = segment.coords[0], segment.coords[-1]
    heading = np.array([x1 - x0, y1 - y0]) / segment.length
    along = against = 0.0
    for point in samples:
        away = shapely.distance(parts, point)
        part = parts[int(np.argmin(away))]
        if away.min() > REACH_M or part.length == 0:
            continue
        at = shapely.line_locate_point(part, point)
        ends = shapely.line_interpolate_point(part, [max(0.0, at - 1.0), min(part.length, at + 1.0)])
        (ax, ay), (bx, by) = shapely.get_coordinates(ends)
        length = math.hypot(bx - ax, by - ay)
        cosine = float(np.dot(heading, (bx - ax, by - ay)) / length) if length > 0 else 0.0
        if abs(cosine) >= math.cos(math.radians(ANGLE_DEG)):
            along += segment.length / count * (cosine > 0)
            against += segment.length / count * (cosine < 0)
    return along, against
