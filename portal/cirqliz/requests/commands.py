"""What a company may ask, as values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portal.cirqliz.ports import RouteStop

_HALF = 32
"""Of the 64 signs of a submission key."""


def form_mark(form_key: str) -> str:
    """Return the beginning of the submission key of whatever a form files: hexadecimal digits."""
    return hashlib.sha256(form_key.encode()).hexdigest()[:_HALF]


@dataclass(frozen=True, slots=True)
class Driver:
    """Who drives a vehicle, where the territory asks it. email: where the pass may be sent, "" for none."""

    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A request to file. form_key is drawn when the empty form is shown; instants are aware.

    stops: none, or those of a tour. perimeter_ids: what is asked for besides what the tour needs, or without one.
    draft_id: the draft that this form kept, to be used up. renewed_from: the request it copies.
    """

    territory_id: UUID
    vehicle_ids: frozenset[UUID]
    starts_at: datetime
    ends_at: datetime
    stops: tuple[RouteStop, ...]
    reason: str
    form_key: str
    perimeter_ids: frozenset[str] = frozenset()
    drivers: Mapping[UUID, Driver] = field(default_factory=dict)
    draft_id: UUID | None = None
    renewed_from: UUID | None = None

    def submission_key(self) -> str:
        """Return what two sendings of one form have in common.

        The content takes part: a form sent again after a change is another request, a double click is not. All that
        one form files begins with its mark.
        """
        content = [
            str(self.territory_id),
            sorted(str(id_) for id_ in self.vehicle_ids),
            self.starts_at.timestamp(),
            self.ends_at.timestamp(),
            [[stop.label, stop.lon, stop.lat, stop.service_min] for stop in self.stops],
            self.reason,
            sorted(self.perimeter_ids),
            sorted([str(id_), driver.name, driver.email] for id_, driver in self.drivers.items()),
        ]
        return form_mark(self.form_key) + hashlib.sha256(json.dumps(content).encode()).hexdigest()[:_HALF]


@dataclass(frozen=True, slots=True)
class AnswerInformation:
    """The company answers what the desk asked."""

    request_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class AppealDecision:
    """The company contests the refusal of some of its vehicles, and says why."""

    request_id: UUID
    text: str
