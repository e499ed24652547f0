"""What of a change makes an answer worth looking at again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from portal.fleet.api import Category, VehicleView
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.schedules import Interval, merge

# The most a vehicle of a category weighs, in kilograms (domain 4.6); None: no bound.
_MOST_KG: Final[Mapping[Category, int | None]] = {
    Category.N1: 3_500,
    Category.N2: 12_000,
    Category.N3: None,
    Category.OTHER: None,
}
_POLICIES: Final = tuple(Motorised)
_RANK: Final = {Category.N1: 1, Category.N2: 2, Category.N3: 3, Category.OTHER: 4}


def weighs_more(before: VehicleView, after: VehicleView) -> bool:
    """Tell whether a vehicle became heavier or more dangerous than what was decided on.

    A weight nobody knows is the most its category allows: learning it later is no change unless it is more than that,
    and forgetting it is one.
    """
    if _RANK[after.category] > _RANK[before.category] or (after.hazmat and not before.hazmat):
        return True
    alone = (before.gross_weight_kg, after.gross_weight_kg)
    if _above(_or_most(alone[0], before.category), _or_most(alone[1], after.category)):
        return True
    # A combination of unknown weight may weigh anything.
    return _above(before.combination_weight_kg, after.combination_weight_kg) and (
        before.combination_weight_kg is not None
    )


def is_looked_at_again(before: VehicleView, after: VehicleView) -> bool:
    """Tell whether somebody who saw a vehicle before may answer otherwise for it now.

    It asks more, it is another vehicle (plate, country), or it is not as clean as it was said to be. What is told for
    the first time of its energy or class is no change.
    """
    clean = ((before.energy, after.energy), (before.air_class, after.air_class))
    return (
        weighs_more(before, after)
        or (before.plate, before.country) != (after.plate, after.country)
        or any(was is not None and now is not was for was, now in clean)
    )


def _or_most(weight_kg: int | None, category: Category) -> int | None:
    return _MOST_KG[category] if weight_kg is None else weight_kg


def _above(before_kg: int | None, after_kg: int | None) -> bool:
    """Compare two weights of which None has no bound."""
    if before_kg is None:
        return False
    return after_kg is None or after_kg > before_kg


def same_access(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether two readings of a request's perimeters ask the same of it: which ones, colour and policy."""
    return [_access(one) for one in before] == [_access(one) for one in after]


def other_hours(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the perimeters of both readings that are active at other hours than before."""
    known = {one["id"]: one.get("hours") for one in before}
    return [one for one in after if one["id"] in known and one.get("hours") != known[one["id"]]]


def asks_less(before: Mapping[str, Any], now: Mapping[str, Any], window: Interval) -> bool:
    """Tell whether a perimeter asks less in a window than it did: colour, policy, or hours at which it is active.

    before, now: what the facts hold of it (`perimeter_facts`). One that the law no longer knows is never active; hours
    that nobody kept are compared with nothing.
    """
    if now["colour"] is not None and before["colour"] is not None:
        freer = Colour(now["colour"]).strictness < Colour(before["colour"]).strictness
        if freer or _POLICIES.index(now["motorised"]) < _POLICIES.index(before["motorised"]):
            return True
    if before.get("hours") is None:
        return False
    was, stays = _active(before["hours"], window), _active(now["hours"] or (), window)
    return merge([*was, *stays]) != merge(stays)


def _active(hours: Iterable[Sequence[str | None]], window: Interval) -> list[Interval]:
    """The hours of the facts, [start, end or None], inside a window."""
    read = [(_instant(start), _instant(end)) for start, end in hours]
    met = ((start, end) for start, end in read if start is not None and window.meets(start, end))
    return [Interval(max(start, window.start), min(end or window.end, window.end)) for start, end in met]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _access(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return one.get("id"), one.get("colour"), one.get("motorised")
