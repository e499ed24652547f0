"""The form of the map: when, with which vehicle, where. It is sent in the URL and shared with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, HiddenField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from portal.fleet.api import VehicleView
from portal.visualiz.choices import Choice, vehicle_label
from portal.visualiz.profiles import DEFAULT_PROFILE, PROFILES

_PROFILE_CHOICES = [SelectChoice(key, label) for key, (label, _vehicle) in PROFILES.items()]


def believable(_form: Form, field: DateField) -> None:
    """Far years break calendars, and nobody delivers then."""
    if field.data is not None and not 2000 <= field.data.year <= 2100:
        field.data = None
        raise ValidationError(str(_l("Choisissez une date entre 2000 et 2100.")))


class WhenWhereForm(Form):
    """A day, an hour, a vehicle, and a place by its address or its point."""

    jour = DateField(_l("Jour"), [Optional(), believable])
    heure = TimeField(_l("Heure"), [Optional()])
    profil = SelectField(
        _l("Véhicule"),
        choices=_PROFILE_CHOICES,
        default=DEFAULT_PROFILE,
        validate_choice=False,
    )
    adresse = StringField(_l("Adresse"), description=_l("Ou choisissez un point sur la carte."))
    lon = HiddenField()
    lat = HiddenField()

    @property
    def point(self) -> tuple[float, float] | None:
        """The point (lon, lat) in degrees; None when there is none or it cannot be one."""
        return point_of(self.lon.data, self.lat.data)

    def offer(self, own: Sequence[VehicleView], chosen: Choice) -> None:
        """Offer the profiles and, under a heading of their own, the visitor's vehicles; show which one is chosen."""
        self.profil.data = chosen.key
        theirs = {str(vehicle.id): vehicle_label(vehicle) for vehicle in own}
        if chosen.is_own:
            theirs.setdefault(chosen.key, chosen.label)
        if theirs:
            self.profil.choices = {
                _("Mes véhicules"): [SelectChoice(key, label) for key, label in theirs.items()],
                _("Autres véhicules"): list(_PROFILE_CHOICES),
            }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Never empty on the page: what the URL leaves out is now, and the first vehicle.
        for field in (self.jour, self.heure, self.profil):
            field.flags.required = True


def point_of(lon_text: str | None, lat_text: str | None) -> tuple[float, float] | None:
    """The point (lon, lat) in degrees of two texts; None when there is none or it cannot be one."""
    try:
        lon, lat = float(lon_text or ""), float(lat_text or "")
    except ValueError:
        return None
    # A comparison with NaN is false, so this refuses it too.
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def vehicle_id_of(text: str) -> UUID | None:
    """The id of a vehicle as the URL gives it; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
