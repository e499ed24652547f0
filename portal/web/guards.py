"""Who may open which URL. Deny by default: a view without a declared guard stops the application at start.

A guard answers from the actor and the URL alone (the tenant is read from the URL, never from a form). A stranger to the
company or territory of the URL gets a 404, a member without the needed role a 403, nobody signed in the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.common.actor import ANONYMOUS, Actor, CompanyRole, StaffRole
from portal.common.errors import Denied, NotFound

_ATTRIBUTE = "__guard__"


@dataclass(frozen=True, slots=True)
class Guard:
    """A named rule; `decide` returns nothing or raises Denied or NotFound. `open_to_all` skips the sign-in."""

    name: str
    decide: Callable[[Actor, Mapping[str, Any]], None]
    open_to_all: bool = False


def _anyone(_actor: Actor, _url: Mapping[str, Any]) -> None:
    return None


PUBLIC = Guard("public", _anyone, open_to_all=True)
SIGNED_IN = Guard("signed-in", _anyone)


def member(at_least: CompanyRole) -> Guard:
    """Guard of a company's page: the URL carries `company_id`."""

    def decide(actor: Actor, url: Mapping[str, Any]) -> None:
        company_id: UUID = url["company_id"]
        if not actor.belongs_to(company_id):
            raise NotFound("company-not-found")
        if not actor.belongs_to(company_id, at_least):
            raise Denied("company-role-needed", role=at_least.value)

    return Guard(f"member:{at_least.value}", decide)


def staff(*roles: StaffRole) -> Guard:
    """Guard of a territory's staff page: the URL carries `territory` (its slug)."""

    def decide(actor: Actor, url: Mapping[str, Any]) -> None:
        territory: str = url["territory"]
        if not actor.serves(territory):
            raise NotFound("territory-not-found")
        if not actor.serves(territory, *roles):
            raise Denied("staff-role-needed", roles=[role.value for role in roles])

    return Guard("staff:" + ",".join(sorted(role.value for role in roles)), decide)


def _platform_admin(actor: Actor, _url: Mapping[str, Any]) -> None:
    if not actor.is_platform_admin:
        raise NotFound("page-not-found")


PLATFORM_ADMIN = Guard("platform-admin", _platform_admin)


def guard[F: Callable[..., Any]](rule: Guard) -> Callable[[F], F]:
    """Declare the guard of a view function."""

    def declare(view: F) -> F:
        setattr(view, _ATTRIBUTE, rule)
        return view

    return declare


def guard_of(app: Flask, endpoint: str) -> Guard | None:
    """Return the guard declared on an endpoint; static files are public."""
    if endpoint == "static":
        return PUBLIC
    return getattr(app.view_functions[endpoint], _ATTRIBUTE, None)


def unguarded_endpoints(app: Flask) -> list[str]:
    """Return the endpoints that declare no guard; the factory refuses to start unless it is empty."""
    return sorted(endpoint for endpoint in app.view_functions if guard_of(app, endpoint) is None)


def set_actor_loader(app: Flask, load: Callable[[], Actor]) -> None:
    """Let `accounts` say who is behind the request."""
    app.extensions["actor_loader"] = load


def current_actor() -> Actor:
    """Return who is behind the running request. Views only; services receive the actor."""
    if "actor" not in g:
        # A session that holds nothing names nobody: that of a phone that scans a pass.
        load: Callable[[], Actor] | None = current_app.extensions.get("actor_loader") if session else None
        g.actor = load() if load else ANONYMOUS
    actor: Actor = g.actor
    return actor


def sign_in_response() -> ResponseReturnValue:
    """Send to the sign-in page and back afterwards; an htmx request is redirected whole, not in its fragment."""
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    target = url_for("accounts.sign_in") + f"?suite={quote(back, safe='/')}"
    if htmx_request():
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target, 303)


def htmx_request() -> bool:
    """Tell whether htmx sent the running request."""
    return request.headers.get("HX-Request") == "true"


def init_app(app: Flask) -> None:
    """Check every request against the guard of its endpoint."""

    @app.before_request
    def _check() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        rule = guard_of(app, request.endpoint)
        if rule is None:
            raise Denied("no-guard")
        if rule.open_to_all:
            return None
        actor = current_actor()
        if actor.is_anonymous:
            return sign_in_response()
        rule.decide(actor, request.view_args or {})
        return None
