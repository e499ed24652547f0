"""Acts of somebody who has a keyboard alone: on what the Tab key reaches, by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from datetime import date, time

    from playwright.sync_api import Locator


_STANDS = "() => !document.querySelector('.leaflet-pan-anim')"


def reach(control: Locator) -> None:
    """Go to a control, which the Tab key has to reach."""
    control.focus()
    expect(control).to_be_focused()
    assert control.evaluate("found => found.tabIndex") >= 0


def press(control: Locator, key: str = "Enter") -> None:
    """Go to a control and press a key on it."""
    reach(control)
    control.page.keyboard.press(key)


def type_over(field: Locator, text: str) -> None:
    """Write a text in the place of what a field holds."""
    press(field, "Control+a")
    field.page.keyboard.type(text)


def paste(field: Locator, text: str) -> None:
    """Paste a text in the place of what a field holds."""
    press(field, "Control+a")
    field.page.keyboard.insert_text(text)


def type_day(field: Locator, day: date) -> None:
    """Type a date, part after part, in the order of the browser's own language."""
    _type_parts(field, day.isoformat(), (f"{day:%d%m%Y}", f"{day:%m%d%Y}"))


def type_clock(field: Locator, clock: time) -> None:
    """Type an hour, part after part, as the browser's own language has it."""
    _type_parts(field, f"{clock:%H:%M}", (f"{clock:%H%M}", f"{clock:%I%M%p}"))


def _type_parts(field: Locator, value: str, orders: tuple[str, ...]) -> None:
    for keys in orders:
        field.blur()
        reach(field)
        field.page.keyboard.type(keys)
        if field.input_value() == value:
            return
    expect(field).to_have_value(value)


def choose(field: Locator, value: str) -> None:
    """Go down the options of a list until the one with this value."""
    reach(field)
    for _option in range(field.locator("option").count()):
        if field.input_value() == value:
            break
        field.page.keyboard.press("ArrowDown")
    expect(field).to_have_value(value)


def draw_points(drawing: Locator, *moves: str) -> None:
    """Put a point at the cross of a map on which one draws, then one more after each move of the map.

    moves: keys in a row, as "ArrowRight ArrowRight".
    """
    page, canvas = drawing.page, drawing.locator(".j-map__canvas")
    drawing.scroll_into_view_if_needed()  # a map is built when it comes into view
    drawing.and_(page.locator("[data-ready]")).wait_for()
    press(canvas)
    for move in moves:
        for key in move.split():
            page.keyboard.press(key)
            page.wait_for_function(_STANDS)  # no key counts while the map glides
        page.keyboard.press("Enter")
