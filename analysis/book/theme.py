"""What the theme leaves to be done for its readers, done.

Nothing that a page does not need is loaded, every page says in its head what
it tells, and the list of references is a list for a screen reader too.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: Style sheets -> what the text of a page that needs them holds.
NEEDED_FOR = {"sphinx-design.min.css": 'class="sd-', "pygments.css": 'class="highlight'}
#: Scripts of the extensions that no page of this book needs, by file name.
UNUSED_SCRIPTS = {"design-tabs.js"}
#: The theme's own style sheet. It carries an icon font (``static/icons.css`` draws the icons).
THEME_STYLES = "_static/styles/pydata-sphinx-theme.css"
_ICON_FONT = re.compile(
    r"@font-face\{[^}]*Font Awesome[^}]*\}"
    r"|(?:\.fa-[\w-]+(?:::?before)?,?)+\{(?:content|--fa(?:--fa)?):[^}]*\}"
)
#: Search engines show about this many characters of a description.
DESCRIPTION = 160


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_node(nodes.citation, override=True, html=(_visit_citation, _depart_citation))
    app.add_js_file("boxes.js", loading_method="defer")
    app.add_css_file("print.css", media="print")
    # After the theme, which fills in the same fields.
    app.connect("html-page-context", _lighten_page, priority=900)
    app.connect("build-finished", _lighten_styles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _lighten_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Take out of a page's head what it does not need, and describe the page."""
    body = context.get("body", "")
    unused = UNUSED_SCRIPTS | {name for name, sign in NEEDED_FOR.items() if sign not in body}
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if _name(file) not in unused]
    context["page_description"] = describe(doctree) if doctree else ""


def _name(file: Any) -> str:
    """Return the bare name of a script or a style sheet."""
    return Path(str(getattr(file, "filename", file))).name


def describe(doctree: nodes.document) -> str:
    """Return the first words of a page: of its short version if it has one."""
    short = [node for node in doctree.findall(nodes.admonition) if "short" in node["classes"]]
    place = short[0] if short else doctree
    text = " ".join(node.astext() for node in place.findall(nodes.paragraph))
    return textwrap.shorten(text, DESCRIPTION, placeholder=" …")


def _lighten_styles(app: Sphinx, exception: Exception | None) -> None:
    """Take the icon font out of the theme's style sheet, a third of its weight."""
    path = Path(app.outdir) / THEME_STYLES
    if exception is None and path.exists():
        path.write_text(without_icon_font(path.read_text(encoding="utf-8")), encoding="utf-8")


def without_icon_font(styles: str) -> str:
    """Return a style sheet without the rules that only an icon font needs."""
    return _ICON_FONT.sub("", styles)


def _visit_citation(translator: Any, node: nodes.citation) -> None:
    """Begin an entry: its role for books, which docutils gives it, is deprecated."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<div role="list" class="citation-list">\n')
    attributes = {"classes": ["citation"], "role": "listitem"}
    translator.body.append(translator.starttag(node, "div", **attributes))


def _depart_citation(translator: Any, node: nodes.citation) -> None:
    """End an entry, and after the last one the list."""
    following = node.next_node(descend=False, siblings=True)
    translator.body.append(
        "</div>\n" if isinstance(following, nodes.citation) else "</div></div>\n"
    )
