"""A QR code as one SVG document without inline style."""

from __future__ import annotations

import io
from typing import Literal

import segno

from portal.web.qr_mask import best_mask

QUIET_ZONE_MODULES = 4


def draw_qr(url: str, *, at_least: int = 1, level: Literal["m", "q"] = "m") -> str:
    """Return the code of an address in capitals as an SVG that fills whatever holds it.

    at_least: the smallest version (1 to 40) to draw it in. level: of correction, the lowest.
    """
    try:
        code = _make(url, level, at_least)
    except segno.DataOverflowError:
        code = _make(url, level, None)
    drawn = io.BytesIO()
    code.save(
        drawn,
        kind="svg",
        border=QUIET_ZONE_MODULES,
        dark="#000",
        light="#fff",
        xmldecl=False,
        nl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return drawn.getvalue().decode("ascii")


def _make(url: str, level: Literal["m", "q"], version: int | None) -> segno.QRCode:
    code = segno.make(url, error=level, micro=False, version=version, mask=0)
    mask = best_mask(code)
    return code if mask == 0 else segno.make(url, error=level, micro=False, version=version, mask=mask)
