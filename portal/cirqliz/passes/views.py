"""The company's passes: the list, the page for the phone, the card for the cab, the calendar, giving one back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import show
from portal.cirqliz.passes import queries
from portal.cirqliz.passes.calendar import MIMETYPE, make_calendar
from portal.cirqliz.passes.card import Printed, draw_cards
from portal.cirqliz.passes.pages import hours_of, pass_page
from portal.cirqliz.passes.services import give_back_pass
from portal.cirqliz.states import PassState
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, PortalError
from portal.mail import public_link
from portal.territories.api import get_territory_by_id
from portal.web.guards import current_actor, guard, member

PREFIX = "/entreprises/<uuid:company_id>/laissez-passer"
_READ = member(CompanyRole.DRIVER)


@blueprint.get(PREFIX)
@guard(_READ)
def list_passes(company_id: UUID) -> ResponseReturnValue:
    """Show the company's passes, those that end last first."""
    return list_page(company_id)


def list_page(company_id: UUID, refusal: PortalError | None = None) -> str:
    """Render the list, with the sentence of what was refused."""
    now = SYSTEM_CLOCK.now()
    return show(
        "passes.html",
        company_id=company_id,
        page=queries.list_passes(company_id, request.args.get("cursor")),
        now=now,
        printable=queries.count_usable(company_id, now),
        may_write=current_actor().belongs_to(company_id, CompanyRole.MANAGER),
        conflict=sentence(refusal) if refusal else None,
    )


@blueprint.get(f"{PREFIX}/<uuid:pass_id>")
@guard(_READ)
def show_pass(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Show a pass on the whole screen, to hold under an agent's eyes."""
    found = queries.get_pass(company_id, pass_id)
    may_write = current_actor().belongs_to(company_id, CompanyRole.MANAGER)
    return pass_page(found, SYSTEM_CLOCK.now(), may_write=may_write)


@blueprint.get(f"{PREFIX}/<uuid:pass_id>.pdf")
@guard(_READ)
def pass_card(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Send the card for the cab. A pass that gives no right has none: nobody believes what is printed less."""
    found = queries.get_pass(company_id, pass_id)
    if found.state is not PassState.ACTIVE:
        refusal = Conflict(f"card-{found.state.value}", number=found.number)
        return list_page(company_id, refusal), refusal.status
    content = draw_cards([Printed(found, get_territory_by_id(found.territory_id), hours_of(found))])
    headers = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@blueprint.get(f"{PREFIX}/<uuid:pass_id>.ics")
@guard(_READ)
def pass_calendar(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Send the hours of the pass for a calendar."""
    found = queries.get_pass(company_id, pass_id)
    return calendar_file(found, public_link("cirqliz.show_pass", company_id=company_id, pass_id=pass_id))


def calendar_file(found: queries.PassView, url: str) -> Response:
    """Return the calendar file of a pass; url: its page, as the reader of the file may open it."""
    place = get_territory_by_id(found.territory_id)
    content = make_calendar(found, place, hours_of(found), SYSTEM_CLOCK.now(), url)
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.ics"'}
    return Response(content, mimetype=MIMETYPE, headers=headers)


@blueprint.post(f"{PREFIX}/<uuid:pass_id>/restitution")
@guard(member(CompanyRole.MANAGER))
def give_back(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Give a pass back: it is red at the next scan."""
    found = queries.get_pass(company_id, pass_id)
    try:
        give_back_pass(current_actor(), company_id, pass_id)
    except PortalError as error:
        return list_page(company_id, error), error.status
    flash(flash_text("given-back", number=found.number), "success")
    return redirect(url_for("cirqliz.list_passes", company_id=company_id), 303)
