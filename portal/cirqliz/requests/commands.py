"""What a company may ask, as values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.cirqliz.ports import RouteStop


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A request to file. form_key is drawn when the empty form is shown; instants are aware."""

    territory_id: UUID
    vehicle_ids: frozenset[UUID]
    starts_at: datetime
    ends_at: datetime
    stops: tuple[RouteStop, ...]
    reason: str
    form_key: str

    def submission_key(self) -> str:
        """Return what two sendings of one form have in common.

        The content takes part: a form sent again after a change is another request, a double click is not.
        """
        content = [
            self.form_key,
            str(self.territory_id),
            sorted(str(id_) for id_ in self.vehicle_ids),
            self.starts_at.timestamp(),
            self.ends_at.timestamp(),
            [[stop.label, stop.lon, stop.lat, stop.service_min] for stop in self.stops],
            self.reason,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
