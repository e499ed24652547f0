"""Every format that can be read, in the order in which a file is tried."""

from __future__ import annotations

from typing import Any

from portal.numeriz.imports.bays import BAY_FORMATS
from portal.numeriz.imports.cerema import CEREMA
from portal.numeriz.imports.datex.files import DATEX2, DIALOG
from portal.numeriz.imports.datex.perimeters import DATEX2_PERIMETERS
from portal.numeriz.imports.dialog_search import DIALOG_JSON
from portal.numeriz.imports.events.bison_fute import BISON_FUTE
from portal.numeriz.imports.events.cifs import CIFS
from portal.numeriz.imports.perimeters import PERIMETER_FORMATS
from portal.numeriz.imports.reading import Format
from portal.numeriz.values import ImportKind

FORMATS: tuple[Format[Any], ...] = (
    *BAY_FORMATS,
    CEREMA,
    DATEX2_PERIMETERS,
    *PERIMETER_FORMATS,
    DIALOG,
    DATEX2,
    DIALOG_JSON,
    BISON_FUTE,
    CIFS,
)


def formats_of(kind: ImportKind) -> dict[str, Format[Any]]:
    """The formats of a kind by name."""
    return {found.name: found for found in FORMATS if found.kind is kind}


def recognise(kind: ImportKind, head: bytes, name: str) -> Format[Any] | None:
    """The first format of the kind that recognises a file; None when none does."""
    return next((found for found in FORMATS if found.kind is kind and found.recognises(head, name)), None)
