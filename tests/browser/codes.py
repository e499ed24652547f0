"""Reading QR codes as a telephone does: from pixels."""

from __future__ import annotations

from typing import Any

import pypdfium2
import zxingcpp
from playwright.sync_api import Page


def codes_on_screen(page: Page) -> list[str]:
    """Return what the codes on the screen say, read from a screenshot."""
    document = pypdfium2.PdfDocument.new()
    # No image library is installed for tests; a PDF page holds the JPEG and gives its pixels back.
    image = pypdfium2.PdfImage.new(document)
    image.load_jpeg(_jpeg(page), inline=True)
    pixels: Any = image.get_bitmap().to_numpy()
    return [code.text for code in zxingcpp.read_barcodes(pixels)]


def codes_of_pdf(content: bytes) -> list[str]:
    """Return what the codes of a PDF's first page say, read at print resolution."""
    document = pypdfium2.PdfDocument(content)
    pixels: Any = document[0].render(scale=200 / 72).to_numpy()
    return [code.text for code in zxingcpp.read_barcodes(pixels)]


def _jpeg(page: Page) -> Any:
    import io

    return io.BytesIO(page.screenshot(type="jpeg", quality=90))
