"""The words of the impact page: alarms, clashes, classes of roads, usual vehicles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.impact.clashes import DUPLICATE, OPPOSITE, SAME_KIND, SPEEDS
from portal.numeriz.impact.found import Alarm, alarm_from_json
from portal.numeriz.impact.hot_switch import Lasting
from portal.numeriz.ports import Detours
from portal.numeriz.translate import _
from portal.regulations.schedules import Interval
from portal.web.filters import distance, duration

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

WITH_OTHERS: Final = _l("D’autres fermetures, qui s’appliquent en même temps, y contribuent.")
"""After what is cut off, when it is not so by the draft alone."""


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
            sentence = (
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
            return f"{sentence} {WITH_OTHERS}" if params.get("others") else sentence
        case code:
            raise ValueError(f"unknown alarm: {code}")


def _emergency_sentence(code: str, name: str, street: str) -> str:
    known = name or (_("Hôpital") if code == "hospital" else _("Caserne de pompiers"))
    where = street or _("une voie sans nom")
    return _(
        "%(name)s\u00a0: accès fermé aux secours par %(street)s. Aucune exemption ne les laisse passer.",
        name=known,
        street=where,
    )


def detour(found: Detours) -> str:
    """The mean loss: « 3 min, 1,2 km »; a dash when no trip has a way left."""
    return "–" if found.blocked == found.sampled else f"{seconds(found.seconds)}, {distance(max(0.0, found.metres))}"


def seconds(value: float) -> str:
    """« 40 s », or as `duration` from a minute and a half on."""
    return _("%(seconds)s\u00a0s", seconds=round(value)) if value < 90 else duration(value)


def spans_today(spans: Sequence[Interval], zone: str) -> str:
    """« Aujourd’hui de 08:00 à 12:00 et de 14:00 à 18:00 »; midnight ends the day."""
    local = ZoneInfo(zone)
    parts = []
    for span in spans:
        start, end = span.start.astimezone(local), span.end.astimezone(local)
        until = "24:00" if end.date() > start.date() and f"{end:%H:%M}" == "00:00" else f"{end:%H:%M}"
        over = end.date() > start.date() and until != "24:00"
        parts.append(
            _("de %(start)s jusqu’à demain %(end)s", start=f"{start:%H:%M}", end=until)
            if over
            else _("de %(start)s à %(end)s", start=f"{start:%H:%M}", end=until)
        )
    if not parts:
        return _("Rien aujourd’hui.")
    if parts == [_("de %(start)s à %(end)s", start="00:00", end="24:00")]:
        return _("Aujourd’hui toute la journée.")
    return _(
        "Aujourd’hui %(spans)s.", spans=_(" et ").join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    )


LASTING: Mapping[Lasting, LazyString] = {
    Lasting.HOUR: _l("pendant 1\u00a0h"),
    Lasting.TWO_HOURS: _l("pendant 2\u00a0h"),
    Lasting.FOUR_HOURS: _l("pendant 4\u00a0h"),
    Lasting.TONIGHT: _l("jusqu’à ce soir, minuit"),
    Lasting.TOMORROW: _l("jusqu’à demain soir, minuit"),
    Lasting.ON: _l("jusqu’à nouvel ordre"),
}

_DONE: Mapping[str, LazyString] = {
    "signature-asked": _l("La relecture est demandée\u00a0: le brouillon est signalé aux autres agents du territoire."),
    "signed": _l("Vous avez signé. L’arrêté peut être publié tel qu’il est écrit."),
    "lifted": _l("Levé. La carte et les itinéraires suivent dans les secondes qui viennent."),
    "activated": _l("Activé. La carte et les itinéraires suivent dans les secondes qui viennent."),
    "to-confirm": _l(
        "Les effets de cet arrêté n’ont pas été étudiés ici\u00a0: une autre personne doit confirmer cette activation."
    ),
    "confirmed": _l("Vous avez confirmé l’activation."),
    "resumed": _l("Repris\u00a0: l’arrêté s’applique de nouveau comme il est écrit."),
}

_REFUSALS: Mapping[str, LazyString] = {
    "order-not-ready": _l("Complétez d’abord l’arrêté\u00a0: ses effets se calculent quand rien n’y manque."),
    "impact-not-seen": _l("Étudiez d’abord les effets de l’arrêté tel qu’il est écrit maintenant."),
    "no-alarm": _l("Aucune alarme\u00a0: la signature d’une deuxième personne n’est pas nécessaire."),
    "signed-already": _l("L’arrêté est déjà signé tel qu’il est écrit."),
    "own-work": _l("Vous avez écrit cette version\u00a0: une autre personne doit la relire et la signer."),
    "work-changed": _l("L’arrêté a changé depuis que vous avez ouvert cette page. Relisez-le avant de signer."),
    "not-ours": _l("Cet arrêté vient d’une autre source\u00a0: elle seule peut le lever ou l’activer."),
    "order-withdrawn": _l("Cet arrêté a été retiré."),
    "order-changed": _l(
        "Quelqu’un a changé cet arrêté entre-temps. Voici où il en est\u00a0: recommencez s’il le faut."
    ),
    "not-switched": _l("Cet arrêté s’applique déjà comme il est écrit."),
    "until-missing": _l("Choisissez jusqu’à quand."),
    "until-over": _l("Cette heure est déjà passée."),
    "too-long-alone": _l(
        "Les effets de cet arrêté n’ont pas été étudiés ici\u00a0: il s’active 24\u00a0heures en tout avant qu’une autre "
        "personne confirme."
    ),
    "nothing-to-confirm": _l("Cette activation est déjà confirmée."),
    "own-activation": _l("Vous avez activé cet arrêté\u00a0: une autre personne doit le confirmer."),
    "reason-too-long": _l("La raison est trop longue."),
    "act-unknown": _l("Choisissez de lever, d’activer ou de revenir à l’arrêté écrit."),
}


def done(code: str) -> str:
    """What was just done."""
    return str(_DONE[code])


def refusal(code: str) -> str:
    """Why it was not done."""
    return str(_REFUSALS[code])
