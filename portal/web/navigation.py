"""The main navigation: each context adds its own entries, shown to whoever may follow them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask import Flask, request

from portal.common.actor import Actor
from portal.config import Settings
from portal.web.guards import current_actor


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link: its translated label, its URL, the group it stands in and its place among the links (low first).

    note: what waits behind the link, in one sentence; it asks the database, so only a page that shows it calls it.
    """

    label: str
    url: str
    group: str
    order: int = 100
    current: bool = False
    note: Callable[[], str] | None = None

    def leads_here(self) -> bool:
        """True on the page itself and the pages below it."""
        return self.url != "/" and (request.path == self.url or request.path.startswith(self.url.rstrip("/") + "/"))


NavProvider = Callable[[Actor], Sequence[NavItem]]


def add_navigation(app: Flask, provider: NavProvider) -> None:
    """Register a function that returns the links an actor may follow."""
    app.extensions.setdefault("navigation", []).append(provider)


def navigation(app: Flask, actor: Actor) -> dict[str, list[NavItem]]:
    """Return the links of an actor by group, each group in order; groups keep the order of their first link."""
    items = sorted((item for provider in app.extensions.get("navigation", []) for item in provider(actor)), key=_order)
    # Of a page and the page above it, the nearest alone is where one is.
    here = max((item.url for item in items if item.leads_here()), key=len, default=None)
    groups: dict[str, list[NavItem]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(replace(item, current=item.url == here))
    return groups


def _order(item: NavItem) -> tuple[int, str]:
    return item.order, item.label


def init_app(app: Flask) -> None:
    """Give every template the actor, the navigation and the demonstration flag."""
    settings: Settings = app.extensions["settings"]

    @app.context_processor
    def _context() -> dict[str, object]:
        actor = current_actor()
        return {"actor": actor, "nav": navigation(app, actor), "demo_mode": settings.demo_mode}
