"""The clerk's pages of one bay: adding, showing, changing, photographing it, putting it out of use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.numeriz import words
from portal.numeriz.bays.editing import add_bay as add
from portal.numeriz.bays.editing import edit_bay as edit
from portal.numeriz.bays.editing import take_over
from portal.numeriz.bays.forms import BayForm, PhotoForm, SuspensionForm, shown_values
from portal.numeriz.bays.images import MAX_BYTES
from portal.numeriz.bays.messages import bay_sentence
from portal.numeriz.bays.photos import bay_photo, remove_photo, set_photo
from portal.numeriz.bays.plain_hours import read_plain_hours, week_of
from portal.numeriz.bays.queries import BayView, get_bay
from portal.numeriz.bays.suspending import lift_suspension, orders_near
from portal.numeriz.bays.suspending import suspend_bay as suspend
from portal.numeriz.imports.bays.national import COMMENT
from portal.numeriz.values import NUMERIZ, BayRegime
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page

_PREVIEW = "preview"
_AROUND_DEG = 0.0015


@blueprint.route("/aires/nouvelle", methods=["GET", "POST"])
@guard(CLERK)
def add_bay(territory: str) -> ResponseReturnValue:
    """Add a bay on the map."""
    view = get_territory(territory)
    form = BayForm(regime=BayRegime.PERIODIC.value) if request.method == "GET" else BayForm()
    if form.validate_on_submit():
        said = form.bay(view.bounds)
        if said is not None and _PREVIEW not in request.form:
            try:
                bay_id = add(current_actor(), view, said)
            except Invalid as error:
                form.refuse(error)
            else:
                flash(_("L’aire est enregistrée\u00a0: elle est sur la carte."), "success")
                return _to_bay(view, bay_id)
    hours = _hours_context(form.hours.data or "")
    page = desk_page("bays/edit", view, form=form, bay=None, now_stored=None, around=None, **hours)
    return page, 422 if form.errors else 200


@blueprint.get("/aires/<uuid:bay_id>")
@guard(CLERK)
def show_bay(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Show all that is known of a bay, and what can be done with it."""
    view = get_territory(territory)
    bay = get_bay(view.id, bay_id)
    return _bay_page(view, bay, suspension=_blank(view, bay))


