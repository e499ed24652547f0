"""The card for the cab and its code, read back by a scanner."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdfium2
import zxingcpp
from flask import Flask

from portal.cirqliz.law import Span
from portal.cirqliz.passes.card import Printed, draw_cards
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.requests.queries import PerimeterLine
from portal.cirqliz.states import PassState
from portal.cirqliz.tokens import KeyRing, TokenPayload, seal_token, token_url
from portal.common.ids import new_id
from portal.regulations.perimeters import Colour, Motorised
from portal.territories.models import Accent
from portal.territories.queries import TerritoryView
from portal.web.qr import draw_qr

START = datetime(2026, 9, 8, 5, tzinfo=UTC)
END = START + timedelta(hours=9)
TOWN = TerritoryView(new_id(), "val", "Val", "Europe/Paris", *[None] * 3, Accent.BLUE, *[None] * 7, False, 1)  # type: ignore[arg-type]


def token(plate: str = "AB123CD") -> str:
    """A token of the test key."""
    payload = TokenPayload(b"12345678", START, END, frozenset({Colour.RED}), b"town", plate)
    return seal_token(KeyRing.from_seed("00" * 32), payload)


def make_pass(perimeters: int = 1, *, long_names: bool = False, **more: Any) -> PassView:
    """A pass that is in no database."""
    code = token()
    values: dict[str, Any] = {
        "id": new_id(),
        "number": "LP-VAL-2026-000001",
        "territory_id": TOWN.id,
        "company_id": new_id(),
        "company_name": "Fleurs",
        "vehicle_id": new_id(),
        "request_id": new_id(),
        "plate": "AB123CD",
        "plate_display": "AB-123-CD",
        "valid_from": START,
        "valid_to": END,
        "state": PassState.ACTIVE,
        "token": code,
        "code_url": token_url("http://localhost", code),
        "issued_at": START,
        "revoked_at": None,
        "revoke_reason": None,
        "revoke_text": "",
        "perimeters": tuple(
            PerimeterLine(
                str(n),
                f"Zone {n} #strong[x] $1$" + " du Grand Marché" * (20 * long_names),
                "Course",
                Colour.RED,
                Motorised.PASS_REQUIRED,
            )
            for n in range(perimeters)
        ),
        **more,
    }
    return PassView(**values)


def card(one: PassView, hours: Mapping[str, Sequence[Span]]) -> bytes:
    """The file of one card."""
    return draw_cards([Printed(one, TOWN, hours)])


def pages(content: bytes) -> list[tuple[str, Any]]:
    """The text and the picture at 100 dots per inch of each page."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    found = []
    for page in document:
        text = page.get_textpage()
        found.append((text.get_text_bounded(), page.render(scale=100 / 72).to_numpy().copy()))
        text.close()
        page.close()
    document.close()
    return found


def test_card_is_one_page_whose_code_opens_the_pass(app: Flask) -> None:
    one = make_pass()
    with app.test_request_context():
        content = card(one, {"0": (Span(START, END),)})
        assert card(one, {"0": (Span(START, END),)}) == content
    ((text, picture),) = pages(content)
    assert "AB-123-CD" in text
    assert "LP-VAL-2026-000001" in text
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [token_url("http://localhost", one.token)]


def test_card_shows_typed_names_as_they_are(app: Flask) -> None:
    with app.test_request_context():
        ((text, _picture),) = pages(card(make_pass(), {}))
    assert "Zone 0 #strong[x] $1$" in text


def test_card_stays_on_one_page_when_there_are_many_perimeters(app: Flask) -> None:
    one = make_pass(perimeters=12, long_names=True)
    spans = tuple(Span(START + timedelta(days=n), END + timedelta(days=n)) for n in range(9))
    with app.test_request_context():
        found = pages(card(one, {str(n): spans for n in range(12)}))
    assert len(found) == 1
    assert "7 autres" in found[0][0]


def test_code_is_drawn_without_inline_style() -> None:
    drawn = draw_qr(token_url("http://localhost", token()))
    assert "style" not in drawn
    assert "class" not in drawn
