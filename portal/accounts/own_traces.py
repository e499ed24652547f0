"""What accounts and mails keep of a person, beside her account itself."""

from __future__ import annotations

from portal.accounts.models import Invitation, Membership, Registration, StaffMember
from portal.accounts.traces import Traces
from portal.mail.models import OutboxMail

TRACES = (
    Traces(
        "entreprises",
        lambda person: Membership.account_id == person.id,
        (Membership.company_id, Membership.role, Membership.created_at),
        is_hers=True,
    ),
    Traces(
        "roles",
        lambda person: StaffMember.account_id == person.id,
        (StaffMember.territory_id, StaffMember.role, StaffMember.created_at),
        is_hers=True,
    ),
    Traces(
        "inscriptions",
        lambda person: Registration.email == person.email,
        (Registration.full_name, Registration.email, Registration.company, Registration.created_at),
        is_hers=True,
    ),
    Traces(
        "invitations_recues",
        lambda person: Invitation.email == person.email,
        (Invitation.invited_by, Invitation.company_role, Invitation.staff_role, Invitation.created_at),
        is_hers=True,
    ),
    Traces(
        "invitations_envoyees",
        lambda person: (
            Invitation.invited_by.in_(person.names)
            & (Invitation.company_id.in_(person.company_ids) | Invitation.territory_id.in_(person.territory_ids))
        ),
        (Invitation.company_role, Invitation.staff_role, Invitation.created_at),
        label=Invitation.invited_by,
    ),
    Traces(
        "courriels",
        lambda person: OutboxMail.recipient == person.email,
        (OutboxMail.subject, OutboxMail.body, OutboxMail.created_at, OutboxMail.sent_at),
        is_hers=True,
    ),
)
