"""The code that a town puts into a page of its site."""

from __future__ import annotations

from markupsafe import escape

LOWEST_PX, HIGHEST_PX, USUAL_PX = 320, 1200, 480


def frame_code(url: str, title: str, height_px: int) -> str:
    """The HTML of a frame with the map. url: absolute. The page that holds it is told nothing of its reader's moves."""
    return (
        f'<iframe src="{escape(url)}" title="{escape(title)}" width="100%" height="{height_px}" '
        'loading="lazy" referrerpolicy="no-referrer" allowfullscreen></iframe>'
    )
