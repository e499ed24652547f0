"""The vehicles a visitor chooses from: their weights alone; what else matters stays unknown, and the answer says so."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.regulations.vehicles import Vehicle

PROFILES: Mapping[str, tuple[LazyString, Vehicle]] = {
    "vul": (_l("Utilitaire de 3,5\u00a0t"), Vehicle(gross_weight_kg=3_500)),
    "pl12": (_l("Camion de 12\u00a0t"), Vehicle(gross_weight_kg=12_000)),
    "pl19": (_l("Camion de 19\u00a0t"), Vehicle(gross_weight_kg=19_000)),
    "pl44": (_l("Ensemble de 44\u00a0t"), Vehicle(gross_weight_kg=19_000, combination_weight_kg=44_000)),
}
DEFAULT_PROFILE = "vul"
