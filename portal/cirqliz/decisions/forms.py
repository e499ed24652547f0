"""What a clerk types: answers, questions, the filters of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from portal.cirqliz.decisions.commands import Answer, DecideRequest, PrepareBatch
from portal.cirqliz.decisions.filters import Age, Proposal, QueueFilter, Shelf, Sort
from portal.cirqliz.messages import REFUSAL_REASONS, REVOCATION_REASONS, sentence
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.states import (
    CLERK_REVOCATIONS,
    ReexaminationCause,
    RefusalReason,
    RequestState,
    RevocationReason,
    VehicleDecision,
)
from portal.common.errors import PortalError
from portal.common.text import whole_number
from portal.fleet.api import Category
from portal.regulations.perimeters import Colour
from portal.web.forms import CheckboxesField, Needed

_ANSWERS = (
    SelectChoice(VehicleDecision.APPROVED.value, _l("Approuver")),
    SelectChoice(VehicleDecision.REFUSED.value, _l("Refuser")),
)
FILTER_NAMES = (
    "etat",
    "couleur",
    "lieu",
    "entreprise",
    "entreprise_id",
    "age",
    "categorie",
    "pieces",
    "regle",
    "cause",
    "tri",
    "q",
)
_NO_REASON = SelectChoice("", _l("Choisir un motif"))


class _ErrorsMixin:
    """Puts the refusal of a service beside its field."""

    def show_error(self, error: PortalError) -> None:
        """Put the sentence beside the field it names, or above the form."""
        fields: dict[str, object] = self._fields  # type: ignore[attr-defined]
        if error.field in fields:
            field = self[error.field]  # type: ignore[index]
            field.errors = [*field.errors, sentence(error)]
        else:
            self.form_errors.append(sentence(error))  # type: ignore[attr-defined]


class AnswerForm(_ErrorsMixin, FlaskForm):
    """Approve or refuse; the service says what is missing, so that page and batch speak alike."""

    decision = RadioField(_l("Réponse"), [Needed()], choices=list(_ANSWERS), validate_choice=False)
    reason_code = SelectField(
        _l("Motif du refus"),
        [Needed()],
        choices=[_NO_REASON, *(SelectChoice(code.value, REFUSAL_REASONS[code]) for code in RefusalReason)],
        validate_choice=False,
        description=_l("Obligatoire pour un refus : l’entreprise le lit."),
    )
    reason_text = TextAreaField(_l("Message à l’entreprise"))

    def answer(self) -> Answer:
        """Return the answer typed; an answer or a reason outside the lists counts as none."""
        decision = _member(VehicleDecision, self.decision.data) or VehicleDecision.PENDING
        refused = decision is VehicleDecision.REFUSED
        code = _member(RefusalReason, self.reason_code.data) if refused else None
        return Answer(decision, code, self.reason_text.data or "")


class DecisionForm(AnswerForm):
    """The answer for vehicles of one request, as it was when the page was made (version)."""

    vehicles = CheckboxesField(_l("Pour quels véhicules ?"), [Needed()], validate_choice=False)
    exceptional = BooleanField(
        _l("Dérogation exceptionnelle à un périmètre fermé"),
        description=_l("À motiver dans le message : le journal et l’entreprise le lisent."),
    )
    version = HiddenField()

    def answer(self) -> Answer:
        """Return the answer typed, with the exception it makes."""
        return replace(super().answer(), exceptional=bool(self.exceptional.data))

    def offer(self, found: RequestView) -> None:
        """Show the vehicles that wait; all are ticked until the clerk says otherwise."""
        self.vehicles.choices = [SelectChoice(str(v.vehicle_id), v.plate_display) for v in found.pending]
        if self.vehicles.data is None:
            self.vehicles.data = [str(vehicle.vehicle_id) for vehicle in found.pending]
        if not self.version.data:
            self.version.data = str(found.version)

    def command(self, request_id: UUID) -> DecideRequest:
        """Return the decision typed."""
        return DecideRequest(
            request_id=request_id,
            version=whole_number(self.version.data) or 0,
            answer=self.answer(),
            vehicle_ids=frozenset(_ids(self.vehicles.data or ())),
        )


class BatchForm(AnswerForm):
    """One answer for the requests ticked in the queue (`id:version` each), or for all that the filters show."""

    chosen = CheckboxesField(_l("Demandes"), validate_choice=False, choices=[])
    everything = BooleanField(_l("Toute la liste, au-delà de cette page (500 demandes au plus)"))
    form_key = HiddenField()

    def versions(self) -> dict[UUID, int]:
        """Return the version of each request ticked, by id, in the order of the page."""
        found: dict[UUID, int] = {}
        for text in self.chosen.data or ():
            id_, _, version = text.partition(":")
            ids = _ids([id_])
            known = whole_number(version)
            if ids and known is not None:
                found[ids[0]] = known
        return found

    def command(self) -> PrepareBatch:
        """Return the batch confirmed."""
        return PrepareBatch(self.versions(), self.answer(), (self.form_key.data or "")[:64])


class QuestionForm(_ErrorsMixin, FlaskForm):
    """What a clerk writes to the company; with a question the request waits for the answer."""

    text = TextAreaField(_l("Message"), [Needed()])
    version = HiddenField()


class CompanyRefusalForm(_ErrorsMixin, FlaskForm):
    """Why a company is not accepted."""

    reason = TextAreaField(
        _l("Motif du refus de l’entreprise"), [Needed()], description=_l("L’entreprise le lit dans son courriel.")
    )


class ViewForm(_ErrorsMixin, FlaskForm):
    """The name of a saved view."""

    name = StringField(_l("Nom de la vue"), [Needed()])


class RevocationForm(_ErrorsMixin, FlaskForm):
    """Why a pass is taken back."""

    reason_code = SelectField(
        _l("Motif de la révocation"),
        [Needed()],
        choices=[_NO_REASON, *(SelectChoice(code.value, REVOCATION_REASONS[code]) for code in CLERK_REVOCATIONS)],
        validate_choice=False,
    )
    reason_text = TextAreaField(_l("Message à l’entreprise"))

    def reason(self) -> RevocationReason | None:
        """Return the reason chosen, None outside the list."""
        return _member(RevocationReason, self.reason_code.data)


def read_filter(given: Mapping[str, str]) -> QueueFilter:
    """Return the filter of a query string; what cannot be understood does not narrow."""
    where = given.get("etat", "")
    company = _ids([given.get("entreprise_id", "")])
    return QueueFilter(
        where=_member(Shelf, where) or _member(RequestState, where) or Shelf.TO_DECIDE,
        colour=_member(Colour, given.get("couleur", "")),
        place=given.get("lieu", "")[:80],
        company=given.get("entreprise", "")[:160],
        company_id=company[0] if company else None,
        age=_member(Age, given.get("age", "")),
        category=_member(Category, given.get("categorie", "")),
        documents={"avec": True, "sans": False}.get(given.get("pieces", "")),
        proposal=_member(Proposal, given.get("regle", "")),
        cause=_member(ReexaminationCause, given.get("cause", "")),
        search=given.get("q", "")[:40],
        sort=_member(Sort, given.get("tri", "")) or Sort.AGE,
    )


def kept_filters(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the filters to carry along in links: those we know, since other names mean something to a link itself."""
    return {name: given[name][:160] for name in FILTER_NAMES if given.get(name)}


def _member[E: StrEnum](kind: type[E], value: str | None) -> E | None:
    return next((one for one in kind if one.value == value), None)


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
