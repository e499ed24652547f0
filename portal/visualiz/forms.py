"""The form of the map: when, with which vehicle, where. It is sent in the URL and shared with it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, HiddenField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from portal.visualiz.profiles import DEFAULT_PROFILE, PROFILES


def _believable(_form: Form, field: DateField) -> None:
    """Far years break calendars, and nobody delivers then."""
    if field.data is not None and not 2000 <= field.data.year <= 2100:
        field.data = None
        raise ValidationError(str(_l("Choisissez une date entre 2000 et 2100.")))


class WhenWhereForm(Form):
    """A day, an hour, a vehicle, and a place by its address or its point."""

    jour = DateField(_l("Jour"), [Optional(), _believable])
    heure = TimeField(_l("Heure"), [Optional()])
    profil = SelectField(
        _l("Véhicule"),
        choices=[SelectChoice(key, label) for key, (label, _vehicle) in PROFILES.items()],
        default=DEFAULT_PROFILE,
        validate_choice=False,
    )
    adresse = StringField(_l("Adresse"), description=_l("Ou choisissez un point sur la carte."))
    lon = HiddenField()
    lat = HiddenField()

    @property
    def point(self) -> tuple[float, float] | None:
        """The point (lon, lat) in degrees; None when there is none or it cannot be one."""
        try:
            lon, lat = float(self.lon.data or ""), float(self.lat.data or "")
        except ValueError:
            return None
        # A comparison with NaN is false, so this refuses it too.
        return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None

    def profile_key(self) -> str:
        """The chosen profile, the default for one nobody offers."""
        return self.profil.data if self.profil.data in PROFILES else DEFAULT_PROFILE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Never empty on the page: what the URL leaves out is now, and the first vehicle.
        for field in (self.jour, self.heure, self.profil):
            field.flags.required = True
        if self.profil.data not in PROFILES:
            self.profil.data = DEFAULT_PROFILE
