"""The desk's pages of events and zones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.numeriz.queries import get_perimeter
from portal.numeriz.views.desk import CLERK, blueprint, desk_page
from portal.numeriz.writing.following import orders_left_behind
from portal.numeriz.zones import edits, messages, queries
from portal.numeriz.zones.calendar import Session, day_spans, first_day
from portal.numeriz.zones.dates import minutes_text
from portal.numeriz.zones.drawing import drawing_text, read_drawing, same_drawing
from portal.numeriz.zones.event_form import EventForm
from portal.numeriz.zones.forms import CALENDAR, NO_DATES, CopyForm, DatesForm, WithdrawForm, ZoneForm
from portal.numeriz.zones.plans import Plan, carry_out, remove_event, undoing
from portal.numeriz.zones.ports import holders_of
from portal.numeriz.zones.preview import hours_lines, looks_of, overlap_notes, rule_notes, zones_layer
from portal.numeriz.zones.queries import EventView, get_city_event
from portal.numeriz.zones.stepped import MORE, PASTE, DatedForm, SteppedForm, read_name, read_revision
from portal.numeriz.zones.stepping import Build, Stepping, step
from portal.regulations.perimeters import Activation, Colour, default_policy
from portal.territories.api import TerritoryView, get_territory
from portal.web.guards import current_actor, guard

type Built = tuple[Plan, Sequence[str]] | None


@blueprint.get("/manifestations")
@guard(CLERK)
def list_city_events(territory: str) -> ResponseReturnValue:
    """List the events, those of imported zones too."""
    view = get_territory(territory)
    return _page("list", view, events=queries.list_city_events(view.id))


@blueprint.get("/manifestations/<uuid:city_event_id>")
@guard(CLERK)
def show_city_event(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Show an event: its zones on a map and in a table, its programme, who enters."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    zone = ZoneInfo(view.timezone)
    looks = looks_of(event)
    programme = day_spans(event.sessions, event.before_min, event.after_min, zone)
    dated = [found for found in event.zones if found.activations]
    return _page(
        "event",
        view,
        event=event,
        looks=looks,
        layer=zones_layer(looks, zone),
        bounds=_bounds(event),
        programme=programme,
        left_behind=orders_left_behind(view, event.name, SYSTEM_CLOCK.now()),
        strays=[found for found in dated if event.sessions and found.activations != programme],
        notes=overlap_notes([look for look in looks if look.shape is not None and look.colour is not None]),
        undoable=undoing(view.id, event.id, event.revision) is not None,
    )


@blueprint.route("/manifestations/nouvelle", methods=["GET", "POST"])
@guard(CLERK)
def new_city_event(territory: str) -> ResponseReturnValue:
    """Make an event."""
    view = get_territory(territory)
    return _event_page(view, None)


@blueprint.route("/manifestations/<uuid:city_event_id>/modifier", methods=["GET", "POST"])
@guard(CLERK)
def edit_city_event(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Change the name of an event, its programme, its margins, who enters."""
    view = get_territory(territory)
    return _event_page(view, get_city_event(view.id, city_event_id))


def _event_page(view: TerritoryView, event: EventView | None) -> ResponseReturnValue:
    form = EventForm(event, ZoneInfo(view.timezone))
    event_id = event.id if event else new_id()

    def build(current: EventView | None) -> Built:
        found = form.read()
        if found is None:
            return None
        values = edits.event_values(*found)
        if current is None:
            return edits.plan_new_event(event_id, values), ()
        return edits.plan_event(view.id, current, values), ()

    stepping = _stepped(view, event, form, build)
    if stepping.saved:
        return _done(view, event_id, stepping.saved)
    return _page(
        "event_form", view, form=form, event=stepping.event, stepping=stepping, colours=reversed(Colour)
    ), stepping.status


