"""The words of the impact page: alarms, clashes, classes of roads, usual vehicles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.impact.clashes import DUPLICATE, OPPOSITE, SAME_KIND, SPEEDS
from portal.numeriz.impact.found import Alarm, alarm_from_json
from portal.numeriz.translate import _
from portal.web.filters import distance

ROAD_CLASSES: Mapping[str, LazyString] = {
    "motorway": _l("Autoroutes et voies express"),
    "trunk": _l("Grands axes"),
    "primary": _l("Axes principaux"),
    "secondary": _l("Axes secondaires"),
    "tertiary": _l("Rues de liaison"),
    "unclassified": _l("Rues de desserte"),
    "residential": _l("Rues résidentielles"),
    "service_other": _l("Voies de service"),
}

VEHICLES: Mapping[str, LazyString] = {
    "van": _l("Utilitaire de 3,5\u00a0t"),
    "lorry": _l("Camion de 19\u00a0t"),
    "articulated": _l("Ensemble de 44\u00a0t"),
}

CLASHES: Mapping[str, LazyString] = {
    OPPOSITE: _l("Sens interdits opposés\u00a0: ensemble, ils ferment la rue dans les deux sens."),
    SPEEDS: _l("Une autre vitesse est déjà fixée au même endroit."),
    DUPLICATE: _l("Dit déjà la même chose au même endroit\u00a0: doublon probable."),
    SAME_KIND: _l("Règle déjà le même sujet sur une partie des rues, autrement ou pour d’autres véhicules."),
}

STEPS: Mapping[str, LazyString] = {
    "streets": _l("Rues et accès"),
    "access": _l("Entreprises et livraisons"),
    "detours": _l("Détours du transit"),
}


def alarm_sentence(alarm: Alarm | Mapping[str, Any]) -> str:
    """One alarm in a sentence; a mapping is one as `OrderWork.alarms` holds it."""
    found = alarm if isinstance(alarm, Alarm) else alarm_from_json(alarm)
    params = found.params
    street = str(params.get("street", ""))
    match found.code:
        case "motorway":
            length = distance(float(params["metres"]))
            road = str(params["road"])
            return (
                _("%(length)s d’autoroute ou de voie express fermés\u00a0: %(road)s.", length=length, road=road)
                if road
                else _("%(length)s d’autoroute ou de voie express fermés.", length=length)
            )
        case "hospital" | "fire-station":
            return _emergency_sentence(found.code, str(params["name"]), street)
        case "cut-off":
            length = distance(float(params["metres"]))
            return (
                _(
                    "%(length)s de rues ouvertes que les secours ne pourraient plus rejoindre ou quitter\u00a0: "
                    "%(street)s.",
                    length=length,
                    street=street,
                )
                if street
                else _(
                    "%(length)s de rues ouvertes que les secours ne pourraient plus rejoindre ou quitter.",
                    length=length,
                )
            )
        case code:
            raise ValueError(f"unknown alarm: {code}")


def _emergency_sentence(code: str, name: str, street: str) -> str:
    known = name or (_("un hôpital") if code == "hospital" else _("une caserne de pompiers"))
    where = street or _("une voie sans nom")
    return _(
        "Fermé aux secours au pied de %(name)s\u00a0: %(street)s. Aucune exemption ne les nomme.",
        name=known,
        street=where,
    )
