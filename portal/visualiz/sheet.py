"""The sheet for the cab: the map of a day on paper, its perimeters and measures with their hours. Set by Typst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import get_locale, gettext, ngettext

from portal.config import PROJECT_ROOT
from portal.itineriz.api import Streets, load_streets
from portal.numeriz.api import COLOURS, POLICIES, SIGNS_PREVAIL, BayRegime, BayView, list_bays
from portal.regulations.measures import Measure, Origin
from portal.regulations.perimeters import Colour, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView
from portal.visualiz.answers import PlaceAnswer
from portal.visualiz.choices import Choice
from portal.visualiz.concerned import day_concern_words
from portal.visualiz.day import OfDay, of_day
from portal.visualiz.law_lines import measure_effect, measure_lines, measure_title
from portal.visualiz.layers import Box
from portal.visualiz.moments import Moment, clock_span
from portal.visualiz.onscreen import Layer
from portal.visualiz.sheet_map import Sign, draw_sheet, sheet_frame
from portal.visualiz.words import EFFECTS
from portal.web import filters
from portal.web.qr import draw_qr
from portal.web.typeset import typeset

TEMPLATE = PROJECT_ROOT / "templates" / "visualiz" / "sheet.typ"
_LETTERS = {Colour.BLUE: "B", Colour.RED: "R", Colour.GREY: "G", Colour.BLACK: "N", Colour.WHITE: "Bc"}
_MOST_DRAWN = 3_000


class Paper(StrEnum):
    """The sizes of paper."""

    A4 = "a4"
    A3 = "a3"


# Points of the map; lines of measures that are printed.
_MAPS = {Paper.A4: (504.0, 400.0), Paper.A3: (750.0, 620.0)}
_MEASURES = {Paper.A4: 30, Paper.A3: 70}


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """What a sheet shows. box: west, south, east, north. answer: at a place, when one was asked for.

    url: of the map that shows the same. now: when the sheet is made.
    """

    territory: TerritoryView
    moment: Moment
    choice: Choice
    layers: Collection[Layer]
    box: Box
    answer: PlaceAnswer | None
    url: str
    now: datetime


def make_sheet(law: LawSnapshot, order: SheetOrder, paper: Paper) -> bytes:
    """The sheet as PDF/UA-1 in the language of the running context."""
    frame = sheet_frame(order.box, *_MAPS[paper])
    seen = _inside(order, frame.box)
    found = list(of_day(law, Interval(*order.moment.whole_day), seen, order.layers))
    signs = _signs([item for item in found if item.layer is Layer.PERIMETERS])
    measures = sorted((item for item in found if item.layer is not Layer.PERIMETERS), key=_closing_first)
    bays = _bays(order, seen)
    point = (order.answer.lon, order.answer.lat) if order.answer else None
    pictures = {
        "map": draw_sheet(frame, _streets(order.territory), signs, measures[:_MOST_DRAWN], bays, point),
        "code": draw_qr(order.url),
    }
    return typeset(TEMPLATE, _content(law, order, paper, signs, measures, bays), pictures)


def _inside(order: SheetOrder, box: Box) -> Box:
    """The box of the paper, within the territory."""
    if order.territory.bounds is None:
        return box
    west, south, east, north = order.territory.bounds
    kept = max(box[0], west), max(box[1], south), min(box[2], east), min(box[3], north)
    return kept if kept[0] < kept[2] and kept[1] < kept[3] else box


def _streets(territory: TerritoryView) -> Streets | None:
    if territory.graph_dir is None:
        return None
    try:
        return load_streets(territory.graph_dir)
    except FileNotFoundError:
        return None


def _bays(order: SheetOrder, box: Box) -> Sequence[BayView]:
    """The bays of a box that can be used all day: paper does not follow the clock."""
    if Layer.BAYS not in order.layers:
        return ()
    start, end = order.moment.whole_day
    return [
        bay
        for bay in list_bays(order.territory.id, box)
        if not any(span.start < end and start < span.end for span in bay.suspensions)
    ]


def _signs(perimeters: Sequence[OfDay]) -> list[Sign]:
    """The perimeters with their signs, the strictest colour first."""
    counts: Counter[str] = Counter()
    signs = []
    for item in sorted(perimeters, key=_strictest_first):
        assert isinstance(item.regulation, Perimeter)
        letter = _LETTERS[item.regulation.colour]
        counts[letter] += 1
        signs.append(Sign(f"{letter}{counts[letter]}", item))
    return signs


def _strictest_first(item: OfDay) -> tuple[int, str]:
    assert isinstance(item.regulation, Perimeter)
    return -item.regulation.colour.strictness, item.regulation.name


def _closing_first(item: OfDay) -> tuple[bool, int]:
    assert isinstance(item.regulation, Measure)
    return not item.regulation.may_close, item.regulation.origin.rank


def _content(
    law: LawSnapshot,
    order: SheetOrder,
    paper: Paper,
    signs: Sequence[Sign],
    measures: Sequence[OfDay],
    bays: Sequence[BayView],
) -> dict[str, Any]:
    zone = order.territory.timezone
    signposted = [item for item in measures if isinstance(item.regulation, Measure)]
    told = [item for item in signposted if _origin(item) is not Origin.OSM]
    left = len(told) - _MEASURES[paper]
    return {
        "language": str(get_locale() or "fr")[:2],
        "paper": paper.value,
        "title": _("Ce qui s’applique à %(place)s", place=order.territory.name),
        "day": filters.day(order.moment.at, zone),
        "vehicle": _("Véhicule\u00a0: %(vehicle)s", vehicle=order.choice.label),
        "printed": _("Règles connues le %(when)s.", when=filters.instant(order.now, zone)),
        "page": _("Page %(page)s sur %(pages)s", page="{page}", pages="{pages}"),
        "notice": " ".join(filter(None, [str(SIGNS_PREVAIL), order.territory.law_notice])),
        "attribution": _("© les contributeurs d’OpenStreetMap"),
        "map_alt": _("Plan de ce qui s’applique ce jour-là\u00a0; les listes qui suivent disent la même chose."),
        "code_alt": _("Code vers la carte en ligne\u00a0: %(url)s", url=order.url),
        "code_words": _("La carte en ligne, à jour"),
        "answer": _answer(order),
        "legend": _legend(signs, signposted, bays),
        "perimeters_title": _("Périmètres actifs ce jour-là"),
        "no_perimeter": _("Aucun périmètre n’est actif ce jour-là sur cette partie de la carte."),
        "perimeters": [_perimeter(law, order, sign) for sign in signs],
        "measures_title": _("Arrêtés et évènements en vigueur"),
        "no_measure": _("Aucun arrêté ni évènement n’est en vigueur ce jour-là sur cette partie de la carte."),
        "measures": [_measure(law, order, item) for item in told[: _MEASURES[paper]]],
        "more": _more(left) if left > 0 else "",
    }


def _more(left: int) -> str:
    return str(
        ngettext(
            "Et %(num)s autre\u00a0: voir la carte en ligne.", "Et %(num)s autres\u00a0: voir la carte en ligne.", left
        )
    )


def _origin(item: OfDay) -> Origin | None:
    return item.regulation.origin if isinstance(item.regulation, Measure) else None


def _hours(order: SheetOrder, item: OfDay) -> str:
    """When it is active that day."""
    start, end = order.moment.whole_day
    if item.spans == (Interval(start, end),):
        return _("Toute la journée")
    return ", ".join(clock_span(span.start, span.end, order.moment.zone) for span in item.spans)


def _perimeter(law: LawSnapshot, order: SheetOrder, sign: Sign) -> dict[str, Any]:
    perimeter = sign.found.regulation
    assert isinstance(perimeter, Perimeter)
    rule = [str(POLICIES[perimeter.access.motorised]), perimeter.access.notice]
    return {
        "sign": sign.sign,
        "colour": perimeter.colour.value,
        "name": perimeter.name,
        "hours": _hours(order, sign.found),
        "rule": " ".join(filter(None, rule)),
        "concern": day_concern_words(law, perimeter, sign.found.spans, order.choice),
    }


def _measure(law: LawSnapshot, order: SheetOrder, item: OfDay) -> dict[str, Any]:
    measure = item.regulation
    assert isinstance(measure, Measure)
    return {
        "look": measure_effect(measure),
        "title": measure_title(measure),
        "hours": _hours(order, item),
        "lines": " ".join(measure_lines(measure, law.zone)),
        "concern": day_concern_words(law, measure, item.spans, order.choice),
    }


def _answer(order: SheetOrder) -> dict[str, Any] | None:
    """What the law says of the place asked about, at the moment asked."""
    if order.answer is None:
        return None
    zone = order.territory.timezone
    answer = order.answer
    change = ""
    if answer.changes_at is not None:
        when = filters.instant(answer.changes_at, zone)
        change = _("Prochain changement\u00a0: %(when)s, %(what)s.", when=when, what=answer.then.lower())
    return {
        "label": answer.label,
        "word": _("%(word)s à %(hour)s", word=answer.word, hour=filters.hour(order.moment.at, zone)),
        "tone": answer.tone,
        "reasons": [*filter(None, [answer.served]), *(told.text for told in (*answer.reasons, *answer.warnings))],
        "change": change,
    }


def _legend(signs: Sequence[Sign], measures: Sequence[OfDay], bays: Sequence[BayView]) -> list[dict[str, str]]:
    """What is on the map, and nothing else."""
    colours = {item.found.regulation.colour for item in signs if isinstance(item.found.regulation, Perimeter)}
    effects = {measure_effect(item.regulation) for item in measures if isinstance(item.regulation, Measure)}
    regimes = {bay.regime is BayRegime.PERMANENT for bay in bays}
    perimeter_names = (
        (colour.value, f"{_LETTERS[colour]}\u00a0: {_('périmètre')} {str(COLOURS[colour]).lower()}")
        for colour in Colour
        if colour in colours
    )
    effect_names = ((name, str(words)) for name, words in EFFECTS.items() if name in effects)
    bay_names = (
        ("bay-permanent" if permanent else "bay-periodic", words)
        for permanent, words in ((True, _("aire permanente")), (False, _("autre aire de livraison")))
        if permanent in regimes
    )
    return [{"look": look, "text": text} for look, text in (*perimeter_names, *effect_names, *bay_names)]
