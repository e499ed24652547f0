"""What the agents' scripts do with the portal's answers, in Chromium: a list of another format, a portal that fails, a
new version.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).resolve().parents[2]
HERE = "http://localhost:9/"

_TAKE = """async () => {
  const { keptList, takeList } = await import("/static/js/control/sync.js");
  let fault = "";
  await takeList("val-essai", "/donnees").catch((error) => { fault = error.constructor.name; });
  return [fault, (await keptList("val-essai"))?.downloaded.name ?? ""];
}"""
_OPEN_PAGE = """async (kept) => {
  const script = await (await fetch("/static/js/control-worker.js")).text();
  const cache = await caches.open("control-essai");
  await cache.delete("/controle");
  if (kept) await cache.put("/controle", new Response(kept));
  const opens = new Function("self", "VERSION", "PARTS", `${script}\\nreturn page;`)(new EventTarget(), "essai", []);
  const answer = await opens(new Request("/controle"));
  return [answer.status, await answer.text(), await (await cache.match("/controle"))?.text() ?? ""];
}"""
_READER = ["/static/vendor/zxing/reader/index.js", "/static/vendor/zxing/share.js"]
_PARTS = ["/static/img/favicon.svg"]
_UPDATE = """async ([version, parts, reader, uses]) => {
  const script = await (await fetch("/static/js/control-worker.js")).text();
  const self = Object.assign(new EventTarget(), { skipWaiting: async () => {}, clients: { claim: async () => {} } });
  const told = new Function("self", "VERSION", "PARTS", "READER", `${script}\nreturn { install, takeOver, part };`);
  const worker = told(self, version, parts, reader);
  const came = await worker.install().then(() => true, () => false);
  if (came) await worker.takeOver();
  for (const address of uses) await worker.part(new Request(address));
  const kept = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const paths = (await cache.keys()).map(({ url }) => new URL(url).pathname);
    kept[name] = [paths.sort(), await (await cache.match("/controle"))?.text() ?? ""];
  }
  return [came, kept];
}"""


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """An empty page that can import the scripts of the work tree; the tests answer for the portal."""
    context = chromium.new_context()
    page = context.new_page()
    page.route(f"{HERE}static/**", _serve)
    page.route(HERE, lambda route: route.fulfill(body="<!doctype html><title>Essai</title>", content_type="text/html"))
    page.goto(HERE)
    yield page
    context.close()


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(HERE)
    route.fulfill(body=(ROOT / path).read_bytes(), content_type=mimetypes.guess_type(path)[0])


def _lists(phone: Page, format_: int, name: str) -> None:
    """Let the portal answer with a list of this format from now on."""
    headers = {"Date": "Mon, 01 Jun 2026 12:00:00 GMT", "ETag": f'W/"{name}"'}
    phone.unroute(f"{HERE}donnees")
    phone.route(f"{HERE}donnees", lambda route: route.fulfill(json={"format": format_, "name": name}, headers=headers))


def test_list_is_refused_and_the_kept_one_stays_when_its_format_is_of_newer_scripts(phone: Page) -> None:
    _lists(phone, 3, "newer")
    assert phone.evaluate(_TAKE) == ["Outdated", ""]
    _lists(phone, 2, "ours")
    assert phone.evaluate(_TAKE) == ["", "ours"]
    _lists(phone, 3, "newer")
    assert phone.evaluate(_TAKE) == ["Outdated", "ours"]


@pytest.mark.parametrize(
    ("status", "kept", "shown"),
    [
        (502, "gardée", [200, "gardée", "gardée"]),
        (503, "gardée", [200, "gardée", "gardée"]),
        (503, "", [503, "neuve", ""]),
        (200, "gardée", [200, "neuve", "neuve"]),
        (404, "gardée", [404, "neuve", "gardée"]),
    ],
)
def test_kept_page_is_opened_when_the_portal_fails(phone: Page, status: int, kept: str, shown: list[object]) -> None:
    text = "text/plain;charset=utf-8"
    phone.route(f"{HERE}controle", lambda route: route.fulfill(status=status, body="neuve", content_type=text))
    assert phone.evaluate(_OPEN_PAGE, kept) == shown


def _update(phone: Page, version: str, uses: Sequence[str] = ()) -> tuple[bool, dict[str, list[object]]]:
    """Let a version of the worker install itself and take over; return whether it did, and what is kept by version."""
    came, kept = phone.evaluate(_UPDATE, [version, _PARTS, _READER, list(uses)])
    return came, kept


def _page_answers(phone: Page, **answer: Any) -> None:
    phone.unroute(f"{HERE}controle")
    phone.route(f"{HERE}controle", lambda route: route.fulfill(**answer))


@pytest.mark.parametrize("uses", [_READER, []])
def test_reader_is_kept_by_the_next_version_when_the_phone_needs_it(phone: Page, uses: list[str]) -> None:
    _page_answers(phone, body="une")
    _update(phone, "1", uses)
    _page_answers(phone, body="deux")
    # The open page has its reader loaded: it asks for none.
    assert _update(phone, "2") == (True, {"control-2": [sorted(["/controle", *_PARTS, *uses]), "deux"]})


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503},
        {"status": 404},
        {"status": 303, "headers": {"Location": "/"}},
    ],
)
def test_version_before_goes_on_serving_when_the_page_of_the_next_does_not_come(
    phone: Page, answer: dict[str, Any]
) -> None:
    _page_answers(phone, body="une")
    _update(phone, "1", _READER)
    whole = [sorted(["/controle", *_PARTS, *_READER]), "une"]
    _page_answers(phone, **answer)
    came, kept = _update(phone, "2")
    assert not came and kept["control-1"] == whole
    _page_answers(phone, body="deux")
    assert _update(phone, "2") == (True, {"control-2": [whole[0], "deux"]})
