"""The sentences of the planner. What the law itself says is put into words by Numeriz."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, gettext

from portal.common.errors import PortalError
from portal.itineriz.trip import Caution, Notice, RoadLimit
from portal.numeriz.api import sentence
from portal.regulations.evaluate import State
from portal.regulations.vehicles import Fact
from portal.web import filters


def _(text: str, /, **params: object) -> str:
    """The text in the language of the reader."""
    return str(gettext(text, **params))


type Sentence = Callable[[], str]


def fact_name(fact: str) -> str:
    """The name of a size of the vehicle, in the middle of a sentence."""
    names: dict[str, Sentence] = {
        Fact.GROSS_WEIGHT: lambda: _("poids"),
        Fact.AXLE_LOAD: lambda: _("charge par essieu"),
        Fact.HEIGHT: lambda: _("hauteur"),
        Fact.WIDTH: lambda: _("largeur"),
        Fact.LENGTH: lambda: _("longueur"),
        Fact.HAZMAT: lambda: _("matières dangereuses"),
    }
    return str(names[fact]())


def limit_sentence(limit: Mapping[str, Any]) -> str:
    """What a physical limit of a street says of the vehicle."""
    if limit["fact"] == Fact.HAZMAT:
        return _("%(street)s\u00a0: interdite aux matières dangereuses.", street=limit["street"] or _("Rue sans nom"))
    unit = "t" if limit["fact"] in {Fact.GROSS_WEIGHT, Fact.AXLE_LOAD} else "m"
    return _(
        "%(street)s\u00a0: limite de %(fact)s à %(value)s\u00a0%(unit)s.",
        street=limit["street"] or _("Rue sans nom"),
        fact=fact_name(str(limit["fact"])),
        value=format_decimal(limit["value"]),
        unit=unit,
    )


def unreachable() -> str:
    """Why a stop cannot be reached when no law and no limit explains it."""
    return _("Aucune rue ouverte à ce véhicule ne mène à cet arrêt.")


def missed_window() -> str:
    """Why a stop cannot be served when the vehicle comes after its last window."""
    return _("Les créneaux de cet arrêt sont terminés quand le véhicule arrive.")


def bay_hours(always: bool, slots: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> str:
    """When a bay is kept for deliveries, on the day of the visit. slots: none when its hours are not known."""
    if always:
        return _("Réservée aux livraisons à toute heure.")
    if not slots:
        return _("Horaires inconnus.")
    spans = ", ".join(
        _("%(start)s à %(end)s", start=f"{start.astimezone(zone):%H:%M}", end=_end_of(end.astimezone(zone)))
        for start, end in slots
    )
    return _("Réservée aux livraisons ce jour-là\u00a0: %(spans)s.", spans=spans)


def _end_of(at: datetime) -> str:
    return "24:00" if (at.hour, at.minute) in {(0, 0), (23, 59)} else f"{at:%H:%M}"


def lost_bay(bay: Mapping[str, Any]) -> str:
    """That a stop is no longer offered a bay it was offered. bay: of `Route.changes`."""
    named = " – ".join(str(bay[part]) for part in ("name", "address") if bay.get(part))
    if not named:
        return _("Une aire de livraison n’est plus proposée à son arrêt.")
    return _("L’aire de livraison %(bay)s n’est plus proposée à son arrêt.", bay=named)


def bay_doubt(code: str) -> str:
    """What is not known of a bay that may be usable."""
    sentences: dict[str, Sentence] = {
        "bay-length-unknown": lambda: _("La longueur de l’aire est inconnue."),
        "vehicle-length-unknown": lambda: _("La longueur du véhicule est inconnue."),
        "vehicle-weight-unknown": lambda: _("Le poids du véhicule est inconnu et l’aire est limitée en poids."),
        "bay-hours-unknown": lambda: _("Les horaires de l’aire sont inconnus."),
    }
    return sentences[code]()


def emissions_sentence(values: Mapping[str, Any]) -> str:
    """What the figures of fuel and carbon dioxide rest on, or why there is none. values: `emissions` of an answer."""
    sentences: dict[str, Sentence] = {
        "average-per-kilometre": lambda: _(
            "Estimation moyenne par kilomètre, à l’échappement\u00a0: facteurs de conversion du gouvernement britannique "
            "(véhicules de livraison, 2021)\u00a0; litres d’après l’arrêté français du 26\u00a0avril 2017."
        ),
        "no-exhaust": lambda: _("Aucune émission à l’échappement\u00a0; la production de l’énergie n’est pas comptée."),
        "energy-unknown": lambda: _("L’énergie du véhicule est inconnue\u00a0: aucune estimation."),
        "weight-unknown": lambda: _("Le poids du véhicule est inconnu\u00a0: aucune estimation."),
        "no-factor": lambda: _("Aucun facteur publié pour cette énergie et ce véhicule\u00a0: aucune estimation."),
    }
    known = sentences.get(str(values.get("basis")))
    return known() if known else ""


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
            "Dimensions inconnues\u00a0: %(facts)s. Les limites rencontrées sont évitées quand c’est possible.",
            facts=", ".join(fact_name(fact) for fact in str(params["facts"]).split(",")),
        ),
        Notice.LIMIT_WITH_UNKNOWN_SIZE: lambda: (
            _(
                "%(street)s\u00a0: interdite aux matières dangereuses, à vérifier pour ce véhicule.",
                street=params["street"] or _("Rue sans nom"),
            )
            if params.get("kind") == "hazmat"
            else _(
                "%(street)s\u00a0: limite de %(value)s à vérifier, la dimension du véhicule est inconnue.",
                street=params["street"] or _("Rue sans nom"),
                value=format_decimal(params["value"]),
            )
        ),
        Notice.TIMED_ROAD: lambda: _(
            "L’itinéraire emprunte une rue dont l’accès dépend de l’heure selon OpenStreetMap\u00a0: vérifiez les panneaux."
        ),
        Notice.PRIVATE_ROAD: lambda: _(
            "Aucun autre chemin que des rues réservées aux riverains ou aux livraisons\u00a0: vérifiez les panneaux."
        ),
        Notice.FAR_FROM_ROAD: lambda: _(
            "L’arrêt n°\u00a0%(number)s est à %(metres)s\u00a0m de la rue la plus proche ouverte au véhicule.",
            number=int(params["stop"]) + 1,
            metres=params["metres"],
        ),
        Notice.DELAYED: lambda: _(
            "Limitations de vitesse et circulations alternées des arrêtés\u00a0: environ %(minutes)s\u00a0min de plus, comptées.",
            minutes=params["minutes"],
        ),
        Notice.AWAITS_LAW: lambda: _(
            "«\u00a0%(title)s\u00a0»\u00a0: attendez %(time)s à l’arrêt n°\u00a0%(number)s, c’est fermé jusque-là.",
            title=params["title"],
            time=filters.duration(params["seconds"]),
            number=int(params["stop"]) + 1,
        ),
        Notice.ORDER_UNAVAILABLE: lambda: _(
            "L’ordre des arrêts n’a pas pu être amélioré\u00a0: celui donné est suivi."
        ),
        Notice.NO_OTHER_ACCESS: lambda: _(
            "«\u00a0%(title)s\u00a0»\u00a0: seul accès à l’arrêt n°\u00a0%(number)s, emprunté au titre de la desserte.",
            title=params["title"],
            number=int(params["stop"]) + 1,
        ),
        Notice.SEARCH_STOPPED: lambda: _("La recherche a été interrompue avant d’avoir essayé tous les chemins."),
    }
    return str(sentences[notice]())


def caution_values(caution: Caution, zone: ZoneInfo) -> dict[str, Any]:
    """A caution as JSON values with its sentence."""
    if caution.reason is not None:
        return {"reason": caution.reason.to_public(), "text": sentence(caution.reason, zone)}
    assert caution.notice is not None
    params = dict(caution.params)
    return {"notice": caution.notice.value, "params": params, "text": notice_sentence(caution.notice, params)}


def fault(error: PortalError) -> str:
    """One sentence for a trip that cannot be computed."""
    params: Mapping[str, Any] = error.params
    number = int(params["stop"]) + 1 if isinstance(params.get("stop"), int) else None
    sentences: dict[str, Sentence] = {
        "stops-missing": lambda: _("Donnez au moins deux arrêts."),
        "too-many-stops": lambda: _("Donnez au plus %(most)s arrêts.", most=params.get("most")),
        "stop-not-a-position": lambda: (
            _("Ce n’est pas une position\u00a0: donnez la longitude puis la latitude en degrés.")
            if number is None
            else _(
                "L’arrêt n°\u00a0%(number)s n’est pas une position\u00a0: donnez la longitude puis la latitude en degrés.",
                number=number,
            )
        ),
        "stop-swapped": lambda: (
            _("La position semble inversée\u00a0: donnez la longitude avant la latitude.")
            if number is None
            else _(
                "L’arrêt n°\u00a0%(number)s semble inversé\u00a0: donnez la longitude avant la latitude.", number=number
            )
        ),
        "stop-outside-territory": lambda: (
            _("La position est hors du territoire.")
            if number is None
            else _("L’arrêt n°\u00a0%(number)s est hors du territoire.", number=number)
        ),
        "stop-far-from-road": lambda: _(
            "L’arrêt n°\u00a0%(number)s est à plus de %(metres)s\u00a0m de toute rue ouverte au véhicule.",
            number=number,
            metres=params.get("metres"),
        ),
        "trip-too-long": lambda: _("Le trajet est trop long pour ce territoire."),
        "vehicle-too-large": lambda: _(
            "Véhicule\u00a0: %(field)s au-delà de ce que l’itinéraire sait traiter (%(most)s au plus).",
            field=error.field,
            most=params.get("most"),
        ),
        "departure-unreadable": lambda: _("L’instant doit être une date et une heure, par exemple 2024-09-08T09:00."),
        "departure-or-arrival": lambda: _("Donnez l’heure de départ ou l’heure d’arrivée, et une seule des deux."),
        "window-unreadable": lambda: _(
            "Un créneau se donne avec le numéro de l’arrêt, un début et une fin qui le suit, par exemple "
            "2=2024-09-08T09:00/2024-09-08T11:30."
        ),
        "services-do-not-match": lambda: _(
            "Donnez une durée de service pour tous les arrêts, ou une pour chacun des %(stops)s.",
            stops=params.get("stops"),
        ),
        "energy-unknown": lambda: _("Énergie inconnue. Énergies\u00a0: %(known)s.", known=params.get("known")),
        "departure-does-not-exist": lambda: _(
            "Cette heure n’existe pas ce jour-là\u00a0: les horloges avancent d’une heure pendant la nuit."
        ),
        "vehicle-unreadable": lambda: _(
            "Le véhicule doit être un objet JSON, par exemple %(example)s.", example='{"gvw_t": 12, "height_m": 3.5}'
        ),
        "colour-unknown": lambda: _(
            "Couleur de périmètre inconnue\u00a0: %(colour)s. Couleurs connues\u00a0: %(known)s.",
            colour=params.get("colour") or "–",
            known=params.get("known"),
        ),
        "graph-missing": lambda: _("Le territoire n’a pas encore de réseau routier."),
        "territory-not-found": lambda: _("Ce territoire est inconnu."),
        "routing-engine-failed": lambda: _("Le calcul d’itinéraire a échoué. Réessayez dans un instant."),
        "routing-engine-warned": lambda: _(
            "Le calcul d’itinéraire a été refusé\u00a0: une donnée du véhicule n’a pas été comprise."
        ),
        "depart-in-the-past": lambda: _("Le départ est passé."),
    }
    known = sentences.get(error.code)
    if known:
        return known()
    if error.field in {fact.value for fact in Fact} | {"vehicle"} or error.code == "unknown-key":
        return _("Véhicule\u00a0: %(field)s %(fault)s.", field=error.field, fault=_vehicle_fault(error))
    return _("Le calcul n’a pas pu être fait (%(code)s).", code=error.code)


def _vehicle_fault(error: PortalError) -> str:
    """What is wrong with one key of a vehicle, after its name."""
    params: Mapping[str, Any] = error.params
    faults: dict[str, Sentence] = {
        "unknown-key": lambda: _("n’est pas une clé connue (%(known)s)", known=params.get("known")),
        "not-a-number": lambda: _("doit être un nombre, en tonnes ou en mètres"),
        "not-a-boolean": lambda: _("doit être true ou false"),
        "not-a-list": lambda: _("doit être une liste"),
        "unknown-value": lambda: _("a une valeur inconnue (connues\u00a0: %(known)s)", known=params.get("known")),
        "too-small": lambda: _("est trop petit (%(least)s au moins)", least=params.get("least")),
        "too-large": lambda: _("est trop grand (%(most)s au plus)", most=params.get("most")),
        "below-gross-weight": lambda: _("est inférieur à gvw_t"),
        "above-total-weight": lambda: _("dépasse le poids total"),
    }
    known = faults.get(error.code)
    return known() if known else _("n’est pas valable (%(code)s)", code=error.code)


def stored_fault(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a failure kept with a route."""
    given = dict(params)
    field = given.pop("field", None)
    if code in {"unexpected", "lost-too-often"}:
        return _("Le calcul n’a pas abouti. Relancez-le\u00a0; s’il échoue encore, prévenez l’administrateur.")
    return fault(PortalError(code, field, **given))


def verdict_words(state: str) -> str:
    """The verdict on a vehicle that stops at a point."""
    words: dict[str, Sentence] = {
        State.ALLOWED: lambda: _("Permis."),
        State.PASS_REQUIRED: lambda: _("Laissez-passer nécessaire."),
        State.FORBIDDEN: lambda: _("Interdit."),
        State.UNKNOWN: lambda: _("Indéterminé\u00a0: il manque une caractéristique du véhicule."),
    }
    return words[state]()
