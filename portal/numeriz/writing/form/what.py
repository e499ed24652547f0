"""What a measure regulates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.text import whole_number
from portal.numeriz.words import MEASURES
from portal.numeriz.writing.form.fields import StepForm, typed
from portal.regulations.measures import MeasureType
from portal.web.forms import Needed

OFFERED = tuple(kind for kind in MEASURES if kind is not MeasureType.UNKNOWN)


class WhatForm(StepForm):
    """The type of the measure, and its speed when it limits one."""

    type = RadioField(
        _l("Ce que la mesure règle"),
        [Needed()],
        choices=[SelectChoice(kind.value, MEASURES[kind]) for kind in OFFERED],
        validate_choice=False,
    )
    max_speed_kmh = StringField(_l("Vitesse maximale"), description=_l("En km/h, de 1 à 130."))

    def show(self, values: Mapping[str, Any]) -> None:
        """Fill the inputs."""
        self.type.data = values.get("type") or ""
        speed = values.get("max_speed_kmh")
        self.max_speed_kmh.data = "" if speed is None else str(speed)

    def values(self, before: Mapping[str, Any], act: str = "") -> dict[str, Any]:
        """What the inputs say; a speed that is no whole number stays as it was typed."""
        text = typed(self.max_speed_kmh, 20)
        number = whole_number(text)
        return {
            "type": self.type.data if self.type.data in {kind.value for kind in OFFERED} else "",
            "max_speed_kmh": (text or None) if number is None else number,
        }

    def field_at(self, path: str) -> Field:
        """The speed, or the type."""
        return self.max_speed_kmh if path == "max_speed_kmh" else self.type
