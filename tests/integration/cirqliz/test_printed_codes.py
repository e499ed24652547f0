"""Codes read back from the printed card as a phone meets them: coarse, blurred, askew, partly hidden.

The suite reads a seeded part; JOPTIMIZ_CODES says how many passes are read. Each must be, even spoilt in every way at
once.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from PIL import Image, ImageDraw, ImageFilter

from portal.cirqliz.passes.card import Printed, draw_cards
from portal.cirqliz.tokens import KeyRing, new_short_code, perimeter_references, seal_token, show_short_code, token_url
from portal.cirqliz.tokens.content import MOST_REFERENCES, TokenPayload
from portal.regulations.perimeters import Colour
from tests.unit.cirqliz.test_card import END, START, TOWN, make_pass

PASSES = int(os.environ.get("JOPTIMIZ_CODES", "8"))
RING = KeyRing.from_seed("00" * 32)
LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"
DOTS_PER_INCH = (100, 150)
MODULES = 57
"""On a side of a code of version 10, the smallest on a card."""

type Box = tuple[int, int, int, int]
type Spoil = Callable[[Image.Image, Box, random.Random], Image.Image]


def drawn_pass(dice: random.Random, number: int) -> Printed:
    """A pass of random content, on a host of 30 signs."""
    left, right = ("".join(dice.choices(LETTERS, k=2)) for _ in range(2))
    digits = f"{dice.randrange(1, 1000):03d}"
    where = {f"perimeter-{dice.getrandbits(32)}" for _ in range(dice.randint(1, MOST_REFERENCES + 1))}
    payload = TokenPayload(
        token_id=dice.randbytes(8),
        starts_at=START + timedelta(minutes=dice.randrange(10**6)),
        ends_at=END + timedelta(minutes=10**6 + dice.randrange(10**6)),
        colours=frozenset({dice.choice(list(Colour))}),
        territory=dice.randbytes(4),
        plate=f"{left}{digits}{right}",
        perimeters=perimeter_references(where),
    )
    token = seal_token(RING, payload)
    found = make_pass(
        number=f"LP-VAL-2026-{number:06d}",
        plate=payload.plate,
        plate_display=f"{left}-{digits}-{right}",
        token=token,
        code_url=token_url("https://laissez-passer.collectivite.fr", token),
        short_code=show_short_code(new_short_code()),
    )
    return Printed(found, TOWN, {})


def rendered(content: bytes, dots: int) -> Iterator[Image.Image]:
    """Each page as grey pixels."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    for page in document:
        yield page.render(scale=dots / 72).to_pil().convert("L")
        page.close()
    document.close()


def codes_on(page: Image.Image) -> list[zxingcpp.Barcode]:
    """The QR codes on a page: as the agents' page asks, nothing else is looked for."""
    return zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)


def code_box(code: zxingcpp.Barcode) -> Box:
    """The square of a code that was read: left, top, right, bottom in pixels."""
    corners = code.position
    xs = [corners.top_left.x, corners.top_right.x, corners.bottom_left.x, corners.bottom_right.x]
    ys = [corners.top_left.y, corners.top_right.y, corners.bottom_left.y, corners.bottom_right.y]
    return min(xs), min(ys), max(xs), max(ys)


def blurred(page: Image.Image, box: Box, _dice: random.Random) -> Image.Image:
    """Out of focus by about a third of a module's width."""
    return page.filter(ImageFilter.GaussianBlur((box[2] - box[0]) / MODULES / 3))


def rotated(page: Image.Image, _box: Box, dice: random.Random) -> Image.Image:
    """Askew by 15 degrees, one way or the other."""
    angle = dice.choice((-15, 15))
    return page.rotate(angle, resample=Image.Resampling.BILINEAR, expand=True, fillcolor=255)


def hidden(page: Image.Image, box: Box, dice: random.Random) -> Image.Image:
    """A tenth of the code under a patch, anywhere but on the three squares by which it is found.

    No correction of errors brings those back.
    """
    left, top, right, bottom = box
    side = right - left
    squares = round(side * 8 / MODULES)
    while True:
        width = round(side * dice.uniform(0.25, 0.4))
        height = round(0.1 * side * side / width)
        x, y = dice.randint(left, right - width), dice.randint(top, bottom - height)
        corners = ((left, top), (right - squares, top), (left, bottom - squares))
        if not any(x < cx + squares and cx < x + width and y < cy + squares and cy < y + height for cx, cy in corners):
            break
    spoilt = page.copy()
    ImageDraw.Draw(spoilt).rectangle((x, y, x + width, y + height), fill=dice.choice((0, 128, 255)))
    return spoilt


def all_of_it(page: Image.Image, box: Box, dice: random.Random) -> Image.Image:
    """Hidden, then blurred, then askew."""
    return rotated(blurred(hidden(page, box, dice), box, dice), box, dice)


SPOILS: dict[str, Spoil] = {
    "blurred": blurred,
    "askew": rotated,
    "partly hidden": hidden,
    "all together": all_of_it,
}


@pytest.mark.parametrize("dots", DOTS_PER_INCH)
def test_every_printed_code_is_read_whatever_spoils_it(app: Flask, dots: int) -> None:
    dice = random.Random(dots)
    printed = [drawn_pass(dice, number) for number in range(PASSES)]
    with app.test_request_context():
        content = draw_cards(printed)
    unread: dict[str, list[str]] = {name: [] for name in SPOILS}
    for one, page in zip(printed, rendered(content, dots), strict=True):
        (code,) = codes_on(page)
        assert code.text == one.found.code_url
        for name, spoil in SPOILS.items():
            codes = codes_on(spoil(page, code_box(code), dice))
            if [code.text for code in codes] != [one.found.code_url]:
                unread[name].append(one.found.number)
    assert not any(unread.values()), f"of {PASSES} each: {unread}"
