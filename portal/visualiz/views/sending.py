"""Sending JSON that is the same for everybody: cached here, known to the browser by its version, compressed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request
from flask_babel import force_locale

from portal.territories.api import TerritoryView
from portal.visualiz.bodies import bodies, body_of
from portal.web.locale import LANGUAGES

LAYER_AGE_S = 60


def asked_language() -> str:
    """The language of the URL; it is there and nowhere else, so that an answer may be shared."""
    asked = request.args.get("langue", "fr")
    return asked if asked in LANGUAGES else "fr"


def send_shared(
    view: TerritoryView,
    name: str,
    version: str,
    document: Callable[[], object],
    *,
    mimetype: str = "application/geo+json",
    age_s: int = LAYER_AGE_S,
) -> Response:
    """Send a document from the cache of this process, or tell the browser that it has it already.

    name: what it is, with all that is asked. version: of what it is made from; that of the law holds the graph, the
    clock and the holidays as well. age_s: how long a browser need not ask again; 0 makes it ask each time.
    """
    language = asked_language()
    key = (view.id, version, name, language)
    response = Response(mimetype=mimetype)
    # Weak: the same document goes out plain and compressed.
    response.set_etag("-".join(str(part) for part in key[1:]), weak=True)
    # A session that is kept alive sends its cookie again: such an answer must not stay in a shared cache.
    if request.cookies:
        response.cache_control.private = True
    else:
        response.cache_control.public = True
    if age_s:
        response.cache_control.max_age = age_s
    else:
        response.cache_control.no_cache = True
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    if response.status_code == 304:
        return response
    with force_locale(language):
        body = bodies.get(key, lambda: body_of(document()))
    if request.accept_encodings.quality("gzip") > 0:
        response.headers["Content-Encoding"] = "gzip"
        response.data = body.compressed
    else:
        response.data = body.plain
    return response
