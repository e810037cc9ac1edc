"""Scripts that a page carries only if it has something for them to do."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

#: What a page's text must hold -> the script it then gets, from ``static``.
NEEDED_FOR = {
    'class="filterable"': "tables.js",
    "<details": "details.js",
    'class="repool"': "repool.js",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("html-page-context", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Add to a page the scripts that its text asks for."""
    body = context.get("body", "")
    for sign, script in NEEDED_FOR.items():
        if sign in body:
            app.add_js_file(script, loading_method="defer")
