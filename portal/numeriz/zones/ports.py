"""What the events of a city ask of those who issue passes; filled by the factory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, current_app

_KEY = "numeriz_zone_holders"


@dataclass(frozen=True, slots=True)
class Holders:
    """What rests on a perimeter. passes: those that open it and are not over; others: requests, quotas, past passes;
    rules: those that decide on requests and name it."""

    passes: int = 0
    others: int = 0
    rules: int = 0

    @property
    def nobody(self) -> bool:
        """True when the perimeter may be forgotten."""
        return not (self.passes or self.others or self.rules)


type HoldersOf = Callable[[UUID, Sequence[UUID], datetime], Mapping[UUID, Holders]]
"""Of a territory's perimeters at an instant; one that is missing has none."""


def set_holders(app: Flask, holders_of: HoldersOf) -> None:
    """Tell who counts what rests on perimeters."""
    app.extensions[_KEY] = holders_of


def holders_of(territory_id: UUID, perimeter_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, Holders]:
    """Return what rests on each of these perimeters."""
    counted: HoldersOf = current_app.extensions[_KEY]
    found = counted(territory_id, perimeter_ids, now) if perimeter_ids else {}
    return {perimeter_id: found.get(perimeter_id, Holders()) for perimeter_id in perimeter_ids}
