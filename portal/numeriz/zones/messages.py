"""The sentences of events and zones: why something is refused, what is told, what was done, in French."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.common.errors import PortalError
from portal.numeriz.messages import error_sentence
from portal.numeriz.translate import _
from portal.numeriz.values import Issue

REFUSALS: Mapping[str, LazyString] = {
    "name-missing": _l("Donnez un nom."),
    "name-too-long": _l("Ce nom dépasse %(most)s caractères."),
    "event-name-taken": _l("Une manifestation s’appelle déjà «\u00a0%(name)s\u00a0»."),
    "colour-missing": _l("Choisissez une couleur."),
    "notice-too-long": _l("Cette consigne dépasse %(most)s caractères."),
    "date-unreadable": _l("Indiquez un jour entre 2000 et 2100, par exemple 14/07/2027."),
    "hour-unreadable": _l("Indiquez une heure entre 00:00 et 23:59, par exemple 18:30."),
    "hour-never": _l("Cette nuit-là, %(hour)s n’existe pas (heure d’été)\u00a0: choisissez une autre heure."),
    "end-before-start": _l("La fin précède le début. Pour une fin un autre jour, indiquez ce jour."),
    "end-twice": _l("Une date est soit sans fin, soit avec une fin\u00a0: effacez l’une des deux."),
    "endless-session": _l("Une séance a une heure de fin."),
    "table-unreadable": _l(
        "Ligne %(number)s («\u00a0%(line)s\u00a0»)\u00a0: il faut un jour et deux heures, ou deux jours avec leurs heures."
    ),
    "too-many-dates": _l("Il y a plus de %(most)s dates."),
    "duration-unreadable": _l("Indiquez une durée de 24 heures au plus, par exemple 2 h 30."),
    "no-programme": _l("Cette manifestation n’a pas de programme\u00a0: ajoutez-le, ou donnez un tableau de dates."),
    "no-dates": _l("Indiquez au moins une date. Pour n’en garder aucune, retirez les zones."),
    "no-zone-chosen": _l("Choisissez au moins une zone."),
    "zone-drawn-twice": _l("Cette manifestation a déjà cette zone dans cette couleur."),
    "zone-not-drawn": _l("Dessinez la zone sur la carte, ou collez son contour en GeoJSON."),
    "zone-unreadable": _l("Ce texte n’est pas un contour GeoJSON (Polygon ou MultiPolygon, longitude puis latitude)."),
    "zone-no-area": _l("Ce dessin n’entoure aucune surface\u00a0: il faut au moins trois points."),
    "zone-crosses-itself": _l(
        "Le contour se croise lui-même (près de %(lat)s, %(lon)s)\u00a0: déplacez ou retirez le point en trop."
    ),
    "zone-outside": _l("Cette zone est hors du territoire."),
    "zone-swapped": _l("Longitude et latitude sont inversées\u00a0: en GeoJSON, la longitude vient d’abord."),
    "zone-too-complex": _l("Ce contour a trop de points\u00a0: %(most)s au plus, à un mètre près."),
    "zone-too-small": _l("Cette zone fait moins de 10\u00a0m²."),
    "zone-held": _l("Un laissez-passer ou une demande nomme cette zone\u00a0: elle ne peut plus être effacée."),
    "zone-erased": _l("Cette zone a été effacée entre-temps."),
    "zone-without-event": _l(
        "Ce périmètre ne nomme aucun évènement\u00a0: importez de nouveau le fichier avec un nom."
    ),
    "event-has-zones": _l("Cette manifestation a encore des zones\u00a0: retirez-les d’abord."),
    "import-under-way": _l("Ce fichier est déjà importé, ou son import est en cours."),
    "nothing-to-undo": _l("Cette modification ne peut plus être annulée\u00a0: une autre a suivi."),
    "city-event-not-found": _l("Cette manifestation n’existe pas."),
    "city-event-changed": _l("Cette manifestation a été modifiée entre-temps."),
    "first-day-missing": _l("Indiquez le premier jour de la nouvelle manifestation."),
    "nothing-to-move": _l("La manifestation copiée n’a aucune date à déplacer\u00a0: copiez-la sans dates."),
    "import-too-large": _l(
        "Ce fichier dépasse %(most)s Mo\u00a0: envoyez-le par la page «\u00a0Importer un fichier\u00a0»."
    ),
    "no-colour-column": _l("Choisissez la propriété qui donne la couleur, ou une couleur pour toutes les zones."),
}
NOTES: Mapping[str, LazyString] = {
    "zone-thinned": _l("Le contour avait %(count)s points\u00a0: %(kept)s sont gardés, à un mètre près."),
    "zone-partly-outside": _l("%(percent)s\u00a0%% de la zone dépassent du territoire."),
}
DONE: Mapping[str, LazyString] = {
    "created": _l("La manifestation est créée."),
    "copied": _l("La copie est créée."),
    "adopted": _l("La manifestation est reprise\u00a0: vous pouvez la modifier ici."),
    "changed": _l("La manifestation est enregistrée."),
    "zone-added": _l("La zone est enregistrée. Elle n’a pas d’effet tant qu’elle n’a pas de dates."),
    "zone-changed": _l("La zone est enregistrée."),
    "dated": _l("Les dates sont en vigueur."),
    "withdrawn": _l("Les zones choisies ne sont plus en vigueur."),
    "undone": _l("La dernière modification est annulée."),
    "unchanged": _l("Rien n’a changé."),
    "removed": _l("La manifestation est supprimée."),
    "import-dropped": _l("Le fichier est abandonné."),
}


def refusal_sentence(error: PortalError) -> str:
    """Why something is refused."""
    if error.code in REFUSALS:
        return _sentence(REFUSALS[error.code], error.params)
    return error_sentence(error.code, error.params)


def note_sentence(note: Issue) -> str:
    """What is told of a drawing."""
    return _sentence(NOTES[note.code], note.params)


def _sentence(text: LazyString, params: Mapping[str, object]) -> str:
    return str(text) % params if params else str(text).replace("%%", "%")


def changed_meanwhile(who: str, at: str) -> str:
    """That somebody saved the event while one was writing."""
    return _(
        "%(who)s a modifié cette manifestation %(at)s. Ce que vous avez saisi est gardé ci-dessous\u00a0; la carte et les "
        "tableaux montrent ce qui est en place. Vérifiez l’aperçu, puis enregistrez.",
        who=who,
        at=at,
    )
