"""A first order of stops by VROOM, on a table of travel times; hours are added when there are some.

Two facts of pyvroom 1.15.2 (measured): with its own default `max_distance` a tour without hours is not solved as the
travelling salesman's (200 stops: 2.8 s, and longer tours) but with None it is (0.01 s); and with hours the time grows
with the third power of the stops (100 stops: 0.7 s; 200: 7 s), so that many stops with hours are only given their
order without them, which is mended afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from portal.common.errors import Unavailable

type Floats = npt.NDArray[np.float64]
type Spans = Sequence[tuple[float, float]]

MOST_WITH_HOURS: Final = 100
_LONGEST_S: Final = 7 * 24 * 3600
_NO_WAY_S: Final = 8 * 24 * 3600
_EXPLORATION: Final = 0


def vroom_order(seconds: Floats, service_s: Sequence[float], hours: Sequence[Spans] | None, end: int) -> list[int]:
    """The stops between the first place and `end`, in a good order; those that find no room are left out.

    seconds: (n, n), inf where there is no way. hours: per place, when service may begin (seconds since the departure;
    empty: at any time); None: hours are not looked at. end: the last place, 0 to come back.
    Raises Unavailable("ordering-failed") when VROOM fails in whatever way.
    """
    # Loaded by who orders stops alone: it brings a table library along.
    import vroom
    from vroom import _vroom

    stops = [place for place in range(1, len(seconds)) if place != end]
    table = np.minimum(np.ceil(np.where(np.isfinite(seconds), seconds, _NO_WAY_S)), _NO_WAY_S).astype(np.uint32)
    np.fill_diagonal(table, 0)
    try:
        asked = vroom.Input()
        asked.set_durations_matrix("car", table)
        asked.add_vehicle(_vehicle(vroom, hours, end))
        asked.add_job([_job(vroom, place, service_s[place], hours) for place in stops])
        # One thread: the same question gives the same answer on every machine.
        found = asked.solve(exploration_level=_EXPLORATION, nb_threads=1).to_dict()
    except (
        _vroom.VroomInternalException,
        _vroom.VroomInputException,
        _vroom.VroomRoutingException,
        RuntimeError,
        ValueError,
        TypeError,
        OverflowError,
    ) as error:
        raise Unavailable("ordering-failed", reason=type(error).__name__) from error
    order = [step["id"] for route in found["routes"] for step in route["steps"] if step["type"] == "job"]
    if len(set(order)) != len(order) or not set(order) <= set(stops):
        raise Unavailable("ordering-failed", reason="not-an-order")
    return order


def _vehicle(vroom: Any, hours: Sequence[Spans] | None, end: int) -> Any:
    if hours is None:
        return vroom.Vehicle(1, start=0, end=end, max_distance=None)
    until = int(hours[end][-1][1]) if end and hours[end] else _LONGEST_S
    return vroom.Vehicle(1, start=0, end=end, max_distance=None, time_window=(0, max(1, min(until, _LONGEST_S))))


def _job(vroom: Any, place: int, service_s: float, hours: Sequence[Spans] | None) -> Any:
    spans = hours[place] if hours is not None else ()
    # VROOM counts whole seconds, its bounds included; what it rounds is looked at again afterwards.
    windows = [
        vroom.TimeWindow(int(np.ceil(first)), int(np.ceil(until)) - 1)
        for first, until in spans
        if np.ceil(first) < np.ceil(until) and first < _LONGEST_S
    ]
    return vroom.Job(place, location=place, default_service=int(np.ceil(service_s)), time_windows=windows)
