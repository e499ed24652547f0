"""The fleet's pages: the list and one vehicle. Files are in `import_views`, several vehicles in `bulk_views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.accounts.api import siret_groups
from portal.common.actor import CompanyRole
from portal.common.errors import Conflict
from portal.common.text import whole_number
from portal.db import Page
from portal.fleet import exporting, history, listing, queries, replating, services
from portal.fleet.blueprint import READ, WRITE, blueprint
from portal.fleet.bulk import MOST_VEHICLES
from portal.fleet.bulk_services import last_edit
from portal.fleet.drafts import VehicleDraft
from portal.fleet.forms import VehicleForm
from portal.fleet.list_messages import LACKING_WORDS, SORT_WORDS, choice_sentence
from portal.fleet.listing import LACKING, SORTS, FleetFilter, LoanFilter
from portal.fleet.loans.messages import PHASES, TONES
from portal.fleet.loans.queries import count_offers, current_loans, list_lent
from portal.fleet.messages import CONFLICTS, fault_sentence
from portal.fleet.ports import HeldPass, vehicle_passes
from portal.fleet.vehicle_view import VehicleView
from portal.fleet.wording import AIR_CLASSES, CATEGORIES, ENERGIES, SOURCES
from portal.fleet.workbook import MEDIA_TYPE
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_PASSES_SHOWN = 20


@blueprint.get("")
@guard(READ)
def list_vehicles(company_id: UUID) -> ResponseReturnValue:
    """Show the company's vehicles and those it borrows: searched, filtered, in the order asked for, paged."""
    wanted = FleetFilter.read(request.args)
    sort = request.args.get("tri", "")
    sort = sort if sort in SORTS else "plaque"
    descending = request.args.get("sens") == "desc"
    page = listing.list_page(
        company_id, wanted, sort=sort, descending=descending, cursor=request.args.get("cursor") or None
    )
    may_write = current_actor().belongs_to(company_id, CompanyRole.MANAGER)
    completeness = listing.measure_completeness(company_id)
    matching = _count(company_id, wanted, completeness, page) if may_write else 0
    return render_page(
        "fleet/list.html",
        company_id=company_id,
        page=page,
        wanted=wanted,
        kept={**wanted.args(), **_order_args(sort, descending)},
        headers=_headers(company_id, wanted, sort, descending, selects=may_write and not wanted.archived),
        completeness=completeness,
        matching=matching,
        most=MOST_VEHICLES,
        too_many=choice_sentence("too-many-chosen", {"most": MOST_VEHICLES}),
        loans=current_loans(company_id),
        offers=count_offers(company_id),
        last_edit=last_edit(company_id) if may_write else None,
        may_write=may_write,
        lacking_words=LACKING_WORDS,
        choices={"categorie": CATEGORIES, "energie": ENERGIES, "critair": AIR_CLASSES},
        loan_filter=LoanFilter,
        anything=listing.ANYTHING,
    )


def _count(company_id: UUID, wanted: FleetFilter, completeness: listing.Completeness, page: Page[VehicleView]) -> int:
    """How many own vehicles the list holds; counted again only when a filter leaves some out and pages are many."""
    if not wanted.narrows:
        return completeness.archived if wanted.archived else completeness.in_use
    if page.next_cursor is None and page.previous_cursor is None:
        return sum(vehicle.company_id == company_id for vehicle in page.items)
    return listing.count_matching(company_id, wanted)


def _order_args(sort: str, descending: bool) -> dict[str, str]:
    return {**({"tri": sort} if sort != "plaque" else {}), **({"sens": "desc"} if descending else {})}


def _headers(
    company_id: UUID, wanted: FleetFilter, sort: str, descending: bool, *, selects: bool
) -> list[Mapping[str, object]]:
    """The headers of the table: each puts the list in its order, or turns it round."""
    shown: list[Mapping[str, object]] = [{"label": _("Choisir"), "hidden": True}] if selects else []
    for name, label in SORT_WORDS.items():
        here = name == sort
        args: dict[str, Any] = {**wanted.args(), **_order_args(name, here and not descending)}
        shown.append(
            {
                "label": str(label),
                "numeric": name in {"ptac", "hauteur", "longueur"},
                "sort_url": url_for("fleet.list_vehicles", company_id=company_id, **args),
                "sorted": ("descending" if descending else "ascending") if here else None,
            }
        )
    return [*shown, {"label": _("Actions"), "hidden": True}]


@blueprint.get("/export.csv")
@guard(READ)
def export_csv(company_id: UUID) -> ResponseReturnValue:
    """Take the list home as CSV."""
    rows = exporting.export_csv(company_id, FleetFilter.read(request.args))
    headers = {"Content-Disposition": 'attachment; filename="flotte.csv"'}
    return Response(rows, mimetype="text/csv", headers=headers)


@blueprint.get("/export.xlsx")
@guard(READ)
def export_workbook(company_id: UUID) -> ResponseReturnValue:
    """Take the list home as a workbook."""
    rows = exporting.export_workbook(company_id, FleetFilter.read(request.args))
    headers = {"Content-Disposition": 'attachment; filename="flotte.xlsx"'}
    return Response(rows, mimetype=MEDIA_TYPE, headers=headers)


