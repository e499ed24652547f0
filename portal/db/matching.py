"""Looking for words in a column as people type them: whatever the case and the accents, the same on both databases."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Text, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SQLITE_NAME = "joptimiz_fold"


def _plain_letters() -> Mapping[str, str]:
    """The small plain letter of each capital and of each accented letter of Latin-1 and Latin Extended-A."""
    plain = dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True))
    for sign in map(chr, range(0xC0, 0x180)):
        base = unicodedata.normalize("NFKD", sign)[0].lower()
        if base != sign and base in string.ascii_lowercase:
            plain[sign] = base
    return MappingProxyType(plain)


_PLAIN = _plain_letters()
_PAIRS = MappingProxyType({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})
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
