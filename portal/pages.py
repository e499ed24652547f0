"""The pages that belong to no context: the front door and the health check."""

from __future__ import annotations

from flask import Blueprint, Flask, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from portal.db import session
from portal.territories.api import list_territories
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@guard(PUBLIC)
def home() -> ResponseReturnValue:
    """Show the front door: what do you come to do?"""
    maps = [
        {
            "name": territory.name,
            "map_url": url_for("visualiz.show_map", territory=territory.slug),
            "list_url": url_for("visualiz.show_list", territory=territory.slug),
            "data_url": url_for("open_data.show_scope", territory=territory.slug),
        }
        for territory in list_territories()
        if territory.build_version
    ]
    return render_page("home.html", territories=maps)


@blueprint.get("/sante")
@guard(PUBLIC)
@limiter.exempt
def health() -> ResponseReturnValue:
    """Answer 200 when this process and its database work; for supervisors and load balancers."""
    session().execute(text("SELECT 1"))
    return {"status": "ok"}


def register(app: Flask) -> None:
    """Attach the pages."""
    app.register_blueprint(blueprint)
