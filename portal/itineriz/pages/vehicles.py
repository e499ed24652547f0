"""The vehicle of a form: one of the fleet, or any other by its sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.common.units import decimal_number
from portal.fleet.api import OfferedFleet, VehicleView, plate_key
from portal.regulations.vehicles import AirClass, Fact, Vehicle

OTHER_VEHICLE = "autre"
MOST_LISTED = 1000
"""The others of a larger fleet are reached by their plates."""


class FleetForm(FlaskForm):
    """A vehicle of the fleet, for forms that ask for one. `offer_fleet` comes before anything is read."""

    vehicle = SelectField(_l("Véhicule"), validate_choice=False)
    plate = StringField(_l("Ou sa plaque"), description=_l("Pour un véhicule de votre flotte absent de la liste."))

    def offer_fleet(
        self,
        fleet: OfferedFleet,
        *,
        before: Sequence[SelectChoice] = (),
        after: Sequence[SelectChoice] = (),
        apart_from: UUID | None = None,
    ) -> None:
        """Offer the vehicles of a fleet, as many as a list holds, between other choices."""
        self._fleet, self._before, self._after = fleet, before, after
        listed = fleet.find(limit=MOST_LISTED + 1)
        self.is_cut = len(listed) > MOST_LISTED
        # The one that is chosen already stays, wherever it stands in the fleet: another would be taken in its place.
        chosen = fleet.get([*_ids(self.vehicle.data)])
        self._vehicles = {str(one.id): one for one in (*listed[:MOST_LISTED], *chosen) if one.id != apart_from}
        self._list(self._vehicles.values())

    def fleet_vehicle(self) -> VehicleView | None:
        """The vehicle whose plate was typed, else the one chosen; None with the fault beside the plate, or for neither.

        Part of a plate chooses nothing: what answers it takes the place of the list.
        """
        typed = (self.plate.data or "").strip()
        if not typed:
            return self._vehicles.get(str(self.vehicle.data))
        found = self._fleet.find(typed, limit=MOST_LISTED)
        same = [one for one in found if plate_key(one.plate) == plate_key(typed)]
        if len(same) == 1:
            return same[0]
        if found:
            self._list(same or found, SelectChoice("", _("Choisir…")))
            self.vehicle.data = self.plate.data = ""
            fault = _("Choisissez dans la liste\u00a0: elle montre les véhicules qui répondent à votre recherche.")
        else:
            fault = _("Aucun véhicule de votre flotte n’a cette plaque.")
        self.plate.errors = [*self.plate.errors, fault]
        return None

    def _list(self, vehicles: Iterable[VehicleView], *first: SelectChoice) -> None:
        listed = (SelectChoice(str(vehicle.id), vehicle_label(vehicle)) for vehicle in vehicles)
        self.vehicle.choices = [*first, *self._before, *listed, *self._after]


class VehicleForm(FleetForm):
    """The fields of a vehicle of the fleet or of any other. `offer_vehicles` comes before anything is read."""

    gross_weight = StringField(_l("PTAC (tonnes)"))
    combination_weight = StringField(
        _l("PTRA (tonnes)"), description=_l("Poids de l’ensemble, seulement avec une remorque.")
    )
    axle_load = StringField(_l("Charge par essieu (tonnes)"))
    height = StringField(_l("Hauteur (mètres)"))
    width = StringField(_l("Largeur (mètres)"))
    length = StringField(_l("Longueur (mètres)"))
    air_class = SelectField(_l("Vignette Crit’Air"), validate_choice=False)
    hazmat = BooleanField(_l("Transporte des matières dangereuses (TMD)"))

    def offer_vehicles(self, fleet: OfferedFleet) -> None:
        """Offer the vehicles of the fleet, and another one."""
        self.offer_fleet(fleet, after=[SelectChoice(OTHER_VEHICLE, _("Un autre véhicule"))])
        names = {AirClass.E: "Crit’Air E", AirClass.NONE: _("Sans vignette")}
        classes = [SelectChoice(one.value, names.get(one, f"Crit’Air\u00a0{one.value}")) for one in AirClass]
        self.air_class.choices = [SelectChoice("", _("Je ne sais pas")), *classes]

    @property
    def size_fields(self) -> tuple[Field, ...]:
        """The sizes of another vehicle, in the order they are asked."""
        return tuple(field for field, _fact in self._sizes())

    def read_vehicle(self) -> tuple[dict[str, Any], VehicleView | None] | None:
        """The public object of the vehicle and, of the fleet, its view; None with the fault beside its field."""
        chosen = self.fleet_vehicle()
        if chosen is not None:
            return chosen.public(), chosen
        if self.plate.errors:
            return None
        if self.vehicle.data != OTHER_VEHICLE:
            self.vehicle.errors = [*self.vehicle.errors, _("Choisissez un véhicule.")]
            return None
        public = self._sizes_typed()
        if any(field.errors for field in self.size_fields):
            return None
        if self.air_class.data:
            public[Fact.AIR_CLASS.value] = self.air_class.data
        # A box left empty is an answer: no dangerous goods.
        public[Fact.HAZMAT.value] = bool(self.hazmat.data)
        try:
            Vehicle.from_public(public)
        except Invalid as error:
            self.blame(error, _("Ces nombres ne vont pas ensemble."))
            return None
        return public, None

    def blame(self, error: Invalid, sentence: str) -> None:
        """Put a sentence beside the field an error names, beside the vehicle when it names none of them."""
        known = {fact.value: field for field, fact in self._sizes()} | {Fact.AIR_CLASS.value: self.air_class}
        field = known.get(error.field or "", self.vehicle) if self.vehicle.data == OTHER_VEHICLE else self.vehicle
        field.errors = [*field.errors, sentence]

    def _sizes(self) -> Iterator[tuple[StringField, Fact]]:
        yield self.gross_weight, Fact.GROSS_WEIGHT
        yield self.combination_weight, Fact.COMBINATION_WEIGHT
        yield self.axle_load, Fact.AXLE_LOAD
        yield self.height, Fact.HEIGHT
        yield self.width, Fact.WIDTH
        yield self.length, Fact.LENGTH

    def _sizes_typed(self) -> dict[str, Any]:
        public: dict[str, Any] = {}
        for field, fact in self._sizes():
            text = (field.data or "").strip()
            try:
                if text:
                    public[fact.value] = float(decimal_number(text))
                    Vehicle.from_public({fact.value: public[fact.value]})
            except Invalid:
                field.errors = [*field.errors, _("Ce nombre n’est pas valable pour un véhicule.")]
        return public


def _ids(text: object) -> Iterator[UUID]:
    """The id that a choice of the list is, if it is one."""
    with suppress(ValueError):
        yield UUID(str(text))


def chosen_label(chosen: VehicleView | None) -> str:
    """What a tour keeps of the vehicle it was asked for."""
    return vehicle_label(chosen) if chosen else _("Autre véhicule")


def vehicle_label(vehicle: VehicleView) -> str:
    """The plate, and the name the company gave."""
    return f"{vehicle.plate_display} – {vehicle.label}" if vehicle.label else vehicle.plate_display
