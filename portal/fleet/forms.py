"""The forms of the fleet. The rules of a value stand in `columns` and `drafts`; the form only carries texts to them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.units import cm_to_metres
from portal.fleet.columns import BY_KEY
from portal.fleet.drafts import Judgement, judge
from portal.fleet.messages import fault_sentence
from portal.fleet.models import AirClass, Category, Energy
from portal.fleet.vehicle_view import VehicleView

_UNKNOWN = SelectChoice("", _l("Je ne sais pas"))

CATEGORIES = {
    Category.N1: _l("N1, jusqu’à 3,5\u00a0t (utilitaire léger)"),
    Category.N2: _l("N2, de 3,5 à 12\u00a0t"),
    Category.N3: _l("N3, plus de 12\u00a0t"),
    Category.OTHER: _l("Autre"),
}
ENERGIES = {
    Energy.DIESEL: _l("Gazole"),
    Energy.PETROL: _l("Essence"),
    Energy.ELECTRIC: _l("Électrique"),
    Energy.HYDROGEN: _l("Hydrogène"),
    Energy.GAS: _l("Gaz"),
    Energy.PLUGIN_HYBRID: _l("Hybride rechargeable"),
    Energy.HYBRID: _l("Hybride"),
    Energy.BIODIESEL: _l("Biodiesel B100"),
}
AIR_CLASSES = {
    AirClass.E: _l("Verte (E)"),
    AirClass.C1: _l("Crit’Air 1"),
    AirClass.C2: _l("Crit’Air 2"),
    AirClass.C3: _l("Crit’Air 3"),
    AirClass.C4: _l("Crit’Air 4"),
    AirClass.C5: _l("Crit’Air 5"),
    AirClass.NONE: _l("Aucune (non classé)"),
}


def _text(key: str) -> StringField:
    column = BY_KEY[key]
    return StringField(column.label, description=column.help)


def _select(key: str, words: dict[Any, Any]) -> SelectField:
    column = BY_KEY[key]
    choices = [_UNKNOWN, *(SelectChoice(kind.value, word) for kind, word in words.items())]
    # Whatever is sent is judged with the other texts: an unknown word gets the same sentence as in a file.
    return SelectField(column.label, choices=choices, description=column.help, validate_choice=False)


class VehicleForm(FlaskForm):
    """One vehicle. `judge()` gives the draft or puts every fault beside its field."""

    plate = _text("plate")
    country = _text("country")
    label = _text("label")
    category = _select("category", CATEGORIES)
    gross_weight_kg = _text("gross_weight_kg")
    combination_weight_kg = _text("combination_weight_kg")
    axle_load_kg = _text("axle_load_kg")
    height_cm = _text("height_cm")
    width_cm = _text("width_cm")
    length_cm = _text("length_cm")
    energy = _select("energy", ENERGIES)
    air_class = _select("air_class", AIR_CLASSES)
    hazmat = BooleanField(_l("Transporte des matières dangereuses"))
    plate_valid_until = _text("plate_valid_until")
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, column in BY_KEY.items():
            self[key].flags.required = column.required

    def judge(self) -> Judgement:
        """Judge what was typed; faults are added to the fields' errors."""
        texts = {key: str(self[key].data or "") for key in BY_KEY if key != "hazmat"}
        texts["hazmat"] = "oui" if self.hazmat.data else "non"
        texts["energy"] = texts["energy"].replace("_", " ")
        judgement = judge(texts)
        for fault in judgement.faults:
            sentence = fault_sentence(fault.column, fault.code, fault.value, fault.params)
            self.add_error(fault.column, sentence)
        return judgement

    def add_error(self, column: str, sentence: str) -> None:
        """Put a sentence beside a field."""
        self[column].errors = [*self[column].errors, sentence]

    def show(self, vehicle: VehicleView) -> None:
        """Fill the form with a stored vehicle, sizes in the units people type."""
        for key in BY_KEY:
            value = vehicle.plate_display if key == "plate" else getattr(vehicle, key)
            if key.endswith("_cm") and value is not None:
                value = f"{cm_to_metres(int(value)):.2f}".replace(".", ",")
            elif key.endswith("_kg") and value is not None:
                value = str(value)
            self[key].data = value if key == "hazmat" else ("" if value is None else str(value))
        self.version.data = str(vehicle.version)


class UploadForm(FlaskForm):
    """A fleet file."""

    file = FileField(_l("Fichier de votre flotte"), render_kw={"required": True})


class ActionForm(FlaskForm):
    """A button alone: nothing but the CSRF token."""
