"""A person before a browser, and what every page owes them: no error, no refused content, no barrier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from portal.runtime.demo.names import DOMAIN, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, StorageState

ROOT = Path(__file__).resolve().parents[2]
TERRITORY = "valmarin"
PATIENCE_MS = 20_000
"""How long an act or an expectation may wait: a busy machine is slow, and that is no fault of a page."""

_TELL_REFUSALS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`content policy: ${event.violatedDirective} refused ${event.blockedURI || "inline"}`);
});
"""
_DRAWN = """() => !document.querySelector(".htmx-request")
  && [...document.querySelectorAll("[data-map]:not([data-ready])")].every((map) => {
    const { top, bottom } = map.getBoundingClientRect();
    return !map.checkVisibility() || bottom <= 0 || top >= innerHeight;
  })
"""
_GRAVE = """
(axe) => axe.run(document, { resultTypes: ["violations"], preload: false, iframes: false })
  .then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map((node) => node.target.join(" ")).join(" | ")}`))
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A screen: width and height in CSS pixels."""

    name: str
    width: int
    height: int

    @property
    def is_phone(self) -> bool:
        return self.width < 500


DESKTOP = Device("desktop", 1440, 900)
PHONE = Device("phone", 375, 812)


def mailbox(name: str) -> str:
    """Return the address of an account of the demonstration."""
    return f"{name}@{DOMAIN}"


_BASE_MAP, _TILE_LEFT = "protomaps-leaflet.js", "TypeError: Failed to fetch"


class Person:
    """Someone with their own browser window and cookies."""

    def __init__(
        self, browser: Browser, url: str, device: Device, *, scripts: bool = True, state: StorageState | None = None
    ) -> None:
        self.url, self.device = url, device
        self.context = browser.new_context(
            base_url=url,
            viewport={"width": device.width, "height": device.height},
            is_mobile=device.is_phone,
            has_touch=device.is_phone,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            java_script_enabled=scripts,
            storage_state=state,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(_TELL_REFUSALS)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self._faults.append(f"script error: {error.error}"))
        self.page: Page = self.context.new_page()
        self._faults: list[str] = []
        self._expected: set[int] = set()

    def _hear(self, message: ConsoleMessage) -> None:
        # The base map says so when a page is left while tiles are on their way. What fails for another cause is told
        # by the browser as well, with its status.
        is_left = message.text == _TILE_LEFT and _BASE_MAP in message.location["url"]
        if message.type in {"error", "warning"} and not is_left:
            self._faults.append(f"{message.type} on {self.page.url}: {message.text}")

    def expects(self, *statuses: int) -> None:
        """Let pages answer these statuses: the browser reports them as errors, the test provokes them."""
        self._expected.update(statuses)

    def faults(self) -> list[str]:
        """Return what the pages complained of."""
        allowed = [f"the server responded with a status of {status}" for status in self._expected]
        return [fault for fault in self._faults if not any(text in fault for text in allowed)]

    def open(self, path: str) -> Page:
        """Go to a page of the portal."""
        self.page.goto(path)
        return self.page

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Sign in through the form and wait for the page after it."""
        page = self.open("/connexion")
        page.get_by_label("Adresse électronique").fill(email)
        page.get_by_label("Mot de passe").fill(password)
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(lambda url: "/connexion" not in url)

    def follow(self, name: str) -> None:
        """Follow a link of the main navigation, opening its menu first where it is folded."""
        self.page.wait_for_load_state()  # the menu is folded by a script
        menu = self.page.get_by_role("button", name="Menu")
        if menu.is_visible():
            menu.click()
        self.page.locator(".j-nav").get_by_role("link", name=name, exact=True).click()

    def company_path(self) -> str:
        """Return the path of the company this person belongs to."""
        home = self.context.request.get("/accueil").url
        found = re.search(r"/entreprises/[0-9a-f-]{36}", home)
        assert found, f"no company at {home}"
        return found.group(0)

    def mail(self, recipient: str, subject: str) -> Locator:
        """Return the newest mail of the demonstration's outbox to someone with these words in its subject."""
        self.open("/dev/outbox")
        mails = self.page.locator("article").filter(has_text=recipient)
        return mails.filter(has=self.page.get_by_role("heading", name=re.compile(re.escape(subject)))).first

    def barriers(self) -> list[str]:
        """Return the serious and critical findings of axe-core on the page as it stands."""
        # Evaluated by the debugger, once per page: the page's own policy would refuse a script added to it.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe_source())
        found: list[str] = self.page.evaluate(f"() => ({_GRAVE})(window.axe)")
        return [f"{self.page.url} at {self.device.width} px: {line}" for line in found]

    def take(self, device: Device) -> None:
        """Look at the page as it stands on another screen."""
        self.device = device
        self.page.set_viewport_size({"width": device.width, "height": device.height})

    def overflow_px(self) -> int:
        """Return by how much the page is wider than the screen."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@cache
def _axe_source() -> str:
    return (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def settled(page: Page) -> None:
    """Wait until the page is drawn, with the parts it fetches and the maps in view."""
    page.wait_for_load_state()
    page.wait_for_function(_DRAWN)
