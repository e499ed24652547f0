"""The sentences of the list of a fleet, and of changing several vehicles at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

SORT_WORDS = {
    "plaque": _l("Immatriculation"),
    "nom": _l("Nom d’usage"),
    "categorie": _l("Catégorie"),
    "ptac": _l("PTAC"),
    "hauteur": _l("Hauteur"),
    "energie": _l("Énergie"),
    "crit-air": _l("Crit’Air"),
}


@dataclass(frozen=True, slots=True)
class LackingWords:
    """A value that vehicles lack: its name, and what that changes for them."""

    name: Any
    effect: Any


LACKING_WORDS = {
    "hauteur": LackingWords(_l("hauteur"), _l("leurs itinéraires seront prudents sous les ponts")),
    "ptac": LackingWords(_l("PTAC"), _l("leurs itinéraires éviteront les rues à tonnage limité")),
    "longueur": LackingWords(_l("longueur"), _l("leurs itinéraires éviteront les rues à longueur limitée")),
    "largeur": LackingWords(_l("largeur"), _l("leurs itinéraires éviteront les rues étroites")),
    "energie": LackingWords(_l("énergie"), _l("un agent devra regarder leurs demandes de plus près")),
    "crit-air": LackingWords(_l("Crit’Air"), _l("leurs itinéraires éviteront les zones à faibles émissions")),
}

CHOICES = {
    "nothing-chosen": _l("Cochez au moins un véhicule de la liste."),
    "too-many-chosen": _l(
        "Au plus %(most)s véhicules se changent ensemble\u00a0: affinez la liste, ou exportez-la, changez la colonne "
        "et renvoyez le fichier."
    ),
}

BULK_CONFLICTS = {
    "selection-changed": _l("Ces véhicules ont changé entre-temps\u00a0: rien n’a été fait, relisez puis confirmez."),
    "edit-not-last": _l("Ce changement ne peut plus être annulé\u00a0: un autre a suivi, ou il l’est déjà."),
}


def choice_sentence(code: str, params: Mapping[str, Any]) -> str:
    """Return why a choice of vehicles cannot be acted upon."""
    return str(CHOICES[code]) % params
