"""The mails of this context. The row of the outbox is written in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale, gettext, ngettext

from portal.accounts.api import company_recipients
from portal.itineriz.messages import lost_bay, stored_fault
from portal.itineriz.models import Route, RouteStatus
from portal.mail import public_link, send_mail
from portal.territories.api import get_territory_by_id
from portal.web import filters

# A mail is read by the whole company, whatever the language of one of them.
_LANGUAGE = "fr"
_REASONS_TOLD = 5


@dataclass(frozen=True, slots=True)
class ChangedRoute:
    """A tour whose answer has changed, in words."""

    name: str
    departure: str
    news: str
    reasons: Sequence[str]
    url: str

    @classmethod
    def of(cls, row: Route, changes: Mapping[str, Any]) -> Self:
        """What to tell of the tour of a company. changes: from the answer the company knows to that of the row."""
        assert row.company_id is not None
        zone = get_territory_by_id(row.territory_id).timezone
        with force_locale(_LANGUAGE):
            return cls(
                row.label or f"{row.stops[0]['label']} – {row.stops[-1]['label']}",
                filters.instant(row.depart_at, zone),
                _news(row, changes, zone),
                [
                    *[str(reason["why"]) for reason in changes["reasons"] if reason.get("why")][:_REASONS_TOLD],
                    *[lost_bay(bay) for bay in changes.get("bays", ())][:_REASONS_TOLD],
                ],
                public_link("itineriz.show_route", company_id=row.company_id, route_id=row.id),
            )


def mail_changes(company_id: UUID, routes: Sequence[ChangedRoute]) -> None:
    """Tell a company, in one mail, which of its tours have changed with the law."""
    with force_locale(_LANGUAGE):
        subject = str(
            ngettext("%(num)d itinéraire à venir a changé", "%(num)d itinéraires à venir ont changé", len(routes))
        )
        # Not render_template: a job has no request, and a mail needs nothing of one.
        body = current_app.jinja_env.get_template("itineriz/mails/changes.txt").render(routes=routes)
    for address in company_recipients(company_id):
        send_mail(address, subject, body)


def _news(row: Route, changes: Mapping[str, Any], zone: str) -> str:
    if row.status is RouteStatus.FAILED:
        return str(stored_fault(row.error_code or "unexpected", row.error_params or {}))
    if row.status is RouteStatus.NO_LAWFUL_ROUTE:
        return str(gettext("Aucun itinéraire n’est plus permis à cette heure."))
    before, after = changes["before"], changes["after"]
    if before["status"] != after["status"]:
        return str(gettext("Un itinéraire est de nouveau permis\u00a0: arrivée à %(hour)s.", hour=_hour(after, zone)))
    was, now = _hour(before, zone), _hour(after, zone)
    if before == after and changes.get("bays"):
        return str(gettext("Le chemin ne change pas\u00a0; l’arrivée reste prévue à %(hour)s.", hour=now))
    if was == now:
        return str(gettext("Le chemin a changé\u00a0; l’arrivée reste prévue à %(hour)s.", hour=now))
    return str(gettext("Le chemin a changé\u00a0: arrivée à %(now)s au lieu de %(was)s.", now=now, was=was))


def _hour(summary: Mapping[str, str], zone: str) -> str:
    return f"{datetime.fromisoformat(summary['arrive_at']).astimezone(ZoneInfo(zone)):%H:%M}"
