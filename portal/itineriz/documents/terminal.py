"""The answer of the planner for a person who reads a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, gettext

from portal.itineriz.documents.wording import proposal_text
from portal.itineriz.messages import emissions_sentence
from portal.itineriz.trip import Status
from portal.web import filters


def _(text: str, /, **params: object) -> str:
    """The text in the language of the reader."""
    return str(gettext(text, **params))


def route_lines(values: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """The public answer of the planner, line by line; what cannot be served comes first."""
    lines = list(_impossible(values, zone))
    if values["status"] == Status.OK:
        lines.append(
            _(
                "Itinéraire permis\u00a0: %(distance)s, %(duration)s.",
                distance=filters.distance(values["distance_m"]),
                duration=filters.duration(values["duration_s"]),
            )
        )
        lines += _hours(values, zone)
    else:
        lines.append(_("Aucun itinéraire permis à ce moment."))
    lines += [f"  {step['text']}" for leg in values["legs"] for step in leg["instructions"]]
    lines += [
        _("Évité (%(minutes)s\u00a0min)\u00a0: %(why)s", minutes=f"{item['minutes']:+}", why=item["why"])
        for item in values["avoided"]
    ]
    lines += [_("Obstacle\u00a0: %(why)s", why=item["why"]) for item in values["blocking"]]
    lines += [_("Violation\u00a0: %(why)s", why=item["why"]) for item in values["violations"]]
    lines += [_("Possible en partant le %(instant)s.", instant=_instant(at, zone)) for at in values["departures"]]
    asked = datetime.fromisoformat(values["depart_at"])
    lines += [proposal_text(proposal, zone, asked) for proposal in values["proposals"]]
    lines += _emissions(values)
    lines += [_("À noter\u00a0: %(text)s", text=item["text"]) for item in values["warnings"]]
    return lines


def _instant(at: str, zone: ZoneInfo) -> str:
    return filters.instant(datetime.fromisoformat(at), zone.key)


def _impossible(values: Mapping[str, Any], zone: ZoneInfo) -> Iterable[str]:
    for item in values["impossible_stops"]:
        why = " ".join(reason["why"] for reason in item["reasons"])
        yield _(
            "L’arrêt n°\u00a0%(number)s ne peut pas être servi à ce moment. %(why)s", number=item["number"] + 1, why=why
        ).rstrip()
        for start, end in item["open"]:
            yield "  " + _("Possible du %(start)s au %(end)s.", start=_instant(start, zone), end=_instant(end, zone))


def _hours(values: Mapping[str, Any], zone: ZoneInfo) -> Iterable[str]:
    yield _(
        "Départ le %(start)s, arrivée le %(end)s.",
        start=_instant(values["depart_at"], zone),
        end=_instant(values["arrive_at"], zone),
    )
    if len(values["stops"]) <= 2:
        return
    for stop in values["stops"][1:]:
        yield "  " + _(
            "Arrêt n°\u00a0%(number)s\u00a0: %(at)s", number=stop["number"] + 1, at=_instant(stop["arrive_at"], zone)
        )


def _emissions(values: Mapping[str, Any]) -> Iterable[str]:
    figures = values.get("emissions")
    if figures and "fuel_l" in figures:
        yield _(
            "Environ %(litres)s\u00a0l de carburant et %(kilograms)s\u00a0kg de CO₂. %(basis)s",
            litres=format_decimal(round(figures["fuel_l"], 1)),
            kilograms=format_decimal(round(figures["co2_kg"], 1)),
            basis=emissions_sentence(figures),
        )