@blueprint.route("/manifestations/<uuid:city_event_id>/zones/nouvelle", methods=["GET", "POST"])
@guard(CLERK)
def new_zone(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Draw a zone of an event."""
    view = get_territory(territory)
    return _zone_page(view, get_city_event(view.id, city_event_id), None)


@blueprint.route("/manifestations/<uuid:city_event_id>/zones/<uuid:perimeter_id>", methods=["GET", "POST"])
@guard(CLERK)
def edit_zone(territory: str, city_event_id: UUID, perimeter_id: UUID) -> ResponseReturnValue:
    """Change the name, colour or outline of a zone."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    event.zone(perimeter_id)
    return _zone_page(view, event, perimeter_id)


def _zone_page(view: TerritoryView, event: EventView, zone_id: UUID | None) -> ResponseReturnValue:
    form = ZoneForm()
    zone = event.zone(zone_id) if zone_id else None
    if not form.is_submitted():
        form.revision.data = str(event.revision)
        form.name.data = zone.name if zone else event.name
        form.colour.data = zone.colour.value if zone and zone.colour else None
        form.shape.data = drawing_text(zone.geometry) if zone else ""

    def build(current: EventView | None) -> Built:
        assert current is not None, "a zone has an event"
        stored = next((found for found in current.zones if found.id == zone_id), None)
        if zone_id is not None and stored is None:
            raise Conflict("zone-erased")
        found = _all_of(form, lambda: read_name(form.name.data), form.read_colour)
        drawn = None
        if stored is None or not same_drawing(form.shape.data or "", stored):
            drawn = _all_of(form, lambda: read_drawing(form.shape.data or "", view.bounds))
        if found is None or (drawn is None and (stored is None or form.shape.errors)):
            return None
        outline = drawn[0] if drawn else None
        told = [messages.note_sentence(note) for note in outline.notes] if outline else []
        # A new zone keeps its id from its preview to its saving: what is saved is what was shown.
        drawn_as = zone_id or uuid5(current.id, str(current.revision))
        return edits.plan_zone(view.id, current, drawn_as, found[0], found[1], outline), told

    stepping = _stepped(view, event, form, build)
    if stepping.saved:
        return _done(view, event.id, stepping.saved)
    current = stepping.event or event
    others = [look for look in looks_of(current) if look.id != zone_id]
    page = _page(
        "zone_form",
        view,
        form=form,
        event=current,
        zone_view=zone,
        others=zones_layer(others, ZoneInfo(view.timezone)),
        bounds=(zone.bounds if zone else None) or _bounds(current),
        rules={colour.value: current.policies.get(colour) or default_policy(colour) for colour in Colour},
        stepping=stepping,
    )
    return page, stepping.status


@blueprint.route("/manifestations/<uuid:city_event_id>/dates", methods=["GET", "POST"])
@guard(CLERK)
def date_zones(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Give zones their dates: those of the programme, or a table."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    zone = ZoneInfo(view.timezone)
    form = DatesForm(event, zone, [_id_or_new(found) for found in request.args.getlist("zone")])

    def build(current: EventView | None) -> Built:
        assert current is not None, "zones have an event"
        form.offer(current)
        spans: Sequence[Activation] | None
        if form.source.data == CALENDAR:
            if not current.sessions:
                raise Invalid("no-programme", "source")
            spans = day_spans(current.sessions, current.before_min, current.after_min, zone)
        else:
            spans = form.read_spans(zone, endless=True)
            if spans is None:
                return None
            if not spans:
                raise Invalid("no-dates", "rows")
        return edits.plan_dates(view.id, current, form.zone_ids, spans), ()

    stepping = _stepped(view, event, form, build)
    if stepping.saved:
        return _done(view, event.id, stepping.saved)
    current = stepping.event or event
    page = _page(
        "dates_form",
        view,
        form=form,
        event=current,
        stepping=stepping,
        programme=hours_lines(day_spans(current.sessions, current.before_min, current.after_min, zone), zone, most=12),
    )
    return page, stepping.status


@blueprint.route("/manifestations/<uuid:city_event_id>/retirer", methods=["GET", "POST"])
@guard(CLERK)
def withdraw_zones(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Take zones out of the law."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    asked = [_id_or_new(found) for found in request.args.getlist("zone")]
    form = WithdrawForm()
    held = holders_of(view.id, [found.id for found in event.zones], SYSTEM_CLOCK.now())
    form.offer(event, {zone_id: holders.passes for zone_id, holders in held.items()}, asked)

    def build(current: EventView | None) -> Built:
        assert current is not None, "zones have an event"
        form.offer(current, {zone_id: holders.passes for zone_id, holders in held.items()})
        named = [(found.name, held[found.id].rules) for found in event.zones if found.id in form.zone_ids]
        return edits.plan_withdrawal(view.id, current, form.zone_ids, erase=bool(form.erase.data)), rule_notes(named)

    stepping = _stepped(view, event, form, build)
    if stepping.saved:
        return _done(view, event.id, stepping.saved)
    return _page("withdraw_form", view, form=form, event=stepping.event, stepping=stepping), stepping.status


@blueprint.route("/manifestations/<uuid:city_event_id>/copier", methods=["GET", "POST"])
@guard(CLERK)
def copy_city_event(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Make an event like another, with new dates."""
    view = get_territory(territory)
    model = get_city_event(view.id, city_event_id)
    zone = ZoneInfo(view.timezone)
    form = CopyForm()
    copy_id = _id_or_new(request.form.get("copy", ""))
    if queries.is_event(copy_id):
        copy_id = new_id()  # the form of a copy that was made, sent again: one more copy
    spans: list[Activation | Session] = [*model.sessions]
    spans += [span for found in model.zones for span in found.activations]
    starts_on = first_day(spans, zone)
    if not form.is_submitted():
        form.revision.data = "0"
        form.name.data = model.name
        form.dates.data = form.dates.default if starts_on else NO_DATES

    def build(_current: EventView | None) -> Built:
        name = _all_of(form, lambda: read_name(form.name.data))
        days = None
        if form.dates.data != NO_DATES:
            first = form.read_first_day()
            if starts_on is None:
                raise Invalid("nothing-to-move", "dates")
            days = (first - starts_on).days
        if name is None:
            return None
        return edits.plan_copy(view.id, model, copy_id, name[0], days, zone), ()

    stepping = _stepped(view, None, form, build)
    if stepping.saved:
        return _done(view, copy_id, "copied")
    page = _page("copy_form", view, form=form, event=model, copy_id=copy_id, starts_on=starts_on, stepping=stepping)
    return page, stepping.status


@blueprint.post("/manifestations/<uuid:city_event_id>/annuler")
@guard(CLERK)
def undo_city_event(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Undo the last change of an event."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    plan = undoing(view.id, event.id, _revision())
    if plan is None or plan.revision != event.revision:
        raise Conflict("nothing-to-undo")
    carry_out(current_actor(), view.id, plan)
    return _done(view, event.id, "undone")


@blueprint.post("/manifestations/<uuid:city_event_id>/supprimer")
@guard(CLERK)
def remove_city_event(territory: str, city_event_id: UUID) -> ResponseReturnValue:
    """Forget an event without zones."""
    view = get_territory(territory)
    event = get_city_event(view.id, city_event_id)
    remove_event(current_actor(), view.id, event.id, _revision())
    flash(str(messages.DONE["removed"]), "success")
    return redirect(url_for("numeriz.list_city_events", territory=view.slug), 303)


@blueprint.post("/perimetres/<uuid:perimeter_id>/reprendre")
@guard(CLERK)
def adopt_zone(territory: str, perimeter_id: UUID) -> ResponseReturnValue:
    """Take over the event of an imported zone, if nobody has, and go to the zone."""
    view = get_territory(territory)
    zone = get_perimeter(view.id, perimeter_id)
    if not zone.event:
        raise Conflict("zone-without-event")
    event_id = queries.find_city_event(view.id, zone.event)
    if event_id is None:
        plan = edits.plan_adoption(view.id, zone.event)
        carry_out(current_actor(), view.id, plan)
        event_id = plan.event_id
        flash(str(messages.DONE["adopted"]), "success")
    return redirect(
        url_for("numeriz.edit_zone", territory=view.slug, city_event_id=event_id, perimeter_id=perimeter_id), 303
    )


@blueprint.post("/manifestations/reprendre")
@guard(CLERK)
def adopt_city_event(territory: str) -> ResponseReturnValue:
    """Take over an event that only imported zones name."""
    view = get_territory(territory)
    name = request.form.get("name", "")
    event_id = queries.find_city_event(view.id, name)
    if event_id is not None:
        return _done(view, event_id, "unchanged")
    if not name:
        raise NotFound("city-event-not-found")
    plan = edits.plan_adoption(view.id, name)
    carry_out(current_actor(), view.id, plan)
    return _done(view, plan.event_id, "adopted")


def _page(name: str, view: TerritoryView, event: EventView | None = None, **context: Any) -> str:
    """A page of the desk, with what the pages of events share. here: what its form is sent to; back: where it leads."""
    listed = url_for("numeriz.list_city_events", territory=view.slug)
    return desk_page(
        f"zones/{name}",
        view,
        event=event,
        here=request.path,
        back=url_for("numeriz.show_city_event", territory=view.slug, city_event_id=event.id) if event else listed,
        hours_lines=hours_lines,
        minutes_text=minutes_text,
        local_zone=ZoneInfo(view.timezone),
        **context,
    )


def _stepped(view: TerritoryView, event: EventView | None, form: SteppedForm, build: Build) -> Stepping:
    """What the sent form asks for; nothing for a form just opened, or one that only wants more rows."""
    if not form.is_submitted():
        return Stepping(event)
    act = request.form.get("act")
    if isinstance(form, DatedForm) and act == MORE:
        form.add_rows()
        return Stepping(event)
    if isinstance(form, DatedForm) and act == PASTE:
        return Stepping(event, status=200 if form.take_table() else 422)
    return step(current_actor(), view, event, form, build)


def _all_of(form: SteppedForm, *readers: Callable[[], Any]) -> list[Any] | None:
    """What each of several readers reads; None when one refuses, each having said so beside its field."""
    found = []
    for read in readers:
        try:
            found.append(read())
        except Invalid as error:
            form.refuse(error)
    return found if len(found) == len(readers) else None


def _done(view: TerritoryView, event_id: UUID, what: str) -> ResponseReturnValue:
    flash(str(messages.DONE[what]), "success")
    return redirect(url_for("numeriz.show_city_event", territory=view.slug, city_event_id=event_id), 303)


def _revision() -> int:
    return read_revision(request.form.get("revision", ""))


def _id_or_new(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()


def _bounds(event: EventView) -> tuple[float, float, float, float] | None:
    """The box around the zones of an event."""
    boxes = [found.bounds for found in event.zones if found.bounds is not None]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
