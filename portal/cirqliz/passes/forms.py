"""What a manager types about a pass."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField

from portal.fleet.api import VehicleView
from portal.web.forms import Needed


class DriverForm(FlaskForm):
    """To whom a pass is sent."""

    address = EmailField(_l("Adresse e-mail du conducteur"), [Needed()])


class SwapForm(FlaskForm):
    """The vehicle that takes over."""

    vehicle = SelectField(_l("Véhicule de remplacement"), [Needed()], validate_choice=False)

    def offer(self, vehicles: Sequence[VehicleView]) -> None:
        """Offer these vehicles, and none chosen at first."""
        none = ("", _l("Choisir un véhicule"))
        labels = ((str(v.id), " – ".join(part for part in (v.plate_display, v.label) if part)) for v in vehicles)
        self.vehicle.choices = [none, *labels]
