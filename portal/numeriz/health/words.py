"""The words of the health page."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.health.measures import Fault
from portal.numeriz.health.sources import Freshness

FAULTS: Mapping[Fault, LazyString] = {
    Fault.NOT_DRAWN: _l("Sans tracé"),
    Fault.NO_EDGES: _l("Sans rue retrouvée"),
    Fault.FREE_TEXT: _l("Condition en toutes lettres"),
    Fault.NO_DIRECTION: _l("Sens inconnu"),
}
EFFECTS: Mapping[Fault, LazyString] = {
    Fault.NOT_DRAWN: _l("Ces mesures ne disent nulle part où elles s’appliquent\u00a0: elles sont sans effet."),
    Fault.NO_EDGES: _l(
        "Leur tracé n’a pas été retrouvé sur le réseau routier\u00a0: elles sont signalées, mais ne ferment aucune rue "
        "aux itinéraires."
    ),
    Fault.FREE_TEXT: _l(
        "Une partie de leurs conditions est écrite en toutes lettres\u00a0: ni les GPS ni le calculateur ne la lisent."
    ),
    Fault.NO_DIRECTION: _l(
        "Elles ferment une rue sans dire dans quel sens\u00a0: les deux sens sont fermés, sauf contre un sens unique."
    ),
}
REPAIRS: Mapping[Fault, LazyString] = {
    Fault.NOT_DRAWN: _l("Tracer le lieu"),
    Fault.NO_EDGES: _l("Revoir le lieu"),
    Fault.FREE_TEXT: _l("Choisir des conditions"),
    Fault.NO_DIRECTION: _l("Dire le sens"),
}
FRESHNESS: Mapping[Freshness, LazyString] = {
    Freshness.FRESH: _l("À jour"),
    Freshness.LATE: _l("En retard"),
    Freshness.FAILING: _l("En échec"),
    Freshness.PAUSED: _l("Suspendu"),
    Freshness.UNREAD: _l("Jamais lu"),
    Freshness.IMPORTED: _l("Importé"),
    Freshness.PARTIAL: _l("Importé en partie"),
    Freshness.REFUSED: _l("Refusé"),
}
TONES: Mapping[Freshness, str] = {
    Freshness.FRESH: "success",
    Freshness.LATE: "warning",
    Freshness.FAILING: "danger",
    Freshness.PAUSED: "neutral",
    Freshness.UNREAD: "neutral",
    Freshness.IMPORTED: "neutral",
    Freshness.PARTIAL: "warning",
    Freshness.REFUSED: "danger",
}
