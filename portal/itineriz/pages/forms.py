"""The form of a route: a vehicle, an hour, and stops. Nothing typed is lost when something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid, Unavailable
from portal.common.text import whole_number
from portal.common.units import decimal_number
from portal.fleet.api import VehicleView
from portal.itineriz.asking import local_instant
from portal.itineriz.messages import fault
from portal.itineriz.ports import passes_of
from portal.itineriz.services import CreateRoute
from portal.itineriz.trip import Stop
from portal.regulations.vehicles import Fact, Vehicle
from portal.territories.api import AddressHit, TerritoryView, geocode

FEWEST_STOPS, MOST_STOPS = 2, 20
OTHER_VEHICLE = "autre"
_SERVICE_MOST_MIN = 24 * 60


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


class StopForm(Form):
    """One stop: the address as typed, the point chosen for it, minutes on the spot."""

    address = StringField(_l("Adresse"))
    lon = HiddenField()
    lat = HiddenField()
    service_min = StringField(_l("Durée sur place (minutes)"), default="0")

    def stop(self, territory: str) -> Stop | None:
        """The stop meant, or None once the fault stands beside its field."""
        text = " ".join((self.address.data or "").split())[:200]
        service_s = self._service_s()
        point = self._point()
        if point is None:
            found = self._find(territory, text)
            if found is None:
                return None
            text, point = found.label, (found.lon, found.lat)
            self.address.data, self.lon.data, self.lat.data = text, str(found.lon), str(found.lat)
        return None if service_s is None else Stop(point[0], point[1], text or _("Point sur la carte"), service_s)

    def _find(self, territory: str, text: str) -> AddressHit | None:
        sentence = _("Cette adresse n’a pas été trouvée.") if text else _("Indiquez une adresse.")
        try:
            found = geocode(territory, text) if text else None
        except Unavailable:
            found, sentence = None, _("La recherche d’adresses ne répond pas\u00a0: choisissez le point sur la carte.")
        if found is None:
            self.address.errors = [*self.address.errors, sentence]
        return found

    def _point(self) -> tuple[float, float] | None:
        try:
            return float(decimal_number(self.lon.data or "")), float(decimal_number(self.lat.data or ""))
        except Invalid:
            return None

    def _service_s(self) -> int | None:
        text = (self.service_min.data or "").strip() or "0"
        minutes = whole_number(text)
        if minutes is not None and minutes <= _SERVICE_MOST_MIN:
            return minutes * 60
        self.service_min.errors = [
            *self.service_min.errors,
            _("Indiquez un nombre entier de minutes, %(most)s au plus.", most=_SERVICE_MOST_MIN),
        ]
        return None


class RouteForm(FlaskForm):
    """What a company fills in. The territory and the vehicles come through the constructor."""

    territory = HiddenField()
    vehicle = SelectField(_l("Véhicule"), validate_choice=False)
    gross_weight = StringField(
        _l("PTAC (tonnes)"), description=_l("Seulement pour un autre véhicule que ceux de votre flotte.")
    )
    height = StringField(_l("Hauteur (mètres)"), description=_l("Seulement pour un autre véhicule."))
    day = StringField(_l("Jour du départ"))
    hour = StringField(_l("Heure du départ"))
    stops = FieldList(FormField(StopForm), min_entries=FEWEST_STOPS, max_entries=MOST_STOPS)

    def __init__(self, place: TerritoryView, vehicles: Sequence[VehicleView], **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self._mark_required()
        self.territory.data = place.slug
        self._vehicles = {str(vehicle.id): vehicle for vehicle in vehicles}
        choices = [SelectChoice(key, _vehicle_label(vehicle)) for key, vehicle in self._vehicles.items()]
        self.vehicle.choices = [*choices, SelectChoice(OTHER_VEHICLE, _("Un autre véhicule"))]

    def edit(self, action: str) -> None:
        """Add a stop, or remove one: `ajouter`, `retirer-N`."""
        rows = [entry.data for entry in self.stops.entries]
        if action == "ajouter" and len(rows) < MOST_STOPS:
            rows.append({})
        number = whole_number(action.removeprefix("retirer-"))
        if number is not None and number < len(rows) > FEWEST_STOPS:
            del rows[number]
        self.stops.process(None, rows)
        self._mark_required()

    def _mark_required(self) -> None:
        """What must be filled in; the rules stand in `command`, each with its own sentence."""
        for field in (self.vehicle, self.day, self.hour, *(entry.form.address for entry in self.stops.entries)):
            field.flags.required = True

    def _gather(self) -> None:
        """Let the form know what is wrong inside its stops: a list of forms does not ask again by itself."""
        self.stops.errors = [entry.form.errors for entry in self.stops.entries if entry.form.errors]

    def command(self, company_id: UUID) -> CreateRoute | None:
        """The route typed, or None once every fault stands beside its field."""
        stops = [entry.form.stop(self.place.slug) for entry in self.stops.entries]
        depart_at = self._depart_at()
        vehicle = self._vehicle()
        self._gather()
        if depart_at is None or vehicle is None or None in stops:
            return None
        public, chosen = vehicle
        return CreateRoute(
            territory_id=self.place.id,
            company_id=company_id,
            stops=tuple(stop for stop in stops if stop is not None),
            depart_at=depart_at,
            vehicle=public,
            vehicle_id=chosen.id if chosen else None,
            vehicle_label=_vehicle_label(chosen) if chosen else _("Autre véhicule"),
            passes=tuple(passes_of(self.place.id, chosen.id)) if chosen else (),
        )

    def refuse(self, error: Invalid) -> None:
        """Put the sentence of a refusal beside the field it is about."""
        number = error.params.get("stop")
        if isinstance(number, int) and number < len(self.stops.entries):
            address = self.stops.entries[number].form.address
            address.errors = [*address.errors, fault(error)]
            self._gather()
        elif error.field in {fact.value for fact in Fact}:
            self.vehicle.errors = [*self.vehicle.errors, fault(error)]
        else:
            self.form_errors.append(fault(error))

    def _depart_at(self) -> datetime | None:
        try:
            day = datetime.strptime((self.day.data or "").strip(), "%Y-%m-%d").date()  # noqa: DTZ007 a calendar day
        except ValueError:
            self.day.errors = [*self.day.errors, _("Indiquez un jour, par exemple 2024-09-08.")]
            return None
        try:
            clock = datetime.strptime((self.hour.data or "").strip()[:5], "%H:%M").time()  # noqa: DTZ007 a clock time
        except ValueError:
            self.hour.errors = [*self.hour.errors, _("Indiquez une heure, par exemple 09:30.")]
            return None
        try:
            return local_instant(datetime.combine(day, clock), ZoneInfo(self.place.timezone))
        except Invalid as error:
            self.hour.errors = [*self.hour.errors, fault(error)]
            return None

    def _vehicle(self) -> tuple[dict[str, Any], VehicleView | None] | None:
        chosen = self._vehicles.get(str(self.vehicle.data))
        if chosen is not None:
            return chosen.public(), chosen
        if self.vehicle.data != OTHER_VEHICLE:
            self.vehicle.errors = [*self.vehicle.errors, _("Choisissez un véhicule.")]
            return None
        public: dict[str, Any] = {}
        for field, fact in ((self.gross_weight, Fact.GROSS_WEIGHT), (self.height, Fact.HEIGHT)):
            text = (field.data or "").strip()
            try:
                if text:
                    public[fact.value] = float(decimal_number(text))
                    Vehicle.from_public({fact.value: public[fact.value]})
            except Invalid:
                field.errors = [*field.errors, _("Ce nombre n’est pas valable pour un véhicule.")]
        return None if self.gross_weight.errors or self.height.errors else (public, None)


def _vehicle_label(vehicle: VehicleView) -> str:
    return f"{vehicle.plate_display} – {vehicle.label}" if vehicle.label else vehicle.plate_display
