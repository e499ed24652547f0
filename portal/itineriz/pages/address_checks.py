"""The pages of the check of addresses: ask, look, filter, correct, take home."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid
from portal.common.text import whole_number
from portal.fleet.api import OfferedFleet
from portal.itineriz.addresses import services, words
from portal.itineriz.addresses.checking import MOST_ADDRESSES
from portal.itineriz.addresses.documents import points, spans_csv, week_csv
from portal.itineriz.addresses.finding import Candidate, Doubt
from portal.itineriz.addresses.services import AskCheck, CheckView
from portal.itineriz.addresses.verdicts import WeekVerdict, week_of
from portal.itineriz.lacking import lacking_at_address
from portal.itineriz.messages import stored_fault
from portal.itineriz.models import CheckStatus
from portal.itineriz.pages.blueprint import MEMBER, blueprint
from portal.itineriz.pages.check_forms import CheckForm, CorrectForm
from portal.itineriz.pages.context import half_hour
from portal.itineriz.pages.local_time import read_day
from portal.itineriz.pages.picking import Picked, built_territories, chosen_territory
from portal.itineriz.pages.vehicles import chosen_label
from portal.itineriz.places.messages import FILE_FAULTS, doubt_sentence, file_sentence
from portal.itineriz.places.sheet import sample_csv
from portal.itineriz.ports import RequestWish, passes_of, request_start
from portal.itineriz.trip import Stop
from portal.territories.api import get_territory_by_id
from portal.web import filters
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_CHECKS = "/entreprises/<uuid:company_id>/verifications-adresses"
_CHECK = f"{_CHECKS}/<uuid:check_id>"
_PAGE_SIZE = 50
_FORMATS = {"short_day": filters.short_day, "weekday": words.weekday, "number": format_decimal}


@blueprint.get(_CHECKS)
@guard(MEMBER)
def list_checks(company_id: UUID) -> ResponseReturnValue:
    """Show the company's checks, newest first."""
    page = services.list_checks(company_id, request.args.get("cursor"))
    return render_page("itineriz/address_checks/list.html", company_id=company_id, page=page, **_FORMATS)


