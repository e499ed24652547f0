"""Importing bytes as if they had been sent in files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.values import ImportKind, ImportOutcome
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER


def import_bytes(
    kind: ImportKind,
    territory: TerritoryView,
    files: Sequence[tuple[str, bytes]],
    *,
    layout: str = "auto",
    options: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> ImportOutcome:
    """Run an import of files given as (name, content)."""
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for place, (name, content) in enumerate(files):
            path = Path(folder) / str(place)
            path.write_bytes(content)
            sources.append(SourceFile(name, path))
        return run_import(TESTER, territory, kind, sources, format=layout, options=options or {}, dry_run=dry_run)
