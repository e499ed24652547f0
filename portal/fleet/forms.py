"""The forms of the fleet. The rules of a value stand in `columns` and `drafts`; the form only carries texts to them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from portal.common.units import cm_to_metres
from portal.fleet.bulk import BULK_KEYS, BulkChange, read_change
from portal.fleet.columns import BY_KEY
from portal.fleet.drafts import Judgement, judge
from portal.fleet.messages import fault_sentence
from portal.fleet.vehicle_view import VehicleView
from portal.fleet.wording import AIR_CLASSES, CATEGORIES, ENERGIES

_UNKNOWN = SelectChoice("", _l("Je ne sais pas"))


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


_SAME = SelectChoice("", _l("Ne pas changer"))


def _same_or(key: str, words: dict[Any, Any]) -> SelectField:
    choices = [_SAME, *(SelectChoice(kind, word) for kind, word in words.items())]
    return SelectField(BY_KEY[key].label, choices=choices, validate_choice=False)


class BulkForm(FlaskForm):
    """The same values for several vehicles; what is left empty does not change."""

    label_prefix = StringField(
        _l("Début du nom d’usage"), description=_l("Ajouté devant le nom de chacun, par exemple Dépôt nord.")
    )
    category = _same_or("category", {kind.value: word for kind, word in CATEGORIES.items()})
    gross_weight_kg = _text("gross_weight_kg")
    combination_weight_kg = _text("combination_weight_kg")
    axle_load_kg = _text("axle_load_kg")
    height_cm = _text("height_cm")
    width_cm = _text("width_cm")
    length_cm = _text("length_cm")
    energy = _same_or("energy", {kind.value.replace("_", " "): word for kind, word in ENERGIES.items()})
    air_class = _same_or("air_class", {kind.value: word for kind, word in AIR_CLASSES.items()})
    hazmat = _same_or("hazmat", {"oui": _l("Oui"), "non": _l("Non")})

    def texts(self) -> dict[str, str]:
        """Return what was typed, by column."""
        return {name: str(self[name].data or "") for name in ("label_prefix", *BULK_KEYS)}

    def read(self) -> BulkChange | None:
        """Return the change asked for, or None with every fault beside its field."""
        change, faults = read_change(self.texts())
        for fault in faults:
            sentence = fault_sentence(fault.column, fault.code, fault.value, fault.params)
            self[fault.column].errors = [*self[fault.column].errors, sentence]
        return change


class UploadForm(FlaskForm):
    """A fleet file."""

    file = FileField(_l("Fichier de votre flotte"), render_kw={"required": True})


class ActionForm(FlaskForm):
    """A button alone: nothing but the CSRF token."""