@blueprint.route(f"{_CHECKS}/nouvelle", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("30 per hour", methods=["POST"])
def new_check(company_id: UUID) -> ResponseReturnValue:
    """Ask for a check."""
    place = chosen_territory()
    form = CheckForm(place, OfferedFleet(company_id))
    if request.method == "GET":
        form.propose(SYSTEM_CLOCK.now().astimezone(ZoneInfo(place.timezone)).date())
    elif form.validate() and (check_id := _ask(form, company_id)) is not None:
        return redirect(url_for("itineriz.show_check", company_id=company_id, check_id=check_id), 303)
    page = render_page(
        "itineriz/address_checks/new.html",
        company_id=company_id,
        form=form,
        territory=place,
        territories=built_territories(),
        most=MOST_ADDRESSES,
        **_FORMATS,
    )
    return page, 422 if form.errors else 200


def _ask(form: CheckForm, company_id: UUID) -> UUID | None:
    given, first_day, vehicle = form.content(), read_day(form.week), form.read_vehicle()
    if given is None or first_day is None or vehicle is None:
        return None
    (content, is_text), (public, chosen) = given, vehicle
    command = AskCheck(
        territory_id=form.place.id,
        company_id=company_id,
        content=content,
        is_text=is_text,
        first_day=first_day,
        vehicle=public,
        vehicle_id=chosen.id if chosen else None,
        vehicle_label=chosen_label(chosen),
        passes=tuple(passes_of(form.place.id, chosen.id)) if chosen else (),
    )
    try:
        return services.ask_check(current_actor(), command)
    except Invalid as error:
        form.refuse(error)
        return None


@blueprint.get(f"{_CHECKS}/modele.csv")
@guard(MEMBER)
def check_sample(company_id: UUID) -> ResponseReturnValue:  # noqa: ARG001 the guard reads it
    """Download the sample file."""
    return _csv(sample_csv(with_hours=False), "modele-adresses.csv")


@blueprint.get(_CHECK)
@guard(MEMBER)
def show_check(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Show a check: its progress, then the addresses, searched, filtered and paged."""
    check = services.get_check(company_id, check_id)
    return render_page("itineriz/address_checks/check.html", block="addresses", **_context(check), **_listed(check))


@blueprint.get(f"{_CHECK}/avancement")
@guard(MEMBER)
def check_progress(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Answer the progress fragment of a check."""
    return render_page("itineriz/address_checks/progress.html", **_context(services.get_check(company_id, check_id)))


@blueprint.post(f"{_CHECK}/annuler")
@guard(MEMBER)
def cancel_check(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Give up a check."""
    services.cancel_check(company_id, check_id)
    return redirect(url_for("itineriz.show_check", company_id=company_id, check_id=check_id), 303)


@blueprint.post(f"{_CHECK}/relancer")
@guard(MEMBER)
def retry_check(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Compute a failed check again."""
    services.retry_check(company_id, check_id)
    return redirect(url_for("itineriz.show_check", company_id=company_id, check_id=check_id), 303)


@blueprint.post(f"{_CHECK}/supprimer")
@guard(MEMBER)
def remove_check(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Forget a check."""
    services.remove_check(company_id, check_id)
    flash(_("La vérification est supprimée."), "success")
    return redirect(url_for("itineriz.list_checks", company_id=company_id), 303)


@blueprint.route(f"{_CHECK}/lignes/<int:number>", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 1000 per hour", methods=["POST"])
def show_address(company_id: UUID, check_id: UUID, number: int) -> ResponseReturnValue:
    """Show the week of one address, and put it where it is."""
    check = services.get_check(company_id, check_id)
    results = services.get_results(check)
    address, place, form = results.address(number), get_territory_by_id(check.territory_id), CorrectForm()
    form.address.flags.required = True
    if request.method == "GET":
        form.address.data = address["label"] or address["text"]
        if address["lon"] is not None:
            form.settle(Picked(address["label"], address["lon"], address["lat"]))
    elif form.validate() and (candidate := _candidate(form, address, place)) is not None:
        try:
            services.correct_address(company_id, check_id, number, candidate)
            return redirect(
                url_for("itineriz.show_address", company_id=company_id, check_id=check_id, number=number), 303
            )
        except Invalid as error:
            form.address.errors = [*form.address.errors, stored_fault(error.code, error.params)]
    zone, answer = ZoneInfo(place.timezone), results.answer(address)
    page = render_page(
        "itineriz/address_checks/address.html",
        form=form,
        address=address,
        answer=answer,
        grid=words.hours_grid(answer, check.first_day, zone) if answer else [],
        spans=words.spans_shown(answer, zone) if answer else [],
        doubt=doubt_sentence(Doubt(address["doubt"])) if address["doubt"] else "",
        points=points([address]),
        ask_url=_ask_url(check, address, answer, zone) if answer else None,
        **_context(check),
    )
    return page, 422 if form.errors else 200


def _ask_url(check: CheckView, address: Mapping[str, Any], answer: Mapping[str, Any], zone: ZoneInfo) -> str | None:
    """Where this person asks for the passes an address lacks in what is left of the week; None when none would help."""
    week = week_of(check.first_day, zone)
    starts_at = max(week.start, half_hour(SYSTEM_CLOCK.now()) + timedelta(minutes=30))
    lacking = lacking_at_address(answer, starts_at)
    if starts_at >= week.end or not lacking:
        return None
    wish = RequestWish(
        company_id=check.company_id,
        territory_id=check.territory_id,
        vehicle_id=check.vehicle_id,
        starts_at=starts_at,
        ends_at=week.end,
        perimeter_ids=lacking,
        stops=(Stop(address["lon"], address["lat"], address["label"]),),
    )
    return request_start(current_actor(), wish)


def _candidate(form: CorrectForm, address: Any, place: Any) -> Candidate | None:
    """The proposal chosen (`choix`: its rank), else the address typed."""
    rank = whole_number(request.form.get("choix", ""))
    if rank is not None and rank < len(address["alternatives"]):
        return Candidate(**address["alternatives"][rank])
    return form.candidate(place)


@blueprint.get(f"{_CHECK}/points.geojson")
@guard(MEMBER)
def check_points(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """The located addresses of a check for its map, filtered as the list."""
    check = services.get_check(company_id, check_id)
    verdict, search = _filter()
    answer = jsonify(points(services.get_results(check).found(verdict, search)))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.mimetype = "application/geo+json"
    return answer


@blueprint.get(f"{_CHECK}/semaine.csv")
@guard(MEMBER)
def check_week_file(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Download one line per address."""
    check = services.get_check(company_id, check_id)
    zone = ZoneInfo(get_territory_by_id(check.territory_id).timezone)
    return _csv(week_csv(services.get_results(check), check.first_day, zone), "adresses-semaine.csv")


@blueprint.get(f"{_CHECK}/detail.csv")
@guard(MEMBER)
def check_detail_file(company_id: UUID, check_id: UUID) -> ResponseReturnValue:
    """Download one line per address and interval."""
    check = services.get_check(company_id, check_id)
    zone = ZoneInfo(get_territory_by_id(check.territory_id).timezone)
    return _csv(spans_csv(services.get_results(check), zone), "adresses-detail.csv")


def _filter() -> tuple[str, str]:
    verdict = request.args.get("verdict", "")
    return verdict if verdict in set(WeekVerdict) else "", request.args.get("q", "").strip()[:80]


def _listed(check: CheckView) -> dict[str, Any]:
    """One page of the addresses with what the list shows of them."""
    verdict, search = _filter()
    listed: dict[str, Any] = {"verdict": verdict, "search": search, "items": [], "total": 0, "page": 1, "pages": 1}
    if check.result_key is None:
        return listed
    zone = ZoneInfo(get_territory_by_id(check.territory_id).timezone)
    results = services.get_results(check)
    found = list(results.found(verdict, search))
    pages = max(1, -(-len(found) // _PAGE_SIZE))
    number = min(max(1, whole_number(request.args.get("page", "")) or 1), pages)
    items = []
    for address in islice(found, (number - 1) * _PAGE_SIZE, number * _PAGE_SIZE):
        answer = results.answer(address)
        items.append(
            {
                "address": address,
                "hours": words.week_lines(answer, check.first_day, zone) if answer else [],
                "passes": words.passes_text(answer) if answer else "",
                "titles": words.titles(answer) if answer else [],
                "doubt": doubt_sentence(Doubt(address["doubt"])) if address["doubt"] else "",
            }
        )
    return listed | {"items": items, "total": len(found), "page": number, "pages": pages}


def _context(check: CheckView) -> dict[str, Any]:
    failure = ""
    if check.error_code is not None:
        known = check.error_code in FILE_FAULTS
        failure = (file_sentence if known else stored_fault)(check.error_code, check.error_params)
    return {
        "company_id": check.company_id,
        "check": check,
        "place": get_territory_by_id(check.territory_id),
        "statuses": CheckStatus,
        "verdicts": words.VERDICTS,
        "tones": words.TONES,
        "states": words.STATES,
        "letter": words.letter,
        "state_letter": words.state_letter,
        "failure": failure,
        **_FORMATS,
    }


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)
