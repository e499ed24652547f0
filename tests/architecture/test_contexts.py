"""Another context is reached through its api only, and its tables by name only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
CONTEXTS = ("territories", "accounts", "fleet", "numeriz", "itineriz", "cirqliz", "visualiz")


def _imported_modules(path: Path) -> list[str]:
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            modules += [name.name for name in node.names]
    return modules


@pytest.mark.parametrize("context", CONTEXTS)
def test_context_reaches_others_through_their_api(context: str) -> None:
    trespasses = []
    for path in sorted((PORTAL / context).rglob("*.py")):
        for module in _imported_modules(path):
            parts = module.split(".")
            foreign = len(parts) > 2 and parts[0] == "portal" and parts[1] in CONTEXTS and parts[1] != context
            if foreign and parts[2] != "api":
                trespasses.append(f"{path.relative_to(PORTAL)} imports {module}")
    assert not trespasses, "\n".join(trespasses)


def test_only_the_unit_of_work_commits() -> None:
    commits = []
    for path in sorted(PORTAL.rglob("*.py")):
        if path.is_relative_to(PORTAL / "db"):
            continue
        calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        methods = (call.func for call in calls if isinstance(call.func, ast.Attribute))
        commits += [f"{path.relative_to(PORTAL)}:{method.lineno}" for method in methods if method.attr == "commit"]
    assert not commits, "\n".join(commits)
