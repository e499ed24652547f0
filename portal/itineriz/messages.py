"""The sentences of the planner: what a code means, in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from portal.common.errors import PortalError
from portal.itineriz.trip import Caution, Notice, RoadLimit
from portal.regulations.vehicles import Fact

type Sentence = Callable[[], str]


def why(reason: Mapping[str, Any]) -> str:
    """Why a regulation stands in the way or must be known; `reason` as `Reason.to_public` writes it."""
    sentences: dict[str, Sentence] = {
        "perimeter-pass-needed": lambda: _("Périmètre interdit à la circulation sans laissez-passer."),
        "perimeter-transit-needs-pass": lambda: _(
            "Traversée interdite sans laissez-passer : seule l’entrée pour un arrêt à l’intérieur est permise."
        ),
        "perimeter-accreditation-needed": lambda: _("Périmètre réservé aux véhicules accrédités."),
        "perimeter-closed": lambda: _("Périmètre fermé à tous les véhicules."),
        "perimeter-document-needed": lambda: _(
            "Entrée permise pour un arrêt à l’intérieur, avec un document de transport à bord."
        ),
        "perimeter-free": lambda: _("Périmètre sans restriction."),
        "perimeter-pass-held": lambda: _("Un laissez-passer du véhicule ouvre ce périmètre."),
        "perimeter-exempt": lambda: _("Ce véhicule n’est pas concerné par le périmètre."),
        "measure-no-entry": lambda: _("Circulation interdite à ce véhicule."),
        "measure-wrong-way": lambda: _("Sens de circulation interdit."),
        "measure-exempt": lambda: _("Ce véhicule est exempté de l’interdiction."),
        "vehicle-fact-unknown": lambda: _(
            "Une caractéristique du véhicule manque pour savoir si l’interdiction s’applique."
        ),
        "condition-in-words": lambda: _(
            "Une condition écrite en toutes lettres s’applique : %(text)s.", text=_param(reason, "text")
        ),
        "one-direction-only": lambda: _("Un seul des deux sens est interdit."),
        "direction-doubtful": lambda: _("Le sens visé par l’arrêté n’est pas certain : vérifiez sur place."),
        "alternate-traffic": lambda: _("Circulation alternée : comptez un délai."),
        "speed-limit": lambda: _("Vitesse limitée à %(speed)s km/h.", speed=_param(reason, "max_speed_kmh")),
    }
    sentence = sentences.get(str(reason["code"]))
    return sentence() if sentence else _("Restriction de circulation.")


def _param(reason: Mapping[str, Any], name: str) -> str:
    return str(reason.get("params", {}).get(name, "?"))


def fact_name(fact: str) -> str:
    """The name of a size of the vehicle, in the middle of a sentence."""
    names: dict[str, Sentence] = {
        Fact.GROSS_WEIGHT: lambda: _("poids"),
        Fact.AXLE_LOAD: lambda: _("charge par essieu"),
        Fact.HEIGHT: lambda: _("hauteur"),
        Fact.WIDTH: lambda: _("largeur"),
        Fact.LENGTH: lambda: _("longueur"),
    }
    return names[fact]()


def limit_sentence(limit: Mapping[str, Any]) -> str:
    """What a physical limit of a street says of the vehicle."""
    unit = "t" if limit["fact"] in {Fact.GROSS_WEIGHT, Fact.AXLE_LOAD} else "m"
    return _(
        "%(street)s : %(fact)s limitée à %(value)s %(unit)s.",
        street=limit["street"] or _("Rue sans nom"),
        fact=fact_name(str(limit["fact"])),
        value=f"{limit['value']:g}".replace(".", ","),
        unit=unit,
    )


def unreachable() -> str:
    """Why a stop cannot be reached when no law and no limit explains it."""
    return _("Aucune rue ouverte à ce véhicule ne mène à cet arrêt.")


def limit_values(limit: RoadLimit) -> dict[str, Any]:
    """A physical limit as JSON values."""
    return {
        "kind": limit.kind,
        "value": limit.value,
        "fact": limit.fact.value,
        "street": limit.street,
        "size_known": limit.known,
    }


def notice_sentence(notice: str, params: Mapping[str, Any]) -> str:
    """The sentence of a caution of the planner."""
    sentences: dict[str, Sentence] = {
        Notice.UNKNOWN_SIZES: lambda: _(
            "Dimensions inconnues : %(facts)s. Les limites rencontrées sont évitées quand c’est possible.",
            facts=", ".join(fact_name(fact) for fact in str(params["facts"]).split(",")),
        ),
        Notice.LIMIT_WITH_UNKNOWN_SIZE: lambda: _(
            "%(street)s : limite de %(value)s à vérifier, la dimension du véhicule est inconnue.",
            street=params["street"] or _("Rue sans nom"),
            value=f"{params['value']:g}".replace(".", ","),
        ),
        Notice.TIMED_ROAD: lambda: _(
            "L’itinéraire emprunte une rue dont l’accès dépend de l’heure selon OpenStreetMap : vérifiez les panneaux."
        ),
        Notice.PRIVATE_ROAD: lambda: _(
            "Aucun autre chemin que des rues réservées aux riverains ou aux livraisons : vérifiez les panneaux."
        ),
        Notice.FAR_FROM_ROAD: lambda: _(
            "L’arrêt n° %(number)s est à %(metres)s m de la rue la plus proche ouverte au véhicule.",
            number=int(params["stop"]) + 1,
            metres=params["metres"],
        ),
        Notice.SEARCH_STOPPED: lambda: _("La recherche a été interrompue avant d’avoir essayé tous les chemins."),
    }
    return sentences[notice]()


def caution_values(caution: Caution) -> dict[str, Any]:
    """A caution as JSON values, without its sentence."""
    if caution.reason is not None:
        return {"reason": caution.reason.to_public()}
    assert caution.notice is not None
    return {"notice": caution.notice.value, "params": dict(caution.params)}


def caution_sentence(values: Mapping[str, Any]) -> str:
    """The sentence of a caution written by `caution_values`."""
    if "reason" in values:
        return f"{values['reason']['title']} : {why(values['reason'])}"
    return notice_sentence(str(values["notice"]), values["params"])


def fault(error: PortalError) -> str:
    """One sentence for a trip that cannot be computed."""
    params: Mapping[str, Any] = error.params
    number = int(params["stop"]) + 1 if isinstance(params.get("stop"), int) else "?"
    sentences: dict[str, Sentence] = {
        "stops-missing": lambda: _("Donnez au moins deux arrêts."),
        "too-many-stops": lambda: _("Donnez au plus %(most)s arrêts.", most=params.get("most")),
        "stop-not-a-position": lambda: _(
            "L’arrêt n° %(number)s n’est pas une position : donnez la longitude puis la latitude en degrés.",
            number=number,
        ),
        "stop-swapped": lambda: _(
            "L’arrêt n° %(number)s semble inversé : donnez la longitude avant la latitude.", number=number
        ),
        "stop-outside-territory": lambda: _("L’arrêt n° %(number)s est hors du territoire.", number=number),
        "stop-far-from-road": lambda: _(
            "L’arrêt n° %(number)s est à plus de %(metres)s m de toute rue ouverte au véhicule.",
            number=number,
            metres=params.get("metres"),
        ),
        "trip-too-long": lambda: _("Le trajet est trop long pour ce territoire."),
        "vehicle-too-large": lambda: _(
            "Véhicule : %(field)s au-delà de ce que l’itinéraire sait traiter (%(most)s au plus).",
            field=error.field,
            most=params.get("most"),
        ),
        "departure-unreadable": lambda: _("Le départ doit être une date et une heure, par exemple 2024-09-08T09:00."),
        "departure-does-not-exist": lambda: _(
            "Cette heure n’existe pas ce jour-là : les horloges avancent d’une heure pendant la nuit."
        ),
        "vehicle-unreadable": lambda: _(
            "Le véhicule doit être un objet JSON, par exemple %(example)s.", example='{"gvw_t": 12, "height_m": 3.5}'
        ),
        "graph-missing": lambda: _("Le territoire n’a pas encore de réseau routier."),
        "territory-not-found": lambda: _("Ce territoire est inconnu."),
        "routing-engine-failed": lambda: _("Le calcul d’itinéraire a échoué. Réessayez dans un instant."),
        "routing-engine-warned": lambda: _(
            "Le calcul d’itinéraire a été refusé : une donnée du véhicule n’a pas été comprise."
        ),
        "route-times-unknown": lambda: _("Le calcul d’itinéraire a échoué. Réessayez dans un instant."),
        "depart-in-the-past": lambda: _("Le départ est passé."),
    }
    sentence = sentences.get(error.code)
    if sentence:
        return sentence()
    if error.field in {fact.value for fact in Fact} | {"vehicle"} or error.code == "unknown-key":
        return _("Véhicule : %(field)s n’est pas valable (%(code)s).", field=error.field, code=error.code)
    return _("Le calcul n’a pas pu être fait (%(code)s).", code=error.code)