def _vehicle_page(form: VehicleForm, company_id: UUID, vehicle: VehicleView | None) -> str:
    if vehicle is None:
        return render_page("fleet/vehicle.html", form=form, company_id=company_id, vehicle=None)
    passes = vehicle_passes()
    living = passes.list_living([vehicle.id])
    return render_page(
        "fleet/vehicle.html",
        form=form,
        company_id=company_id,
        vehicle=vehicle,
        lacking=[LACKING_WORDS[name] for name, column in LACKING.items() if getattr(vehicle, column.key) is None],
        passes=passes.list_passes(company_id, vehicle.id, _PASSES_SHOWN),
        living=[one for one in living if one.company_id == company_id],
        living_elsewhere=sum(one.company_id != company_id for one in living),
        loans=list_lent(company_id, [vehicle.id]),
        loan_words=PHASES,
        loan_tones=TONES,
        siret_groups=siret_groups,
        history=history.list_history(company_id, vehicle.id, request.args.get("cursor") or None),
        events=history.Event,
        sources=SOURCES,
    )


def _refuse(form: VehicleForm, error: Conflict) -> None:
    sentence = str(CONFLICTS[error.code])
    if error.field:
        form.add_error(error.field, sentence)
    else:
        form.form_errors.append(sentence)


@blueprint.route("/nouveau", methods=["GET", "POST"])
@guard(WRITE)
def add_vehicle(company_id: UUID) -> ResponseReturnValue:
    """Add one vehicle by form."""
    form = VehicleForm(country="FR")
    if form.validate_on_submit():
        judgement = form.judge()
        if judgement.draft is not None:
            try:
                services.add_vehicle(current_actor(), company_id, judgement.draft)
            except Conflict as error:
                _refuse(form, error)
            else:
                flash(_("%(plate)s est dans votre flotte.", plate=judgement.draft.plate.display), "success")
                for warning in judgement.warnings:
                    flash(fault_sentence(warning.column, warning.code, warning.value, warning.params), "warning")
                return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
    page = _vehicle_page(form, company_id, None)
    return page, 422 if form.errors else 200


@blueprint.route("/<uuid:vehicle_id>", methods=["GET", "POST"])
@guard(WRITE)
def edit_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Show a vehicle and change it; name the passes that a new plate ends before it ends them."""
    vehicle = queries.get_vehicle(company_id, vehicle_id)
    form = VehicleForm()
    if form.validate_on_submit():
        judgement = form.judge()
        if judgement.draft is not None and request.form.get("etape") != "choix":
            ending = replating.ending_passes(vehicle, judgement.draft)
            seen = replating.fingerprint(judgement.draft, ending)
            if ending and request.form.get("vu") != seen:
                return _ask_replate(form, company_id, vehicle, judgement.draft, ending, seen)
            version = whole_number(form.version.data) or 0
            try:
                services.update_vehicle(current_actor(), company_id, vehicle_id, judgement.draft, version)
            except Conflict as error:
                _refuse(form, error)
                form.version.data = str(vehicle.version)
            else:
                _tell_changed(vehicle_id, judgement.draft, ending)
                return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
    elif request.method == "GET":
        form.show(vehicle)
    page = _vehicle_page(form, company_id, vehicle)
    return page, 422 if form.errors else 200


def _ask_replate(
    form: VehicleForm,
    company_id: UUID,
    vehicle: VehicleView,
    draft: VehicleDraft,
    ending: Sequence[HeldPass],
    seen: str,
) -> str:
    return render_page(
        "fleet/replate.html",
        form=form,
        company_id=company_id,
        vehicle=vehicle,
        plate=draft.plate,
        seen=seen,
        living=[one for one in ending if one.company_id == company_id],
        living_elsewhere=sum(one.company_id != company_id for one in ending),
    )


def _tell_changed(vehicle_id: UUID, draft: VehicleDraft, ending: Sequence[HeldPass]) -> None:
    flash(_("Les changements de %(plate)s sont enregistrés.", plate=draft.plate.display), "success")
    ended = replating.count_ended(vehicle_id, ending)
    if ended:
        flash(ngettext("%(num)s laissez-passer a pris fin.", "%(num)s laissez-passer ont pris fin.", ended), "warning")


@blueprint.post("/<uuid:vehicle_id>/archiver")
@guard(WRITE)
def archive_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Take a vehicle out of the fleet."""
    services.archive_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est archivé. Vous pouvez le rétablir depuis les archives."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)


@blueprint.post("/<uuid:vehicle_id>/retablir")
@guard(WRITE)
def restore_vehicle(company_id: UUID, vehicle_id: UUID) -> ResponseReturnValue:
    """Put an archived vehicle back."""
    services.restore_vehicle(current_actor(), company_id, vehicle_id)
    flash(_("Le véhicule est de nouveau dans votre flotte."), "success")
    return redirect(url_for("fleet.list_vehicles", company_id=company_id), 303)