@blueprint.route("/aires/<uuid:bay_id>/modifier", methods=["GET", "POST"])
@guard(CLERK)
def edit_bay(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Change every field of a bay; a change of somebody else meanwhile is shown beside what was typed."""
    view = get_territory(territory)
    bay = get_bay(view.id, bay_id)
    if bay.source != NUMERIZ:
        return _to_bay(view, bay_id)
    form = BayForm() if request.method == "POST" else BayForm.of(bay)
    now_stored = None
    if form.validate_on_submit():
        said = form.bay(view.bounds)
        if said is not None and _PREVIEW not in request.form:
            try:
                edit(current_actor(), view, bay_id, said, form.seen.data or "")
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                form.form_errors.append(bay_sentence(error))
                now_stored = _differences(form, bay)
                form.seen.data = bay.digest
            else:
                flash(_("L’aire est modifiée."), "success")
                return _to_bay(view, bay_id)
    hours = _hours_context(form.hours.data or "")
    page = desk_page("bays/edit", view, form=form, bay=bay, now_stored=now_stored, around=_around(bay), **hours)
    return page, 409 if now_stored is not None else 422 if form.errors else 200


def _around(bay: BayView) -> tuple[float, float, float, float]:
    """What a map shows of the streets around a bay."""
    return bay.lon - _AROUND_DEG, bay.lat - _AROUND_DEG, bay.lon + _AROUND_DEG, bay.lat + _AROUND_DEG


def _differences(form: BayForm, bay: BayView) -> list[tuple[str, str]]:
    """What the stored bay says otherwise than the form: label and stored text."""
    stored = shown_values(bay)
    return [
        (str(field.label.text), str(stored[field.name] or "–"))
        for field in form
        if field.name in stored and field.name not in {"seen", "active"} and (field.data or "") != stored[field.name]
    ]


@blueprint.get("/aires/horaires")
@guard(CLERK)
def preview_hours(territory: str) -> ResponseReturnValue:
    """Say how hours being typed are understood, for the form."""
    get_territory(territory)
    return render_page("numeriz/bays/hours.html", words=words, **_hours_context(request.args.get("hours", "")))


def _hours_context(text: str) -> dict[str, Any]:
    """The hours of a text as they are understood, or why they are not."""
    try:
        hours = read_plain_hours(text)
    except Invalid as error:
        return {"hours": (), "week": (), "hours_fault": bay_sentence(error)}
    return {"hours": hours, "week": week_of(hours), "hours_fault": ""}


@blueprint.post("/aires/<uuid:bay_id>/photo")
@guard(CLERK)
def add_bay_photo(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Keep a photo of a bay."""
    view = get_territory(territory)
    form = PhotoForm()
    if form.validate_on_submit():
        sent = form.photo.data
        try:
            # One byte more than is taken tells that there is too much.
            set_photo(current_actor(), view.id, bay_id, sent.stream.read(MAX_BYTES + 1) if sent else b"")
        except Invalid as error:
            form.refuse(error)
        else:
            flash(_("La photo est enregistrée."), "success")
            return _to_bay(view, bay_id)
    bay = get_bay(view.id, bay_id)
    return _bay_page(view, bay, suspension=_blank(view, bay), photo=form), 422


@blueprint.post("/aires/<uuid:bay_id>/photo/retirer")
@guard(CLERK)
def remove_bay_photo(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Throw the photo of a bay away."""
    view = get_territory(territory)
    remove_photo(current_actor(), view.id, bay_id)
    flash(_("La photo est retirée."), "success")
    return _to_bay(view, bay_id)


@blueprint.get("/aires/<uuid:bay_id>/photo")
@guard(CLERK)
def show_bay_photo(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Send the photo of a bay, in use or not."""
    photo = bay_photo(get_territory(territory).id, bay_id)
    return Response(photo.content, mimetype=photo.media_type, headers={"Cache-Control": "private, no-cache"})


@blueprint.post("/aires/<uuid:bay_id>/suspendre")
@guard(CLERK)
def suspend_bay(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Put a bay out of use for some time."""
    view = get_territory(territory)
    bay = get_bay(view.id, bay_id)
    form = _suspension_form(view, bay)
    if form.validate_on_submit():
        asked = form.suspending(ZoneInfo(view.timezone))
        if asked is not None:
            try:
                suspend(current_actor(), view.id, bay_id, asked)
            except Invalid as error:
                form.refuse(Invalid(error.code, {"end": "ends_on"}.get(error.field or "", error.field), **error.params))
            else:
                flash(_("La période est enregistrée\u00a0: plus personne n’y est envoyé."), "success")
                return _to_bay(view, bay_id)
    return _bay_page(view, bay, suspension=form), 422


@blueprint.post("/aires/<uuid:bay_id>/suspensions/<uuid:suspension_id>/lever")
@guard(CLERK)
def lift_bay_suspension(territory: str, bay_id: UUID, suspension_id: UUID) -> ResponseReturnValue:
    """Give a bay back before its time."""
    view = get_territory(territory)
    try:
        lift_suspension(current_actor(), view.id, bay_id, suspension_id)
    except Conflict as error:
        flash(bay_sentence(error), "error")
    else:
        flash(_("L’aire est rendue aux livraisons."), "success")
    return _to_bay(view, bay_id)


@blueprint.post("/aires/<uuid:bay_id>/reprendre")
@guard(CLERK)
def take_bay(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Take over a bay that a file brought, to change it here."""
    view = get_territory(territory)
    try:
        take_over(current_actor(), view.id, bay_id)
    except (Conflict, Invalid) as error:
        flash(bay_sentence(error), "error")
        return _to_bay(view, bay_id)
    flash(_("L’aire est tenue ici\u00a0: les imports n’y toucheront plus."), "success")
    return redirect(url_for("numeriz.edit_bay", territory=view.slug, bay_id=bay_id), 303)


def _to_bay(territory: TerritoryView, bay_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("numeriz.show_bay", territory=territory.slug, bay_id=bay_id), 303)


def _suspension_form(territory: TerritoryView, bay: BayView) -> SuspensionForm:
    form = SuspensionForm()
    form.offer(orders_near(territory.id, bay.lon, bay.lat, SYSTEM_CLOCK.now()))
    return form


def _blank(territory: TerritoryView, bay: BayView) -> SuspensionForm:
    """The form as it opens: tomorrow, the hours of work."""
    now = SYSTEM_CLOCK.now()
    tomorrow = f"{now.astimezone(ZoneInfo(territory.timezone)) + timedelta(days=1):%Y-%m-%d}"
    opens = {"starts_on": tomorrow, "starts_time": "08:00", "ends_on": tomorrow, "ends_time": "18:00"}
    form = SuspensionForm(formdata=None, data=opens)
    form.offer(orders_near(territory.id, bay.lon, bay.lat, now))
    return form


def _bay_page(
    territory: TerritoryView, bay: BayView, *, suspension: SuspensionForm, photo: PhotoForm | None = None
) -> str:
    zone, now = ZoneInfo(territory.timezone), SYSTEM_CLOCK.now()
    return desk_page(
        "bays/bay",
        territory,
        bay=bay,
        comment=bay.details.get(COMMENT, ""),
        ours=bay.source == NUMERIZ,
        now=now,
        local_zone=zone,
        out_now=bay.suspension_at(now),
        coming=[span for span in bay.suspensions if span.end > now],
        over=[span for span in bay.suspensions if span.end <= now],
        suspension=suspension,
        photo_form=photo or PhotoForm(formdata=None),
        layer=_layer(bay, now),
    )


def _layer(bay: BayView, now: datetime) -> dict[str, object]:
    regime = "suspended" if bay.suspension_at(now) else bay.regime.value
    point = {"type": "Point", "coordinates": [bay.lon, bay.lat]}
    feature = {"type": "Feature", "properties": {"title": bay.address, "regime": regime}, "geometry": point}
    return {"type": "FeatureCollection", "features": [feature]}
