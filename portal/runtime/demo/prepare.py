"""Building and filling the demonstration: once; later starts only date its law anew when the day has changed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask

from portal.common.actor import system_actor
from portal.common.errors import NotFound
from portal.config import Settings
from portal.runtime.demo.jobs import jobs_in_this_process
from portal.runtime.demo.law import store_law
from portal.runtime.demo.loans import make_loans
from portal.runtime.demo.names import DOMAIN, PASSWORD
from portal.runtime.demo.people import make_companies, make_staff
from portal.runtime.demo.requests import make_requests
from portal.runtime.demo.showcase import make_showcase
from portal.runtime.demo.tours import make_tours
from portal.runtime.demo.written import write_law
from portal.territories import api as territories
from portal.territories.demo_town import Town, generate, write_osm_pbf

SLUG = "valmarin"
SEED = 1
SIZE_KM = 3.0

_ACTOR = system_actor("demo")
_STEPS = 6


@dataclass(frozen=True, slots=True)
class _Done:
    """What var/demo.json remembers: the day the law is dated by, and whether people and requests are there."""

    day: str
    filled: bool


class _Steps:
    """Tells each step on its own line, with how long it took."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._number = 0
        self._told = 0

    def start(self, what: str) -> None:
        self._number += 1
        self._told = 0
        self._began = time.monotonic()
        self._say(f"[{self._number}/{_STEPS}] {what}…")

    def progress(self, done: int, total: int) -> None:
        """Say each quarter of a counted step."""
        quarter = done * 4 // total if total else 0
        if quarter > self._told and quarter < 4:
            self._told = quarter
            self._say(f"      {done} of {total}")

    def end(self, what: str = "") -> None:
        self._say(f"      done in {time.monotonic() - self._began:.1f} s{': ' if what else ''}{what}")


def prepare(app: Flask, say: Callable[[str], None]) -> None:
    """Make the demonstration ready, inside an application context. Running it again changes nothing the same day."""
    settings: Settings = app.extensions["settings"]
    marker = settings.var_dir / "demo.json"
    today = datetime.now(ZoneInfo("Europe/Paris")).date()
    done = _read(marker)
    if done is not None and done.filled and done.day == today.isoformat():
        return
    steps = _Steps(say)
    steps.start("Drawing the invented town")
    town = generate(SEED, SIZE_KM)
    steps.end(f"{town.name}, {len(town.addresses)} addresses")
    steps.start("Building its routing graph, base map and address index")
    territory = _territory(settings, town, steps)
    steps.end()
    steps.start("Writing its orders, perimeters and delivery bays")
    store_law(_ACTOR, territory.id, town, today)
    steps.end()
    if done is None or not done.filled:
        _write(marker, _Done(today.isoformat(), filled=False))
        dice = random.Random(SEED)  # noqa: S311 the same demonstration each time, nothing secret
        with jobs_in_this_process(app):
            steps.start("Registering companies, vehicles and staff")
            staff = make_staff(territory.slug)
            companies = make_companies(app, town, dice, steps.progress)
            steps.end()
            steps.start("Filing and deciding requests")
            make_requests(app, territory, town, companies, staff["agent"], today, dice, steps.progress)
            make_showcase(app, territory, companies, staff, today, dice)
            steps.end()
            steps.start("Computing tours, lending vehicles, writing orders")
            make_tours(app, territory, town, companies[0], companies[1], today)
            make_loans(app, companies, today)
            # Last: what it asks of the open data waits for the portal that is about to start.
            write_law(app, territory, town, staff, today)
            steps.end()
    _write(marker, _Done(today.isoformat(), filled=True))


def _territory(settings: Settings, town: Town, steps: _Steps) -> territories.TerritoryView:
    try:
        return territories.get_territory(SLUG)
    except NotFound:
        pass
    source = settings.var_dir / "demo-town.osm.pbf"
    write_osm_pbf(town, source)
    command = territories.AddTerritory(
        slug=SLUG,
        name=town.name,
        source=source,
        accent=territories.Accent.GREEN,
        contact_email=f"agent@{DOMAIN}",
        is_demo=True,
    )
    result = territories.add_territory(_ACTOR, command, progress=lambda _step, done, total: steps.progress(done, total))
    return result.territory


def _read(marker: Path) -> _Done | None:
    try:
        return _Done(**json.loads(marker.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _write(marker: Path, done: _Done) -> None:
    partial = marker.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(done)), encoding="utf-8")
    partial.rename(marker)


def accounts_table() -> str:
    """Return the demonstration's accounts, one a line, for the terminal."""
    rows = [
        ("fleuriste", "a florist with two vans"),
        ("grossiste", "a wholesaler with 60 vehicles"),
        ("chauffeur", "a driver of the wholesaler"),
        ("agent", "a clerk with a queue"),
        ("superviseur", "a supervisor"),
        ("controle", "a control agent"),
        ("administrateur", "the territory's administrator"),
    ]
    lines = [f"  {name + '@' + DOMAIN:<34} {what}" for name, what in rows]
    return "\n".join([f"Accounts (password {PASSWORD}):", *lines])
