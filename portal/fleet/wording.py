"""The values of a vehicle in words: on its form, in its history, in the preview of a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any

from flask_babel import format_date, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.common.units import cm_to_metres
from portal.fleet.changes import ARCHIVED
from portal.fleet.columns import BY_KEY
from portal.fleet.models import AirClass, Category, ChangeSource, Energy

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
SOURCES = {
    ChangeSource.FORM: _l("sur la fiche"),
    ChangeSource.IMPORT: _l("par un fichier"),
    ChangeSource.BULK: _l("avec d’autres véhicules"),
    ChangeSource.UNDO: _l("par une annulation"),
}
# Of one thing that people see, one line: the key and the scheme follow the plate.
UNTOLD = frozenset({"plate_key", "plate_scheme", "usages", ARCHIVED})


def name_of(column: str) -> str:
    """Return the name of a column of the vehicle."""
    return str(BY_KEY[column].label)


def say(column: str, value: Any) -> str:
    """Return a value of a vehicle in words; a value of its history, which is JSON, as well."""
    if value is None or value == "":
        return str(_("vide"))
    if column == "category":
        kind = Category(value)
        return kind.value if kind is not Category.OTHER else str(CATEGORIES[kind])
    if column in _WORDS:
        kinds, words = _WORDS[column]
        return str(words[kinds(value)])
    if isinstance(value, bool):
        return str(_("oui") if value else _("non"))
    if column.endswith("_kg"):
        return f"{format_decimal(value)}\u00a0kg"
    if column.endswith("_cm"):
        return f"{format_decimal(cm_to_metres(value), format='0.00')}\u00a0m"
    if column == "plate_valid_until":
        return str(format_date(value if isinstance(value, date) else date.fromisoformat(value), "d MMM y"))
    return str(value)


_WORDS: Mapping[str, tuple[type[Enum], Mapping[Any, Any]]] = {
    "energy": (Energy, ENERGIES),
    "air_class": (AirClass, AIR_CLASSES),
}
