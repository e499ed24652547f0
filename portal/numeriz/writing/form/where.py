"""Where a measure applies: its places, and each place on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Conflict, NotFound, Unavailable
from portal.common.text import whole_number
from portal.numeriz import codec, words
from portal.numeriz.places import PlaceKind, ResolvedPlace, resolve_place
from portal.numeriz.places.fields import read_place
from portal.numeriz.views.desk import CLERK, blueprint
from portal.numeriz.writing.form.pages import (
    Opened,
    form_page,
    measure_at,
    next_url,
    open_work,
    part_faults,
    wants_all_faults,
)
from portal.numeriz.writing.form.parts import Part, Spot
from portal.numeriz.writing.form.refused import Clash, shown_clash
from portal.numeriz.writing.form.saving import save_part
from portal.regulations.measures import MeasureType
from portal.web.forms import Needed
from portal.web.guards import current_actor, guard

PREFIX = "/redaction/<uuid:work_id>/mesures/<int:at>/ou"
KINDS = {
    PlaceKind.STREET: _l("Une ou plusieurs rues, par leur nom"),
    PlaceKind.ROAD: _l("Une route numérotée (D 12, N 7…)"),
    PlaceKind.LINE: _l("Un tracé dessiné sur la carte"),
    PlaceKind.POLYGON: _l("Une zone dessinée sur la carte"),
    PlaceKind.TOWN: _l("Toute la commune, sauf…"),
}
ADD, DROP = "add", "drop:"


class WhereForm(FlaskForm):
    """The places of a measure, and how the next one is said."""

    seen = HiddenField()
    kind = RadioField(
        _l("Comment désigner le lieu"),
        [Needed()],
        choices=[SelectChoice(kind.value, said) for kind, said in KINDS.items()],
        default=PlaceKind.STREET.value,
        validate_choice=False,
    )


class PlaceForm(FlaskForm):
    """One place; its inputs are made by the macro of its kind."""

    seen = HiddenField()
    kind = HiddenField()


def new_place(kind: str) -> dict[str, Any]:
    """A place of which only the kind is said; a street for a kind there is none of."""
    known = kind if kind in set(PlaceKind) else PlaceKind.STREET.value
    return {"kind": known, "spec": {}, "found": None, "removed": [], "added": []}


def place_label(place: Mapping[str, Any]) -> str:
    """What a stored place is called; empty before it was found."""
    found = place.get("found")
    return words.place_words(codec.location_from_json(found)) if found else ""


def _kind_words(place: Mapping[str, Any]) -> str:
    kind = place.get("kind")
    return str(KINDS[PlaceKind(kind)]) if kind in set(PlaceKind) else ""


def _places(opened: Opened, at: int) -> list[dict[str, Any]]:
    return list(Spot(Part.WHERE, at).values(opened.work.document)["places"] or [])


@blueprint.get(PREFIX)
@guard(CLERK)
def edit_where(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """List the places of a measure."""
    opened = open_work(territory, work_id)
    return _list_page(opened, Spot(Part.WHERE, measure_at(opened, at)), missing=wants_all_faults())


@blueprint.post(PREFIX)
@guard(CLERK)
def change_places(territory: str, work_id: UUID, at: int) -> ResponseReturnValue:
    """Add a place, take one out, or go on."""
    opened = open_work(territory, work_id)
    spot, act = Spot(Part.WHERE, measure_at(opened, at)), request.form.get("act", "")
    places = _places(opened, spot.at or 0)
    if act == ADD:
        places.append(new_place(request.form.get("kind", "")))
    elif act.startswith(DROP):
        number = whole_number(act.removeprefix(DROP))
        places = [place for position, place in enumerate(places) if position != number]
    else:
        return redirect(next_url(opened, spot, act), 303)
    # One place more never overwrites what another clerk wrote.
    seen = spot.seen(opened.work.document) if act == ADD else request.form.get("seen", "")
    try:
        saved = _save(opened, spot, seen, places)
    except Conflict as error:
        now, clash = _clash(opened, spot, places, error)
        return _list_page(now, spot, missing=False, clash=clash), 409
    if act == ADD:
        return redirect(_place_url(saved, spot, len(places)), 303)
    return redirect(next_url(saved, spot, act), 303)


@blueprint.route(f"{PREFIX}/<int:place>", methods=["GET", "POST"])
@guard(CLERK)
def edit_place(territory: str, work_id: UUID, at: int, place: int) -> ResponseReturnValue:
    """Say where one place is, and see the streets that were found."""
    opened = open_work(territory, work_id)
    spot = Spot(Part.WHERE, measure_at(opened, at))
    places = _places(opened, spot.at or 0)
    # One more than there are: a place that another clerk took out while it was being written here.
    if not 1 <= place <= len(places) + (request.method == "POST"):
        raise NotFound("place-not-found")
    if request.method == "GET":
        return _place_page(opened, spot, place, places[place - 1])
    act = request.form.get("act", "")
    before = places[place - 1] if place <= len(places) else new_place(request.form.get("kind", ""))
    typed = read_place(request.form, before)
    resolved = _looked_up(opened, typed)
    found = None if resolved is None or resolved.location is None else codec.location_to_json(resolved.location)
    mine = {**typed, "found": found}
    places[place - 1 : place] = [mine]
    try:
        saved = _save(opened, spot, request.form.get("seen", ""), places)
    except Conflict as error:
        now, clash = _clash(opened, spot, places, error)
        number = min(place, len(_places(now, spot.at or 0)) + 1)
        return _place_page(now, spot, number, mine, resolved, clash=clash), 409
    if act == "autosave":
        return _place_page(saved, spot, place, mine, resolved)
    if act == "next" and found is None:
        return _place_page(saved, spot, place, mine, resolved), 422
    return redirect(next_url(saved, spot, "save") if act in {"next", "back"} else _place_url(saved, spot, place), 303)


def _looked_up(opened: Opened, place: Mapping[str, Any]) -> ResolvedPlace | None:
    """The place on the road graph; None without a graph: the page says so, and what was typed is kept."""
    try:
        return resolve_place(opened.territory, place)
    except Unavailable:
        return None


def _save(opened: Opened, spot: Spot, seen: str, places: list[dict[str, Any]]) -> Opened:
    work = save_part(current_actor(), opened.territory.id, opened.work.id, spot, seen, {"places": places})
    return opened.with_work(work)


def _clash(opened: Opened, spot: Spot, places: list[dict[str, Any]], error: Conflict) -> tuple[Opened, Clash]:
    """What is stored now, and both versions of the places; other refusals are raised again."""
    if error.code != "part-changed":
        raise error
    now = open_work(opened.territory.slug, opened.work.id)
    return now, shown_clash(now, spot, {"places": places})


def _list_page(opened: Opened, spot: Spot, *, missing: bool, **context: Any) -> str:
    form = WhereForm()
    form.seen.data = spot.seen(opened.work.document)
    faults = part_faults(opened, spot, missing=missing)
    form.kind.errors = [sentence for path, sentence in faults if path == "places"]
    told = dict(faults)
    lines = [
        {
            "label": place_label(place) or _kind_words(place),
            "url": _place_url(opened, spot, number),
            "fault": told.get(f"places.{number - 1}", ""),
            "found": bool(place.get("found")),
        }
        for number, place in enumerate(_places(opened, spot.at or 0), 1)
    ]
    return form_page("where", opened, spot, form=form, lines=lines, **context)


def _place_page(
    opened: Opened,
    spot: Spot,
    number: int,
    place: Mapping[str, Any],
    resolved: ResolvedPlace | None = None,
    **context: Any,
) -> str:
    form = PlaceForm()
    form.seen.data, form.kind.data = spot.seen(opened.work.document), place.get("kind")
    # A place of which nothing was said yet has nothing wrong.
    found = resolved or (_looked_up(opened, place) if place.get("spec") else ResolvedPlace())
    shown = found or ResolvedPlace()
    return form_page(
        "place",
        opened,
        spot,
        form=form,
        number=number,
        place=place,
        resolved=shown,
        label="" if shown.location is None else words.place_words(shown.location),
        place_url=_place_url(opened, spot, number),
        is_wide=True,
        streets_unknown=found is None,
        is_kept=_is_kept(place, shown),
        is_one_way=Spot(Part.WHAT, spot.at).values_or_none(opened.work.document)["type"] == MeasureType.ONE_WAY.value,
        **context,
    )


def _is_kept(place: Mapping[str, Any], resolved: ResolvedPlace) -> bool:
    """Tell whether the stored place differs from what its words give now: it stays until the clerk saves here."""
    found = place.get("found")
    if not found:
        return False
    return resolved.location is None or codec.location_digest(codec.location_from_json(found)) != codec.location_digest(
        resolved.location
    )


def _place_url(opened: Opened, spot: Spot, number: int) -> str:
    return url_for(
        "numeriz.edit_place",
        territory=opened.territory.slug,
        work_id=opened.work.id,
        at=(spot.at or 0) + 1,
        place=number,
    )
