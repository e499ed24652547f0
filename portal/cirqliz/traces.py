"""What CirQliz keeps of the people who ask, drive, decide and check."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from portal.accounts.api import Person, Traces
from portal.cirqliz.models import (
    AccessPass,
    AccessRequest,
    DecisionBatch,
    DecisionRule,
    PassCheck,
    PassSheet,
    Reexamination,
    RequestDocument,
    RequestDraft,
    RequestMessage,
    RequestVehicle,
    SavedView,
)


def _driven(person: Person) -> ColumnElement[bool]:
    """The passes of vehicles that she was named to drive, by her address."""
    named = select(RequestVehicle.id).where(
        RequestVehicle.request_id == AccessPass.request_id,
        RequestVehicle.plate_key == AccessPass.plate_key,
        RequestVehicle.driver_email == person.email,
    )
    return named.exists()


TRACES = (
    Traces(
        "demandes",
        lambda person: AccessRequest.created_by == person.id,
        (AccessRequest.number, AccessRequest.company_id, AccessRequest.reason, AccessRequest.submitted_at),
    ),
    Traces(
        "demandes_prises_en_charge",
        lambda person: AccessRequest.claimed_by == person.id,
        (AccessRequest.number, AccessRequest.claimed_at),
        label=AccessRequest.claimed_by_label,
    ),
    Traces(
        "demandes_commencees",
        lambda person: RequestDraft.created_by == person.id,
        (RequestDraft.company_id, RequestDraft.typed, RequestDraft.created_at, RequestDraft.updated_at),
    ),
    # Before the vehicles of requests: the address there tells whose these are.
    Traces(
        "laissez_passer_conduits",
        _driven,
        (
            AccessPass.number,
            AccessPass.plate_display,
            AccessPass.driver_name,
            AccessPass.valid_from,
            AccessPass.valid_to,
        ),
        emptied=(AccessPass.driver_name,),
    ),
    Traces(
        "vehicules_conduits",
        lambda person: RequestVehicle.driver_email == person.email,
        (
            RequestVehicle.request_id,
            RequestVehicle.plate_display,
            RequestVehicle.driver_name,
            RequestVehicle.driver_email,
        ),
        emptied=(RequestVehicle.driver_name, RequestVehicle.driver_email),
    ),
    Traces(
        "decisions",
        lambda person: RequestVehicle.decided_by == person.id,
        (
            RequestVehicle.request_id,
            RequestVehicle.decision,
            RequestVehicle.reason_code,
            RequestVehicle.reason_text,
            RequestVehicle.decided_at,
        ),
        label=RequestVehicle.decided_by_label,
    ),
    Traces(
        "decisions_groupees",
        lambda person: DecisionBatch.created_by == person.id,
        (DecisionBatch.decision, DecisionBatch.state, DecisionBatch.created_at, DecisionBatch.apply_at),
        label=DecisionBatch.created_by_label,
    ),
    Traces(
        "regles",
        lambda person: (
            DecisionRule.created_by_label.in_(person.names) & DecisionRule.territory_id.in_(person.territory_ids)
        ),
        (DecisionRule.name, DecisionRule.number, DecisionRule.created_at),
        label=DecisionRule.created_by_label,
    ),
    Traces(
        "reexamens",
        lambda person: Reexamination.opened_by == person.id,
        (Reexamination.request_id, Reexamination.cause, Reexamination.text, Reexamination.opened_at),
        label=Reexamination.opened_by_label,
    ),
    Traces(
        "messages",
        lambda person: RequestMessage.author_id == person.id,
        (RequestMessage.request_id, RequestMessage.text, RequestMessage.at),
        label=RequestMessage.author_label,
    ),
    Traces(
        "pieces_jointes",
        lambda person: RequestDocument.added_by.in_(person.names) & RequestDocument.company_id.in_(person.company_ids),
        (RequestDocument.company_id, RequestDocument.file_name, RequestDocument.added_at),
        label=RequestDocument.added_by,
    ),
    Traces(
        "revocations",
        lambda person: AccessPass.revoked_by == person.id,
        (AccessPass.number, AccessPass.revoke_reason, AccessPass.revoke_text, AccessPass.revoked_at),
    ),
    Traces(
        "planches_de_laissez_passer",
        lambda person: PassSheet.created_by == person.id,
        (PassSheet.company_id, PassSheet.state, PassSheet.created_at),
    ),
    Traces(
        "controles",
        lambda person: PassCheck.checker_id == person.id,
        (PassCheck.at, PassCheck.place, PassCheck.method, PassCheck.result),
    ),
    Traces(
        "vues_enregistrees",
        lambda person: SavedView.account_id == person.id,
        (SavedView.name, SavedView.query, SavedView.created_at),
        is_hers=True,
    ),
)
