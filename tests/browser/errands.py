"""Where and when the demonstration's law bites: addresses inside its perimeters, hours inside its event."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from shapely import Point

from portal.runtime.demo.prepare import SEED, SIZE_KM
from portal.territories.demo_town import Town, generate
from portal.territories.demo_town.law_event import PERMANENT_NAME, event_of
from tests.browser.pages.access import Errand

ZONE = ZoneInfo("Europe/Paris")
STADIUM_RED = "Stade de l’Orle, abords"
START = "Rue des Pommiers"


def town_of_the_demo() -> Town:
    """Draw the same town as the demonstration."""
    return generate(SEED, SIZE_KM)


def today() -> datetime:
    """Return now by the territory's clock, without seconds."""
    return datetime.now(ZONE).replace(second=0, microsecond=0)


@cache
def demo_day() -> date:
    """The day the demonstration's law is dated by, the same for a run that goes on past midnight."""
    return today().date()


def far_day() -> date:
    """A day that no journey drives on, for orders that are written."""
    return demo_day() + timedelta(days=200)


def event_errand(town: Town) -> Errand:
    """Deliver beside the stadium on the second day of the event, when its perimeters are active."""
    day = event_of(demo_day()).first_day + timedelta(days=1)
    start = datetime.combine(day, time(13), ZONE)
    return Errand(start, start + timedelta(hours=4), _start(town), _inside(town, STADIUM_RED))


def errand_now(town: Town) -> Errand:
    """Deliver to the hospital, whose perimeter never sleeps, from now on."""
    start = today()
    return Errand(start, start + timedelta(hours=6), _start(town), _inside(town, PERMANENT_NAME))


def _start(town: Town) -> str:
    found = next(address for address in town.addresses if address.street == START)
    return f"{found.number} {found.street}"


def _inside(town: Town, name: str) -> str:
    """Return the address deepest inside a perimeter, on a street for vehicles."""
    on_foot = {street.name for street in town.streets if street.highway == "pedestrian"}
    shape = next(found.shape for found in town.law(demo_day()).perimeters if found.name == name)
    inside = [a for a in town.addresses if a.street not in on_foot and shape.contains(Point(a.lon, a.lat))]
    found = max(inside, key=lambda a: shape.boundary.distance(Point(a.lon, a.lat)))
    return f"{found.number} {found.street}"
