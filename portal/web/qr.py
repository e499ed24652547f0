"""A QR code as one SVG document without inline style."""

from __future__ import annotations

import io

import segno

QUIET_ZONE_MODULES = 4


def draw_qr(url: str, *, at_least: int = 1) -> str:
    """Return the code of an address in capitals as an SVG that fills whatever holds it; level M or better.

    at_least: the smallest version (1 to 40) to draw it in.
    """
    try:
        code = segno.make(url, error="m", micro=False, version=at_least)
    except segno.DataOverflowError:
        code = segno.make(url, error="m", micro=False)
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
