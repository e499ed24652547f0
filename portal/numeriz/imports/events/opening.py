"""What every reader of events asks of its files before it looks inside."""

from __future__ import annotations

from collections.abc import Sequence

from portal.common.errors import Invalid
from portal.numeriz.imports.reading import ReadingContext, SourceFile


def check_files(files: Sequence[SourceFile], context: ReadingContext) -> int:
    """The bytes of all files together. Raises Invalid(`file-missing`, `file-empty`, `file-too-large`)."""
    if not files:
        raise Invalid("file-missing")
    sizes = [file.path.stat().st_size for file in files]
    if not all(sizes):
        raise Invalid("file-empty")
    if max(sizes) > context.most_bytes:
        raise Invalid("file-too-large", most=context.most_bytes // (1024 * 1024))
    return sum(sizes)
