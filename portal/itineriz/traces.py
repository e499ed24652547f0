"""What Itineriz keeps of the people who prepare tours."""

from __future__ import annotations

from portal.accounts.api import Traces
from portal.itineriz.models import AddressCheck, Route, StopsUpload

TRACES = (
    Traces(
        "itineraires",
        lambda person: Route.created_by == person.id,
        (Route.company_id, Route.label, Route.stops, Route.depart_at, Route.created_at),
    ),
    Traces(
        "tableaux_d_arrets",
        lambda person: StopsUpload.created_by == person.id,
        (StopsUpload.company_id, StopsUpload.file_name, StopsUpload.created_at),
    ),
    Traces(
        "verifications_d_adresses",
        lambda person: AddressCheck.created_by == person.id,
        (AddressCheck.company_id, AddressCheck.week_start, AddressCheck.address_count, AddressCheck.created_at),
    ),
)
