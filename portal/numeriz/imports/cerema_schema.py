"""Names and words of the national schema of goods-traffic orders, v0.8.0 (CEREMA), for its reader and its writer.

Source: schema "arrete-circulation-marchandises". An `Interdit` line above a tonnage is written with the figure alone
(strictly over); `à partir de` and `jusqu'à` are inclusive. The hours of a line are those at which it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from portal.regulations.vehicles import (
    Access,
    AirClass,
    CarriesHazmat,
    Criterion,
    HasAccess,
    Usage,
    UsedFor,
)

SOURCE: Final = "cerema"
LICENCE: Final = "Licence Ouverte 2.0"
COLUMNS: Final = (
    "ID",
    "COLL_NOM",
    "COLL_INSEE",
    "ARR_DATE",
    "ARR_REF",
    "ARR_OBJET",
    "ARR_CONSIDERANT",
    "ARR_URL",
    "REGL_ARTICLE",
    "REGL_SOUS_ARTICLE",
    "REGL_CONTEXTE",
    "REGL_MODALITE",
    "VEH_TYPES",
    "VEH_TONNAGE_MODALITE",
    "VEH_TONNAGE",
    "VEH_USAGES",
    "SAUF_VEH_USAGES",
    "VEH_LONG",
    "VEH_LARG",
    "VEH_HAUT",
    "VEH_MOTORS",
    "VEH_CQAS",
    "PERIODE_JH",
    "PERIODE_DEBUT",
    "PERIODE_FIN",
    "EMPRISE_ZONE",
    "EMPRISE_DESIGNATION",
    "EMPRISE_DEBUT",
    "EMPRISE_FIN",
    "EMPRISE_SENS",
    "INTERV_DUREE",
    "INTERV_HMAX",
    "GEOM_WKT",
    "GEOM_DEBUT",
    "GEOM_FIN",
    "GEOM_SOURCE",
)
"""The 36 columns, in order."""

LIST_MARK: Final = "|"
UNKNOWN: Final = "NC"
"""What a required column holds when the order does not say."""

FORBIDS: Final = "Interdit"
ALLOWS: Final = "Autorise"
WHOLE_TOWN: Final = ("commune", "toute la commune", "ensemble de la commune", "territoire communal")
"""How the folded name of a place that is the whole town begins."""
FROM_TONNAGE: Final = "à partir de"
UP_TO_TONNAGE: Final = "jusqu'à"
ALL_TYPES: Final = "Tous véhicules"
HEAVY: Final = "Poids lourds"
VANS: Final = "Véhicules utilitaires légers"
CARGO_BIKES: Final = "Vélo-cargos"
BOTH_WAYS: Final = "Deux sens"
ALONG: Final = "Dans le sens du tracé"
AGAINST: Final = "Dans le sens inverse du tracé"
"""Ours: the schema asks for words, and says nothing of the drawn line."""
MOST_TONNES: Final = 45

USAGES: Final[Mapping[Criterion, str]] = {
    UsedFor(Usage.CITY_LOGISTICS): "Livraison",
    UsedFor(Usage.TAXI): "Taxis",
    UsedFor(Usage.PUBLIC_TRANSPORT): "Transports en commun",
    UsedFor(Usage.POLICE): "Véhicules de police",
    UsedFor(Usage.EMERGENCY): "Véhicules de secours",
    UsedFor(Usage.ROADWORKS): "Véhicules de travaux",
    UsedFor(Usage.CARPOOL): "Covoiturage",
    CarriesHazmat(): "Transport de matières dangereuses",
    HasAccess(Access.RESIDENT): "Riverains",
    HasAccess(Access.LOCAL_ACCESS): "Desserte locale",
}
"""How a criterion is written; the last two and carpooling are not in the published list, which is open."""

OTHER_USAGES: Final[Mapping[str, tuple[Criterion, ...]]] = {
    "Livraisons": (UsedFor(Usage.CITY_LOGISTICS),),
    "Véhicules de livraison": (UsedFor(Usage.CITY_LOGISTICS),),
    "Bus": (UsedFor(Usage.PUBLIC_TRANSPORT),),
    "Poids lourds d'urgence": (UsedFor(Usage.EMERGENCY),),
    # Code de la route, R. 311-1: police, gendarmerie, customs, fire and ambulance services.
    "Véhicules d'intérêt général prioritaire": (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE)),
}
"""Other words that are met for the same."""

AIR_CLASSES: Final[Mapping[AirClass, str]] = {
    AirClass.E: "100% électrique et Véhicules à hydrogène",
    AirClass.CLASS_1: "1",
    AirClass.CLASS_2: "2",
    AirClass.CLASS_3: "3",
    AirClass.CLASS_4: "4",
    AirClass.CLASS_5: "5",
    AirClass.NONE: "Véhicule non classé",
}

UNKNOWN_START: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""Since when an order holds that does not say its date."""
