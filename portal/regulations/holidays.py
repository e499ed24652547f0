"""Public holidays by region, as the law sets them.

Source: Code du travail, articles L3133-1 (all), L3134-13 (Alsace-Moselle), L3422-2 (overseas).
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final


class HolidayRegion(StrEnum):
    """Which public holidays a territory keeps."""

    METROPOLE = "metropole"
    ALSACE_MOSELLE = "alsace-moselle"
    GUADELOUPE = "guadeloupe"
    MARTINIQUE = "martinique"
    GUYANE = "guyane"
    REUNION = "reunion"
    MAYOTTE = "mayotte"
    SAINT_BARTHELEMY = "saint-barthelemy"
    SAINT_MARTIN = "saint-martin"


_FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Easter Monday, Ascension, Whit Monday: days after Easter Sunday.
_MOVABLE: Final = (1, 39, 50)
_GOOD_FRIDAY: Final = -2
_OWN: Final = {
    HolidayRegion.ALSACE_MOSELLE: (12, 26),
    HolidayRegion.GUADELOUPE: (5, 27),
    HolidayRegion.MARTINIQUE: (5, 22),
    HolidayRegion.GUYANE: (6, 10),
    HolidayRegion.REUNION: (12, 20),
    HolidayRegion.MAYOTTE: (4, 27),
    HolidayRegion.SAINT_BARTHELEMY: (10, 9),
    HolidayRegion.SAINT_MARTIN: (5, 28),
}


def is_holiday(day: date, region: HolidayRegion) -> bool:
    """Tell whether a local day is a public holiday of the region."""
    return day in holidays_of(day.year, region)


@lru_cache(maxsize=1024)
def holidays_of(year: int, region: HolidayRegion) -> frozenset[date]:
    """The public holidays of a year. Good Friday counts in all of Alsace-Moselle, though the law asks for a temple."""
    easter = easter_sunday(year)
    offsets = (*_MOVABLE, _GOOD_FRIDAY) if region is HolidayRegion.ALSACE_MOSELLE else _MOVABLE
    fixed = (*_FIXED, _OWN[region]) if region in _OWN else _FIXED
    return frozenset(
        {date(year, month, day) for month, day in fixed} | {easter + timedelta(days=offset) for offset in offsets}
    )


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (computus of Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, century_rest = divmod(century, 4)
    moon = (19 * golden + century - leap_centuries - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    sunday = (32 + 2 * century_rest + 2 * leap_years - moon - year_rest) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
