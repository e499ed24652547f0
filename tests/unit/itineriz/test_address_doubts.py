"""Which answers of a search are sure."""

from __future__ import annotations

import pytest

from portal.itineriz.addresses.finding import Doubt, judged
from portal.territories.api import AddressHit, HitKind


def hit(label: str, score: float, lon: float = 2.36) -> AddressHit:
    return AddressHit(label, HitKind.ADDRESS, lon, 48.86, score)


@pytest.mark.parametrize(
    ("text", "label", "doubt"),
    [
        ("12 rue de Bretagne, 75003 Paris", "12 Rue de Bretagne, 75003 Paris", None),
        ("12 bis, r. de Bretagne 75003", "12 bis Rue de Bretagne, 75003 Paris", None),
        ("3 bd St Martin, Valmarin", "3 Boulevard Saint-Martin", None),
        ("rue de Bretagne 12", "12 Rue de Bretagne, 75003 Paris", None),
        ("12 rue de Bretagne, 75011 Paris", "12 Rue de Bretagne, 75003 Paris", Doubt.DIFFERS),
        ("12 rue de Bretagne, Lyon", "12 Rue de Bretagne, 75003 Paris", Doubt.DIFFERS),
        ("12 rue de la Tour, Tours", "12 Rue de la Tour, Valmarin", Doubt.DIFFERS),
        ("12 rue de Bretagne, bâtiment C", "12 Rue de Bretagne, 75003 Paris", Doubt.DIFFERS),
    ],
)
def test_an_answer_is_doubtful_when_more_is_written_than_it_says(text: str, label: str, doubt: Doubt | None):
    assert judged(text, [hit(label, 1.0)], "Valmarin").doubt is doubt


@pytest.mark.parametrize(
    ("scores", "apart", "doubt"),
    [
        ((0.7,), 0.0, None),
        ((0.59,), 0.0, Doubt.UNSURE),
        ((0.7, 0.6), 0.01, Doubt.SEVERAL),
        ((0.7, 0.6), 0.0001, None),
        ((0.85, 0.6), 0.01, None),
        ((1.0, 0.9), 0.01, None),
        ((1.0, 0.98), 0.01, Doubt.SEVERAL),
    ],
)
def test_an_answer_is_sure_when_it_is_good_and_well_ahead(scores: tuple[float, ...], apart: float, doubt: Doubt | None):
    hits = [hit("12 Rue Haute", score, 2.36 + n * apart) for n, score in enumerate(scores)]
    assert judged("12 rue Haute", hits, "Valmarin").doubt is doubt
