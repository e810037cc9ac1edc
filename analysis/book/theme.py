"""What the theme leaves to be done for its readers, done.

Nothing that a page does not need is loaded, and every page says in its head what
it tells.
"""

from __future__ import annotations

import textwrap
from typing import Any

from docutils import nodes
from jinja2 import FileSystemBytecodeCache
from sphinx.application import Sphinx

from analysis.book import inputs, styles

#: Style sheets -> what the text of a page that needs them holds.
NEEDED_FOR = {"sphinx-design.min.css": 'class="sd-', "pygments.css": 'class="highlight'}
#: Scripts of theme and extensions that no page of this book needs, among the static files.
#: Bootstrap's would show the names of buttons, as browsers do, and open one menu
#: (``templates/article-header-buttons.html``).
UNUSED_SCRIPTS = {"design-tabs.js", "scripts/bootstrap.js", "scripts/bootstrap.js.LICENSE.txt"}
#: Compiled templates, each under the digest of its text.
COMPILED = inputs.BUILD / "templates"
#: Search engines show about this many characters of a description.
DESCRIPTION = 160


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    for name in ("scripts/pydata-sphinx-theme.js", "boxes.js"):
        app.add_js_file(name, loading_method="defer")
    app.add_css_file("print.css", media="print")
    app.connect("builder-inited", _keep_compiled)
    # After the theme, which fills in the same fields.
    app.connect("html-page-context", _lighten_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _keep_compiled(app: Sphinx) -> None:
    """Keep the compiled templates: compiling them takes as long as writing two pages."""
    COMPILED.mkdir(parents=True, exist_ok=True)
    templates: Any = app.builder.templates
    templates.environment.bytecode_cache = FileSystemBytecodeCache(str(COMPILED))


def _lighten_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Take out of a page's head what it does not need, and describe the page."""
    body = context.get("body", "")
    unused = UNUSED_SCRIPTS | {name for name, sign in NEEDED_FOR.items() if sign not in body}
    # A script without a file tells the theme's switch of versions, which is not here, the page.
    scripts = [file for file in context["script_files"] if _name(file) not in {*unused, ""}]
    # The search page's own script, in its text, calls others at once.
    context["script_files"] = scripts if pagename == "search" else [_deferred(s) for s in scripts]
    context["css_files"] = [
        sheet
        for sheet in context["css_files"]
        if _name(sheet) not in unused and not styles.is_part(_name(sheet))
    ]
    context["page_description"] = describe(doctree) if doctree else ""


def _name(file: Any) -> str:
    """Return the place of a script or a style sheet among the static files."""
    return str(file.filename or "").removeprefix("_static/")


def _deferred(script: Any) -> Any:
    """Return a script as one that waits until the page is read, so that nobody waits for it."""
    attributes = {**script.attributes, "defer": "defer"}
    return type(script)(script.filename, priority=script.priority, **attributes)


def describe(doctree: nodes.document) -> str:
    """Return the first words of a page: of its short version if it has one."""
    short = [node for node in doctree.findall(nodes.admonition) if "short" in node["classes"]]
    place = short[0] if short else doctree
    text = " ".join(node.astext() for node in place.findall(nodes.paragraph))
    return textwrap.shorten(text, DESCRIPTION, placeholder=" …")
