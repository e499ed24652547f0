"""Small drawings as SVG that Typst sets: paths, signs and words in points of paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import numpy as np

from portal.itineriz.documents.frame import Floats, Frame
from portal.web.typeset import FONT, drawable

type Spot = Sequence[float] | Floats


class Drawing:
    """A drawing, back to front, on a sheet of the frame's size."""

    def __init__(self, frame: Frame, background: str) -> None:
        self.frame = frame
        self._parts = [f'<rect width="{frame.width:g}" height="{frame.height:g}" fill="{background}"/>']

    def lines(self, lines: Iterable[Floats], colour: str, width: float, *, dashes: str = "") -> None:
        """Draw lines, each (n, 2) points, as one stroke."""
        path = "".join(_path(line) for line in lines if len(line) > 1)
        if path:
            dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
            self._parts.append(
                f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
                f' stroke-linejoin="round" stroke-linecap="{"butt" if dashes else "round"}"{dashed}/>'
            )

    def shape(self, points: Sequence[Spot], fill: str) -> None:
        """Fill a closed shape."""
        self._parts.append(f'<path d="{_path(points)}Z" fill="{fill}"/>')

    def circle(self, at: Spot, radius: float, fill: str, stroke: str = "#fff") -> None:
        """A disc with a rim."""
        self._parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}"'
            f' fill="{fill}" stroke="{stroke}" stroke-width="0.8"/>'
        )

    def square(self, at: Spot, half: float, fill: str) -> None:
        """A square with a white rim."""
        x, y, side = at[0] - half, at[1] - half, 2 * half
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:g}" height="{side:g}" rx="1.2" fill="{fill}"'
            ' stroke="#fff" stroke-width="0.8"/>'
        )

    def word(
        self,
        text: str,
        at: Spot,
        size: float,
        colour: str = "#000",
        *,
        turn: float = 0.0,
        anchor: str = "middle",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Write a word, its line through `at`. turn: degrees clockwise. halo: a white rim, over a drawn ground."""
        x, y = at
        turned = f' transform="rotate({turn:.1f} {x:.1f} {y:.1f})"' if turn else ""
        weight = ' font-weight="bold"' if bold else ""
        shown = escape(drawable(text))
        # Half the height of a capital below the point: its middle is then on it.
        common = (
            f'x="{x:.1f}" y="{y + 0.33 * size:.1f}" font-family="{FONT}" font-size="{size:g}" text-anchor="{anchor}"'
        )
        if halo:
            rim = 'fill="#fff" stroke="#fff" stroke-width="2" stroke-linejoin="round"'
            self._parts.append(f"<text {common}{weight}{turned} {rim}>{shown}</text>")
        self._parts.append(f'<text {common}{weight}{turned} fill="{colour}">{shown}</text>')

    def content(self) -> str:
        """The SVG document."""
        width, height = f"{self.frame.width:g}", f"{self.frame.height:g}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
            f'<clipPath id="sheet"><rect width="{width}" height="{height}"/></clipPath>'
            f'<g clip-path="url(#sheet)">{"".join(self._parts)}</g></svg>'
        )


def _path(points: Sequence[Spot] | Floats) -> str:
    flat = np.asarray(points, dtype=np.float64).ravel().tolist()
    # What follows the first pair after M is a line to each next one. One formatting for all: a map has thousands.
    return "M" + " ".join(["%.1f"] * len(flat)) % tuple(flat)
