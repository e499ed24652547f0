"""Pages of paper: a Typst template filled with JSON becomes a PDF/UA-1. The same content always gives the same bytes.

All data travels as JSON: nothing typed is ever markup. A text may hold signs that no font at hand draws, which
PDF/UA refuses: such a sign is shown as a box.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import typst

FONT = "Libertinus Serif"
"""The font of every page; it comes inside Typst."""

type Json = str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None

_UNDRAWN = "□"
_UNDRAWABLE = "could not be displayed"
# Latin, its extensions and the punctuation of our own sentences.
_SURE = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x180)])) - {"\xad"} | frozenset("–—‘’“”…•€→×≤≥−□₂")
_MOST_PROBES = 200
_PROBE = f'#set document(title: "-")\n#set text(font: "{FONT}")\n#json(bytes(sys.inputs.at("data")))'.encode()
_probing = threading.Lock()


class _Press:
    """A template with its compiler, which keeps fonts and template in memory and is not made for two threads."""

    def __init__(self, template: Path) -> None:
        self._compiler = typst.Compiler(input=str(template), root=str(template.parent), ignore_system_fonts=True)
        self._lock = threading.Lock()

    def print(self, data: Mapping[str, Json]) -> bytes:
        """Return the PDF; raises typst.TypstError."""
        inputs = {"data": json.dumps(data)}
        with self._lock:
            made = self._compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards="ua-1", timestamp=0)
        if not isinstance(made, bytes):
            raise TypeError("a template makes one document")
        return made


@lru_cache(maxsize=8)
def _press(template: Path) -> _Press:
    return _Press(template)


def typeset(template: Path, data: Mapping[str, Json], pictures: Mapping[str, str]) -> bytes:
    """Return the PDF of a template. pictures: SVG documents of our own making, found in data.pictures by their name.

    The words inside a picture must have gone through `drawable`.
    """
    press = _press(template)
    try:
        return press.print({**_each(data, _Drawn()), "pictures": pictures})
    except typst.TypstError as error:
        # Signs that are drawn one by one and not together: only those that are always drawn remain.
        if _UNDRAWABLE not in str(error):
            raise
        return press.print({**_each(data, _only_sure), "pictures": pictures})


def drawable(text: str) -> str:
    """Return the text on one line, each sign that no font draws as a box, invisible signs left out."""
    return _Drawn()(text)


class _Drawn:
    """Makes the texts of one document drawable, with a limit on the signs that are tried."""

    def __init__(self) -> None:
        self._seen: dict[str, bool] = {}

    def __call__(self, text: str) -> str:
        return "".join(sign if self._is_drawn(sign) else _UNDRAWN for sign in _visible(text))

    def _is_drawn(self, sign: str) -> bool:
        if sign in _SURE:
            return True
        if sign not in self._seen:
            self._seen[sign] = len(self._seen) < _MOST_PROBES and _some_font_draws(sign)
        return self._seen[sign]


def _only_sure(text: str) -> str:
    return "".join(sign if sign in _SURE else _UNDRAWN for sign in _visible(text))


def _visible(text: str) -> str:
    """The text composed, spaces of all kinds but the unbreakable as one space, without invisible signs."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if sign.isspace() and sign not in "\u00a0\u202f" else sign for sign in composed)
    kept = "".join(sign for sign in spaced if not _is_invisible(sign))
    return kept.replace("\u202f", "\u00a0")


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= sign <= "\ufe0f"


@lru_cache(maxsize=8192)
def _some_font_draws(sign: str) -> bool:
    with _probing:
        try:
            _prober().compile(
                input=_PROBE, format="pdf", sys_inputs={"data": json.dumps(sign)}, pdf_standards="ua-1", timestamp=0
            )
        except typst.TypstError as error:
            if _UNDRAWABLE not in str(error):
                raise
            return False
    return True


@lru_cache(maxsize=1)
def _prober() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True)


def _each(values: Mapping[str, Json], change: Callable[[str], str]) -> dict[str, Json]:
    return {name: _changed(value, change) for name, value in values.items()}


def _changed(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return _each(value, change)
    if isinstance(value, Sequence):
        return [_changed(item, change) for item in value]
    return value
