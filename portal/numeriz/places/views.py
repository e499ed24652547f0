"""What the inputs of a place ask while somebody types: names of streets, and the place as it would be found."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from portal.numeriz.places.fields import read_place
from portal.numeriz.places.resolve import resolve_place
from portal.numeriz.places.roads import roads_of
from portal.numeriz.places.showing import show_place
from portal.numeriz.places.streets import suggest
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.territories.api import get_territory
from portal.web.guards import guard
from portal.web.rendering import render_page

_LEAST_TYPED = 2


blueprint.add_app_template_global(show_place, "shown_place")


@blueprint.get("/lieux/rues")
@guard(CLERK)
def suggest_streets(territory: str) -> ResponseReturnValue:
    """Suggest the streets with traffic whose name begins as what was typed: the options of a list."""
    view = get_territory(territory)
    # Each input is called by its number: what it holds is all that is asked.
    typed = next(iter(request.args.values()), "")
    found = suggest(view, roads_of(view), typed) if len(typed.strip()) >= _LEAST_TYPED else []
    return render_page("numeriz/places/street_options.html", suggestions=found)


@blueprint.post("/lieux/apercu")
@guard(CLERK)
def preview_place(territory: str) -> ResponseReturnValue:
    """Show the inputs of a place with what is found of it; nothing is stored."""
    view = get_territory(territory)
    place = read_place(request.form, {"kind": request.form.get("place-kind", "")})
    resolved = resolve_place(view, place)
    return desk_page("places/preview", view, block="content", place=place, resolved=resolved)
