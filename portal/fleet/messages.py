"""The sentences of the fleet: what is wrong with a value, a file, an act, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _l

from portal.fleet.columns import BY_KEY
from portal.fleet.models import ImportState

FAULTS = {
    "plate-missing": _l("Indiquez l’immatriculation."),
    "plate-malformed": _l("« %(value)s » n’est pas une immatriculation : 2 à 12 lettres et chiffres."),
    "plate-twice-in-file": _l("L’immatriculation « %(value)s » figure déjà à la ligne %(row)s."),
    "plate-special": _l(
        "« %(value)s » ne suit aucune série française courante : un agent pourra vous demander le certificat."
    ),
    "country-malformed": _l("Écrivez le pays en deux lettres, par exemple FR ou BE, et non « %(value)s »."),
    "not-a-number": _l("%(label)s : « %(value)s » n’est pas un nombre."),
    "negative": _l("%(label)s : le nombre ne peut pas être négatif."),
    "not-a-weight": _l("%(label)s : « %(value)s » est une longueur, un poids est attendu."),
    "not-a-length": _l("%(label)s : « %(value)s » est un poids, une longueur est attendue."),
    "out-of-range": _l("%(label)s : « %(value)s » est hors des limites (de %(low)s à %(high)s %(unit)s)."),
    "category-unknown": _l("Catégorie « %(value)s » inconnue : écrivez N1, N2, N3 ou « autre »."),
    "category-or-weight-needed": _l("Indiquez le PTAC ou, à défaut, la catégorie (N1, N2, N3)."),
    "category-differs": _l("La catégorie %(value)s ne correspond pas au PTAC, qui donne %(found)s : vérifiez."),
    "energy-unknown": _l("Énergie « %(value)s » inconnue : écrivez gazole, essence, électrique ou le code P.3."),
    "energy-ignored": _l(
        "Énergie «\u00a0%(value)s\u00a0» non comprise\u00a0: la ligne n’en dit rien. Écrivez gazole, essence, électrique ou "
        "le code P.3."
    ),
    "air-class-unknown": _l("Crit’Air « %(value)s » inconnu : écrivez E, 1, 2, 3, 4, 5 ou « aucune »."),
    "not-yes-or-no": _l("%(label)s : écrivez oui ou non, et non « %(value)s »."),
    "not-a-date": _l("%(label)s : « %(value)s » n’est pas une date comme 31/12/2026."),
    "end-date-needed": _l("Une plaque provisoire a une fin de validité : indiquez-la."),
    "combination-below-gross": _l("Le PTRA ne peut pas être inférieur au PTAC."),
    "axle-above-gross": _l("La charge par essieu ne peut pas dépasser le PTAC."),
    "read-as-tonnes": _l("%(label)s : « %(value)s » a été lu en tonnes."),
    "read-as-centimetres": _l("%(label)s : « %(value)s » a été lu en centimètres."),
    "read-as-kilograms": _l(
        "%(label)s\u00a0: «\u00a0%(value)s\u00a0» a été lu en kilogrammes, au contraire de la colonne."
    ),
    "read-as-metres": _l("%(label)s\u00a0: «\u00a0%(value)s\u00a0» a été lu en mètres, au contraire de la colonne."),
    "read-as-millimetres": _l("%(label)s\u00a0: «\u00a0%(value)s\u00a0» a été lu en millimètres."),
    "row-too-long": _l(
        "La ligne a plus de cellules que de titres (%(value)s)\u00a0: une virgule ou un point-virgule de trop\u00a0?"
    ),
    "label-cut": _l("Le nom d’usage a été raccourci à 80 caractères."),
}

# Of several rows at once, where the sentence of one is full of its values.
KINDS = {
    "out-of-range": _l("%(label)s\u00a0: la valeur est hors des limites."),
    "plate-twice-in-file": _l("La même immatriculation figure à plusieurs lignes."),
}

FILE_FAULTS = {
    "file-missing": _l("Choisissez un fichier."),
    "file-empty": _l("Ce fichier est vide : choisissez celui qui contient vos véhicules."),
    "file-too-large": _l("Ce fichier dépasse %(limit_mb)s Mo : découpez-le en plusieurs fichiers."),
    "file-too-large-inside": _l("Ce classeur est trop grand une fois ouvert : enregistrez la feuille seule, en CSV."),
    "file-not-a-spreadsheet": _l("Ce fichier n’est pas un tableau lisible : envoyez du CSV, XLSX, XLS ou ODS."),
    "quote-unbalanced": _l(
        "Ligne %(row)s\u00a0: un guillemet est ouvert et avale les lignes suivantes\u00a0; fermez-le ou retirez-le."
    ),
    "too-many-rows": _l("Ce fichier a plus de %(limit)s lignes : découpez-le."),
    "too-many-columns": _l("Ce fichier a plus de %(limit)s colonnes : gardez celles du modèle."),
    "no-header": _l("Aucune ligne de titres avec une colonne « Immatriculation » n’a été trouvée : voyez le modèle."),
    "header-twice": _l("Deux colonnes portent le même titre (%(column)s) : gardez-en une."),
    "plate-needed": _l("Dites quelle colonne contient l’immatriculation."),
    "column-unknown": _l("Une des colonnes choisies n’existe pas\u00a0: choisissez-la dans la liste."),
    "unit-unfit": _l(
        "%(column)s\u00a0: cette unité ne convient pas\u00a0; choisissez-en une autre, ou laissez-nous la trouver."
    ),
    "too-many-fixes": _l(
        "Plus de %(limit)s lignes ont été corrigées à l’écran\u00a0: corrigez les autres dans le fichier et renvoyez-le."
    ),
    "no-rows": _l("Il n’y a aucun véhicule sous la ligne de titres."),
    "no-good-row": _l("Aucune ligne ne peut être enregistrée : corrigez le fichier et envoyez-le de nouveau."),
}

CONFLICTS = {
    "import-not-ready": _l("Ce fichier n’attend plus de correction\u00a0: voyez où il en est."),
    "import-changed-meanwhile": _l(
        "Quelqu’un a modifié ce fichier entre-temps\u00a0: relisez la page puis recommencez."
    ),
    "row-changed-meanwhile": _l("Quelqu’un a corrigé cette ligne entre-temps\u00a0: voici ce qu’elle contient."),
    "import-already-applied": _l("Ce fichier est déjà enregistré."),
    "import-not-applied": _l("Ce fichier n’est pas enregistré\u00a0: il n’y a rien à annuler."),
    "import-not-last": _l("Un autre fichier a été enregistré depuis\u00a0: seul le dernier peut être annulé."),
    "plate-already-yours": _l("Ce véhicule est déjà dans votre flotte."),
    "vehicle-changed-meanwhile": _l("Quelqu’un a modifié ce véhicule entre-temps : relisez la fiche puis recommencez."),
}


DOUBTS = {
    "no-titles": _l("Ce fichier n’a pas de ligne de titres\u00a0: dites ce que contient chaque colonne."),
    "plate-proposed": _l(
        "Aucun titre ne nomme l’immatriculation, mais une colonne contient des plaques\u00a0: confirmez que c’est la bonne."
    ),
    "weight-missing": _l(
        "Aucune colonne ne donne le PTAC ni la catégorie, et il faut l’un des deux\u00a0: désignez-la, si elle existe."
    ),
    "unit-unknown": _l(
        "Le titre de «\u00a0%(column)s\u00a0» dit une unité que nous ne savons pas lire\u00a0: la colonne est laissée de "
        "côté. Désignez-la si vous connaissez l’unité de ses valeurs."
    ),
    "column-twice": _l("Plusieurs colonnes pourraient être «\u00a0%(column)s\u00a0»\u00a0: choisissez laquelle."),
}

STATES = {
    ImportState.CHECKING: _l("Lecture en cours"),
    ImportState.MAPPING: _l("Colonnes à confirmer"),
    ImportState.UNREADABLE: _l("Illisible"),
    ImportState.CHECKED: _l("À relire et à enregistrer"),
    ImportState.APPLYING: _l("Enregistrement en cours"),
    ImportState.APPLIED: _l("Enregistré"),
    ImportState.DISCARDED: _l("Abandonné"),
    ImportState.UNDONE: _l("Annulé"),
}

UNITS_FROM = {
    "title": _l("écrite dans le titre"),
    "values": _l("trouvée d’après les valeurs de la colonne"),
    "person": _l("choisie par vous"),
}


def doubt_sentence(code: str) -> str:
    """Return the sentence of what a person must say of the columns; a doubt about one of ours has it after a colon."""
    name, _sign, key = code.partition(":")
    return str(DOUBTS[name]) % {"column": BY_KEY[key].label if key else ""}


def kind_sentence(kind: str) -> str:
    """Return the sentence of a kind of fault or warning, `column:code`, without the values of one row."""
    column, _sign, code = kind.partition(":")
    if code in KINDS:
        return str(KINDS[code]) % {"label": BY_KEY[column].label}
    return fault_sentence(column, code, "…", {"found": "…"})


def fault_sentence(column: str, code: str, value: str = "", params: Mapping[str, Any] | None = None) -> str:
    """Return the sentence of a fault or a warning of one value, in the language of the page."""
    told = {name: _figure(each) for name, each in (params or {}).items()}
    return str(FAULTS[code]) % {**told, "label": BY_KEY[column].label, "value": value}


def _figure(value: Any) -> Any:
    """Return a bound as it is written in the language of the page; all else as it is."""
    return format_decimal(value) if isinstance(value, float) else value


def file_sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Return the sentence for a file that cannot be used."""
    given = dict(params or {})
    if given.get("column") in BY_KEY:
        given["column"] = BY_KEY[given["column"]].label
    return str(FILE_FAULTS[code]) % given
