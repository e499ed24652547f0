"""The forms of a day of stops from a spreadsheet: the file, one row, the tour made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.fleet.api import OfferedFleet
from portal.itineriz.messages import fault
from portal.itineriz.pages.local_time import add_fault, read_day, read_hour
from portal.itineriz.pages.picking import AddressFields, Picked, read_hours_of, read_service_min
from portal.itineriz.pages.vehicles import VehicleForm, chosen_label
from portal.itineriz.places.hours import hours_text
from portal.itineriz.places.rows import StopRow
from portal.itineriz.ports import passes_of
from portal.itineriz.services import CreateRoute
from portal.itineriz.trip import Stop
from portal.regulations.passes import PassRight
from portal.regulations.vehicles import Fact
from portal.territories.api import TerritoryView

LABEL_LENGTH = 120
LEAVE, ARRIVE = "partir", "arriver"


class StopsFileForm(FlaskForm):
    """A day of stops."""

    territory = HiddenField()
    file = FileField(_l("Fichier de vos arrêts"), render_kw={"required": True})


class RowForm(AddressFields, FlaskForm):
    """One row of the day, to settle it."""

    label = StringField(_l("Nom"))
    service_min = StringField(_l("Durée sur place (minutes)"))
    hours = StringField(
        _l("Heures de livraison"), description=_l("Par exemple 08:00-12:00, 14:00-18:00. Vide\u00a0: à toute heure.")
    )

    def show(self, row: StopRow) -> None:
        """Fill the form with a row, what was not understood as it was written."""
        given = row.given or {}
        self.label.data = row.label
        self.service_min.data = given.get("service") or str(row.service_min)
        self.hours.data = given.get("hours") or hours_text(row.windows)
        self.address.data = row.address or row.found
        if row.lon is not None and row.lat is not None:
            self.settle(Picked(row.found or row.address, row.lon, row.lat))

    def settled(self, row: StopRow, place: TerritoryView) -> StopRow | None:
        """The row as it was settled, None once every fault stands beside its field."""
        picked = self.pick(place)
        minutes = read_service_min(self.service_min)
        hours = read_hours_of(self.hours)
        if picked is None or minutes is None or hours is None:
            return None
        label = " ".join((self.label.data or "").split())[:LABEL_LENGTH]
        return replace(
            row,
            label=label,
            lon=picked.lon,
            lat=picked.lat,
            score=picked.score,
            found=picked.address,
            doubt=None,
            alternatives=(),
            service_min=minutes,
            windows=hours,
            faults=(),
            given={},
        )


class TourForm(AddressFields, VehicleForm):
    """The tour to make of the rows: vehicle, hour, order; the address is where it leaves from."""

    label = StringField(_l("Nom de la tournée"), description=_l("Pour la retrouver, par exemple Tournée du lundi."))
    when = RadioField(
        _l("Quand\u00a0?"),
        choices=[SelectChoice(LEAVE, _l("Partir à")), SelectChoice(ARRIVE, _l("Arriver au dernier arrêt avant"))],
        default=LEAVE,
        validate_choice=False,
    )
    day = StringField(_l("Jour"))
    hour = StringField(_l("Heure"))
    free_order = BooleanField(_l("Laisser le site choisir l’ordre des arrêts"))
    return_to_start = BooleanField(_l("Revenir au départ à la fin"))

    def __init__(self, place: TerritoryView, fleet: OfferedFleet, **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self.zone = ZoneInfo(place.timezone)
        self.address.label.text = _("Adresse de départ")
        self.offer_vehicles(fleet)
        for field in (self.vehicle, self.when, self.day, self.hour):
            field.flags.required = True

    def propose(self, now: datetime, label: str) -> None:
        """Propose the tour one usually makes of a file."""
        self.day.data, self.hour.data = f"{now.astimezone(self.zone):%Y-%m-%d}", "09:00"
        self.label.data, self.free_order.data = label[:LABEL_LENGTH], True

    def tour(self, company_id: UUID) -> Callable[[Sequence[StopRow]], CreateRoute] | None:
        """What makes a tour of the rows, as it was typed; None once every fault stands beside its field."""
        day = read_day(self.day)
        at = read_hour(self.hour, day, self.zone) if day is not None else None
        start = self.pick(self.place, required=False)
        vehicle = self.read_vehicle()
        if day is None or at is None or vehicle is None or self.address.errors:
            return None
        public, chosen = vehicle
        passes: tuple[PassRight, ...] = tuple(passes_of(self.place.id, chosen.id)) if chosen else ()
        empty = CreateRoute(
            territory_id=self.place.id,
            company_id=company_id,
            stops=(),
            depart_at=at,
            arrive_by=at if self.when.data == ARRIVE else None,
            vehicle=public,
            vehicle_id=chosen.id if chosen else None,
            vehicle_label=chosen_label(chosen),
            passes=passes,
            free_order=bool(self.free_order.data),
            return_to_start=bool(self.return_to_start.data),
            label=" ".join((self.label.data or "").split())[:LABEL_LENGTH],
        )
        return lambda rows: replace(empty, stops=_stops(rows, start, empty, self.zone))

    def refuse(self, error: Invalid) -> None:
        """Put the sentence of a refusal beside the field it is about."""
        if error.field in {fact.value for fact in Fact}:
            self.blame(error, fault(error))
        elif error.field == "address":
            add_fault(self.address, fault(error))
        else:
            self.form_errors.append(fault(error))


def _stops(rows: Sequence[StopRow], start: Picked | None, tour: CreateRoute, zone: ZoneInfo) -> tuple[Stop, ...]:
    stops = [row.stop(tour.depart_at, zone, arrival=tour.arrive_by is not None) for row in rows]
    if start is not None:
        stops.insert(0, Stop(start.lon, start.lat, start.address[:LABEL_LENGTH]))
    return tuple(stops)
