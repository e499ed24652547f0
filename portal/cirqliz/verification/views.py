"""The answer to a scan, and the agent's page."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions.views import desk_frame
from portal.cirqliz.messages import ERRORS, verdict_reason
from portal.cirqliz.pages import show
from portal.cirqliz.states import CheckMethod
from portal.cirqliz.verification import services
from portal.cirqliz.verification.forms import SearchForm
from portal.cirqliz.verification.queries import count_recent_checks
from portal.cirqliz.verification.services import Checked
from portal.cirqliz.verification.verdict import PassVerdict, Result
from portal.common.actor import StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.territories.api import get_territory, get_territory_by_id
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, current_actor, guard, staff
from portal.web.locale import DEFAULT_ZONE


@blueprint.get("/v/<token>")
@blueprint.get("/V/<token>", endpoint="verify_capitals")
@guard(PUBLIC)
@limiter.limit("120 per minute")
def verify(token: str) -> ResponseReturnValue:
    """Say in one glance what the scanned code is worth; an agent of the territory sees more, and the look is kept."""
    checked = services.check_token(token)
    territory = get_territory_by_id(checked.found.territory_id) if checked.found else None
    actor = current_actor()
    at_work = territory.slug if territory else next((s for s in actor.staff if services.is_checker(actor, s)), None)
    recorded = at_work is not None and services.record_check(actor, at_work, checked, CheckMethod.SCAN)
    is_agent = at_work is not None and services.is_checker(actor, at_work)
    return show(
        "verify.html",
        checked=checked,
        territory=territory,
        zone=territory.timezone if territory else DEFAULT_ZONE,
        reason=verdict_reason(checked.verdict, territory.timezone if territory else DEFAULT_ZONE),
        now=SYSTEM_CLOCK.now(),
        is_agent=is_agent,
        recorded=recorded,
        recent=count_recent_checks(checked.found.id) if is_agent and checked.found else 0,
        control=at_work if is_agent else None,
    )


@blueprint.get("/territoires/<territory>/controle")
@guard(staff(StaffRole.CONTROL_AGENT))
def control(territory: str) -> ResponseReturnValue:
    """Show the agent how to check a pass: scan, plate or number."""
    return _control_page(territory, SearchForm(formdata=None), None)


@blueprint.post("/territoires/<territory>/controle")
@guard(staff(StaffRole.CONTROL_AGENT))
@limiter.limit("60 per minute")
def look_up(territory: str) -> ResponseReturnValue:
    """Answer a search. A POST shows its answer directly: a plate has no place in an address or in a log."""
    form = SearchForm()
    wanted = (form.wanted.data or "").strip()
    if not wanted:
        form.wanted.errors = [str(ERRORS["search-missing"])]
        return _control_page(territory, form, None), 422
    found = services.look_up(get_territory(territory).id, wanted)
    answers = list(found) or [Checked(PassVerdict(Result.UNKNOWN), None, {})]
    by_number = answers[0].found is not None and answers[0].found.number == wanted.upper()
    method = CheckMethod.NUMBER if by_number else CheckMethod.PLATE
    services.record_check(current_actor(), territory, answers[0], method)
    return _control_page(territory, form, answers)


def _control_page(territory: str, form: SearchForm, answers: list[Checked] | None) -> str:
    place = get_territory(territory)
    zone = place.timezone
    return show(
        "control.html",
        territory=place,
        zone=zone,
        form=form,
        wanted=form.wanted.data or "",
        answers=[(one, verdict_reason(one.verdict, zone)) for one in answers or ()],
        now=SYSTEM_CLOCK.now(),
        **desk_frame(place),
    )
