"""The coded set of passes taken back: what is in it is found, and how often what is not is taken for it."""

from __future__ import annotations

import random

import pytest

from portal.cirqliz.control.idset import code_ids, place_of

_ASKED_SETS = 2  # a scan asks the revoked ones, then the suspended ones
_MOST_ERROR = 1e-9


@pytest.mark.parametrize("size", [1, 7, 2_500, 45_383])
def test_set_is_wrong_at_most_once_in_a_thousand_million_scans_when_two_are_asked(size: int) -> None:
    places = place_of(b"\xff" * 8, size) + 1
    # Identifiers are random: each place is met as often, but for the rounding of one identifier.
    widest = 2**64 // places + 1
    assert _ASKED_SETS * size * widest / 2**64 <= _MOST_ERROR


@pytest.mark.parametrize("size", [0, 1, 2, 500])
def test_set_holds_what_it_was_made_of_and_nothing_else(size: int) -> None:
    chance = random.Random(size)
    inside = [chance.randbytes(8) for _ in range(size)]
    coded = code_ids([*inside, *inside])
    assert coded.size == size
    assert all(one in coded for one in inside[:40])
    assert not any(chance.randbytes(8) in coded for _ in range(40))


def test_extreme_identifiers_are_told_apart() -> None:
    lowest, highest = bytes(8), b"\xff" * 8
    assert lowest in code_ids([lowest]) and highest not in code_ids([lowest])
    assert highest in code_ids([lowest, highest])
