"""The file with the cards of a whole fleet: asked for, followed, taken home."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.pages import show
from portal.cirqliz.passes import sheets
from portal.cirqliz.passes.views import PREFIX, list_page
from portal.common.actor import CompanyRole
from portal.common.errors import Conflict, Invalid
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard, member

_READ = member(CompanyRole.DRIVER)


@blueprint.post(f"{PREFIX}/cartes")
@guard(member(CompanyRole.MANAGER))
@limiter.limit("30 per hour")
def ask_sheet(company_id: UUID) -> ResponseReturnValue:
    """Ask for one file with every card."""
    try:
        sheet_id = sheets.ask_sheet(current_actor(), company_id, str(get_locale() or "fr")[:2])
    except Invalid as error:
        return list_page(company_id, error), error.status
    return redirect(url_for("cirqliz.show_sheet", company_id=company_id, sheet_id=sheet_id), 303)


@blueprint.get(f"{PREFIX}/cartes/<uuid:sheet_id>")
@guard(_READ)
def show_sheet(company_id: UUID, sheet_id: UUID) -> ResponseReturnValue:
    """Show how far the file is, then the link to it."""
    return show("pass_sheet.html", company_id=company_id, sheet=sheets.get_sheet(company_id, sheet_id))


@blueprint.get(f"{PREFIX}/cartes/<uuid:sheet_id>/avancement")
@guard(_READ)
def sheet_progress(company_id: UUID, sheet_id: UUID) -> ResponseReturnValue:
    """Answer how far the file is, for the page that waits for it."""
    return show("pass_sheet_progress.html", company_id=company_id, sheet=sheets.get_sheet(company_id, sheet_id))


@blueprint.get(f"{PREFIX}/cartes/<uuid:sheet_id>.pdf")
@guard(_READ)
def sheet_file(company_id: UUID, sheet_id: UUID) -> ResponseReturnValue:
    """Send the file; while it is not made, the page that says how far it is."""
    try:
        content = sheets.read_sheet(company_id, sheet_id)
    except Conflict:
        return redirect(url_for("cirqliz.show_sheet", company_id=company_id, sheet_id=sheet_id), 303)
    headers = {"Content-Disposition": 'attachment; filename="laissez-passer.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)
