"""The agent's page, which lives on the phone: the page itself, its worker, what it carries and what it sends."""

from __future__ import annotations

import gzip
import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.control.board import make_package
from portal.cirqliz.control.forms import SearchForm
from portal.cirqliz.control.limits import agent_here
from portal.cirqliz.control.looks import LONGEST_PLACE, read_looks, receive_looks
from portal.cirqliz.control.messages import phone_words
from portal.cirqliz.messages import verdict_reason
from portal.cirqliz.pages import show
from portal.cirqliz.verification.services import check_token, seen_from
from portal.common.actor import StaffRole
from portal.common.errors import NotFound
from portal.regulations.perimeters import Colour
from portal.territories.api import get_territory
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, SIGNED_IN, current_actor, guard, staff
from portal.web.headers import CONTENT_SECURITY_POLICY

_PREFIX = "/territoires/<territory>/controle"
_AGENT = staff(StaffRole.CONTROL_AGENT)
# The reader of codes is compiled by the browser where it has none of its own; on this page alone.
_POLICY = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
_STATIC = Path(__file__).resolve().parents[3] / "static"
_PARTS = (
    "css/joptimiz.css",
    "css/control.css",
    "img/favicon.svg",
    "img/control-192.png",
    "img/control-512.png",
    "vendor/bootstrap/bootstrap.min.css",
    "vendor/font/atkinson-hyperlegible-next.woff2",
    "vendor/htmx/htmx.min.js",
    "js/app.js",
    "js/address.js",
)
_READER = ("vendor/zxing/reader/index.js", "vendor/zxing/share.js", "vendor/zxing/reader/zxing_reader.wasm")


@blueprint.get("/controle")
@guard(SIGNED_IN)
def control_app() -> ResponseReturnValue:
    """Show the page of the agents; it works again without a network once it was opened."""
    actor = current_actor()
    slugs = [slug for slug in actor.staff if actor.serves(slug, StaffRole.CONTROL_AGENT)]
    if not slugs:
        raise NotFound("page-not-found")
    asked = request.args.get("territoire", "")
    places = [get_territory(slug) for slug in slugs]
    chosen = next((place for place in places if place.slug == asked), places[0])
    facts = {
        "territories": {
            place.slug: {
                "name": place.name,
                "zone": place.timezone,
                "package": url_for("cirqliz.control_package", territory=place.slug),
                "looks": url_for("cirqliz.send_looks", territory=place.slug),
                "confirm": url_for("cirqliz.confirm_look", territory=place.slug),
                "search": url_for("cirqliz.look_up", territory=place.slug),
            }
            for place in places
        },
        "agent": str(actor.user_id),
        "worker": url_for("cirqliz.control_worker"),
        "reader": url_for("static", filename=_READER[0]),
        "wasm": url_for("static", filename=_READER[2]),
        "words": phone_words(),
    }
    page = show(
        "control/app.html",
        facts=facts,
        places=places,
        chosen=chosen,
        form=SearchForm(formdata=None),
        longest_place=LONGEST_PLACE,
        colours=Colour,
        supervises=actor.serves(chosen.slug, StaffRole.SUPERVISOR),
    )
    headers = {"Content-Security-Policy": _POLICY, "Permissions-Policy": "camera=(self), geolocation=(), microphone=()"}
    return Response(page, headers=headers)


@blueprint.get("/controle/manifest.webmanifest")
@guard(PUBLIC)
def control_manifest() -> ResponseReturnValue:
    """Say how the page is installed on a phone."""
    icons = [
        {"src": url_for("static", filename=f"img/control-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    manifest = {
        "id": "/controle",
        "name": _("Joptimiz – contrôle"),
        "short_name": _("Contrôle"),
        "start_url": "/controle",
        "scope": "/controle",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#17455c",
        "icons": [icon | {"purpose": purpose} for icon in icons for purpose in ("any", "maskable")],
    }
    return Response(json.dumps(manifest), mimetype="application/manifest+json")


@blueprint.get("/controle/ouvrier.js")
@guard(PUBLIC)
def control_worker() -> ResponseReturnValue:
    """Send the script that keeps the page on the phone, with the list of what it keeps."""
    script = _worker(str(current_app.static_url_path))
    headers = {"Service-Worker-Allowed": "/controle", "Cache-Control": "no-cache"}
    return Response(script, mimetype="text/javascript", headers=headers)


@cache
def _worker(static_url: str) -> bytes:
    """Return the worker's script; its version is the digest of all it may keep: a new one replaces them all."""
    scripts = sorted(path.relative_to(_STATIC).as_posix() for path in (_STATIC / "js" / "control").glob("*.js"))
    names = (*_PARTS, *scripts)
    version = sha256(b"".join((_STATIC / name).read_bytes() for name in (*names, *_READER))).hexdigest()[:16]
    parts, reader = (json.dumps([f"{static_url}/{name}" for name in some]) for some in (names, _READER))
    return (
        f'const VERSION = "{version}";\nconst PARTS = {parts};\nconst READER = {reader};\n'.encode()
        + (_STATIC / "js" / "control-worker.js").read_bytes()
    )


@blueprint.get(f"{_PREFIX}/donnees")
@guard(_AGENT)
@limiter.limit("30 per minute", key_func=agent_here)
def control_package(territory: str) -> ResponseReturnValue:
    """Send what the phone carries; 304 when it has it already. The answer's own date is that of the list."""
    package = make_package(get_territory(territory))
    answer = Response(package.body, mimetype="application/json")
    if request.accept_encodings.quality("gzip") > 0:
        answer.set_data(gzip.compress(package.body, 6, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(package.etag, weak=True)
    answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = "private, no-cache"
    # The page may have been kept since another session: what it sends needs the token of this one.
    answer.headers["X-CSRFToken"] = generate_csrf()
    return answer.make_conditional(request)


def _sent() -> object:
    """What a phone sent as JSON, None when it cannot be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


@blueprint.post(f"{_PREFIX}/passages")
@guard(_AGENT)
@limiter.limit("60 per minute", key_func=agent_here)
def send_looks(territory: str) -> ResponseReturnValue:
    """Keep the looks that a phone made by itself; the same list sent twice changes nothing."""
    received = receive_looks(current_actor(), territory, read_looks(_sent()))
    return jsonify(
        kept=[str(one) for one in received.kept],
        too_old=[str(one) for one in received.too_old],
        skew_s=round(received.skew.total_seconds()),
    )


@blueprint.post(f"{_PREFIX}/confirmation")
@guard(_AGENT)
@limiter.limit("60 per minute", key_func=agent_here)
def confirm_look(territory: str) -> ResponseReturnValue:
    """Say what a code that the phone's list calls taken back is worth here and now."""
    sent = _sent()
    token = sent.get("token") if isinstance(sent, dict) else None
    checked = seen_from(check_token(token if isinstance(token, str) else ""), territory)
    zone = get_territory(territory).timezone
    return jsonify(
        result=checked.verdict.result.value,
        tone=checked.verdict.tone.value,
        reason=verdict_reason(checked.verdict, zone),
    )
