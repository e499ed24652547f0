"""What Visualiz keeps of the address of a person: alerts, with or without an account."""

from __future__ import annotations

from portal.accounts.api import Traces
from portal.visualiz.alerts.models import AlertSubscription

TRACES = (
    Traces(
        "alertes",
        lambda person: AlertSubscription.email == person.email,
        (
            AlertSubscription.territory_id,
            AlertSubscription.label,
            AlertSubscription.language,
            AlertSubscription.created_at,
            AlertSubscription.confirmed_at,
            AlertSubscription.last_sent_at,
        ),
        is_hers=True,
    ),
)
