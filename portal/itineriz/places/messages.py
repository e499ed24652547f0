"""The sentences of files of addresses and of what is doubtful in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.itineriz.addresses.finding import Doubt
from portal.itineriz.places.rows import HOURS_FAULT, SERVICE_FAULT
from portal.itineriz.places.sheet import COLUMNS

FILE_FAULTS = {
    "file-missing": _l("Choisissez un fichier."),
    "file-empty": _l("Ce fichier est vide\u00a0: choisissez celui qui contient vos adresses."),
    "file-too-large": _l("Ce fichier dépasse %(limit_mb)s\u00a0Mo\u00a0: découpez-le en plusieurs fichiers."),
    "file-too-large-inside": _l(
        "Ce classeur est trop grand une fois ouvert\u00a0: enregistrez la feuille seule, en CSV."
    ),
    "file-not-a-spreadsheet": _l("Ce fichier n’est pas un tableau lisible\u00a0: envoyez du CSV, XLSX, XLS ou ODS."),
    "quote-unbalanced": _l(
        "Ligne %(row)s\u00a0: un guillemet est ouvert et avale les lignes suivantes\u00a0; fermez-le ou retirez-le."
    ),
    "too-many-rows": _l("Il y a plus de %(limit)s lignes\u00a0: découpez le fichier."),
    "too-many-columns": _l("Ce fichier a plus de %(limit)s colonnes\u00a0: gardez celles du modèle."),
    "no-header": _l(
        "Aucune ligne de titres avec «\u00a0Nom\u00a0» ou «\u00a0Adresse\u00a0» n’a été trouvée\u00a0: voyez le modèle."
    ),
    "header-twice": _l("Deux colonnes disent la même chose (%(column)s)\u00a0: gardez-en une."),
    "no-rows": _l("Il n’y a aucune adresse dans ce que vous avez donné."),
}

DOUBTS = {
    Doubt.EMPTY: _l("La ligne ne donne ni adresse, ni position, ni nom connu."),
    Doubt.UNREADABLE: _l("La position ne se lit pas\u00a0: donnez la longitude et la latitude en degrés."),
    Doubt.OUTSIDE: _l("La position est hors du territoire."),
    Doubt.NOT_FOUND: _l("L’adresse n’a pas été trouvée."),
    Doubt.UNSURE: _l("L’adresse ne correspond à rien d’assez proche."),
    Doubt.SEVERAL: _l("Plusieurs lieux éloignés répondent à cette adresse."),
    Doubt.NUMBER_UNKNOWN: _l("Ce numéro n’est pas connu dans cette rue."),
    Doubt.STREET_ONLY: _l("La rue est trouvée, mais sans numéro\u00a0: où dans la rue\u00a0?"),
    Doubt.DIFFERS: _l(
        "Ce qui est écrit (commune, code postal ou autre mot) ne correspond pas à l’adresse trouvée\u00a0: vérifiez-la."
    ),
    Doubt.TOO_LONG: _l(
        "La ligne a plus de cases que le tableau n’a de titres\u00a0: une virgule l’a peut-être coupée."
    ),
    Doubt.FAR: _l("Aucune rue ouverte à ce véhicule n’est assez proche."),
}

CELL_FAULTS = {
    SERVICE_FAULT: _l("La durée «\u00a0%(text)s\u00a0» n’a pas été comprise\u00a0: elle compte pour zéro."),
    HOURS_FAULT: _l("Les heures «\u00a0%(text)s\u00a0» n’ont pas été comprises\u00a0: elles ne comptent pas."),
}
_GIVEN = {SERVICE_FAULT: "service", HOURS_FAULT: "hours"}
_LABELS = {column.key: column.label for column in COLUMNS}


def file_sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a file that cannot be used."""
    given = dict(params or {})
    given["column"] = _LABELS.get(str(given.get("column")), "")
    return str(FILE_FAULTS[code]) % given


def doubt_sentence(doubt: Doubt) -> str:
    """Why a row has no place yet."""
    return str(DOUBTS[doubt])


def cell_sentence(fault: str, given: Mapping[str, str]) -> str:
    """What was not understood of a row."""
    return str(CELL_FAULTS[fault]) % {"text": given.get(_GIVEN[fault], "")}
