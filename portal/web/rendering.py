"""One template serves the page and the htmx partial."""

from __future__ import annotations

from flask import Flask, current_app, request
from jinja2 import StrictUndefined

from portal.web.guards import htmx_request
from portal.web.locale import language


def wants_partial() -> bool:
    """Tell whether htmx asks for a fragment: boosted links and history restores want the whole page."""
    return htmx_request() and request.headers.get("HX-Request-Type", "partial") == "partial"


def render_page(template: str, *, block: str | None = None, **context: object) -> str:
    """Render a template whole or, for an htmx partial request, only its named block.

    A block rendered alone does not see the imports and `set` at the top of its file: put them inside the block.
    """
    if block is None or not wants_partial():
        page = current_app.jinja_env.get_template(template)
        current_app.update_template_context(context)
        return page.render(context)
    return render_block(template, block, **context)


def render_bare(template: str, **context: object) -> str:
    """Render a page that shows no person, no navigation and no language switch: what a scan or a failure answers.

    The template has `locale` and the globals; the context processors are spared.
    """
    return current_app.jinja_env.get_template(template).render(locale=language(), **context)


def render_block(template: str, block: str, **context: object) -> str:
    """Render one named block of a template."""
    found = current_app.jinja_env.get_template(template)
    current_app.update_template_context(context)
    return "".join(found.blocks[block](found.new_context(context)))


def init_app(app: Flask) -> None:
    """Make an undefined variable an error instead of an empty place."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
