"""A real Chromium before a real installation: people with their own browser, on a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from portal.runtime.bench.chromium import find_chromium
from portal.territories.demo_town import Town
from tests.browser.errands import demo_day, town_of_the_demo
from tests.browser.people import DESKTOP, PATIENCE_MS, PHONE, Device, Person, mailbox
from tests.support.skips import skip_for_want_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

ALREADY_RUNNING = "JOPTIMIZ_BROWSER_URL"
"""Variable that names a demonstration already running: the tests use it instead of starting one."""

PersonMaker = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs Chromium."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, without a screen."""
    program = find_chromium()
    if program is None:
        skip_for_want_of("Chromium", "install Debian's chromium-headless-shell, or run `sh scripts/chromium.sh`")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    # One process draws the pages of all: those of many people are opened one after another.
    arguments = ["--lang=fr-FR", "--process-per-site", "--renderer-process-limit=1"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portal_url(chromium: Browser, request: pytest.FixtureRequest) -> str:
    """Address of the demonstration, one for the whole run; not started when there is no browser to look at it."""
    already = os.environ.get(ALREADY_RUNNING)
    url = already or str(request.getfixturevalue("demo_portal").url)
    demo_day()
    return url


@pytest.fixture(scope="session", params=[DESKTOP, PHONE], ids=lambda device: device.name)
def device(request: pytest.FixtureRequest) -> Device:
    """The two screens every journey is made on."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def kept_sessions() -> dict[str, StorageState]:
    """Cookies of those who signed in once already, by address: signing in is slow on purpose."""
    return {}


@pytest.fixture
def person(chromium: Browser, portal_url: str, kept_sessions: dict[str, StorageState]) -> Iterator[PersonMaker]:
    """Make a person with their own browser: `person("agent", device)` is signed in, `person(None, device)` is not.

    At the end of the test, whatever their pages complained of fails it.
    """
    made: list[Person] = []

    def make(name: str | None, device: Device = DESKTOP, *, scripts: bool = True) -> Person:
        state = kept_sessions.get(name) if name else None
        someone = Person(chromium, portal_url, device, scripts=scripts, state=state)
        made.append(someone)
        if name and state is None:
            someone.sign_in(mailbox(name))
            kept_sessions[name] = someone.context.storage_state()
        return someone

    yield make
    faults = [fault for someone in made for fault in someone.faults()]
    for someone in made:
        someone.context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
def town() -> Town:
    """The invented town of the demonstration: where its addresses and perimeters are."""
    return town_of_the_demo()
