"""Supporting documents are taken by their content, whole and still, whatever their name says."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.cirqliz.requests.papers import MAX_BYTES, read_paper
from portal.common.errors import Invalid
from tests.factories.papers import jpeg_paper, pdf_paper, pdf_stream, png_chunk, png_paper

PNG, JPEG, PDF = png_paper(3, 2), jpeg_paper(), pdf_paper()
_SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"
_GROUP = b"/Type /ObjStm /N 1 /First 4 "
_HIDDEN_SCRIPT = zlib.compress(b"7 0 << /S /JavaScript /JS (app.alert(1)) >>")


@pytest.mark.parametrize(
    ("name", "content", "kept_name", "media_type"),
    [
        ("bon.png", PNG, "bon.png", "image/png"),
        ("photo.JPEG", JPEG, "photo.JPEG", "image/jpeg"),
        ("commande.pdf", PDF, "commande.pdf", "application/pdf"),
        ("photo.png", JPEG, "photo.png.jpg", "image/jpeg"),
        ("programme.exe", PDF, "programme.exe.pdf", "application/pdf"),
        ("C:\\Temp\\..\\bon.pdf", PDF, "bon.pdf", "application/pdf"),
        ("../../etc/bon.pdf", PDF, "bon.pdf", "application/pdf"),
        ('a"\r\nX: y\u202efdp.pdf', PDF, "a X y fdp.pdf", "application/pdf"),
        ("", PNG, "document.png", "image/png"),
    ],
)
def test_paper_is_taken_when_it_is_whole(name: str, content: bytes, kept_name: str, media_type: str) -> None:
    paper = read_paper(name, content)
    assert (paper.file_name, paper.media_type, paper.content) == (kept_name, media_type, content)


@pytest.mark.parametrize(
    "content",
    [
        pdf_paper(trailer=b"/Info << /Title (Commande) >>"),
        pdf_paper(pdf_stream(b"/Filter /FlateDecode", zlib.compress(b"BT /F1 12 Tf ET"))),
        pdf_paper(pdf_stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zlib.compress(b"7 0 << /A 1 >>"))),
        pdf_paper(b"<< /S /GoTo /D [3 0 R /Fit] >>", b"<< /Type /EmbeddedFile >>"),
        pdf_paper(pdf_stream(b"", b"an image may hold /JS by chance")),
        pdf_paper(b"<< /JSize 3 /Launcher (no) >>", version=b"2.0"),
    ],
    ids=["title", "drawing", "packed objects", "open at a page, invoice inside", "bytes of an image", "longer names"],
)
def test_document_is_taken_when_nothing_in_it_acts(content: bytes) -> None:
    assert read_paper("a.pdf", content).content == content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "paper-empty"),
        (PDF + b" " * MAX_BYTES, "paper-too-large"),
        (b"MZ\x90\x00", "paper-type"),
        (b"GIF89a\x01\x00\x01\x00", "paper-type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "paper-type"),
        (b"<html>" + PDF, "paper-type"),
        (PDF[:-9], "paper-damaged"),
        (PDF.replace(b"startxref\n", b"startxref\n9"), "paper-damaged"),
        (pdf_paper(version=b"9"), "paper-damaged"),
        (pdf_paper(b"<< >>\nstream\nnever ends"), "paper-damaged"),
        (pdf_paper(trailer=b"/Encrypt 4 0 R"), "paper-encrypted"),
        (pdf_paper(b"<< /OpenAction << /S /JavaScript /JS (x) >> >>"), "paper-active"),
        (pdf_paper(b"<< /AA << /O << /S /#4aavaScript >> >> >>"), "paper-active"),
        (pdf_paper(b"<< /S /Launch /F (cmd.exe) >>"), "paper-active"),
        (pdf_paper(pdf_stream(b"/Type /ObjStm /Filter /FlateDecode", _HIDDEN_SCRIPT)), "paper-active"),
        (pdf_paper(pdf_stream(b"/Type /Obj#53tm /Filter [/FlateDecode]", _HIDDEN_SCRIPT)), "paper-active"),
        (pdf_paper(pdf_stream(b"/Type /ObjStm /Filter /LZWDecode", b"abc")), "paper-damaged"),
        (pdf_paper(pdf_stream(b"/Type /ObjStm /Filter /FlateDecode", b"not packed")), "paper-damaged"),
        (pdf_paper(b"<< >> % stream\n", _SCRIPT + b"% endstream"), "paper-active"),
        (pdf_paper(b"(>>\nstream\n)", _SCRIPT, b"(endstream)"), "paper-active"),
        (pdf_paper(b"<< /A (>>\nstream\n) /S /Rendition /JS (x) /B (endstream) >>"), "paper-active"),
        (pdf_paper(b"/FlateDecode", pdf_stream(_GROUP + b"/Filter 2 0 R", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(b"/ObjStm", pdf_stream(b"/Type 2 0 R /Filter /FlateDecode", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(pdf_stream(_GROUP + b"/Filter [%]\n/FlateDecode]", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(pdf_stream(_GROUP + b"/Filter [] /Filter /FlateDecode", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(pdf_stream(_GROUP + b"/Filter /FlateDecode /DecodeParms 9 0 R", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(pdf_stream(_GROUP + b"/A (obj) /Filter /FlateDecode", _HIDDEN_SCRIPT)), "paper-damaged"),
        (pdf_paper(pdf_stream(b"/N 1 /First 4 /Filter /FlateDecode", _HIDDEN_SCRIPT)), "paper-active"),
        (pdf_paper(pdf_stream(_GROUP + b"/Filter /FlateDecode", _HIDDEN_SCRIPT[:-6])), "paper-damaged"),
        (PNG[:-4], "paper-damaged"),
        (PNG[:40] + b"\x00" + PNG[41:], "paper-damaged"),
        (PNG + b"<?php", "paper-damaged"),
        (png_paper(0, 1), "paper-damaged"),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b""), "paper-damaged"),
        (JPEG[:-2], "paper-damaged"),
        (JPEG[:30], "paper-damaged"),
        (b"\xff\xd8\xff\xd9", "paper-damaged"),
        (b"\xff\xd8\xff\xe0" + struct.pack(">H", 0) + b"\x00" * 40, "paper-damaged"),
    ],
)
def test_paper_is_refused_when_it_is_not_a_sound_document(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_paper("bon de livraison.pdf", content)
    assert (caught.value.code, caught.value.field) == (code, "documents")
    assert caught.value.params["name"] == "bon de livraison.pdf"


def test_document_is_refused_when_its_packed_objects_grow_without_end() -> None:
    bomb = zlib.compress(b"\x00" * (40 * 1024 * 1024), 9)
    assert len(bomb) < MAX_BYTES
    with pytest.raises(Invalid, match="paper-damaged"):
        read_paper("a.pdf", pdf_paper(pdf_stream(b"/Type /ObjStm /Filter /FlateDecode", bomb)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        # Of a quadratic reading each takes hours.
        pytest.param(jpeg_paper(b"\xff" * 4_000_000 + b"\x00"), None, id="a scan of filling bytes"),
        pytest.param(JPEG[:2] + b"\xff" * 4_000_000 + JPEG[3:], None, id="a mark behind filling bytes"),
        pytest.param(
            pdf_paper(b"<< /Type /ObjStm " + b"/Filter[" * 500_000 + b">>\nstream\nx\nendstream"),
            "paper-damaged",
            id="filters without end",
        ),
        pytest.param(pdf_paper(b">> " * 1_000_000 + b"streams"), None, id="ends of dictionaries"),
        pytest.param(pdf_paper(b">>" + b" " * 4_000_000), None, id="spaces behind a dictionary"),
        pytest.param(pdf_paper(b">>stream\nendstream " * 200_000), None, id="streams of nothing"),
    ],
)
def test_time_grows_with_the_size_when_a_document_is_made_to_take_long(content: bytes, code: str | None) -> None:
    assert len(content) < MAX_BYTES
    found = None
    try:
        read_paper("a", content)
    except Invalid as refused:
        found = refused.code
    assert found == code


def test_what_a_phone_appends_to_a_photo_is_not_kept() -> None:
    assert read_paper("photo.jpg", jpeg_paper(after=b"ftypmp42" + PDF)).content == JPEG


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([PNG, JPEG, PDF]), st.data())
def test_cut_or_changed_bytes_never_break_the_reading(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = content[:place] + data.draw(st.binary(max_size=6)) + content[place + data.draw(st.integers(0, 40)) :]
    try:
        kept = read_paper("a", changed).content
    except Invalid:
        kept = b""
    assert changed.startswith(kept)
