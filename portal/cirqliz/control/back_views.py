"""What stands behind the agents' page: invented codes to train with, receipts, the supervisor's table."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.api import list_staff
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.control.counting import SHOWN_DAYS, count_lines, dashboard
from portal.cirqliz.control.messages import LESSONS, RECEIPT_WARNINGS, RESULT_WORDS
from portal.cirqliz.control.receipts import make_receipt, read_receipt
from portal.cirqliz.control.training import samples
from portal.cirqliz.decisions.frame import desk_frame
from portal.cirqliz.messages import TONE_WORDS
from portal.cirqliz.pages import show
from portal.cirqliz.tokens import token_url
from portal.cirqliz.verification.verdict import Tone
from portal.common.actor import StaffRole
from portal.common.errors import NotFound
from portal.config import Settings
from portal.sheets import CsvText
from portal.territories.api import get_territory, get_territory_by_id
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, SIGNED_IN, current_actor, guard, staff
from portal.web.qr import draw_qr

_PREFIX = "/territoires/<territory>/controle"
_AGENT = staff(StaffRole.CONTROL_AGENT)
_SUPERVISOR = staff(StaffRole.SUPERVISOR)


@blueprint.get("/controle/exercice")
@guard(SIGNED_IN)
def training_page() -> ResponseReturnValue:
    """Show invented codes to scan from another screen."""
    actor = current_actor()
    if not any(actor.serves(slug, StaffRole.CONTROL_AGENT, StaffRole.SUPERVISOR) for slug in actor.staff):
        raise NotFound("page-not-found")
    settings: Settings = current_app.extensions["settings"]
    codes = [(one, LESSONS[one.lesson], draw_qr(token_url(settings.public_url, one.token))) for one in samples()]
    return show("control/training.html", codes=codes)


@blueprint.get(f"{_PREFIX}/passages/<uuid:look_id>/recu")
@guard(_AGENT)
def receipt_of_look(territory: str, look_id: UUID) -> ResponseReturnValue:
    """Lead to the receipt of a look; anybody can open its address."""
    token = make_receipt(get_territory(territory).id, look_id)
    return redirect(url_for("cirqliz.show_receipt", token=token), 303)


@blueprint.get("/controle/recu/<token>")
@guard(PUBLIC)
@limiter.limit("120 per minute")
def show_receipt(token: str) -> ResponseReturnValue:
    """Show what was answered to an agent, if the portal signed it."""
    found = read_receipt(token)
    if found is None:
        return show("control/receipt.html", found=None), 404
    settings: Settings = current_app.extensions["settings"]
    return show(
        "control/receipt.html",
        found=found,
        territory=_known(found.territory_id),
        tone_word=TONE_WORDS[Tone(found.tone)],
        result_word=RESULT_WORDS[found.result],
        warning=RECEIPT_WARNINGS.get(found.known),
        code=draw_qr(f"{settings.public_url}{url_for('cirqliz.show_receipt', token=token)}"),
    )


def _known(territory_id: UUID) -> object:
    try:
        return get_territory_by_id(territory_id)
    except NotFound:
        return None


@blueprint.get(f"{_PREFIX}/tableau")
@guard(_SUPERVISOR)
def control_dashboard(territory: str) -> ResponseReturnValue:
    """Show the supervisor how many looks there were, where, when and with which answer; and the agents."""
    place = get_territory(territory)
    agents = [one for _slug, one in list_staff(place.id) if one.role is StaffRole.CONTROL_AGENT]
    return show(
        "control/dashboard.html",
        territory=place,
        counts=dashboard(count_lines(place)),
        days=SHOWN_DAYS,
        result_words=RESULT_WORDS,
        agents=agents,
        **desk_frame(place),
    )


@blueprint.get(f"{_PREFIX}/tableau.csv")
@guard(_SUPERVISOR)
def control_dashboard_csv(territory: str) -> ResponseReturnValue:
    """Send the same counts as a spreadsheet, one line per day, hour, place and answer."""
    sheet = CsvText(("jour", "heure", "lieu", "couleur", "reponse", "controles"))
    for line in count_lines(get_territory(territory)):
        sheet.add((line.day.isoformat(), line.hour, line.place, line.tone, line.result, line.looks))
    headers = {"Content-Disposition": 'attachment; filename="controles.csv"'}
    return Response(sheet.text, mimetype="text/csv", headers=headers)
