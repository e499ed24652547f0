"""What one may do at a point and a moment: the verdict of the law, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.common.errors import Unavailable
from portal.common.text import fold
from portal.itineriz.api import Standing
from portal.numeriz.api import sentence, state_words
from portal.regulations.evaluate import Reason, State, change_of_ways, verdict_of_ways
from portal.regulations.measures import Origin
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import AddressHit, TerritoryView, reverse_geocode
from portal.visualiz.choices import Choice
from portal.visualiz.law_lines import measure_href
from portal.visualiz.moments import Moment

TONES = {State.ALLOWED: "green", State.UNKNOWN: "grey", State.PASS_REQUIRED: "orange", State.FORBIDDEN: "red"}


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of an answer, and the page that says more with the words of the link; none when href is None."""

    text: str
    href: str | None
    more: str


@dataclass(frozen=True, slots=True)
class PlaceAnswer:
    """The answer at a point (lon, lat). changes_at: the first later instant at which the state differs.

    served: which street answered, where the label does not say it.
    """

    lon: float
    lat: float
    label: str
    served: str
    state: State
    word: str
    tone: str
    reasons: tuple[Told, ...]
    warnings: tuple[Told, ...]
    changes_at: datetime | None
    then: str
    inside: bool


def answer_at(
    territory: TerritoryView,
    law: LawSnapshot,
    point: tuple[float, float],
    standing: Standing,
    moment: Moment,
    choice: Choice,
    label: str,
) -> PlaceAnswer:
    """Ask the law about a delivery at a point (lon, lat): a stop, with the passes that the vehicle holds.

    standing: what bears on it. label: what the place is called.
    """
    found = verdict_of_ways(law, standing.ways, moment.at, choice.vehicle, choice.passes)
    change = change_of_ways(law, standing.ways, moment.at, choice.vehicle, choice.passes)
    return PlaceAnswer(
        lon=point[0],
        lat=point[1],
        label=label,
        served=served_words(standing, label),
        state=found.state,
        word=state_words(found.state),
        tone=TONES[found.state],
        reasons=tuple(_told(reason, law, territory.slug) for reason in found.reasons),
        warnings=tuple(_told(warning, law, territory.slug) for warning in found.warnings),
        changes_at=change.at if change else None,
        then=state_words(change.verdict.state) if change else "",
        inside=_inside(territory, point),
    )


def served_words(standing: Standing, label: str) -> str:
    """Which street answers for a place; empty where its label (an address) says it."""
    if standing.street is None:
        return str(_("Réponse au point exact\u00a0: aucune rue carrossable n’y est connue."))
    if not standing.street:
        return str(_("Desservi depuis une voie sans nom."))
    named = f" {fold(label.partition(',')[0])}"
    if any(named.endswith(f" {fold(name)}") for name in standing.street.split(", ")):
        return ""
    return str(_("Desservi depuis\u00a0: %(street)s.", street=standing.street))


def _told(reason: Reason, law: LawSnapshot, slug: str) -> Told:
    if reason.kind == "perimeter":
        href: str | None = url_for("visualiz.show_perimeter", territory=slug, perimeter_id=reason.id)
        return Told(sentence(reason, law.zone), href, _("Voir le périmètre"))
    href = measure_href(law.measures[reason.id], slug)
    return Told(sentence(reason, law.zone), href, str(_MORE[reason.origin]))


_MORE = {
    Origin.ORDER: _l("Voir l’arrêté"),
    Origin.EVENT: _l("Voir l’annonce à sa source"),
    Origin.OSM: _l("Voir la rue dans OpenStreetMap"),
}


def place_label(slug: str, point: tuple[float, float]) -> str:
    """The address nearest to the point; the degrees where there is none, or while the index of addresses cannot be
    read."""
    try:
        hit = reverse_geocode(slug, *point)
    except Unavailable:
        hit = None
    return f"{point[1]:.5f}, {point[0]:.5f}" if hit is None else hit.label


def typed_label(hit: AddressHit) -> str:
    """What an address that was typed is called."""
    # A number that nobody has is placed between its neighbours.
    return str(_("%(address)s (position approchée)", address=hit.label)) if hit.approximate else hit.label


def _inside(territory: TerritoryView, point: tuple[float, float]) -> bool:
    if territory.bounds is None:
        return False
    west, south, east, north = territory.bounds
    return west <= point[0] <= east and south <= point[1] <= north


def next_activation(law: LawSnapshot, after: datetime) -> datetime | None:
    """Return when the next perimeter becomes active."""
    starts = [
        span.start for perimeter in law.perimeters.values() for span in perimeter.activations if span.start > after
    ]
    return min(starts, default=None)
