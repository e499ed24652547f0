"""The sentences of alerts: what a form cannot be accepted for."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.common.errors import PortalError

ERRORS = {
    "email-format": _l("Cette adresse électronique est incomplète. Exemple : nom@entreprise.fr"),
    "street-missing": _l("Indiquez une rue."),
    "street-unknown": _l("Rue introuvable dans ce territoire : « %(street)s ». Vérifiez son nom."),
    "too-many-streets": _l("Une alerte compte %(most)s rues au plus. Faites-en une autre pour les suivantes."),
    "streets-too-long": _l("Ces rues sont trop longues pour une seule alerte : répartissez-les en plusieurs."),
    "place-missing": _l("Indiquez une adresse, ou choisissez un point sur la carte."),
    "place-unknown": _l("Adresse introuvable dans ce territoire. Vérifiez le nom de la rue."),
    "area-missing": _l("Dessinez une zone sur la carte, ou collez-la au format GeoJSON."),
    "area-unreadable": _l(
        "Cette zone ne se lit pas. Il faut un contour d’au moins trois points, en degrés, au format GeoJSON."
    ),
    "area-crosses-itself": _l("Le contour de la zone se croise lui-même. Déplacez le point qui le fait se croiser."),
    "area-outside": _l("Cet endroit est hors du territoire : le portail n’y connaît pas les règles."),
    "area-too-large": _l("Cette zone fait %(surface)s km² : une alerte en couvre %(most)s au plus."),
    "area-too-fine": _l("Ce contour compte trop de points : %(most)s au plus."),
    "addresses-unavailable": _l("La recherche d’adresses ne répond pas. Réessayez dans un instant."),
}


def sentence(error: PortalError) -> str:
    """Why an alert was not accepted."""
    return str(ERRORS[error.code]) % error.params
