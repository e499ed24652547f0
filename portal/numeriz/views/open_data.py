"""The public pages and files of open data. No account, no cookie needed, nothing made in the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flask import Blueprint, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.errors import NotFound
from portal.config import Settings
from portal.numeriz.exports.channels import BY_FILE_NAME, CHANNELS, Channel
from portal.numeriz.exports.edition import OPEN_LICENCE, OPEN_LICENCE_URL
from portal.numeriz.exports.publishing import PublishedFile, published_files
from portal.territories.api import ALL_TERRITORIES, get_territory, list_territories
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

blueprint = Blueprint("open_data", __name__, url_prefix="/donnees")

_PER_CALLER = "30 per second; 300 per minute"
_MAX_AGE_S = 300
_RETRY_AFTER_S = 120
_CHUNK = 256 * 1024


@blueprint.get("")
@guard(PUBLIC)
def index() -> ResponseReturnValue:
    """List the scopes that have open data: each territory, and the portal as a whole."""
    return render_page("open_data/index.html", territories=list_territories(), portal_scope=ALL_TERRITORIES)


@blueprint.get("/<territory>")
@guard(PUBLIC)
def show_scope(territory: str) -> ResponseReturnValue:
    """Show the files of a scope: for whom, how fresh, how large, under which licence, and what each cannot say."""
    known = None if territory == ALL_TERRITORIES else get_territory(territory)
    files = published_files(territory)
    return render_page(
        "open_data/scope.html",
        territory=known,
        name=known.name if known else _("Tous les territoires"),
        territory_name=known.name if known else None,
        accent=known.accent.value if known else None,
        zone=known.timezone if known else "Europe/Paris",
        rows=[(channel, _address(territory, channel), files.get(channel.name)) for channel in CHANNELS],
        licence=OPEN_LICENCE,
        licence_url=OPEN_LICENCE_URL,
    )


def _address(scope: str, channel: Channel) -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url + url_for("open_data.download", territory=scope, file_name=channel.file_name)


@blueprint.get("/<territory>/<path:file_name>")
@guard(PUBLIC)
@limiter.limit(_PER_CALLER)
def download(territory: str, file_name: str) -> ResponseReturnValue:
    """Send a file as last made, or tell that the caller has it already."""
    channel = BY_FILE_NAME.get(file_name)
    if channel is None:
        raise NotFound("file-not-found")
    if territory != ALL_TERRITORIES:
        get_territory(territory)
    for _attempt in range(2):
        found = published_files(territory).get(channel.name)
        if found is None:
            break
        try:
            return _sent(channel, found)
        except NotFound:
            continue  # a newer one took its place under our eyes
    sentence = _("Ces données n’ont pas encore été produites. Réessayez dans quelques minutes.")
    return Response(
        sentence + "\n", 503, {"Retry-After": str(_RETRY_AFTER_S)}, content_type="text/plain; charset=utf-8"
    )


def _sent(channel: Channel, found: PublishedFile) -> Response:
    """The file as an answer; its bytes are opened only when the caller wants them. Raises NotFound when it is gone."""
    response = Response(content_type=channel.media_type)
    response.set_etag(found.etag)
    response.last_modified = found.produced_at
    # A session that is kept alive sends its cookie again: such an answer must not stay in a shared cache.
    if request.cookies:
        response.cache_control.private = True
    else:
        response.cache_control.public = True
    response.cache_control.max_age = _MAX_AGE_S
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Link"] = f'<{OPEN_LICENCE_URL}>; rel="license"'
    response.headers.set("Content-Disposition", "attachment", filename=channel.saved_as)
    response.make_conditional(request)
    if response.status_code != 304:
        response.content_length = found.size_bytes
        if request.method != "HEAD":
            stream = found.open()
            response.response = _chunks(stream)
            response.call_on_close(stream.close)
    return response


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
