"""A QR code as one SVG document without inline style."""

from __future__ import annotations

import io
from typing import Literal

import segno

QUIET_ZONE_MODULES = 4


def draw_qr(url: str, *, at_least: int = 1, level: Literal["m", "q"] = "m") -> str:
    """Return the code of an address in capitals as an SVG that fills whatever holds it.

    at_least: the smallest version (1 to 40) to draw it in. level: of correction, the lowest.
    """
    try:
        code = segno.make(url, error=level, micro=False, version=at_least)
    except segno.DataOverflowError:
        code = segno.make(url, error=level, micro=False)
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
