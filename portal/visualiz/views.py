"""The public pages: the map, its layers, its list twin, and what applies at a point. No account needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Unavailable
from portal.numeriz.api import (
    COLOURS,
    POLICIES,
    get_order,
    get_perimeter,
    law_for_display,
    law_snapshot,
    law_version,
    list_bays,
    measure_sentence,
    span_words,
)
from portal.numeriz.api import geojson as shape_to_geojson
from portal.regulations.measures import Origin
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView, get_territory, list_territories
from portal.visualiz import layers
from portal.visualiz.answers import PlaceAnswer, answer_at, find_place, next_activation
from portal.visualiz.forms import WhenWhereForm
from portal.visualiz.listing import ListKind, list_page
from portal.visualiz.moments import Moment, moment_at
from portal.visualiz.profiles import PROFILES
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.locale import LANGUAGES
from portal.web.rendering import render_page, wants_partial

blueprint = Blueprint("visualiz", __name__, url_prefix="/carte")

_LAYER_AGE_S = 60
# An address may be looked up at an outside service, and each day of orders is computed: both cost more than a page.
_PLACES_PER_CALLER = "20 per second; 300 per minute"
_DAYS_PER_CALLER = "120 per minute"


def _asks_for_a_place() -> bool:
    return any(request.args.get(name) for name in ("adresse", "lon", "lat"))


@blueprint.get("/")
@guard(PUBLIC)
def choose() -> ResponseReturnValue:
    """Choose a territory; go straight to the only one."""
    territories = list_territories()
    if len(territories) == 1:
        return redirect(url_for("visualiz.show_map", territory=territories[0].slug), 303)
    return render_page("visualiz/choose.html", territories=territories)


def _moment(form: WhenWhereForm, territory: TerritoryView) -> Moment:
    """The moment of the form; what is missing or wrong there is now."""
    moment = moment_at(SYSTEM_CLOCK.now(), ZoneInfo(territory.timezone))
    if form.jour.data is not None:
        moment = replace(moment, day=form.jour.data)
    if form.heure.data is not None:
        moment = replace(moment, clock=form.heure.data)
    form.jour.data, form.heure.data = moment.day, moment.clock
    return moment


def _answer(form: WhenWhereForm, territory: TerritoryView, law: LawSnapshot, moment: Moment) -> PlaceAnswer | None:
    """The answer for the place of the form; None, and the reason beside the field, when there is no such place."""
    address = (form.adresse.data or "").strip()[:200]
    point = form.point
    if point is None and (form.lon.data or form.lat.data):
        form.adresse.errors = [_("Le point doit être donné par une longitude et une latitude en degrés.")]
    elif point is None and address:
        try:
            point = find_place(territory.slug, address)
        except Unavailable:
            form.adresse.errors = [_("La recherche d’adresses ne répond pas. Choisissez un point sur la carte.")]
        else:
            if point is None:
                form.adresse.errors = [_("Adresse introuvable dans ce territoire. Vérifiez le nom de la rue.")]
    if point is None:
        return None
    return answer_at(territory, law, point, moment, PROFILES[form.profile_key()][1])


def _asked(territory: TerritoryView, law: LawSnapshot) -> tuple[WhenWhereForm, Moment, PlaceAnswer | None]:
    form = WhenWhereForm(request.args)
    form.validate()
    moment = _moment(form, territory)
    return form, moment, _answer(form, territory, law, moment)


def _activity(law: LawSnapshot, moment: Moment) -> dict[str, Any]:
    """How many perimeters are active; when none is, the moment of the next one."""
    active = sum(layers.is_in_force(perimeter, law, moment.at) for perimeter in law.perimeters.values())
    upcoming = None if active else next_activation(law, moment.at)
    return {"active": active, "upcoming": upcoming and moment_at(upcoming, moment.zone)}


def _base(territory: TerritoryView, moment: Moment) -> dict[str, Any]:
    return {
        "territory": territory,
        "territory_name": territory.name,
        "accent": territory.accent.value,
        "zone": territory.timezone,
        "moment": moment,
        "law_notice": territory.law_notice,
    }


@blueprint.get("/<territory>")
@guard(PUBLIC)
@limiter.limit(_PLACES_PER_CALLER, exempt_when=lambda: not _asks_for_a_place())
def show_map(territory: str) -> ResponseReturnValue:
    """Show the map with what applies at a day and an hour."""
    view = get_territory(territory)
    if wants_partial():
        # Another day needs other layers, and a map is drawn once: the browser opens the page afresh.
        asked = urlencode(list(request.args.items(multi=True)))
        here = f"{url_for('visualiz.show_map', territory=view.slug)}?{asked}"
        return Response(status=204, headers={"HX-Redirect": here})
    law = law_snapshot(view.id)
    form, moment, answer = _asked(view, law)
    language = str(get_locale() or "fr")[:2]
    page = render_page(
        "visualiz/map.html",
        **_base(view, moment),
        form=form,
        answer=answer,
        **_activity(law, moment),
        urls={
            "perimeters": url_for("visualiz.perimeter_layer", territory=view.slug, langue=language),
            **{
                name: url_for(f"visualiz.{endpoint}", territory=view.slug, langue=language, jour=moment.query["jour"])
                for name, endpoint in (("orders", "order_layer"), ("events", "event_layer"), ("signs", "sign_layer"))
            },
            "bays": url_for("visualiz.bay_layer", territory=view.slug, langue=language),
        },
    )
    return page, 422 if form.errors else 200


@blueprint.get("/<territory>/ici")
@guard(PUBLIC)
@limiter.limit(_PLACES_PER_CALLER, exempt_when=lambda: not _asks_for_a_place())
def here(territory: str) -> ResponseReturnValue:
    """Answer what a vehicle may do at a point: a fragment for the map, a page without script."""
    view = get_territory(territory)
    law = law_snapshot(view.id)
    form, moment, answer = _asked(view, law)
    page = render_page(
        "visualiz/here.html",
        block="answer",
        **_base(view, moment),
        **_activity(law, moment),
        form=form,
        answer=answer,
    )
    return page, 422 if form.errors else 200


@blueprint.get("/<territory>/liste")
@guard(PUBLIC)
def show_list(territory: str) -> ResponseReturnValue:
    """Show the content of the map as text."""
    view = get_territory(territory)
    form = WhenWhereForm(request.args)
    form.validate()
    moment = _moment(form, view)
    asked = request.args.get("genre", "")
    kind = ListKind(asked) if asked in set(ListKind) else ListKind.PERIMETERS
    law = law_snapshot(view.id)
    page = list_page(view, law, kind, moment, request.args.get("cursor"))
    upcoming = None if page.items or kind is not ListKind.PERIMETERS else next_activation(law, moment.at)
    body = render_page(
        "visualiz/list.html",
        **_base(view, moment),
        form=form,
        kind=kind,
        kinds=ListKind,
        page=page,
        upcoming=upcoming and moment_at(upcoming, moment.zone),
    )
    return body, 422 if form.errors else 200


@blueprint.get("/<territory>/perimetres/<uuid:perimeter_id>")
@guard(PUBLIC)
def show_perimeter(territory: str, perimeter_id: UUID) -> ResponseReturnValue:
    """Show one perimeter to everybody, with a link to share."""
    view = get_territory(territory)
    perimeter = get_perimeter(view.id, perimeter_id)
    zone = ZoneInfo(view.timezone)
    layer = None
    if perimeter.shape is not None and perimeter.colour is not None:
        properties = {"title": perimeter.name, "colour": perimeter.colour.value}
        layer = {"type": "FeatureCollection", "features": [_plain_feature(perimeter.geometry, properties)]}
    return render_page(
        "visualiz/perimeter.html",
        **_base(view, moment_at(SYSTEM_CLOCK.now(), zone)),
        perimeter=perimeter,
        colours=COLOURS,
        policy=POLICIES[perimeter.access.motorised] if perimeter.access else None,
        spans=[(span_words(span.start, span.end, zone), moment_at(span.start, zone)) for span in perimeter.activations],
        layer=layer,
        share_url=url_for("visualiz.show_perimeter", territory=view.slug, perimeter_id=perimeter.id, _external=True),
    )


@blueprint.get("/<territory>/arretes/<uuid:order_id>")
@guard(PUBLIC)
def show_order(territory: str, order_id: UUID) -> ResponseReturnValue:
    """Show one published order to everybody: its measures as sentences, on a map, with a link to share."""
    view = get_territory(territory)
    order = get_order(view.id, order_id, published_only=True)
    zone = ZoneInfo(view.timezone)
    features = [
        _plain_feature(shape_to_geojson(place.shape), {"title": place.label or order.title})
        for _id, measure in order.measures
        for place in measure.locations
        if not place.shape.is_empty
    ]
    return render_page(
        "visualiz/order.html",
        **_base(view, moment_at(SYSTEM_CLOCK.now(), zone)),
        order=order,
        sentences=[measure_sentence(measure, zone) for _id, measure in order.measures],
        layer={"type": "FeatureCollection", "features": features} if features else None,
        share_url=url_for("visualiz.show_order", territory=view.slug, order_id=order.id, _external=True),
    )


def _plain_feature(geometry: object, properties: dict[str, str]) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@blueprint.get("/<territory>/perimetres.json")
@guard(PUBLIC)
def perimeter_layer(territory: str) -> ResponseReturnValue:
    """Send the perimeters."""
    view = get_territory(territory)
    law = law_for_display(view)
    return _layer(view, "perimeters", law.version, lambda: layers.perimeter_features(law, view.slug))


@blueprint.get("/<territory>/arretes.json")
@guard(PUBLIC)
@limiter.limit(_DAYS_PER_CALLER)
def order_layer(territory: str) -> ResponseReturnValue:
    """Send the measures in force around a day."""
    return _measure_layer(territory, Origin.ORDER)


@blueprint.get("/<territory>/evenements.json")
@guard(PUBLIC)
@limiter.limit(_DAYS_PER_CALLER)
def event_layer(territory: str) -> ResponseReturnValue:
    """Send the live events around a day."""
    return _measure_layer(territory, Origin.EVENT)


@blueprint.get("/<territory>/panneaux.json")
@guard(PUBLIC)
@limiter.limit(_DAYS_PER_CALLER)
def sign_layer(territory: str) -> ResponseReturnValue:
    """Send the signs of OpenStreetMap that are in force around a day."""
    return _measure_layer(territory, Origin.OSM)


def _measure_layer(territory: str, origin: Origin) -> ResponseReturnValue:
    view = get_territory(territory)
    form = WhenWhereForm(request.args)
    form.validate()
    moment, box = _moment(form, view), _box(request.args.get("boite", ""))
    kind = f"{origin.value}-{moment.query['jour']}-{'' if box is None else ','.join(map(str, box))}"
    law = law_for_display(view)
    return _layer(view, kind, law.version, lambda: layers.measure_features(law, view.slug, moment, origin, box))


def _box(text: str) -> layers.Box | None:
    """The box `west,south,east,north` that a map shows; None, for everything, when it is none."""
    try:
        west, south, east, north = (round(float(part), 4) for part in text.split(","))
    except (ValueError, OverflowError):
        return None
    # A comparison with NaN is false, so this refuses it too.
    return (west, south, east, north) if -180 <= west < east <= 180 and -90 <= south < north <= 90 else None


@blueprint.get("/<territory>/aires.json")
@guard(PUBLIC)
def bay_layer(territory: str) -> ResponseReturnValue:
    """Send the delivery bays."""
    view = get_territory(territory)
    return _layer(view, "bays", law_version(view.id), lambda: layers.bay_features(list_bays(view.id)))


def _layer(
    view: TerritoryView, name: str, version: str, features: Callable[[], Iterable[layers.Feature]]
) -> ResponseReturnValue:
    """Send a layer from the cache of this process, or tell the browser that it has it already.

    version: of what the features are made from; that of the law holds the graph, the clock and the holidays as well.
    The language is in the URL and nowhere else, so that the answer is the same for everybody and may be shared.
    """
    asked = request.args.get("langue", "fr")
    language = asked if asked in LANGUAGES else "fr"
    key = (view.id, version, name, language)
    response = Response(mimetype="application/geo+json")
    # Weak: the same layer goes out plain and compressed.
    response.set_etag("-".join(str(part) for part in key[1:]), weak=True)
    # A session that is kept alive sends its cookie again: such an answer must not stay in a shared cache.
    if request.cookies:
        response.cache_control.private = True
    else:
        response.cache_control.public = True
    response.cache_control.max_age = _LAYER_AGE_S
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    if response.status_code == 304:
        return response
    with force_locale(language):
        body = layers.bodies.get(key, features)
    if request.accept_encodings.quality("gzip") > 0:
        response.headers["Content-Encoding"] = "gzip"
        response.data = body.compressed
    else:
        response.data = body.plain
    return response
