"""The values the pages of a tour show, from its stored answer; sentences in the reader's language.

Answers of older releases lack keys: each is read with what its absence means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, gettext

from portal.itineriz.documents.wording import (
    bay_doubt_text,
    bay_hours_text,
    caution_text,
    proposal_text,
    reason_text,
    step_text,
)
from portal.itineriz.lacking import lacking_perimeters
from portal.itineriz.messages import emissions_sentence, missed_window
from portal.itineriz.pages.shown import (
    BayShown,
    ImpossibleStop,
    LegShown,
    Proposal,
    Regulation,
    Span,
    StopShown,
    gps_links,
    short_label,
    stop_name,
)
from portal.itineriz.queries import RouteView
from portal.web import filters


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


class Answer:
    """Everything a page may show of an answered tour."""

    def __init__(self, route: RouteView, timezone: str) -> None:
        self._result: Mapping[str, Any] = route.result or {}
        self._route = route
        self._zone = ZoneInfo(timezone)
        self.ok = self._result.get("status") == "ok"
        self.stops = [self._stop(place, values) for place, values in enumerate(self._result.get("stops", ()))]
        self.legs = list(self._legs())

    @property
    def depart_at(self) -> datetime:
        """When the tour leaves: as found for it, else as asked."""
        found = self._result.get("depart_at")
        return datetime.fromisoformat(found) if found else self._route.depart_at

    @property
    def arrive_at(self) -> datetime | None:
        """When it reaches its last stop; None when it does not."""
        return self.stops[-1].arrive_at if self.ok and self.stops else None

    @property
    def cautions(self) -> list[str]:
        """What the driver should know."""
        names = [short_label(str(stop["label"])) for stop in self._route.stops]
        return [caution_text(values, self._zone, names) for values in self._result.get("warnings", ())]

    @property
    def avoided(self) -> list[Regulation]:
        """What changed the way, each regulation once whatever the number of legs, the costliest first."""
        merged: dict[tuple[str, str], dict[str, Any]] = {}
        for values in self._result.get("avoided", ()):
            none = {"minutes": 0, "metres": 0, "wait_min": 0}
            kept = merged.setdefault((str(values["kind"]), str(values["id"])), {**values, **none})
            for cost in none:
                kept[cost] += values.get(cost, 0)
        costs = (self._regulation(values) for values in merged.values())
        return sorted(costs, key=lambda item: -item.minutes - item.wait_min)

    @property
    def blocking(self) -> list[Regulation]:
        """What stands in the way of a refused tour, besides what makes a stop impossible."""
        said = {
            (item["number"], reason["id"])
            for item in self._result.get("impossible_stops", ())
            for reason in item.get("reasons", ())
        }
        items = self._result.get("blocking", ())
        return [self._regulation(values) for values in items if (self._number(values), values.get("id")) not in said]

    def _number(self, values: Mapping[str, Any]) -> int | None:
        """The stop aimed at, in the order given."""
        place = values.get("stop")
        return self.stops[place].number if isinstance(place, int) and place < len(self.stops) else None

    @property
    def violations(self) -> list[str]:
        """What the tour would break; a lawful tour has none."""
        return [reason_text(values, self._zone) for values in self._result.get("violations", ())]

    @property
    def impossible(self) -> list[ImpossibleStop]:
        """The stops that the law closes at these hours."""
        return [self._impossible(values) for values in self._result.get("impossible_stops", ())]

    @property
    def departures(self) -> list[datetime]:
        """The nearest lawful departures of a refused tour."""
        return [datetime.fromisoformat(text) for text in self._result.get("departures", ())]

    @property
    def needed_passes(self) -> Sequence[Mapping[str, Any]]:
        """The perimeters the tour has to do with, as stored."""
        found: Sequence[Mapping[str, Any]] = self._result.get("needed_passes", ())
        return found

    @property
    def asks_pass(self) -> bool:
        """True when a request for a pass would help."""
        return bool(lacking_perimeters(self._result))

    @property
    def proposals(self) -> list[Proposal]:
        """Hours at which the same tour takes less time, the best first."""
        found = []
        for values in self._result.get("proposals", ()):
            arrive_at = values.get("arrive_at")
            found.append(
                Proposal(
                    proposal_text(values, self._zone, self.depart_at),
                    None if values["kind"] == "wait" else str(values["depart_at"]),
                    datetime.fromisoformat(arrive_at) if arrive_at else None,
                )
            )
        return found

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What the tour is in a few large figures: labels and values."""
        zone = self._zone
        depart_at, arrive_at = self.depart_at.astimezone(zone), self.arrive_at
        figures = [(_("Départ"), f"{depart_at:%H:%M}")]
        if arrive_at is not None:
            same_day = arrive_at.astimezone(zone).date() == depart_at.date()
            shown = filters.hour(arrive_at, zone.key) if same_day else filters.instant(arrive_at, zone.key)
            figures.append((_("Arrivée"), shown))
        figures.append((_("Durée, arrêts compris"), filters.duration(self._result["duration_s"])))
        figures.append((_("Distance"), filters.distance(self._result["distance_m"])))
        if self.co2_kg is not None:
            figures.append((_("CO₂ estimé"), f"{format_decimal(round(self.co2_kg, 1))}\u00a0kg"))
        return figures

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What else there is to know of the tour as a whole: labels and values."""
        pairs = [
            (_("Détour dû aux règles"), self._detour()),
            (_("Ordre des arrêts"), self._order_saving()),
            (_("Consommation estimée"), self._fuel()),
        ]
        return [(label, value) for label, value in pairs if value]

    @property
    def duration_s(self) -> float | None:
        """Door to door, stops included; None without a tour."""
        return float(self._result["duration_s"]) if self.ok else None

    @property
    def distance_m(self) -> float | None:
        """Metres driven; None without a tour."""
        return float(self._result["distance_m"]) if self.ok else None

    @property
    def co2_kg(self) -> float | None:
        """Kilograms of CO2; None when the vehicle's energy is unknown."""
        found = (self._result.get("emissions") or {}).get("co2_kg")
        return None if found is None or not self.ok else float(found)

    @property
    def served_count(self) -> int:
        """How many of the stops asked for the tour serves, the departure included."""
        return len({stop.number for stop in self.stops}) if self.ok else 0

    @property
    def carbon_basis(self) -> str:
        """What the estimate of CO2 rests on, or why there is none; empty when the answer says nothing of it."""
        return emissions_sentence(self._result.get("emissions") or {}) if self.ok else ""

    def _fuel(self) -> str:
        """The fuel, electricity or gas of the estimate; empty when there is none."""
        if self.co2_kg is None:
            return ""
        emissions = self._result["emissions"]
        units = (("fuel_l", "l"), ("kwh", "kWh"), ("kg", "kg"))
        known = ((emissions[key], unit) for key, unit in units if emissions.get(key) is not None)
        return ", ".join(f"{format_decimal(round(float(amount), 1))}\u00a0{unit}" for amount, unit in known)

    def _detour(self) -> str:
        plain = self._result.get("without_law")
        if not plain or not self._result.get("avoided"):
            return ""
        metres = self._result["distance_m"] - plain["distance_m"]
        seconds = self._result["drive_s"] - plain["drive_s"]
        length = f"{'+' if metres >= 0 else '−'}{filters.distance(abs(metres))}"
        if abs(seconds) < 60:
            return _("moins d’une minute, %(length)s", length=length)
        return f"{'+' if seconds >= 0 else '−'}{filters.duration(abs(seconds))}, {length}"

    def _order_saving(self) -> str:
        order = self._result.get("order") or {}
        if not order.get("free"):
            return ""
        if order.get("saved_s") is None:
            # The order given cannot be driven: there is nothing to compare with.
            return ""
        # An order that was already the best saves nothing, and says so.
        if order["saved_s"] < 60:
            return _("calculé par le site\u00a0; le vôtre était aussi bon")
        text = _("calculé par le site\u00a0: %(time)s gagnées", time=filters.duration(order["saved_s"]))
        if (order.get("saved_m") or 0) >= 100:
            text += ", " + _("%(length)s de moins", length=filters.distance(order["saved_m"]))
        saved = ((self._result.get("emissions") or {}).get("ordered") or {}).get("co2_saved_kg")
        if saved:
            text += ", " + _("%(mass)s\u00a0kg de CO₂ évités", mass=format_decimal(round(float(saved), 1)))
        return text

    def _stop(self, place: int, values: Mapping[str, Any]) -> StopShown:
        number = int(values.get("number", place))
        at = values.get("at") or (values["lon"], values["lat"])
        given = self._route.stops[number] if number < len(self._route.stops) else {}
        return StopShown(
            place=place,
            number=number,
            label=str(values["label"]) or stop_name(number),
            lon=float(values["lon"]),
            lat=float(values["lat"]),
            at=(float(at[0]), float(at[1])),
            arrive_at=_instant(values.get("arrive_at")),
            leave_at=_instant(values.get("leave_at")),
            wait_s=float(values.get("wait_s") or 0),
            service_s=float(values.get("service_s", 60 * given.get("service_min", 0)) or 0),
            windows=_spans(values.get("windows") or ()),
            bays=[_bay(bay, self._zone) for bay in values.get("bays") or ()],
            is_return=bool(values.get("return")),
        )

    def _legs(self) -> Iterator[LegShown]:
        for index, values in enumerate(self._result.get("legs", ())):
            end = self.stops[index + 1]
            yield LegShown(
                start=self.stops[index],
                end=end,
                depart_at=datetime.fromisoformat(values["depart_at"]),
                arrive_at=datetime.fromisoformat(values["arrive_at"]),
                distance_m=values["distance_m"],
                duration_s=values["duration_s"],
                steps=[(*step_text(step), float(step["distance_m"])) for step in values["instructions"]],
                gps=gps_links(end),
            )

    def _regulation(self, values: Mapping[str, Any]) -> Regulation:
        wanted = values.get("pass")
        stop = values.get("stop")
        return Regulation(
            text=reason_text(values, self._zone),
            colour=values.get("colour"),
            url=values.get("url"),
            article=str(values.get("article") or ""),
            source=str(values.get("source") or ""),
            minutes=round(float(values.get("minutes", 0)) - values.get("wait_min", 0), 1),
            metres=float(values.get("metres", 0)),
            wait_min=round(float(values.get("wait_min", 0)), 1),
            opens_at=_instant(values.get("opens_at")),
            stop=self.stops[stop].short if isinstance(stop, int) and stop < len(self.stops) else "",
            asks=wanted["requirement"] if wanted else None,
        )

    def _impossible(self, values: Mapping[str, Any]) -> ImpossibleStop:
        passes = values.get("passes") or ()
        return ImpossibleStop(
            name=stop_name(int(values["number"]), str(values["label"])),
            reasons=[
                *(reason_text(reason, self._zone) for reason in values.get("reasons", ())),
                *([missed_window()] if values.get("missed") else []),
            ],
            open=_spans(values.get("open") or ()),
            passes=[str(wanted["title"]) for wanted in passes],
            asks_pass=any(wanted["requirement"] != "document" for wanted in passes),
        )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _spans(values: Sequence[Sequence[str | None]]) -> list[Span]:
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
        for start, end in values
        if start is not None
    ]


def _bay(values: Mapping[str, Any], zone: ZoneInfo) -> BayShown:
    hours, hours_told = bay_hours_text(values, zone)
    return BayShown(
        name=str(values.get("name") or ""),
        address=str(values.get("address") or ""),
        lon=float(values["lon"]),
        lat=float(values["lat"]),
        walk_m=float(values["walk_m"]),
        length_m=values.get("length_m"),
        regime=str(values.get("regime") or ""),
        hours=hours,
        hours_told=hours_told,
        max_stay_min=values.get("max_stay_min"),
        doubt=bay_doubt_text(values),
    )
