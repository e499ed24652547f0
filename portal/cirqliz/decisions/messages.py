"""The words of the desk: shelves, ages, orders of the queue, what became of each request of a batch."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.cirqliz.decisions.filters import Age, Proposal, Shelf, Sort
from portal.cirqliz.messages import REQUEST_STATES
from portal.cirqliz.states import BatchState, RequestState

SHELVES: Mapping[Shelf | RequestState, LazyString] = {
    Shelf.TO_DECIDE: _l("À décider"),
    Shelf.MINE: _l("Chez moi"),
    Shelf.FREE: _l("Libres"),
    Shelf.APPEALED: _l("En recours"),
    Shelf.REOPENED: _l("À réexaminer"),
    **{state: REQUEST_STATES[state] for state in RequestState},
    Shelf.ALL: _l("Toutes"),
}

AGES: Mapping[Age, LazyString] = {
    Age.DAY: _l("moins d’un jour"),
    Age.TWO_DAYS: _l("un à deux jours"),
    Age.WEEK: _l("deux à sept jours"),
    Age.LONGER: _l("plus d’une semaine"),
}

AGE_TONES: Mapping[Age, str] = {
    Age.DAY: "success",
    Age.TWO_DAYS: "info",
    Age.WEEK: "warning",
    Age.LONGER: "danger",
}

SORTS: Mapping[Sort, LazyString] = {
    Sort.AGE: _l("Les plus anciennes d’abord"),
    Sort.START: _l("Les plus urgentes d’abord (début proche)"),
    Sort.COMPANY: _l("Par entreprise"),
}

PROPOSALS: Mapping[Proposal, LazyString] = {
    Proposal.APPROVE: _l("Une règle approuverait"),
    Proposal.HUMAN: _l("Aucune règle ne répond"),
}

BATCH_STATES: Mapping[BatchState, LazyString] = {
    BatchState.WAITING: _l("Pas encore appliquée"),
    BatchState.APPLIED: _l("Appliquée"),
    BatchState.UNDONE: _l("Annulée"),
}

BATCH_TONES: Mapping[BatchState, str] = {
    BatchState.WAITING: "warning",
    BatchState.APPLIED: "success",
    BatchState.UNDONE: "neutral",
}

# Why a request of a batch was left out; the codes are those of the services.
LEFT_OUT: Mapping[str, LazyString] = {
    "request-withdrawn": _l("Retirée par l’entreprise"),
    "request-not-ready": _l("L’itinéraire n’est pas encore calculé"),
    "request-expired": _l("La période demandée est passée"),
    "request-changed": _l("A changé depuis que vous l’avez vue"),
    "request-not-found": _l("N’existe plus"),
    "decided-first": _l("Quelqu’un d’autre a répondu avant vous"),
    "claimed-by": _l("Chez un autre agent"),
    "in-batch": _l("Dans une autre décision groupée"),
    "no-vehicle-chosen": _l("Aucun véhicule n’attend de réponse"),
    "company-not-verified": _l("L’entreprise n’est pas vérifiée"),
    "window-over": _l("La période demandée est passée"),
    "vehicle-changed": _l("Un véhicule a changé depuis la demande"),
    "pass-already-revoked": _l("Laissez-passer révoqué"),
    "perimeters-changed": _l("Un de ses périmètres vient de changer"),
    "closed-not-exceptional": _l("Un périmètre est fermé aux véhicules, à décider à part"),
    "accredited-without-document": _l("Véhicules accrédités seulement, et aucun justificatif joint"),
    "quota-reached": _l("Le quota d’un périmètre est atteint"),
    "clerk-gone": _l("Rôle retiré à un agent du territoire"),
    "request-refused-by-database": _l("Réponse impossible à enregistrer, à traiter à part"),
}


def left_out(code: str) -> str:
    """Return why a request of a batch got no answer."""
    return str(LEFT_OUT.get(code, _l("Ne peut pas recevoir cette réponse")))
