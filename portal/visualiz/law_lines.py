"""What the map and its list say of one regulation: the same words, made once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from portal.common.units import cm_to_metres
from portal.numeriz.api import (
    POLICIES,
    REGIMES,
    BayView,
    hours_words,
    measure_words,
    period_words,
    span_words,
    vehicles_words,
)
from portal.regulations.measures import CLOSING_TYPES, Measure, MeasureLocation
from portal.regulations.perimeters import Perimeter

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
    """What is regulated and where."""
    what = measure_words(measure.type, measure.max_speed_kmh)
    place = location.label if location is not None else ", ".join(p.label for p in measure.locations[:3] if p.label)
    return f"{what}, {place}" if place else what


def measure_lines(measure: Measure, zone: ZoneInfo) -> list[str]:
    """Whom a measure binds, when, and by which order."""
    whom = vehicles_words(measure.vehicles)
    when = "\u00a0; ".join(period_words(period, zone) for period in measure.periods)
    return [
        f"{whom[:1].upper()}{whom[1:]}.",
        f"{when[:1].upper()}{when[1:]}.",
        _("Arrêté\u00a0: %(title)s.", title=measure.order.title),
    ]


def measure_effect(measure: Measure) -> str:
    """How the map draws it: closed to all, closed to some, or something else."""
    if measure.type not in CLOSING_TYPES:
        return "other"
    return "limited" if measure.vehicles.applies_to else "closed"


def bay_lines(bay: BayView) -> list[str]:
    """The regime, hours and size of a bay; what is unknown is not said."""
    lines: Sequence[str] = [
        _("Régime\u00a0: %(regime)s.", regime=str(REGIMES[bay.regime]).lower()),
        _("Livraisons %(hours)s.", hours=hours_words(bay.hours)) if bay.hours else "",
        _("Longueur\u00a0: %(metres)s\u00a0m.", metres=format_decimal(cm_to_metres(bay.length_cm), "0.0"))
        if bay.length_cm
        else "",
        _("Arrêt limité à %(minutes)s\u00a0min.", minutes=bay.max_stay_min) if bay.max_stay_min else "",
    ]
    return [line for line in lines if line]
