"""The same tour side by side: with another vehicle, at another hour, with a pass that is not held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import Invalid
from portal.fleet.api import OfferedFleet
from portal.itineriz import queries, services
from portal.itineriz.documents.layers import perimeter_titles
from portal.itineriz.messages import fault
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.comparing_form import CompareForm
from portal.itineriz.pages.display import Answer
from portal.itineriz.pages.shown import short_label
from portal.itineriz.queries import RouteView
from portal.itineriz.variants import family_of, variant
from portal.numeriz.api import COLOURS
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView, get_territory_by_id
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_block, render_page

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One tour of the comparison. best: which of its figures no other beats."""

    route: RouteView
    answer: Answer
    passes: Sequence[str]
    best: frozenset[str]


@blueprint.route(f"{ROUTES}/<uuid:route_id>/comparer", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def compare_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show a tour beside its variants, and make one more."""
    asked = queries.get_route(company_id, route_id)
    route = asked if asked.compared_with is None else queries.get_route(company_id, family_of(asked))
    place = get_territory_by_id(route.territory_id)
    form = CompareForm(route, place, OfferedFleet(company_id), perimeter_titles(route))
    if request.method == "POST" and form.validate() and (changed := form.changed()) is not None:
        try:
            services.create_route(current_actor(), variant(route, company_id, changed))
        except Invalid as error:
            form.form_errors.append(fault(error))
        else:
            here = url_for("itineriz.compare_route", company_id=company_id, route_id=route.id)
            return redirect(f"{here}#comparaison", 303)
    page = render_page(
        "itineriz/compare.html",
        company_id=company_id,
        route=route,
        place=place,
        form=form,
        short=short_label,
        columns=_columns(company_id, route, place),
    )
    return page, 422 if form.errors else 200


@blueprint.get(f"{ROUTES}/<uuid:route_id>/comparer/tableau")
@guard(MEMBER)
def compare_table(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show the table alone; htmx asks again until every tour is computed."""
    route = queries.get_route(company_id, route_id)
    place = get_territory_by_id(route.territory_id)
    return render_block(
        "itineriz/compare.html",
        "table",
        company_id=company_id,
        route=route,
        place=place,
        columns=_columns(company_id, route, place),
    )


def _columns(company_id: UUID, route: RouteView, place: TerritoryView) -> list[Column]:
    """The tour, then its newest variants, oldest of them first."""
    shown = [route, *queries.list_variants(company_id, route.id)[1 - MOST_SHOWN :]]
    answers = [Answer(one, place.timezone) for one in shown]
    best = _best(answers)
    names = perimeter_titles(route)
    return [
        Column(one, answer, _supposed(one, names), frozenset(name for name, found in best.items() if number in found))
        for number, (one, answer) in enumerate(zip(shown, answers, strict=True))
    ]


def _best(answers: Sequence[Answer]) -> dict[str, set[int]]:
    """For each figure, the tours with the smallest, when there is something to choose between.

    A tour that leaves more stops out is shorter for that alone: it is not compared.
    """
    most = max(answer.served_count for answer in answers)
    figures = {
        "duration": [answer.duration_s for answer in answers],
        "distance": [answer.distance_m for answer in answers],
        "arrival": [_seconds(answer.arrive_at) for answer in answers],
        "carbon": [answer.co2_kg for answer in answers],
    }
    best = {}
    for name, values in figures.items():
        known = {
            number: round(value)
            for number, value in enumerate(values)
            if value is not None and answers[number].served_count == most
        }
        if len(set(known.values())) > 1:
            best[name] = {number for number, value in known.items() if value == min(known.values())}
    return best


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _supposed(route: RouteView, names: Mapping[str, str]) -> list[str]:
    """The passes a tour supposes, in words."""
    found: list[str] = []
    for item in route.passes:
        if item.get("supposed"):
            found += [
                _("tout périmètre %(colour)s", colour=str(COLOURS[Colour(name)]).lower()) for name in item["colours"]
            ]
            found += [names.get(str(known), _("un périmètre")) for known in item["perimeter_ids"]]
    return list(dict.fromkeys(found))
