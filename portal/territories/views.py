"""The pages and files of a territory."""

from __future__ import annotations

import math

from flask import Blueprint, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from portal.common.actor import StaffRole
from portal.common.errors import Conflict, Invalid, NotFound, Unavailable
from portal.territories import services
from portal.territories.address_search import AddressHit
from portal.territories.forms import SettingsForm
from portal.territories.lookup import reverse_geocode, search_addresses
from portal.territories.messages import SAVED
from portal.territories.queries import BuildFacts, TerritoryView, get_build_facts, get_territory, list_territories
from portal.web.extensions import limiter
from portal.web.guards import PLATFORM_ADMIN, PUBLIC, current_actor, guard, staff
from portal.web.rendering import render_page

ADDRESSES_PER_CALLER = "20 per second; 300 per minute"
_MAX_SUGGESTIONS = 8
_YEAR_S = 365 * 24 * 3600
_UNVERSIONED_S = 300

blueprint = Blueprint("territories", __name__)


@blueprint.get("/tuiles/<territory>.pmtiles")
@guard(PUBLIC)
@limiter.exempt
def basemap(territory: str) -> ResponseReturnValue:
    """Send the base map or the part of it that is asked. `?v=<build>` may be kept for ever: it names one file."""
    found = get_territory(territory)
    if found.basemap_path is None or not found.basemap_path.is_file():
        raise NotFound("basemap-missing", territory=territory)
    is_versioned = request.args.get("v") == found.build_version
    answer = send_file(
        found.basemap_path,
        mimetype="application/vnd.pmtiles",
        conditional=True,
        etag=f"{found.slug}-{found.build_version}",
        max_age=_YEAR_S if is_versioned else _UNVERSIONED_S,
    )
    answer.cache_control.public = True
    answer.cache_control.no_cache = None
    answer.cache_control.immutable = is_versioned
    return answer


@blueprint.get("/territoires/<territory>/adresses")
@guard(PUBLIC)
@limiter.limit(ADDRESSES_PER_CALLER)
def addresses(territory: str) -> ResponseReturnValue:
    """Suggest addresses for `q`, or name the place at `lon`, `lat`: options of a list, or JSON for a program."""
    if "q" in request.args:
        hits = list(search_addresses(territory, request.args["q"], _MAX_SUGGESTIONS))
    else:
        found = reverse_geocode(territory, _degrees("lon", 180), _degrees("lat", 90))
        hits = [found] if found else []
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(results=[_as_json(hit) for hit in hits])
    return render_page("territories/addresses.html", suggestions=hits)


@blueprint.route("/territoires/<territory>/administration", methods=["GET", "POST"])
@guard(staff(StaffRole.ADMINISTRATOR))
def administration(territory: str) -> ResponseReturnValue:
    """Show and change the settings of a territory, and what its build holds."""
    found = get_territory(territory)
    form = SettingsForm.filled(found)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                services.update_settings(current_actor(), territory, form.command())
            except (Invalid, Conflict) as error:
                # After a conflict the next attempt starts from what is stored now, which the page shows beside it.
                form.version.data = str(get_territory(territory).version)
                form.refuse(error)
                status = error.status
            else:
                flash(str(SAVED), "success")
                return redirect(url_for("territories.administration", territory=territory), 303)
    facts, missing = _facts(found)
    page = render_page(
        "territories/administration.html",
        territory=found,
        form=form,
        facts=facts,
        build_missing=missing,
        accent=found.accent.value,
        territory_name=found.name,
    )
    return page, status


@blueprint.get("/territoires")
@guard(PLATFORM_ADMIN)
def territory_list() -> ResponseReturnValue:
    """List the territories of the portal."""
    rows = [(territory, *_facts(territory)) for territory in list_territories()]
    return render_page("territories/list.html", rows=rows)


def _facts(territory: TerritoryView) -> tuple[BuildFacts | None, bool]:
    """Return what the build holds, and whether it is missing although the territory has one."""
    try:
        return get_build_facts(territory), False
    except Unavailable:
        return None, True


def _degrees(name: str, limit: int) -> float:
    try:
        value = float(request.args.get(name, ""))
    except ValueError as error:
        raise Invalid("not-a-position", field=name) from error
    if not math.isfinite(value) or abs(value) > limit:
        raise Invalid("not-a-position", field=name)
    return value


def _as_json(hit: AddressHit) -> dict[str, object]:
    return {
        "label": hit.label,
        "kind": hit.kind.value,
        "lon": hit.lon,
        "lat": hit.lat,
        "score": hit.score,
        "approximate": hit.approximate,
    }
