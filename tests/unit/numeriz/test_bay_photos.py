"""A photo is kept whole, without what the camera wrote about itself, and as it is to be turned."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageOps, PngImagePlugin

from portal.common.errors import Invalid
from portal.numeriz.bays.images import MAX_BYTES, read_photo

SECRET = b"Canon of Colette"


def picture() -> Image.Image:
    image = Image.new("RGB", (48, 32), "#8aa0ad")
    image.paste("#f2c14e", (4, 4, 20, 12))
    return image


def jpeg(turn: int | None = None, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    if turn is not None:
        exif[0x0112] = turn
    out = io.BytesIO()
    picture().save(out, "JPEG", exif=exif, comment=SECRET, quality=95, **options)
    return out.getvalue()


def png() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", SECRET.decode())
    out = io.BytesIO()
    picture().save(out, "PNG", pnginfo=told)
    return out.getvalue()


def seen(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    turned = ImageOps.exif_transpose(image)
    assert turned is not None
    return turned.convert("RGB")


@pytest.mark.parametrize("turn", [None, 1, 3, 6, 8])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_looks_the_same_when_it_has_been_cleaned(turn: int | None, options: dict[str, object]) -> None:
    sent = jpeg(turn, **options)
    photo = read_photo(sent + b"a film behind the end")
    assert photo.media_type == "image/jpeg"
    assert seen(photo.content).tobytes() == seen(sent).tobytes()
    assert SECRET in sent and SECRET not in photo.content and b"film" not in photo.content
    kept = dict(Image.open(io.BytesIO(photo.content)).getexif())
    assert set(kept) <= {0x0112}, "nothing is left but how the picture is turned"


def test_a_png_looks_the_same_when_it_has_been_cleaned() -> None:
    photo = read_photo(png() + b"more")
    assert photo.media_type == "image/png"
    assert seen(photo.content).tobytes() == picture().tobytes()
    assert SECRET not in photo.content and not photo.content.endswith(b"more")


def wide_png() -> bytes:
    out = io.BytesIO()
    Image.new("1", (12_001, 1)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "photo-missing"),
        (b"GIF89a" + bytes(40), "photo-type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "photo-type"),
        (b"%PDF-1.7", "photo-type"),
        (png()[:-20], "photo-damaged"),
        (png()[:60] + b"\xff" + png()[61:], "photo-damaged"),
        (jpeg()[:-2], "photo-damaged"),
        (jpeg()[:200], "photo-damaged"),
        (b"\xff\xd8\xff\xd9", "photo-damaged"),
        (b"\xff\xd8\xff\xe0\x00\x01", "photo-damaged"),
        (wide_png(), "photo-too-wide"),
        (b"\xff\xd8\xff" + bytes(MAX_BYTES), "photo-too-large"),
    ],
)
def test_a_code_says_why_when_a_file_is_no_sound_photo(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_photo(content)
    assert (refused.value.code, refused.value.field) == (code, "photo")


@pytest.mark.parametrize("place", [4, 8, 10, 12, 14, 18])
def test_a_picture_is_kept_unturned_when_its_exif_is_nonsense(place: int) -> None:
    sent = bytearray(jpeg(6))
    start = sent.index(b"Exif\x00\x00") + 6
    struct.pack_into(">H", sent, start + place, 0xFFFF)
    photo = read_photo(bytes(sent))
    assert Image.open(io.BytesIO(photo.content)).size == (48, 32)
