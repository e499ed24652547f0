"""What a browser's pretended camera sees: a QR code held before it, as uncompressed video (YUV4MPEG2)."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import segno
from PIL import Image

WIDTH, HEIGHT = 640, 480
_FRAMES = 4


def film_code(text: str, path: Path) -> None:
    """Write a film of a QR code in the middle of a grey wall; the browser plays it without end."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=1, border=4)
    code = Image.open(drawn).convert("L")
    scale = (HEIGHT - 60) // code.height
    code = code.resize((code.width * scale, code.height * scale), Image.Resampling.NEAREST)
    wall = Image.new("L", (WIDTH, HEIGHT), 150)
    wall.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    # Video keeps the grey levels between 16 and 235.
    grey = (16 + np.asarray(wall, dtype=np.uint16) * 219 // 255).astype(np.uint8).tobytes()
    colourless = bytes([128]) * (WIDTH * HEIGHT // 2)
    frame = b"FRAME\n" + grey + colourless
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420mpeg2\n".encode() + frame * _FRAMES)
