"""Every code a reader raises or tells has its sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal.numeriz.imports
from portal.numeriz.messages import ERRORS, ISSUES

FOLDER = Path(portal.numeriz.imports.__file__).parent


def codes(name: str) -> Iterator[tuple[str, str]]:
    """File and code of every call `name("code", ...)`."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and node.args):
                continue
            if isinstance(node.args[0], ast.Constant):
                yield path.relative_to(FOLDER).as_posix(), str(node.args[0].value)


@pytest.mark.parametrize(("name", "sentences"), [("Invalid", ERRORS), ("Issue", ISSUES)])
def test_a_code_has_a_sentence_when_a_reader_uses_it(name: str, sentences: dict[str, object]) -> None:
    used = list(codes(name))
    assert len(used) > 20
    assert [(file, code) for file, code in used if code not in sentences] == []
