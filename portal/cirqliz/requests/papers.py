"""What a supporting document may be, told from its content alone. Pure: standard library only.

The name and the announced type of a file are the sender's words; the bytes decide. What is kept is served as a download
only, in a sandbox: these checks keep out what is not a document, they do not replace a search for viruses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from portal.cirqliz.requests.paper_images import JPEG_START, PNG_START, whole_jpeg, whole_png
from portal.cirqliz.requests.paper_pdf import PDF_START, whole_pdf
from portal.common.errors import Invalid

MAX_BYTES = 5 * 1024 * 1024
MAX_DOCUMENTS = 10
_LONGEST_NAME = 160
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"<>|:*?\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


@dataclass(frozen=True, slots=True)
class Paper:
    """A document found good. file_name: shown and offered for the download, its ending that of the type."""

    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a type begins, its usual endings, and what reads it to its end and returns what is kept."""

    start: bytes
    media_type: str
    endings: tuple[str, ...]
    whole: Callable[[bytes], bytes]


_KINDS = (
    _Kind(PDF_START, "application/pdf", (".pdf",), whole_pdf),
    _Kind(PNG_START, "image/png", (".png",), whole_png),
    _Kind(JPEG_START, "image/jpeg", (".jpg", ".jpeg"), whole_jpeg),
)


def read_paper(file_name: str, content: bytes) -> Paper:
    """Tell what a file is, and refuse whatever is not a sound PDF, PNG or JPEG.

    Raises Invalid(field `documents`, `name` for its sentence): paper-empty, paper-too-large, paper-type,
    paper-damaged, paper-encrypted, paper-active.
    """
    name = _plain_name(file_name)
    if not content:
        raise Invalid("paper-empty", field="documents", name=name)
    if len(content) > MAX_BYTES:
        raise Invalid("paper-too-large", field="documents", name=name, most=MAX_BYTES // 2**20)
    kind = _kind_of(name, content)
    try:
        kept = kind.whole(content)
    except Invalid as fault:
        raise Invalid(fault.code, field="documents", name=name) from fault
    return Paper(_with_ending(name, kind.endings), kind.media_type, kept)


def _kind_of(name: str, content: bytes) -> _Kind:
    for kind in _KINDS:
        if content.startswith(kind.start):
            return kind
    raise Invalid("paper-type", field="documents", name=name)


def _plain_name(file_name: str) -> str:
    """The name without folders, signs that turn the reading around, or what file systems refuse."""
    bare = PurePath(file_name.replace("\\", "/").replace("\x00", "")).name
    return " ".join(_UNSAFE.sub(" ", bare).split()).strip(". ")[:_LONGEST_NAME] or "document"


def _with_ending(name: str, endings: tuple[str, ...]) -> str:
    if name.lower().endswith(endings):
        return name
    return name[: _LONGEST_NAME - len(endings[0])] + endings[0]
