"""What applies during a day in a box: each regulation with its hours of that day, for the sheet of paper."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import LawSnapshot, Regulation
from portal.visualiz.layers import Box
from portal.visualiz.onscreen import ORIGINS, Layer


@dataclass(frozen=True, slots=True)
class OfDay:
    """A regulation and when it is active during the day: sorted and disjoint, cut to the day, never empty."""

    layer: Layer
    regulation: Regulation
    spans: tuple[Interval, ...]


def of_day(law: LawSnapshot, day: Interval, box: Box, layers: Collection[Layer]) -> Iterator[OfDay]:
    """What is drawn in the box and active at some moment of the day, in the order of the law."""
    layer_of = {origin: layer for layer, origin in ORIGINS.items()}
    for regulation in law.in_box(box, day):
        layer = Layer.PERIMETERS if isinstance(regulation, Perimeter) else layer_of[regulation.origin]
        if layer in layers:
            yield OfDay(layer, regulation, active_spans(law, regulation, day))


def active_spans(law: LawSnapshot, regulation: Regulation, during: Interval) -> tuple[Interval, ...]:
    """When a regulation is active in an interval: sorted, disjoint, cut to it."""
    if isinstance(regulation, Perimeter):
        return merge(
            Interval(max(during.start, span.start), during.end if span.end is None else min(during.end, span.end))
            for span in regulation.activations
            if during.meets(span.start, span.end)
        )
    return merge(span for period in regulation.periods for span in period.active_intervals(during, law.calendar))
