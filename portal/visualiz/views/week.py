"""The calendar of a place or a street: a week by hour, and the exact hours of each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from shapely.geometry import Point

from portal.common.errors import Unavailable
from portal.numeriz.api import state_words
from portal.regulations.evaluate import State
from portal.visualiz.answers import served_words
from portal.visualiz.moments import clock_span, moment_at
from portal.visualiz.street import Street, find_street
from portal.visualiz.views.asked import Asked, read_asked
from portal.visualiz.views.blueprint import PLACES_PER_CALLER, blueprint
from portal.visualiz.week import DAYS, Day, Stretch, week_at, week_of
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

LETTERS = {State.ALLOWED: "O", State.PASS_REQUIRED: "L", State.FORBIDDEN: "F", State.UNKNOWN: "?"}
LOOKS = {State.ALLOWED: "open", State.PASS_REQUIRED: "pass", State.FORBIDDEN: "closed", State.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of a day in words, with the page that says why."""

    hours: str
    looks: tuple[str, ...]
    words: str
    href: str


@blueprint.get("/<territory>/semaine")
@guard(PUBLIC)
@limiter.limit(PLACES_PER_CALLER)
def week(territory: str) -> ResponseReturnValue:
    """Show when a place or a street is open to a vehicle, for the week of a day."""
    asked = read_asked(territory)
    street = _street(asked)
    first = asked.moment.day - timedelta(days=asked.moment.day.weekday())
    days = _days(asked, street, first)
    keep = {**asked.query, "rue": street.label} if street else asked.query
    label = street.label if street else asked.label
    asked.form.adresse.data = asked.form.adresse.data or label
    page = render_page(
        "visualiz/week.html",
        **asked.context(),
        label=label,
        served="" if street or asked.point is None else served_words(asked.standing, label),
        street=street,
        days=days,
        heads=[str(format_date(day.date, "EEE d")) for day in days],
        lines=[[_line(asked, street, stretch) for stretch in day.stretches] for day in days],
        letters=LETTERS,
        looks=LOOKS,
        words={state: state_words(state) for state in State},
        first=first,
        last=first + timedelta(days=DAYS - 1),
        shifted={name: {**keep, "jour": _shifted(asked, name)} for name in ("before", "after")},
    )
    return page, asked.status


def _days(asked: Asked, street: Street | None, first: date) -> tuple[Day, ...]:
    """The days from one on, of the street or the place; none when neither is asked."""
    if street:
        return week_of(asked.law, street.places, first, asked.choice)
    if asked.point is None:
        return ()
    return week_at(asked.law, Point(*asked.point), asked.standing.ways, first, asked.choice)


def _street(asked: Asked) -> Street | None:
    """The street that is asked for: by name, or by an address that is a whole street."""
    named = request.args.get("rue", "").strip()[:200]
    text = named or ("" if asked.form.point else (asked.form.adresse.data or "").strip()[:200])
    if not text:
        return None
    try:
        found = find_street(asked.territory, text)
    except Unavailable:
        asked.form.adresse.errors = [_("La recherche d’adresses ne répond pas. Choisissez un point sur la carte.")]
        return None
    if found is None and named:
        asked.form.adresse.errors = [_("Rue introuvable dans ce territoire. Vérifiez son nom.")]
    return found


def _shifted(asked: Asked, name: str) -> str:
    days = timedelta(days=-DAYS if name == "before" else DAYS)
    return (asked.moment.day + days).isoformat()


def _line(asked: Asked, street: Street | None, stretch: Stretch) -> Line:
    zone = asked.moment.zone
    query = _query_at(asked, stretch.start)
    if street:
        query |= {"lon": f"{stretch.where.x:.6f}", "lat": f"{stretch.where.y:.6f}"}
        # The place that is worst, not where the index has the street.
        query.pop("adresse", None)
    whole = stretch.best is stretch.worst
    words = (
        state_words(stretch.worst)
        if whole
        else _(
            "Selon l’endroit\u00a0: de «\u00a0%(best)s\u00a0» à «\u00a0%(worst)s\u00a0»",
            best=state_words(stretch.best).lower(),
            worst=state_words(stretch.worst).lower(),
        )
    )
    looks = (LOOKS[stretch.best],) if whole else (LOOKS[stretch.best], LOOKS[stretch.worst])
    href = url_for("visualiz.here", territory=asked.territory.slug, **query)
    return Line(clock_span(stretch.start, stretch.end, zone), looks, words, href)


def _query_at(asked: Asked, at: datetime) -> dict[str, Any]:
    """What is asked, at another instant, as it stands in a URL."""
    return {**asked.query, **moment_at(at, asked.moment.zone).query}
