"""The vehicle of a form: one of the fleet, or any other by its sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.common.units import decimal_number
from portal.fleet.api import VehicleView
from portal.regulations.vehicles import AirClass, Fact, Vehicle

OTHER_VEHICLE = "autre"


class VehicleForm(FlaskForm):
    """The fields of a vehicle, for forms that ask for one. `offer_vehicles` comes before anything is read."""

    vehicle = SelectField(_l("Véhicule"), validate_choice=False)
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

    def offer_vehicles(self, vehicles: Sequence[VehicleView]) -> None:
        """Offer the vehicles of the fleet, and another one."""
        self._vehicles = {str(vehicle.id): vehicle for vehicle in vehicles}
        choices = [SelectChoice(key, vehicle_label(vehicle)) for key, vehicle in self._vehicles.items()]
        self.vehicle.choices = [*choices, SelectChoice(OTHER_VEHICLE, _("Un autre véhicule"))]
        names = {AirClass.E: "Crit’Air E", AirClass.NONE: _("Sans vignette")}
        classes = [SelectChoice(one.value, names.get(one, f"Crit’Air\u00a0{one.value}")) for one in AirClass]
        self.air_class.choices = [SelectChoice("", _("Je ne sais pas")), *classes]

    @property
    def size_fields(self) -> tuple[Field, ...]:
        """The sizes of another vehicle, in the order they are asked."""
        return tuple(field for field, _fact in self._sizes())

    def read_vehicle(self) -> tuple[dict[str, Any], VehicleView | None] | None:
        """The public object of the vehicle and, of the fleet, its view; None with the fault beside its field."""
        chosen = self._vehicles.get(str(self.vehicle.data))
        if chosen is not None:
            return chosen.public(), chosen
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


def chosen_label(chosen: VehicleView | None) -> str:
    """What a tour keeps of the vehicle it was asked for."""
    return vehicle_label(chosen) if chosen else _("Autre véhicule")


def vehicle_label(vehicle: VehicleView) -> str:
    """The plate, and the name the company gave."""
    return f"{vehicle.plate_display} – {vehicle.label}" if vehicle.label else vehicle.plate_display
