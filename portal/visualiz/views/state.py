"""What the map asks beside its layers: which law it shows, when things change, whom they concern."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.api import law_for_display
from portal.regulations.measures import Origin
from portal.regulations.schedules import Interval
from portal.territories.api import get_territory
from portal.visualiz.changes import changes_document
from portal.visualiz.concerned import concerned_document
from portal.visualiz.views.asked import read_choice
from portal.visualiz.views.blueprint import DAYS_PER_CALLER, STATES_PER_CALLER, blueprint
from portal.visualiz.views.sending import send_shared
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard

MOST_DAYS = 31
_JSON = "application/json"
_ORIGINS = {"orders": Origin.ORDER, "events": Origin.EVENT, "signs": Origin.OSM}
_PERIMETERS = "perimeters"


@blueprint.get("/<territory>/etat.json")
@guard(PUBLIC)
@limiter.limit(STATES_PER_CALLER)
def law_state(territory: str) -> ResponseReturnValue:
    """Say which version of the law the layers show now; every open map asks it again and again."""
    view = get_territory(territory)
    version = law_for_display(view).version
    return send_shared(view, "state", version, lambda: {"version": version}, mimetype=_JSON, age_s=0)


@blueprint.get("/<territory>/changements.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def law_changes(territory: str) -> ResponseReturnValue:
    """Say when something on the map begins or ends, from one day to another, at most 31 days in all.

    calques: the layers that are looked at, all when absent.
    """
    view = get_territory(territory)
    zone = ZoneInfo(view.timezone)
    first = _day("du") or SYSTEM_CLOCK.now().astimezone(zone).date()
    last = min(max(_day("au") or first, first), first + timedelta(days=MOST_DAYS - 1))
    shown = {*request.args["calques"].split(",")} if "calques" in request.args else {_PERIMETERS, *_ORIGINS}
    known = sorted(shown & {_PERIMETERS, *_ORIGINS})
    window = Interval(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))
    law = law_for_display(view)
    return send_shared(
        view,
        f"changes-{first}-{last}-{'.'.join(known)}",
        law.version,
        lambda: changes_document(
            law,
            window,
            perimeters=_PERIMETERS in known,
            origins=[origin for name, origin in _ORIGINS.items() if name in known],
        ),
        mimetype=_JSON,
        age_s=0,
    )


def _day(name: str) -> date | None:
    """A day of the URL between 2000 and 2100; None for anything else."""
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


@blueprint.get("/<territory>/concerne.json")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def concerned(territory: str) -> ResponseReturnValue:
    """Say which rules and perimeters concern a vehicle: a profile, or one's own with its passes."""
    view = get_territory(territory)
    choice = read_choice(SYSTEM_CLOCK.now())
    law = law_for_display(view)
    if not choice.is_own:
        return send_shared(
            view,
            f"concerned-{choice.key}",
            law.version,
            lambda: concerned_document(view.id, law, choice),
            mimetype=_JSON,
            age_s=0,
        )
    response = Response(json.dumps(concerned_document(view.id, law, choice)), mimetype=_JSON)
    response.cache_control.private = True
    response.cache_control.no_store = True
    return response
