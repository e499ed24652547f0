"""Looking for words in a column as people type them: whatever the case and the accents, the same on both databases."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Text, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SQLITE_NAME = "joptimiz_fold"


# Basic Latin, Latin-1 to Latin Extended-B, Greek and Cyrillic, Latin Extended Additional.
_BLOCKS = (range(0x41, 0x5B), range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x1F00))
_UNRELATED = MappingProxyType({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ς": "σ"})


def _plain_letters() -> Mapping[str, str]:
    """The small letter without accents of each letter that is not one."""
    plain = {}
    for sign in map(chr, chain(*_BLOCKS)):
        bases = [one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one)]
        small = bases[0].lower() if len(bases) == 1 else sign
        small = _UNRELATED.get(small, small)
        if small != sign and len(small) == 1:
            plain[sign] = small
    return MappingProxyType(plain)


_PLAIN = _plain_letters()
_PAIRS = MappingProxyType({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ẞ": "ss"})
_TABLE = str.maketrans({**_PLAIN, **_PAIRS})


def folded_text(text: str) -> str:
    """Return text in small letters without accents: "École d’Œuvres" gives "ecole d’oeuvres"."""
    return text.translate(_TABLE)


def holds_text(column: ColumnElement[Any] | InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column of text holds what was typed, whatever the case and the accents."""
    return _Folded(column).contains(folded_text(text), autoescape=True)


class _Folded(FunctionElement[str]):
    """`folded_text` of a column, in the database."""

    name = "folded"
    type = Text()
    inherit_cache = True


@compiles(_Folded)
def _in_sql(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    # lower() would depend on the locale of the database: in "C" it knows A to Z alone.
    text: ColumnElement[str] = next(iter(element.clauses))
    for pair, letters in _PAIRS.items():
        text = func.replace(text, pair, letters)
    return compiler.process(func.translate(text, "".join(_PLAIN), "".join(_PLAIN.values())), **options)


@compiles(_Folded, "sqlite")
def _in_sqlite(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{SQLITE_NAME}({compiler.process(element.clauses, **options)})"
