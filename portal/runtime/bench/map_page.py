"""The public map in a real browser, with layers of our own making: how long it takes until a person sees something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from portal.runtime.bench.chromium import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

type Feature = dict[str, Any]
type Bounds = tuple[float, float, float, float]

PHONE = (375, 812)
DESK = (1440, 900)
_READY_MS = 60_000
_NO_LAYER: Sequence[Feature] = ()
LAYERS = {"perimeters": "perimetres", "orders": "arretes", "events": "evenements", "signs": "panneaux", "bays": "aires"}

# A step is over when the frame that shows it has been handed over; the next step begins after a quiet frame.
_STEPS = """
async (hours) => {
  const slider = document.querySelector(".j-time input[type=range]");
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const times = [];
  for (const hour of hours) {
    await frame();
    const started = performance.now();
    slider.value = hour;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    times.push(performance.now() - started);
  }
  return times;
}
"""
_WEIGHT = """
() => performance.getEntriesByType("resource").filter(({ name }) => /[.](?:js|css)$/.test(new URL(name).pathname))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
"""


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """The machine's Chromium, without a screen and without a GPU; None when it or its driver is not installed."""
    program = find_chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def map_page(
    browser: Browser,
    address: str,
    size: tuple[int, int],
    layers: Mapping[str, Sequence[Feature]] | None = None,
    bounds: Bounds | None = None,
) -> Iterator[Page]:
    """Open the map as somebody who comes for the first time, and wait until it is whole.

    layers: features by kind that take the place of the server's; kinds that are missing are empty.
    bounds: the part of the world the map opens on. Raises the driver's TimeoutError when it is not drawn in a minute.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
        locale="fr-FR",
        timezone_id="Europe/Paris",
    )
    try:
        page = context.new_page()
        if layers is not None:
            for kind, name in LAYERS.items():
                page.route(re.compile(rf"/{name}[.]json"), _answers(layers.get(kind, _NO_LAYER)))
        if bounds is not None:
            page.route(re.compile(re.escape(address) + "$"), _opens_on(bounds))
        page.goto(address)
        page.wait_for_selector("#carte[data-ready]", timeout=_READY_MS)
        page.wait_for_load_state("networkidle")
        yield page
    finally:
        context.close()


def _answers(features: Sequence[Feature]) -> Any:
    body = json.dumps({"type": "FeatureCollection", "features": list(features)})

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="application/geo+json")

    return answer


def _opens_on(bounds: Bounds) -> Any:
    def answer(route: Route) -> None:
        plain = route.fetch()
        route.fulfill(
            response=plain, body=re.sub(r'data-bounds="[^"]*"', f'data-bounds="{list(bounds)}"', plain.text())
        )

    return answer


def mark_ms(page: Page, name: str) -> float:
    """Milliseconds from the question for the page to a mark that its script set."""
    return float(page.evaluate("(name) => performance.getEntriesByName(name)[0].startTime", name))


def weight_kb(page: Page) -> float:
    """Kilobytes of script and style the page took, as they were sent."""
    return float(page.evaluate(_WEIGHT)) / 1000


def slider_steps_ms(page: Page, minutes: Sequence[int]) -> list[float]:
    """Move the slider to each minute of the day; return the milliseconds from each movement to its picture."""
    found: list[float] = page.evaluate(_STEPS, list(minutes))
    return found
