"""The vehicles a visitor chooses from: weights, stickers of some, and no dangerous goods.

What else matters, like the height, stays unknown, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.regulations.vehicles import AirClass, Vehicle


def _without_hazmat(gross_weight_kg: int, *, combined_kg: int | None = None, air: AirClass | None = None) -> Vehicle:
    return Vehicle(gross_weight_kg, combination_weight_kg=combined_kg, hazmat=False, air_class=air)


PROFILES: Mapping[str, tuple[LazyString, Vehicle]] = {
    "vul": (_l("Utilitaire de 3,5\u00a0t"), _without_hazmat(3_500)),
    "vul-2": (_l("Utilitaire de 3,5\u00a0t, Crit’Air\u00a02"), _without_hazmat(3_500, air=AirClass.CLASS_2)),
    "vul-e": (_l("Utilitaire de 3,5\u00a0t, électrique"), _without_hazmat(3_500, air=AirClass.E)),
    "pl12": (_l("Camion de 12\u00a0t"), _without_hazmat(12_000)),
    "pl19": (_l("Camion de 19\u00a0t"), _without_hazmat(19_000)),
    "pl44": (_l("Ensemble de 44\u00a0t"), _without_hazmat(19_000, combined_kg=44_000)),
}
DEFAULT_PROFILE = "vul"
