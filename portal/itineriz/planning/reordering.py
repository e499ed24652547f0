"""From a trip to the order of its stops: what the ordering asks, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta

from portal.itineriz.planning.matrix import travel_between
from portal.itineriz.planning.ordering import Trial, Visits, order_stops
from portal.itineriz.planning.slots import LegalSlots
from portal.itineriz.planning.tour import Ordered, Round, Tour, calls_of
from portal.itineriz.planning.windows import first_begin
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.trip import Stop, Trip
from portal.regulations.schedules import Interval


def in_best_order(
    grid: LawGrid,
    trip: Trip,
    given: tuple[int, ...],
    slots: Mapping[int, LegalSlots],
    drive: Callable[[Round], Tour],
) -> Ordered:
    """The best order found of the stops that can be served, for a tour that leaves at the hour of the trip.

    given: numbers of the stops in the order given, the start first. slots: their legal hours, windows included, by
    number. drive: drives a tour for real.
    """
    stops = [trip.stops[number] for number in given]
    hours = {number: _hours(trip.stops[number], slots.get(number)) for number in given}

    def round_of(order: tuple[int, ...]) -> Round:
        numbers = tuple(given[place] for place in order)
        kept = {place: hours_of for place, number in enumerate(numbers) if (hours_of := hours[number]) is not None}
        return Round(calls_of(trip, numbers), trip.depart_at, trip.vehicle, trip.passes, slots=kept)

    def trial(order: tuple[int, ...]) -> Trial:
        round_ = round_of(order)
        return _trial(drive(round_), order, round_.slots)

    start = first_begin(stops[0].windows, trip.depart_at) or trip.depart_at
    visits = Visits(
        leave_at=start + timedelta(seconds=stops[0].service_s),
        service_s=tuple(stop.service_s for stop in stops),
        openings=tuple(hours[number] for number in given),
        returns=trip.return_to_start,
    )
    order = order_stops(visits, travel_between(grid, trip, given), trial)
    numbers = tuple(given[place] for place in order.sequence)
    return Ordered(
        numbers,
        round_of(order.sequence).slots,
        {given[one.number]: one.cause == "hours" for one in order.unserved},
        order.saved_s,
        order.saved_m,
        order.failed,
    )


def _hours(stop: Stop, slots: LegalSlots | None) -> tuple[Interval, ...] | None:
    """When service may begin, by the law and by the windows of the stop; None at any time."""
    if slots is None or not (slots.reasons or stop.windows):
        return None
    return slots.open


def _trial(tour: Tour, order: tuple[int, ...], slots: Mapping[int, tuple[Interval, ...]]) -> Trial:
    """What a real drive found, by the places of the question; the place of the return is that of the start."""
    assert tour.supposed_end is not None
    late = {obstacle.stop for obstacle in tour.obstacles if obstacle.missed}
    return Trial(
        leg_s=tuple(math.nan if place in late else leg for place, leg in enumerate(tour.leg_s, start=1)),
        missed=frozenset(order[place] for place in tour.missed if place < len(order)),
        distance_m=tour.distance_m,
        ends_at=tour.supposed_end,
        wait_s=tuple(
            0.0 if place in slots else tour.waits.get(place - 1, 0.0) for place in range(1, len(tour.leg_s) + 1)
        ),
    )
