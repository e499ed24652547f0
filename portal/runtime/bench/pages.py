"""How long the ten main pages take over HTTP, with the data of the demonstration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal.runtime.bench.ground import Browser, Ground
from portal.runtime.bench.line import Line, percentile, timed_ms

_REPEATS = 30
_WARM_UPS = 3


def measure(ground: Ground) -> Iterator[Line]:
    """Yield p50 and p95 of each page, in milliseconds; the reference is the health check of the same server."""
    with ground.browser() as anyone, ground.browser("grossiste") as company, ground.browser("agent") as clerk:
        health = _times_ms(anyone, "/sante")
        for name, browser, path in _pages(ground, anyone, company, clerk):
            times_ms = _times_ms(browser, path)
            for percent in (50, 95):
                yield Line(
                    f"page {name}, p{percent}",
                    percentile(times_ms, percent),
                    "ms",
                    f"health check, p{percent}",
                    percentile(health, percent),
                )


def _times_ms(browser: Browser, path: str) -> list[float]:
    for _ in range(_WARM_UPS):
        browser.get(path)
    return [timed_ms(lambda: browser.get(path)) for _ in range(_REPEATS)]


def _pages(ground: Ground, anyone: Browser, company: Browser, clerk: Browser) -> list[tuple[str, Browser, str]]:
    """Return (name, who opens it, path); objects are those the lists show first."""
    fleet = first_link(company, "/", r"/entreprises/[0-9a-f-]{36}/vehicules")
    home = fleet.removesuffix("/vehicules")
    desk = f"/territoires/{ground.territory}/guichet"
    requests, passes = f"{home}/demandes", f"{home}/laissez-passer"
    return [
        ("home", anyone, "/"),
        ("public map", anyone, f"/carte/{ground.territory}"),
        ("public list", anyone, f"/carte/{ground.territory}/liste"),
        ("vehicles", company, fleet),
        ("requests", company, requests),
        ("request", company, _first_object(company, requests)),
        ("passes", company, passes),
        ("pass", company, _first_object(company, passes)),
        ("desk", clerk, desk),
        ("desk request", clerk, _first_object(clerk, desk)),
    ]


def _first_object(browser: Browser, path: str) -> str:
    return first_link(browser, path, re.escape(path) + r"/[0-9a-f-]{36}")


def first_link(browser: Browser, path: str, pattern: str) -> str:
    """Return the first link of a page that a pattern describes; raises RuntimeError when there is none."""
    found = re.search(rf'href="({pattern})"', browser.get(path))
    if found is None:
        raise RuntimeError(f"{path} links to nothing like {pattern}")
    return found[1]
