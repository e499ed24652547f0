"""What is said about writing: why a document cannot be published, what a change was, what was just done."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.common.errors import PortalError
from portal.numeriz.values import OrderChange
from portal.numeriz.writing.values import Fault

FAULTS: Mapping[str, LazyString] = {
    "identifier-missing": _l("Donnez un numéro à l’arrêté."),
    "identifier-taken": _l(
        "Le numéro «\u00a0%(identifier)s\u00a0» est déjà celui d’un autre arrêté de cette autorité."
    ),
    "title-missing": _l("Donnez un titre à l’arrêté."),
    "authority-missing": _l("Indiquez l’autorité qui prend l’arrêté."),
    "subject-text-missing": _l("Précisez l’objet en quelques mots\u00a0: «\u00a0Autre\u00a0» ne suffit pas."),
    "not-text": _l("Ce champ attend du texte."),
    "text-too-long": _l("Ce texte compte %(length)s caractères\u00a0; %(most)s sont permis."),
    "choice-missing": _l("Choisissez une valeur dans la liste."),
    "choice-unknown": _l("Cette valeur n’est pas dans la liste."),
    "not-understood": _l("Cette partie du brouillon est illisible\u00a0: saisissez-la à nouveau."),
    "url-unreadable": _l("Indiquez une adresse web\u00a0: elle commence par https:// ou http://."),
    "measures-missing": _l("Ajoutez au moins une mesure."),
    "too-many": _l("Il y en a trop\u00a0: %(most)s au plus."),
    "speed-missing": _l("Indiquez la vitesse maximale."),
    "number-unreadable": _l("Ce n’est pas un nombre lisible."),
    "speed-out-of-range": _l("La vitesse va de %(least)s à %(most)s\u00a0km/h."),
    "places-missing": _l("Indiquez au moins un lieu."),
    "place-not-found": _l("Ce lieu n’est pas encore retrouvé sur la carte."),
    "place-unreadable": _l("Le tracé de ce lieu est illisible\u00a0: indiquez-le à nouveau."),
    "place-outside": _l("Ce lieu est hors du territoire."),
    "one-way-without-direction": _l(
        "Un sens unique se dit d’une rue, d’une route ou d’un tracé\u00a0: choisissez le sens qui reste ouvert."
    ),
    "periods-missing": _l("Indiquez au moins une période, ou une manifestation."),
    "start-missing": _l("Indiquez la date et l’heure de début."),
    "end-missing": _l("Un arrêté temporaire a une fin\u00a0: indiquez la date et l’heure."),
    "end-before-start": _l("La fin doit venir après le début."),
    "permanent-with-end": _l(
        "Un arrêté permanent n’a pas de fin\u00a0: effacez-la, ou choisissez un arrêté temporaire."
    ),
    "permanent-with-event": _l(
        "Un arrêté permanent ne suit pas une manifestation\u00a0: choisissez un arrêté temporaire."
    ),
    "instant-unreadable": _l("Cette date ou cette heure est illisible."),
    "hour-skipped": _l("Cette heure n’existe pas ce jour-là\u00a0: c’est la nuit du passage à l’heure d’été."),
    "hour-missing": _l("Indiquez l’heure."),
    "hour-unreadable": _l("Cette heure est illisible. Écrivez-la comme 08:30."),
    "period-never-active": _l(
        "Cette période ne s’applique jamais\u00a0: aucun de ses jours ne tombe entre ses deux dates."
    ),
    "event-missing": _l("Choisissez la manifestation."),
    "event-unknown": _l("Cette manifestation n’existe pas, ou a changé de nom."),
    "event-without-sessions": _l("Cette manifestation n’a pas encore de programme."),
    "margin-out-of-range": _l("La marge est un nombre de minutes, de 0 à %(most)s."),
    "limit-missing": _l("Indiquez la limite."),
    "limit-out-of-range": _l("Cette limite n’est pas vraisemblable\u00a0: vérifiez l’unité."),
    "classes-missing": _l("Cochez au moins une classe Crit’Air."),
    "words-missing": _l("Écrivez la condition, ou retirez-la."),
}
"""Code of a fault -> its sentence, beside its field."""

REFUSALS: Mapping[str, LazyString] = {
    "order-not-ready": _l("L’arrêté n’est pas complet. Corrigez ce qui est signalé, puis publiez."),
    "impact-not-seen": _l("Étudiez d’abord les effets de l’arrêté tel qu’il est écrit maintenant."),
    "signature-missing": _l(
        "Les effets donnent une alarme\u00a0: une deuxième personne doit relire et signer avant la publication."
    ),
    "new-clashes": _l(
        "Des arrêtés du même endroit ont paru depuis l’étude des effets. Les voici\u00a0: relancez l’étude, ou publiez."
    ),
    "work-changed": _l("%(author)s a changé le brouillon pendant ce temps. Relisez-le, puis publiez."),
    "order-changed": _l(
        "L’arrêté en vigueur a changé depuis le début de cette modification. Relisez les deux versions."
    ),
    "order-withdrawn": _l("Cet arrêté est retiré. Dupliquez-le pour en prendre un nouveau."),
    "nothing-to-replace": _l("Cet arrêté n’a pas d’autre version à remplacer."),
    "not-ours": _l(
        "Cet arrêté vient d’une autre source, qui seule peut le changer. Vous pouvez le dupliquer comme le vôtre."
    ),
    "is-model": _l("Un modèle ne se publie pas\u00a0: commencez un arrêté avec lui."),
    "work-deleted": _l("Ce brouillon est dans la corbeille. Sortez-le d’abord de la corbeille."),
    "work-not-found": _l("Ce brouillon n’existe plus\u00a0: il a été publié ou supprimé."),
    "reason-missing": _l("Dites pourquoi l’arrêté est retiré."),
    "reason-too-long": _l("Ce texte est trop long\u00a0: %(most)s caractères au plus."),
    "title-missing": _l("Donnez un nom au modèle."),
    "document-too-large": _l("Ce brouillon est trop volumineux\u00a0: retirez des lieux, ou faites plusieurs arrêtés."),
}
"""Why an act on a work or an order is refused."""

DONE: Mapping[str, LazyString] = {
    "published": _l("L’arrêté est publié. Carte, itinéraires et laissez-passer le suivent dès maintenant."),
    "amended": _l("La nouvelle version est publiée. Carte, itinéraires et laissez-passer la suivent dès maintenant."),
    "withdrawn": _l("L’arrêté est retiré. Il reste consultable ici avec son histoire."),
    "deleted": _l("Le brouillon est dans la corbeille. Il y reste trente jours."),
    "restored": _l("Le brouillon est sorti de la corbeille."),
    "model-kept": _l("Le modèle est enregistré."),
    "rebased": _l("Cette modification remplacera la version en vigueur. Étudiez à nouveau ses effets."),
    "already-published": _l("Cet arrêté est déjà publié."),
}
"""What was just done."""

CHANGES: Mapping[OrderChange, LazyString] = {
    OrderChange.PUBLISHED: _l("Publié"),
    OrderChange.AMENDED: _l("Modifié"),
    OrderChange.WITHDRAWN: _l("Retiré"),
    OrderChange.LIFTED: _l("Levé sur-le-champ"),
    OrderChange.ACTIVATED: _l("Activé sur-le-champ"),
    OrderChange.RESUMED: _l("Repris"),
}
"""What made a version."""

_UNEXPECTED = _l("Cette partie du brouillon ne convient pas.")


def fault_sentence(fault: Fault) -> str:
    """Why a part of a document cannot be published, in one sentence."""
    return str(FAULTS.get(fault.code, _UNEXPECTED)) % dict(fault.params)


def refusal_sentence(error: PortalError) -> str | None:
    """Why an act is refused, in one sentence; None for a code of another package."""
    known = REFUSALS.get(error.code)
    return None if known is None else str(known) % error.params
