"""What a manager does with a pass: sends it to the driver, hands it on to another vehicle on the day of a breakdown."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import show
from portal.cirqliz.passes import queries
from portal.cirqliz.passes.forms import DriverForm, SwapForm
from portal.cirqliz.passes.sending import send_to_driver
from portal.cirqliz.passes.stand_ins import StandIns, list_stand_ins
from portal.cirqliz.passes.swapping import refuses_swap, swap_pass
from portal.cirqliz.passes.views import PREFIX
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, PortalError
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member

_WRITE = member(CompanyRole.MANAGER)


@blueprint.get(f"{PREFIX}/<uuid:pass_id>/conducteur")
@guard(_WRITE)
def driver_form(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Ask for the address of the driver."""
    return _driver_page(queries.get_pass(company_id, pass_id), DriverForm(formdata=None))


@blueprint.post(f"{PREFIX}/<uuid:pass_id>/conducteur")
@guard(_WRITE)
@limiter.limit("60 per hour")
def send_pass(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Send the link of a pass to its driver."""
    found = queries.get_pass(company_id, pass_id)
    form = DriverForm()
    try:
        address = send_to_driver(current_actor(), company_id, pass_id, form.address.data or "")
    except PortalError as error:
        form.address.errors = [sentence(error)]
        return _driver_page(found, form), error.status
    flash(flash_text("sent-to-driver", address=address), "success")
    return redirect(url_for("cirqliz.list_passes", company_id=company_id), 303)


def _driver_page(found: queries.PassView, form: DriverForm) -> str:
    return show("pass_driver.html", company_id=found.company_id, found=found, form=form)


@blueprint.get(f"{PREFIX}/<uuid:pass_id>/report")
@guard(_WRITE)
def swap_form(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Ask which vehicle takes over."""
    return _swap_page(queries.get_pass(company_id, pass_id), SwapForm(formdata=None))


@blueprint.post(f"{PREFIX}/<uuid:pass_id>/report")
@guard(_WRITE)
def swap(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Hand a pass on to another vehicle, and show the new one."""
    found = queries.get_pass(company_id, pass_id)
    form = SwapForm()
    try:
        new_id = swap_pass(current_actor(), company_id, pass_id, _chosen(form))
    except (Invalid, Conflict) as error:
        form.vehicle.errors = [sentence(error)]
        return _swap_page(queries.get_pass(company_id, pass_id), form), error.status
    new = queries.get_pass(company_id, new_id)
    flash(flash_text("swapped", plate=new.plate_display), "success")
    return redirect(url_for("cirqliz.list_passes", company_id=found.company_id), 303)


def _chosen(form: SwapForm) -> UUID:
    try:
        return UUID(form.vehicle.data or "")
    except ValueError as error:
        raise Invalid("swap-no-vehicle", field="vehicle") from error


def _swap_page(found: queries.PassView, form: SwapForm) -> str:
    now = SYSTEM_CLOCK.now()
    refusal = refuses_swap(found.state, found.valid_from, found.valid_to, found.swapped_from is not None, now)
    search = request.args.get("q", "").strip()[:40]
    offered = StandIns([], cut=False) if refusal else list_stand_ins(found, now, search)
    form.offer(offered.vehicles)
    return show(
        "pass_swap.html",
        company_id=found.company_id,
        found=found,
        form=form,
        refusal=sentence(Conflict(refusal, number=found.number)) if refusal else None,
        offered=offered,
        search=search,
    )
