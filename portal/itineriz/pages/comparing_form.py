"""The form of a variant: what changes, everything else staying as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.fields.choices import SelectChoice

from portal.fleet.api import OfferedFleet
from portal.itineriz.pages.local_time import read_day, read_hour
from portal.itineriz.pages.vehicles import FleetForm, vehicle_label
from portal.itineriz.ports import passes_of
from portal.itineriz.queries import RouteView
from portal.itineriz.variants import Changed, OtherVehicle, supposed_pass
from portal.numeriz.api import COLOURS
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from portal.web.forms import CheckboxesField

SAME = "meme"
_ASKED_COLOURS = (Colour.BLUE, Colour.RED, Colour.GREY, Colour.BLACK)


class CompareForm(FleetForm):
    """What a variant changes. perimeters: names by id, those the answer speaks of."""

    day = StringField(_l("Jour du départ"))
    hour = StringField(_l("Heure du départ"))
    colours = CheckboxesField(_l("Avec un laissez-passer pour tout périmètre"), validate_choice=False)
    perimeters = CheckboxesField(_l("Avec un laissez-passer pour"), validate_choice=False)

    def __init__(
        self, route: RouteView, place: TerritoryView, fleet: OfferedFleet, perimeters: Mapping[str, str]
    ) -> None:
        self._place, self._perimeters, self._same_id = place, perimeters, route.vehicle_id
        self._zone = ZoneInfo(place.timezone)
        local = route.depart_at.astimezone(self._zone)
        self._as_before = {"vehicle": SAME, "day": f"{local:%Y-%m-%d}", "hour": f"{local:%H:%M}"}
        super().__init__(data=self._as_before)
        same = _("Le même (%(label)s)", label=route.vehicle_label) if route.vehicle_label else _("Le même")
        self.offer_fleet(fleet, before=[SelectChoice(SAME, same)], apart_from=route.vehicle_id)
        for field in (self.vehicle, self.day, self.hour):
            field.flags.required = True
        self.colours.choices = [SelectChoice(colour.value, str(COLOURS[colour])) for colour in _ASKED_COLOURS]
        self.perimeters.choices = [SelectChoice(known, title) for known, title in perimeters.items()]

    def changed(self) -> Changed | None:
        """What the variant changes, or None once every fault stands beside its field."""
        day = read_day(self.day)
        depart_at = read_hour(self.hour, day, self._zone) if day is not None else None
        vehicle = self._vehicle()
        if depart_at is None or self.vehicle.errors or self.plate.errors:
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
        moved_to = None if same_hour else depart_at
        return Changed(vehicle, moved_to, (supposed,) if supposed else (), zone=self._zone)

    def _vehicle(self) -> OtherVehicle | None:
        """Another vehicle of the fleet; None for the same, or with its fault beside the field."""
        chosen = self.fleet_vehicle()
        if chosen is None:
            if self.vehicle.data != SAME and not self.plate.errors:
                self.vehicle.errors = [*self.vehicle.errors, _("Choisissez un véhicule.")]
            return None
        if chosen.id == self._same_id:
            return None
        public: Mapping[str, Any] = chosen.public()
        return OtherVehicle(public, chosen.id, vehicle_label(chosen), passes_of(self._place.id, chosen.id))
