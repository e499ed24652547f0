"""The road book: the tour on paper, with its maps, its manoeuvres and the passes to show. Set by Typst."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import format_date, format_decimal, get_locale, gettext, ngettext

from portal.config import PROJECT_ROOT
from portal.itineriz.documents.sketch import draw_approach, draw_overview
from portal.itineriz.documents.streets import Streets, load_streets
from portal.itineriz.documents.told import Closed, ToldTour, Way
from portal.itineriz.pages.shown import BayShown, StopShown
from portal.itineriz.ports import PassCode
from portal.web import filters
from portal.web.typeset import typeset

TEMPLATE = PROJECT_ROOT / "templates" / "itineriz" / "roadbook.typ"
_SHOWN_PERIMETERS = 6
_NAME_LETTERS = 120
_MOST_KEPT_BYTES = 32 * 1024 * 1024


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


class _Shelf:
    """The books made last, within bounds, for a tour that several people open."""

    def __init__(self) -> None:
        self._books: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._books:
                self._books.move_to_end(key)
            return self._books.get(key)

    def keep(self, key: str, book: bytes) -> None:
        with self._lock:
            self._books[key] = book
            while sum(map(len, self._books.values())) > _MOST_KEPT_BYTES and len(self._books) > 1:
                self._books.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._books.clear()


_SHELF = _Shelf()


def forget_books() -> None:
    """Make every book anew, as after a start."""
    _SHELF.clear()


def make_road_book(tour: ToldTour, passes: Sequence[PassCode]) -> bytes:
    """The book as PDF/UA-1 in the language of the running context; the same tour always gives the same bytes.

    Maps have no streets when the graph of the territory is not on this machine. A book made lately is not made again.
    """
    content = road_book_content(tour, passes)
    key = _digest(tour, content)
    made = _SHELF.find(key)
    if made is None:
        made = typeset(TEMPLATE, content, _pictures(tour, passes))
        _SHELF.keep(key, made)
    return made


def _digest(tour: ToldTour, content: Mapping[str, Any]) -> str:
    """What the book depends on: its words, the answer its maps are drawn from, the build its streets come from."""
    known = [content, tour.result, tour.place.build_version]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _pictures(tour: ToldTour, passes: Sequence[PassCode]) -> dict[str, str]:
    streets = _streets(tour)
    pictures = {f"leg-{way.leg.end.place}": draw_approach(streets, tour, way) for way in tour.ways}
    pictures["overview"] = draw_overview(streets, tour)
    pictures |= {f"pass-{code.number}": code.svg for code in passes}
    return pictures


def _streets(tour: ToldTour) -> Streets | None:
    if tour.place.graph_dir is None:
        return None
    try:
        return load_streets(tour.place.graph_dir)
    except FileNotFoundError:
        return None


def road_book_content(tour: ToldTour, passes: Sequence[PassCode]) -> dict[str, Any]:
    """Every word of the book; the maps are made apart."""
    return {
        "language": str(get_locale() or "fr")[:2],
        "title": _("Feuille de route"),
        "name": _short(tour.name),
        "day": filters.day(tour.answer.depart_at, tour.zone.key),
        "territory": tour.place.name,
        "page": _("Page %(page)s sur %(pages)s", page="{page}", pages="{pages}"),
        "notice": _("Informations indicatives\u00a0: seuls l’arrêté signé et la signalisation font foi."),
        "attribution": _("© les contributeurs d’OpenStreetMap"),
        "summary": [*_vehicle(tour), *tour.answer.figures, *tour.answer.facts],
        "known": _known(tour),
        "cautions_title": _("À savoir"),
        "cautions": tour.answer.cautions,
        "overview": {
            "title": _("Carte de la tournée"),
            "alt": _("Plan de la tournée avec ses arrêts numérotés\u00a0; la liste qui suit dit la même chose."),
            "legend": _legend(tour),
        },
        "table": {
            "title": _("Arrêts"),
            "headers": [_("N°"), _("Arrêt"), _("Arrivée"), _("Repart"), _("Créneau"), _("Aire de livraison")],
            "rows": [_row(tour, stop) for stop in tour.stops],
        },
        "legs_title": _("D’un arrêt à l’autre"),
        "legs": [_leg(tour, way) for way in tour.ways],
        "closed_title": _("Ce que l’itinéraire évite"),
        "closed": [_closed(closed) for closed in tour.closed],
        "passes_title": _("Laissez-passer du véhicule"),
        "passes": [_pass(tour, code) for code in passes],
        "passes_note": _(
            "Présentez le code à l’agent. Il compare la plaque\u00a0: un laissez-passer ne vaut que pour ce véhicule."
        ),
    }


def _known(tour: ToldTour) -> str:
    """How old the law of the tour is; empty in answers that do not say it."""
    law_at = tour.result.get("law_at")
    if not law_at:
        return ""
    when = filters.instant(datetime.fromisoformat(law_at), tour.zone.key)
    return _("Calculé avec les règles connues le %(when)s.", when=when)


def _vehicle(tour: ToldTour) -> Iterator[tuple[str, str]]:
    vehicle = tour.route.vehicle
    sizes = [
        (_("%(value)s\u00a0t", value=format_decimal(vehicle["gvw_t"])) if vehicle.get("gvw_t") else ""),
        (_("hauteur %(value)s\u00a0m", value=format_decimal(vehicle["height_m"])) if vehicle.get("height_m") else ""),
        (_("largeur %(value)s\u00a0m", value=format_decimal(vehicle["width_m"])) if vehicle.get("width_m") else ""),
        (_("longueur %(value)s\u00a0m", value=format_decimal(vehicle["length_m"])) if vehicle.get("length_m") else ""),
        _("matières dangereuses") if vehicle.get("hazmat") else "",
    ]
    known = ", ".join(size for size in sizes if size)
    shown = " – ".join(text for text in (tour.route.vehicle_label, known) if text)
    if shown:
        yield _("Véhicule"), shown


def _legend(tour: ToldTour) -> list[dict[str, str]]:
    legend = [
        {"look": "way", "text": _("itinéraire")},
        {"look": "stop", "text": _("arrêt (D\u00a0: départ)")},
    ]
    if any(stop.bays for stop in tour.stops):
        legend.append({"look": "bay", "text": _("aire de livraison, premier et second choix")})
    if any(closed.lines for closed in tour.closed):
        legend.append({"look": "closed", "text": _("rue évitée à cette heure")})
    return legend


def _row(tour: ToldTour, stop: StopShown) -> list[str]:
    bay = stop.bays[0] if stop.bays else None
    return [
        stop.sign,
        _short(stop.label),
        _hour(tour, stop.arrive_at) if stop.place else "",
        _hour(tour, stop.leave_at) if stop.place < len(tour.stops) - 1 else "",
        _windows(tour, stop),
        f"{_bay_name(bay)} ({filters.distance(bay.walk_m)})" if bay else "",
    ]


def _leg(tour: ToldTour, way: Way) -> dict[str, Any]:
    leg, stop = way.leg, way.leg.end
    return {
        "picture": f"leg-{stop.place}",
        "alt": _("Plan des derniers mètres avant l’arrêt\u00a0; les manœuvres disent la même chose."),
        "sign": stop.sign,
        "label": _short(stop.label),
        "arrive": _hour(tour, leg.arrive_at),
        "way": _(
            "Départ %(start)s de %(place)s, %(length)s, %(time)s",
            start=_hour(tour, leg.depart_at),
            place=_short(leg.start.label),
            length=filters.distance(leg.distance_m),
            time=filters.duration(leg.duration_s),
        ),
        "steps": [
            {
                "text": step.text,
                "language": step.language,
                "length": filters.distance(step.metres) if step.metres >= 5 else "",
            }
            for step in way.steps
        ],
        "facts": list(_facts(tour, stop)),
    }


def _facts(tour: ToldTour, stop: StopShown) -> Iterator[tuple[str, str]]:
    if stop.windows:
        yield _("Créneau"), _windows(tour, stop)
    if stop.wait_s >= 60:
        yield _("Attente"), filters.duration(stop.wait_s)
    if stop.service_s >= 60:
        yield _("Service"), filters.duration(stop.service_s)
    if stop.leave_at is not None and stop.place < len(tour.stops) - 1:
        yield _("Repart"), _hour(tour, stop.leave_at)
    for name, bay in zip((_("Aire de livraison"), _("Seconde aire")), stop.bays, strict=False):
        yield name, _bay(bay)


def _bay(bay: BayShown) -> str:
    """Where the bay is, then what is said of it, each a sentence."""
    where = _("%(bay)s, à %(length)s", bay=_bay_name(bay), length=filters.distance(bay.walk_m))
    stay = _("%(minutes)s\u00a0min au plus", minutes=bay.max_stay_min) if bay.max_stay_min else ""
    said = [text.rstrip(".") for text in (where, bay.hours, stay, bay.doubt) if text]
    return ". ".join(said) + "."


def _bay_name(bay: BayShown) -> str:
    return _short(bay.name or bay.address or _("sans nom"))


def _closed(closed: Closed) -> dict[str, str]:
    costs = []
    if closed.wait_min > 0:
        costs.append(_("Attente\u00a0: %(minutes)s\u00a0min.", minutes=format_decimal(closed.wait_min)))
    detour_min = round(closed.minutes - closed.wait_min, 1)
    if detour_min > 0:
        minutes = format_decimal(detour_min)
        costs.append(
            _("Détour\u00a0: %(minutes)s\u00a0min, %(length)s.", minutes=minutes, length=_signed(closed.metres))
        )
    return {"why": closed.why, "cost": " ".join(costs), "url": closed.url}


def _signed(metres: float) -> str:
    return f"{'−' if metres < 0 else '+'}{filters.distance(abs(metres))}"


def _pass(tour: ToldTour, code: PassCode) -> dict[str, Any]:
    zone = tour.zone.key
    names = {"white": _("Blanc"), "blue": _("Bleu"), "red": _("Rouge"), "grey": _("Gris"), "black": _("Noir")}
    shown = code.perimeters[:_SHOWN_PERIMETERS]
    rest = len(code.perimeters) - len(shown)
    return {
        "picture": f"pass-{code.number}",
        "alt": _("Code à scanner par l’agent de contrôle"),
        "plate": code.plate,
        "number": _("Laissez-passer %(number)s", number=code.number),
        "validity": _(
            "Valable du %(start)s au %(end)s",
            start=filters.instant(code.valid_from, zone),
            end=filters.instant(code.valid_to, zone),
        ),
        "zones": [{"colour": colour, "word": names[colour], "name": _short(name)} for colour, name in shown],
        "more": ngettext(
            "… et %(num)s autre\u00a0: scannez le code pour la liste.",
            "… et %(num)s autres\u00a0: scannez le code pour la liste.",
            rest,
        )
        if rest
        else "",
    }


def _hour(tour: ToldTour, at: datetime | None) -> str:
    """The hour, with the day when it is not that of the departure."""
    if at is None:
        return ""
    local = at.astimezone(tour.zone)
    if local.date() == tour.answer.depart_at.astimezone(tour.zone).date():
        return f"{local:%H:%M}"
    return f"{format_date(local.date(), 'd MMM')} {local:%H:%M}"


def _windows(tour: ToldTour, stop: StopShown) -> str:
    return ", ".join(f"{_hour(tour, start)}\u00a0–\u00a0{_hour(tour, end)}" for start, end in stop.windows)


def _short(text: str) -> str:
    return text if len(text) <= _NAME_LETTERS else text[: _NAME_LETTERS - 1] + "…"
