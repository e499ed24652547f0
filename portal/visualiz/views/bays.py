"""One delivery bay: a page with an address of its own, and its photo."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.common.clock import SYSTEM_CLOCK
from portal.numeriz.api import REGIMES, bay_photo, get_bay, hours_words, law_for_display
from portal.territories.api import get_territory
from portal.visualiz import layers
from portal.visualiz.law_lines import bay_title, suspension_words
from portal.visualiz.moments import moment_at
from portal.visualiz.views.asked import base_context
from portal.visualiz.views.blueprint import blueprint
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

_PHOTO_KEPT_S = 300


@blueprint.get("/<territory>/aires/<uuid:bay_id>")
@guard(PUBLIC)
def show_bay(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Show one bay in use to everybody, with what puts it out of use now or later."""
    view = get_territory(territory)
    bay = get_bay(view.id, bay_id, active_only=True)
    zone, now = ZoneInfo(view.timezone), SYSTEM_CLOCK.now()
    return render_page(
        "visualiz/bay.html",
        **base_context(view, moment_at(now, zone)),
        bay=bay,
        title=bay_title(bay),
        regime=REGIMES[bay.regime],
        hours=hours_words(bay.hours),
        out=[
            (suspension_words(span, zone), moment_at(max(span.start, now), zone))
            for span in bay.suspensions
            if span.end > now
        ],
        out_now=bay.suspension_at(now) is not None,
        layer=layers.collection(layers.bay_features([bay], view.slug, zone, now), law_for_display(view).version),
        share_url=url_for("visualiz.show_bay", territory=view.slug, bay_id=bay.id, _external=True),
    )


@blueprint.get("/<territory>/aires/<uuid:bay_id>/photo")
@guard(PUBLIC)
def show_bay_photo(territory: str, bay_id: UUID) -> ResponseReturnValue:
    """Send the photo of a bay in use."""
    photo = bay_photo(get_territory(territory).id, bay_id, active_only=True)
    answer = Response(photo.content, mimetype=photo.media_type)
    answer.cache_control.public = True
    answer.cache_control.max_age = _PHOTO_KEPT_S
    return answer
