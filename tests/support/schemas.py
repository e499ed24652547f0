"""The outside schemas our exports must obey."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lxml import etree


@lru_cache
def xml_schema(path: Path) -> etree.XMLSchema:
    """The schema of a file, its imports read beside it."""
    return etree.XMLSchema(etree.parse(path))


def faults(schema: etree.XMLSchema, content: bytes) -> list[str]:
    """What the schema says against a document, line by line; empty when it obeys."""
    if schema.validate(etree.fromstring(content)):
        return []
    return str(schema.error_log).splitlines()
