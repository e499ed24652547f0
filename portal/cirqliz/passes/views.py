"""The company's passes: the list, the page for the phone, the card for the cab, giving one back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.law import Span, spans_of
from portal.cirqliz.messages import flash_text, sentence
from portal.cirqliz.pages import show
from portal.cirqliz.passes import queries
from portal.cirqliz.passes.card import Printed, draw_cards
from portal.cirqliz.passes.services import give_back_pass
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from portal.territories.api import get_territory_by_id
from portal.web.guards import current_actor, guard, member

_PREFIX = "/entreprises/<uuid:company_id>/laissez-passer"
_READ = member(CompanyRole.DRIVER)


@blueprint.get(_PREFIX)
@guard(_READ)
def list_passes(company_id: UUID) -> ResponseReturnValue:
    """Show the company's passes, those that end last first."""
    return _list_page(company_id)


def _list_page(company_id: UUID, conflict: str | None = None) -> str:
    return show(
        "passes.html",
        company_id=company_id,
        page=queries.list_passes(company_id, request.args.get("cursor")),
        now=SYSTEM_CLOCK.now(),
        may_write=current_actor().belongs_to(company_id, CompanyRole.MANAGER),
        conflict=conflict,
    )


@blueprint.get(f"{_PREFIX}/<uuid:pass_id>")
@guard(_READ)
def show_pass(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Show a pass on the whole screen, to hold under an agent's eyes."""
    found = queries.get_pass(company_id, pass_id)
    return show(
        "pass.html",
        found=found,
        territory=get_territory_by_id(found.territory_id),
        hours=_hours(found),
        phase=found.phase(SYSTEM_CLOCK.now()),
    )


@blueprint.get(f"{_PREFIX}/<uuid:pass_id>.pdf")
@guard(_READ)
def pass_card(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Send the card for the cab."""
    found = queries.get_pass(company_id, pass_id)
    content = draw_cards([Printed(found, get_territory_by_id(found.territory_id), _hours(found))])
    headers = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@blueprint.post(f"{_PREFIX}/<uuid:pass_id>/restitution")
@guard(member(CompanyRole.MANAGER))
def give_back(company_id: UUID, pass_id: UUID) -> ResponseReturnValue:
    """Give a pass back: it is red at the next scan."""
    found = queries.get_pass(company_id, pass_id)
    try:
        give_back_pass(current_actor(), company_id, pass_id)
    except Conflict as error:
        return _list_page(company_id, sentence(error)), 409
    flash(flash_text("given-back", number=found.number), "success")
    return redirect(url_for("cirqliz.list_passes", company_id=company_id), 303)


def _hours(found: queries.PassView) -> dict[str, tuple[Span, ...]]:
    ids = [perimeter.perimeter_id for perimeter in found.perimeters]
    return spans_of(law_snapshot(found.territory_id), ids, Interval(found.valid_from, found.valid_to))
