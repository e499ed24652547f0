"""What no template may hold: inline code (the content policy forbids it), unknown classes, sentences badly typeset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, meta, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
NAMES = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]

# Names given for scripts and for reading, with nothing to style.
HOOKS = {"j-page-company", "j-letter-place", "j-route"}

FORBIDDEN = {
    "inline style": r"<[^>]*\sstyle\s*=",
    "style element": r"<style\b",
    "event attribute": r"<[^>]*\son[a-z]+\s*=",
    "htmx event attribute": r"\bhx-on\b",
    "evaluated value": r"\bjs:|javascript:",
    "trigger filter": r"hx-trigger\s*=\s*\"[^\"]*\[",
    "inline script": r"<script\b(?![^>]*\b(?:src\s*=|type\s*=\s*\"application/json\"))",
    "outside address": r"(?:src|href)\s*=\s*\"(?:https?:)?//",
}


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


def _sentences(environment: Environment, source: str) -> list[str]:
    """Return the texts given to `_`, `gettext`, `ngettext` and `{% trans %}` in a template."""
    tree = environment.parse(source)
    calls = [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    return [
        argument.value
        for call in calls
        if call.node.name in {"_", "gettext", "ngettext"}  # type: ignore[attr-defined]
        for argument in call.args
        if isinstance(argument, nodes.Const) and isinstance(argument.value, str)
    ]


def test_there_are_templates_and_scripts_to_check() -> None:
    assert len(TEMPLATES) > 20 and len(SCRIPTS) > 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", list(FORBIDDEN))
def test_no_template_holds_inline_code(name: str, fault: str) -> None:
    text = _without_comments((ROOT / "templates" / name).read_text(encoding="utf-8"))
    # What Jinja computes inside a tag may hold ">" and quotes: it is not markup.
    markup = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    assert not re.findall(FORBIDDEN[fault], markup, flags=re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles_and_finds_what_it_includes(app: Flask, name: str) -> None:
    environment = app.jinja_env
    environment.get_template(name)
    tree = environment.parse((ROOT / "templates" / name).read_text(encoding="utf-8"))
    for used in meta.find_referenced_templates(tree):
        if used is not None:
            assert used in NAMES, f"{name} uses {used}, which does not exist"
    for imported in tree.find_all(nodes.FromImport):
        assert isinstance(imported.template, nodes.Const)
        source = environment.get_template(imported.template.value).module
        for entry in imported.names:
            macro = entry if isinstance(entry, str) else entry[0]
            assert hasattr(source, macro), f"{name} imports {macro} from {imported.template.value}"


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_typeset_as_french_asks(app: Flask, name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    faults = [
        text
        for text in _sentences(app.jinja_env, source)
        if "'" in text or re.search(r"\w [:;?!»]", text) or re.search(r"« \w", text) or "..." in text
    ]
    assert not faults


def test_every_class_of_ours_is_styled() -> None:
    styles = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "static" / "css").glob("*.css"))
    known = set(re.findall(r"\.(j-[a-z_-]*[a-z])", styles)) | HOOKS
    missing: dict[str, str] = {}
    for path in [*TEMPLATES, *SCRIPTS]:
        text = _without_comments(path.read_text(encoding="utf-8"))
        for found in re.findall(r"(?<![\w-])(j-[a-z_-]*[a-z])(?![\w-]|\$\{)", text):
            if found not in known:
                missing[found] = path.name
    assert not missing


def test_scripts_build_no_markup_from_text_and_evaluate_nothing() -> None:
    for path in SCRIPTS:
        found = re.findall(
            r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)", path.read_text("utf-8")
        )
        assert not found, f"{path.name}: {found}"


def test_one_script_alone_names_the_map_library() -> None:
    naming = [path.name for path in SCRIPTS if re.search(r"\bL\.[a-z]|protomapsL\b", path.read_text("utf-8"))]
    # The base map's rules get the library as an argument; its documentation names it.
    assert set(naming) <= {"map.js", "basemap.js"}
