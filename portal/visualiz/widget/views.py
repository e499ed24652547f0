"""The frame, and the page that writes its code."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.territories.api import get_territory
from portal.visualiz.forms import WhenWhereForm
from portal.visualiz.moments import Moment, moment_at
from portal.visualiz.onscreen import read_layers
from portal.visualiz.views.asked import read_moment
from portal.visualiz.views.blueprint import blueprint
from portal.visualiz.views.pages import map_layers
from portal.visualiz.views.sending import asked_language
from portal.visualiz.widget.forms import FrameForm
from portal.visualiz.widget.snippet import frame_code
from portal.web.guards import PUBLIC, guard
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.rendering import render_bare, render_page

# Any site may show the frame, which has nothing to press that changes anything.
_FRAMED_POLICY = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'"
)


@blueprint.get("/<territory>/widget")
@guard(PUBLIC)
def widget(territory: str) -> ResponseReturnValue:
    """Show the map in a frame of any site: layers, day, hour and view from the URL, now when it says no moment."""
    view = get_territory(territory)
    form = WhenWhereForm(request.args)
    form.validate()
    is_live = form.jour.data is None and form.heure.data is None
    moment = read_moment(form, view)
    # The language is that of the URL: choosing one otherwise would leave a cookie.
    with force_locale(asked_language()):
        page = render_bare(
            "visualiz/widget/widget.html",
            territory=view,
            moment=moment,
            is_live=is_live,
            layers=map_layers(view.slug, asked_language(), moment.query["jour"]),
            opens=_opens(moment),
            state_url=url_for("visualiz.law_state", territory=view.slug),
            map_url=url_for("visualiz.show_map", territory=view.slug, **_kept(moment, is_live=is_live)),
            list_url=url_for("visualiz.show_list", territory=view.slug, **_kept(moment, is_live=False)),
        )
    response = Response(page)
    response.headers["Content-Security-Policy"] = _FRAMED_POLICY
    return response


def _opens(moment: Moment) -> dict[str, str]:
    return {
        "view": request.args.get("vue", ""),
        "instant": moment.at.isoformat(),
        "day": moment.query["jour"],
        "layers": ",".join(layer.value for layer in read_layers(request.args.get("calques"))),
    }


def _kept(moment: Moment, *, is_live: bool) -> dict[str, Any]:
    """What the frame shows, for the map that shows the same; in its language, when it was chosen."""
    kept: dict[str, Any] = {name: request.args[name] for name in ("calques", "vue") if name in request.args}
    if "langue" in request.args:
        kept["lang"] = asked_language()
    return kept if is_live else {**kept, **moment.query}


@blueprint.get("/<territory>/integrer")
@guard(PUBLIC)
def embed(territory: str) -> ResponseReturnValue:
    """Write the code of a frame, with the frame beside it."""
    view = get_territory(territory)
    form = FrameForm(request.args)
    valid = form.validate()
    title = _("Carte des livraisons, %(place)s", place=view.name)
    height_px = form.hauteur.data if valid and form.hauteur.data else form.hauteur.default
    page = render_page(
        "visualiz/widget/embed.html",
        territory=view,
        territory_name=view.name,
        accent=view.accent.value,
        today=moment_at(SYSTEM_CLOCK.now(), ZoneInfo(view.timezone)).day,
        form=form,
        height_px=height_px,
        frame_title=title,
        frame_url=url_for("visualiz.widget", territory=view.slug, **form.query),
        code=frame_code(
            url_for("visualiz.widget", territory=view.slug, _external=True, **form.query), title, height_px
        ),
    )
    return page, 200 if valid else 422
