"""The mails of alerts: the question that confirms, and the news. Written in the language the alert was asked in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.mail import public_link, send_mail
from portal.numeriz.api import COLOURS, POLICIES, span_words
from portal.regulations.measures import Origin
from portal.regulations.perimeters import Perimeter
from portal.territories.api import TerritoryView
from portal.visualiz.alerts.links import token_of
from portal.visualiz.alerts.models import AlertSubscription
from portal.visualiz.alerts.news import Coming
from portal.visualiz.law_lines import measure_lines, measure_title
from portal.visualiz.moments import moment_at
from portal.web import filters

MOST_TOLD: Final = 20
_SPANS_TOLD: Final = 5
_VIEW_ZOOM: Final = 15


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in a mail or on a page. href: its page, the whole address; "" when it has none."""

    title: str
    lines: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent."""

    recipient: str
    subject: str
    body: str
    leave_url: str


def mail_question(row: AlertSubscription, territory: TerritoryView) -> None:
    """Write the mail that asks whether the alert is wanted, in the running unit of work."""
    token = token_of(row.id)
    link = public_link("visualiz.show_alert", territory=territory.slug, token=token)
    with force_locale(row.language):
        subject = _("Confirmez votre alerte\u00a0: %(label)s", label=row.label)
        body = _text("question", label=row.label, territory_name=territory.name, link=link)
    send_mail(row.email, subject, body)


def letter_of(row: AlertSubscription, territory: TerritoryView, fresh: Sequence[Coming]) -> Letter:
    """The mail that tells what is new in an area. fresh: not empty, in the order in which it begins."""
    token = token_of(row.id)
    of_alert = {"territory": territory.slug, "token": token}
    centre = shapely.from_wkb(row.wkb).representative_point()
    moment = moment_at(fresh[0].first, ZoneInfo(territory.timezone))
    view = f"{_VIEW_ZOOM}/{centre.y:.5f}/{centre.x:.5f}"
    with force_locale(row.language):
        subject = _("Du nouveau à %(place)s\u00a0: %(label)s", place=territory.name, label=row.label)
        body = _text(
            "news",
            label=row.label,
            territory_name=territory.name,
            told=[told_of(each, territory) for each in fresh[:MOST_TOLD]],
            more=max(0, len(fresh) - MOST_TOLD),
            map_link=public_link("visualiz.show_map", territory=territory.slug, **moment.query, vue=view),
            leave_link=public_link("visualiz.show_alert", **of_alert),
        )
    return Letter(row.email, subject, body, public_link("visualiz.leave_alert", **of_alert))


def told_of(coming: Coming, territory: TerritoryView) -> Told:
    """One thing in words, in the language in use."""
    zone, regulation = ZoneInfo(territory.timezone), coming.regulation
    if isinstance(regulation, Perimeter):
        spans = [
            _("Actif %(when)s.", when=span_words(span.start, span.end, zone))
            for span in sorted(coming.activations, key=lambda span: span.start)[:_SPANS_TOLD]
        ]
        colour = str(COLOURS[regulation.colour]).lower()
        title = _("Périmètre %(colour)s\u00a0: %(name)s", colour=colour, name=regulation.name)
        lines = [str(POLICIES[regulation.access.motorised]), *spans]
        return Told(title, tuple(lines), _page("show_perimeter", territory, perimeter_id=UUID(regulation.id)))
    following = _("Prochaine fois\u00a0: le %(when)s.", when=filters.instant(coming.first, zone.key))
    lines = [*measure_lines(regulation, zone), _("S’applique en ce moment.") if coming.has_begun else following]
    # The address of an event comes from its feed: whatever is not of the web is no link.
    href = regulation.order.url if regulation.order.url.startswith(("https://", "http://")) else ""
    if regulation.origin is Origin.ORDER:
        href = _page("show_order", territory, order_id=UUID(regulation.order.id))
    return Told(measure_title(regulation), tuple(lines), href)


def _page(endpoint: str, territory: TerritoryView, **values: object) -> str:
    return public_link(f"visualiz.{endpoint}", territory=territory.slug, **values)


def _text(name: str, **context: object) -> str:
    return str(current_app.jinja_env.get_template(f"visualiz/alerts/mail/{name}.txt").render(context))
