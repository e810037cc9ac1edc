"""Scripts and styles that a page carries only if it has something for them to do."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

#: What a page's text must hold -> the files it then gets, from ``static``.
NEEDED_FOR = {
    'class="filterable"': ("tables.js",),
    "<details": ("details.js",),
    'class="repool"': ("repool.js",),
    "#cite-": ("citations.js",),
    'class="explore"': ("explore.js", "explore.css"),
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("html-page-context", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Add to a page the files that its text asks for."""
    body = context.get("body", "")
    for sign, files in NEEDED_FOR.items():
        for name in files if sign in body else ():
            if name.endswith(".css"):
                app.add_css_file(name)
            else:
                app.add_js_file(name, loading_method="defer")
