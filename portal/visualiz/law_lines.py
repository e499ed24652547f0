"""What the map and its list say of one regulation: the same words, made once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from portal.common.units import cm_to_metres
from portal.numeriz.api import (
    POLICIES,
    REGIMES,
    BayView,
    DeliveryHours,
    Suspension,
    binds_by_words,
    drawn_effect,
    hours_words,
    measure_words,
    period_words,
    span_words,
    vehicles_words,
)
from portal.regulations.measures import CLOSING_TYPES, Measure, MeasureLocation, Origin
from portal.regulations.perimeters import Perimeter
from portal.regulations.vehicles import Over, Size
from portal.web.filters import metres, tonnes

_SPANS_SHOWN = 3


def perimeter_lines(perimeter: Perimeter, zone: ZoneInfo, now: datetime | None = None) -> list[str]:
    """The rule of a perimeter and when it is active; now: say only the spans that are not over yet."""
    lines = [str(POLICIES[perimeter.access.motorised])]
    if perimeter.access.notice:
        lines.append(perimeter.access.notice)
    spans = [span for span in perimeter.activations if now is None or span.end is None or span.end > now]
    lines += [_("Actif %(when)s.", when=span_words(span.start, span.end, zone)) for span in spans[:_SPANS_SHOWN]]
    if len(spans) > _SPANS_SHOWN:
        rest = len(spans) - _SPANS_SHOWN
        lines.append(ngettext("Et %(num)s autre activation.", "Et %(num)s autres activations.", rest))
    return lines


def measure_title(measure: Measure, location: MeasureLocation | None = None) -> str:
    """What is regulated and where; of an event, what its source calls it."""
    if measure.origin is Origin.EVENT and measure.order.title:
        what = measure.order.title
    elif is_mere_text(measure):
        what = _("Condition à lire")
    else:
        what = measure_words(measure.type, measure.max_speed_kmh)
    place = location.label if location is not None else ", ".join(p.label for p in measure.locations[:3] if p.label)
    return f"{what}, {place}" if place and place != what else what


def measure_lines(measure: Measure, zone: ZoneInfo) -> list[str]:
    """Whom a measure binds, when, and who says so."""
    whom = "" if is_mere_text(measure) else vehicles_words(measure.vehicles)
    return [
        f"{text[:1].upper()}{text[1:]}{end}"
        for text, end in ((whom, "."), (_when(measure, zone), "."), (_source(measure), ""))
        if text
    ]


def _when(measure: Measure, zone: ZoneInfo) -> str:
    if measure.origin is not Origin.OSM:
        return "\u00a0; ".join(period_words(period, zone) for period in measure.periods)
    # A sign does not say since when it stands: only its hours are told, and the days of the year in its own words.
    hours = [DeliveryHours(period.weekdays, period.slots, period.holidays) for period in measure.periods]
    timed = [entry for entry in dict.fromkeys(hours) if entry.weekdays or entry.slots]
    return hours_words(timed) if timed else ""


def _source(measure: Measure) -> str:
    text: str
    match measure.origin:
        case Origin.EVENT:
            name = measure.order.authority
            text = _("Évènement annoncé par %(source)s.", source=name) if name else _("Évènement annoncé.")
        case Origin.OSM:
            text = _("Panneau relevé dans OpenStreetMap\u00a0: %(tag)s.", tag=measure.order.title)
        case Origin.ORDER:
            text = _("Arrêté\u00a0: %(title)s.", title=measure.order.title)
    return text


def is_mere_text(measure: Measure) -> bool:
    """Tell whether a measure is only a condition in words, which binds nobody by itself."""
    return binds_by_words(measure.vehicles)


def measure_href(measure: Measure, slug: str) -> str | None:
    """The page that says more: ours of an order, that of the source of an event or a sign; None when it has none."""
    if measure.origin is Origin.ORDER:
        return url_for("visualiz.show_order", territory=slug, order_id=UUID(measure.order.id))
    # The address comes from a file: whatever is not of the web would run in the page.
    return measure.order.url if measure.order.url.startswith(("https://", "http://")) else None


def measure_effect(measure: Measure) -> str:
    """How the map draws it: closed to all, closed to some, or something else."""
    return drawn_effect(measure.type, measure.vehicles)


_LIMIT_KINDS = {
    Size.GROSS_WEIGHT: "weight",
    Size.AXLE_LOAD: "axle",
    Size.HEIGHT: "height",
    Size.WIDTH: "width",
    Size.LENGTH: "length",
    Size.FOOTPRINT: "footprint",
}


def measure_limit(measure: Measure) -> dict[str, str]:
    """As on a sign, the sizes over which a closing measure binds: `limit_kind` of the first, `limit` in words.

    Empty when it binds otherwise too.
    """
    bound = measure.vehicles.applies_to
    sizes = [criterion for criterion in bound if isinstance(criterion, Over)]
    if measure.type not in CLOSING_TYPES or not sizes or len(sizes) < len(bound):
        return {}
    return {"limit_kind": _LIMIT_KINDS[sizes[0].size], "limit": " · ".join(map(_limit_words, sizes))}


def _limit_words(over: Over) -> str:
    if over.size in (Size.GROSS_WEIGHT, Size.AXLE_LOAD):
        return tonnes(over.limit)
    if over.size is Size.FOOTPRINT:
        return f"{format_decimal(over.limit / 10_000)}\u00a0m²"
    return metres(over.limit)


def bay_title(bay: BayView) -> str:
    """What a bay is called: its address, or the name that its source gives it."""
    return bay.address or bay.name or _("Aire de livraison")


def bay_lines(bay: BayView, zone: ZoneInfo, now: datetime) -> list[str]:
    """What puts a bay out of use, unless it is over, then its regime, hours and size; what is unknown is not said."""
    out = [span for span in bay.suspensions if span.end > now]
    lines: Sequence[str] = [
        *(suspension_words(span, zone) for span in out[:_SPANS_SHOWN]),
        _("Régime\u00a0: %(regime)s.", regime=str(REGIMES[bay.regime]).lower()),
        _("Livraisons %(hours)s.", hours=hours_words(bay.hours)) if bay.hours else "",
        _("Longueur\u00a0: %(metres)s\u00a0m.", metres=format_decimal(cm_to_metres(bay.length_cm), "0.0"))
        if bay.length_cm
        else "",
        _("Arrêt limité à %(minutes)s\u00a0min.", minutes=bay.max_stay_min) if bay.max_stay_min else "",
    ]
    return [line for line in lines if line]


def suspension_words(span: Suspension, zone: ZoneInfo) -> str:
    """When a bay is out of use, and why when it is known."""
    when = span_words(span.start, span.end, zone)
    if span.why:
        return str(_("Hors d’usage %(when)s\u00a0: %(why)s.", when=when, why=span.why.rstrip(".")))
    return str(_("Hors d’usage %(when)s.", when=when))
