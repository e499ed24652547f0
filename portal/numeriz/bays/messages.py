"""The sentences of what is refused about bays, by code."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.common.errors import PortalError

SENTENCES: Mapping[str, LazyString] = {
    "place-missing": _l("Placez l’aire sur la carte, ou écrivez sa latitude et sa longitude."),
    "place-unread": _l("Écrivez deux nombres, par exemple 48.8566, 2.3522."),
    "place-outside": _l("Cet endroit est hors du territoire."),
    "text-too-long": _l("%(most)s signes au plus."),
    "local-id-unfit": _l("Un identifiant n’a pas d’espace au début ni à la fin."),
    "local-id-taken": _l("Une autre aire porte déjà l’identifiant %(name)s."),
    "insee-unfit": _l("Un code INSEE a 5 signes, par exemple 75103."),
    "size-unread": _l("Écrivez un nombre."),
    "size-out-of-range": _l("Entre %(least)s et %(most)s."),
    "hours-needed": _l("Une aire périodique a des horaires\u00a0: écrivez-les."),
    "hours-for-permanent": _l(
        "Une aire permanente est réservée en tout temps\u00a0: effacez les horaires ou changez le régime."
    ),
    "hours-too-long": _l("%(most)s signes au plus."),
    "hours-unread": _l("Nous ne comprenons pas «\u00a0%(word)s\u00a0»."),
    "hours-missing": _l("Donnez les heures de «\u00a0%(word)s\u00a0», ou écrivez 24h/24."),
    "hours-day-twice": _l(
        "Un jour est nommé deux fois\u00a0: mettez toutes ses heures ensemble, ou écrivez «\u00a0sauf le dimanche\u00a0»."
    ),
    "bad-hours": _l("Ces horaires ne tiennent pas ensemble, ou ne laissent aucune heure."),
    "photo-missing": _l("Choisissez une photo."),
    "photo-too-large": _l("La photo pèse plus de %(most)s\u00a0Mo."),
    "photo-too-wide": _l("La photo a plus de %(most)s points de côté."),
    "photo-type": _l("Ce n’est pas une photo JPEG ou PNG."),
    "photo-damaged": _l("La photo est abîmée\u00a0: envoyez-la de nouveau."),
    "instant-unread": _l("Indiquez un jour et une heure."),
    "instant-skipped": _l("Cette heure n’existe pas ce jour-là\u00a0: l’horloge avance d’une heure."),
    "span-reversed": _l("La fin doit venir après le début."),
    "span-over": _l("Cette période est déjà passée."),
    "reason-missing": _l("Dites pourquoi, ou choisissez un arrêté."),
    "reason-too-long": _l("%(most)s signes au plus."),
    "order-not-in-force": _l("Cet arrêté n’est plus en vigueur\u00a0: choisissez-en un autre."),
    "suspension-over": _l("Cette période est déjà terminée."),
    "bay-changed": _l("Quelqu’un d’autre a modifié cette aire pendant que vous écriviez."),
    "bay-of-another-source": _l("Cette aire vient d’un fichier\u00a0: reprenez-la avant de la modifier."),
    "bay-is-ours": _l("Cette aire est déjà tenue ici."),
    "file-missing": _l("Choisissez un fichier."),
    "file-empty": _l("Ce fichier est vide."),
    "file-too-large": _l("Ce fichier dépasse %(most)s\u00a0Mo."),
    "file-too-large-inside": _l(
        "Ce classeur est trop grand une fois ouvert\u00a0: enregistrez la feuille seule, en CSV."
    ),
    "file-not-a-spreadsheet": _l("Ce fichier n’est pas un tableau lisible\u00a0: envoyez du CSV, XLSX, XLS ou ODS."),
    "quote-unbalanced": _l("Ligne %(row)s\u00a0: un guillemet est ouvert et n’est jamais fermé."),
    "too-many-rows": _l("Ce fichier a plus de %(limit)s lignes\u00a0: découpez-le."),
    "too-many-columns": _l("Ce fichier a plus de %(limit)s colonnes."),
    "no-header": _l("Aucune ligne de titres n’a été reconnue\u00a0: voyez le modèle."),
    "no-row": _l("Il n’y a aucune aire sous la ligne de titres."),
    "column-twice": _l("Deux colonnes sont prises pour «\u00a0%(column)s\u00a0»\u00a0: gardez-en une."),
    "column-unknown": _l("Une des colonnes choisies n’existe pas."),
    "place-column-missing": _l("Dites quelle colonne contient l’adresse, les coordonnées ou l’identifiant."),
    "sheet-gone": _l("Ce fichier est déjà importé ou abandonné."),
    "sheet-not-last": _l("Cet import n’est pas celui du dernier tableau d’aires, ou il est déjà annulé."),
}

_IN_UNITS: Mapping[str, tuple[int, LazyString]] = {
    "length_cm": (100, _l("Entre %(least)s et %(most)s\u00a0m.")),
    "width_cm": (100, _l("Entre %(least)s et %(most)s\u00a0m.")),
    "max_gross_weight_kg": (1000, _l("Entre %(least)s et %(most)s\u00a0t.")),
}
"""Bounds are told in the unit that was typed."""


def bay_sentence(error: PortalError) -> str:
    """Why something about a bay is refused, in one sentence."""
    in_unit = _IN_UNITS.get(error.field or "")
    if error.code == "size-out-of-range" and in_unit is not None:
        factor, sentence = in_unit
        bounds = {name: f"{int(str(error.params[name])) / factor:g}".replace(".", ",") for name in ("least", "most")}
        return str(sentence) % bounds
    return str(SENTENCES[error.code]) % error.params
