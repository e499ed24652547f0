"""The sentences about a place that is said by hand: what is missing, what was not found, what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.numeriz.messages import issue_sentence
from portal.numeriz.values import Issue

PROBLEMS: Final[Mapping[str, LazyString]] = {
    "kind-missing": _l("Choisissez comment vous désignez le lieu."),
    "street-missing": _l("Donnez le nom d’une rue."),
    "street-unknown": _l("Aucune rue de la carte ne s’appelle «\u00a0%(name)s\u00a0»."),
    "street-without-traffic": _l("«\u00a0%(name)s\u00a0» n’a pas de chaussée ouverte aux véhicules sur la carte."),
    "street-of-several-communes": _l(
        "Plusieurs communes ont une rue de ce nom\u00a0: %(communes)s. Donnez la commune."
    ),
    "street-of-one-commune": _l(
        "Plusieurs communes ont une rue de ce nom. Celle de %(commune)s est retenue\u00a0: elle seule a le n°\u00a0%(number)s."
    ),
    "street-at-one-place": _l(
        "Cette rue existe à plusieurs endroits. Seul celui du n°\u00a0%(number)s est retenu\u00a0: vérifiez-le sur la carte."
    ),
    "street-part-empty": _l(
        "Les deux bouts sont au même endroit de «\u00a0%(name)s\u00a0»\u00a0: il ne reste rien entre eux."
    ),
    "street-without-numbers": _l("Aucun numéro n’est connu dans cette rue\u00a0: donnez plutôt une rue qui la croise."),
    "number-unreadable": _l("«\u00a0%(number)s\u00a0» n’est pas un numéro, comme 12 ou 12 bis."),
    "number-unknown": _l("Le numéro %(number)s n’existe pas dans cette rue. Les plus proches\u00a0: %(near)s."),
    "number-far": _l(
        "Le numéro %(number)s est à %(metres)s\u00a0m de la chaussée de cette rue\u00a0: donnez une rue qui la croise."
    ),
    "crossing-unknown": _l("«\u00a0%(name)s\u00a0» ne croise pas cette rue."),
    "crossing-street-unknown": _l("Aucune rue de la carte ne s’appelle «\u00a0%(name)s\u00a0»."),
    "crossing-several": _l("«\u00a0%(name)s\u00a0» croise cette rue à plusieurs endroits\u00a0: donnez un numéro."),
    "too-many-streets": _l("Un lieu compte au plus %(most)s rues\u00a0: tracez plutôt une zone."),
    "road-missing": _l("Donnez le numéro de la route, comme D 918."),
    "road-unknown": _l("Aucune route de la carte n’a le numéro «\u00a0%(name)s\u00a0»."),
    "reference-points-unknown": _l(
        "La carte ne connaît pas les points de repère (PR) de la %(road)s\u00a0: tracez le tronçon. "
        "Les PR resteront écrits dans l’arrêté."
    ),
    "reference-point-unreadable": _l(
        "Le PR «\u00a0%(pr)s\u00a0» ne peut pas être lu\u00a0: un numéro de 5 chiffres au plus, une distance en mètres."
    ),
    "reference-point-alone": _l("Donnez les deux points de repère, ou aucun."),
    "drawn-beside-road": _l("Le tracé ne suit pas la %(road)s."),
    "drawn-leaves-road": _l("%(metres)s\u00a0m du tracé ne sont pas sur la %(road)s\u00a0: ils n’ont pas été retenus."),
    "drawing-missing": _l("Tracez le lieu sur la carte."),
    "drawn-not-found": _l("Aucune rue ouverte aux véhicules ne suit ce tracé."),
    "drawn-partly-found": _l(
        "%(percent)s\u00a0%% seulement du tracé suit des rues\u00a0: suivez-les de plus près, ou tracez chaque rue à part."
    ),
    "drawing-too-long": _l("Le tracé dépasse %(most)s\u00a0km\u00a0: tracez-le en plusieurs lieux."),
    "not-geojson": _l("Ce texte n’est pas une géométrie GeoJSON."),
    "not-an-area": _l("Il faut une surface (Polygon ou MultiPolygon)."),
    "not-a-line": _l("Il faut une ligne (LineString)."),
    "bad-coordinates": _l("Une position n’est pas une longitude et une latitude en degrés."),
    "too-many-points": _l("Le tracé a trop de points (%(most)s au plus)\u00a0: simplifiez-le."),
    "too-few-points": _l("Il faut au moins %(least)s points différents."),
    "too-small": _l("Le tracé est trop petit."),
    "self-crossing": _l(
        "Le contour se croise lui-même (latitude %(lat)s, longitude %(lon)s)\u00a0: déplacez un point."
    ),
    "rings-crossing": _l("Deux contours se croisent\u00a0: une zone a un contour, et des trous à l’intérieur."),
    "place-outside": _l("Le tracé est hors du territoire de %(territory)s."),
    "place-partly-outside": _l(
        "Une partie du tracé sort du territoire de %(territory)s\u00a0: elle n’y a pas d’effet."
    ),
    "zone-empty": _l("Aucune rue de la zone ne reste concernée."),
    "lost-beside": _l("Écarter cette rue écarterait aussi %(names)s\u00a0: modifiez le contour."),
    "still-inside": _l("Impossible d’écarter %(names)s de la zone\u00a0: modifiez le contour."),
    "town-is-territory": _l(
        "Les limites de la commune ne sont pas sur la carte\u00a0: toutes les rues de la carte du territoire sont comprises. "
        "Tracez un contour pour en prendre moins."
    ),
    "town-of-several-communes": _l(
        "Le territoire compte plusieurs communes (%(communes)s) et leurs limites ne sont pas sur la carte\u00a0: tracez le contour."
    ),
    "direction-not-driven": _l(
        "%(metres)s\u00a0m sont à sens unique dans l’autre sens\u00a0: la mesure n’y change rien."
    ),
    "edges-of-older-map": _l(
        "La carte des rues a été refaite depuis vos retouches\u00a0: vérifiez les tronçons, puis enregistrez de nouveau."
    ),
    "nothing-left": _l("Tous les tronçons ont été retirés."),
    "too-many-edges": _l("Plus de %(most)s tronçons\u00a0: tracez plutôt une zone."),
}

DOUBTS: Final = frozenset(
    {
        "direction-not-driven",
        "drawn-leaves-road",
        "motorway-inside",
        "place-partly-outside",
        "street-at-one-place",
        "street-of-one-commune",
        "town-is-territory",
    }
)
"""Problems that never keep a place from being stored."""

_NEAR: Final = _l("Noms proches\u00a0: %(near)s.")


def problem_sentence(issue: Issue) -> str:
    """The sentence of a problem, in French, with the names that come near when there are some."""
    if issue.code not in PROBLEMS:
        return issue_sentence(issue.to_json())
    sentence = str(PROBLEMS[issue.code]) % issue.params
    if issue.code != "number-unknown" and issue.params.get("near"):
        return f"{sentence} {str(_NEAR) % issue.params}"
    return sentence
