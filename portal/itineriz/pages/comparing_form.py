"""The form of a variant: what changes, everything else staying as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.fleet.api import VehicleView
from portal.itineriz.pages.local_time import read_day, read_hour
from portal.itineriz.pages.vehicles import vehicle_label
from portal.itineriz.ports import passes_of
from portal.itineriz.queries import RouteView
from portal.itineriz.variants import Changed, OtherVehicle, supposed_pass
from portal.numeriz.api import COLOURS
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from portal.web.forms import CheckboxesField

SAME = "meme"
_ASKED_COLOURS = (Colour.BLUE, Colour.RED, Colour.GREY, Colour.BLACK)


class CompareForm(FlaskForm):
    """What a variant changes. perimeters: names by id, those the answer speaks of."""

    vehicle = SelectField(_l("Véhicule"), validate_choice=False)
    day = StringField(_l("Jour du départ"))
    hour = StringField(_l("Heure du départ"))
    colours = CheckboxesField(_l("Avec un laissez-passer pour tout périmètre"), validate_choice=False)
    perimeters = CheckboxesField(_l("Avec un laissez-passer pour"), validate_choice=False)

    def __init__(
        self, route: RouteView, place: TerritoryView, vehicles: Sequence[VehicleView], perimeters: Mapping[str, str]
    ) -> None:
        self._place, self._perimeters = place, perimeters
        self._zone = ZoneInfo(place.timezone)
        local = route.depart_at.astimezone(self._zone)
        self._as_before = {"vehicle": SAME, "day": f"{local:%Y-%m-%d}", "hour": f"{local:%H:%M}"}
        super().__init__(data=self._as_before)
        self._vehicles = {str(vehicle.id): vehicle for vehicle in vehicles if vehicle.id != route.vehicle_id}
        same = _("Le même (%(label)s)", label=route.vehicle_label) if route.vehicle_label else _("Le même")
        others = [SelectChoice(key, vehicle_label(vehicle)) for key, vehicle in self._vehicles.items()]
        self.vehicle.choices = [SelectChoice(SAME, same), *others]
        for field in (self.vehicle, self.day, self.hour):
            field.flags.required = True
        self.colours.choices = [SelectChoice(colour.value, str(COLOURS[colour])) for colour in _ASKED_COLOURS]
        self.perimeters.choices = [SelectChoice(known, title) for known, title in perimeters.items()]

    def changed(self) -> Changed | None:
        """What the variant changes, or None once every fault stands beside its field."""
        day = read_day(self.day)
        depart_at = read_hour(self.hour, day, self._zone) if day is not None else None
        vehicle = self._vehicle()
        if depart_at is None or self.vehicle.errors:
            return None
        typed = {"day": str(day), "hour": f"{depart_at.astimezone(self._zone):%H:%M}"}
        same_hour = all(self._as_before[name] == value for name, value in typed.items())
        supposed = supposed_pass(
            depart_at,
            (name for name in self.perimeters.data or () if name in self._perimeters),
            (Colour(name) for name in self.colours.data or () if name in set(_ASKED_COLOURS)),
        )
        if vehicle is None and same_hour and supposed is None:
            self.form_errors.append(_("Changez au moins le véhicule, l’heure ou un laissez-passer."))
            return None
        return Changed(vehicle, None if same_hour else depart_at, (supposed,) if supposed else ())

    def _vehicle(self) -> OtherVehicle | None:
        """Another vehicle of the fleet; None for the same, or with its fault beside the field."""
        chosen = self._vehicles.get(str(self.vehicle.data))
        if chosen is None:
            if self.vehicle.data != SAME:
                self.vehicle.errors = [*self.vehicle.errors, _("Choisissez un véhicule.")]
            return None
        public: Mapping[str, Any] = chosen.public()
        return OtherVehicle(public, chosen.id, vehicle_label(chosen), passes_of(self._place.id, chosen.id))
