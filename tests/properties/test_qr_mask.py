"""The mask of a QR code is the one segno would have chosen, module by module."""

from __future__ import annotations

import random

import pytest
import segno

from portal.web.qr_mask import best_mask

_CODES = 60
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/."


@pytest.mark.parametrize("version", [1, 2, 6, 7, 10, 14, 32])
def test_the_mask_has_the_lowest_penalty_when_segno_weighs_them_all(version: int) -> None:
    dice = random.Random(version)
    chosen = []
    for _ in range(max(2, _CODES // version)):
        text = "".join(dice.choices(_SIGNS, k=dice.randint(3, 5 + 4 * version)))
        made = {"error": dice.choice("lm"), "micro": False, "version": version, "boost_error": dice.random() < 0.5}
        chosen.append((best_mask(segno.make(text, mask=0, **made)), segno.make(text, **made).mask))
    assert [ours for ours, _ in chosen] == [theirs for _, theirs in chosen]
