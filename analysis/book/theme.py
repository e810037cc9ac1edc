"""What the theme leaves to be done for its readers, done.

Nothing that a page does not need is loaded, every page says in its head what
it tells, and the list of references is a list for a screen reader too.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Container
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: Style sheets -> what the text of a page that needs them holds.
NEEDED_FOR = {"sphinx-design.min.css": 'class="sd-', "pygments.css": 'class="highlight'}
#: Scripts of the extensions that no page of this book needs, by file name.
UNUSED_SCRIPTS = {"design-tabs.js"}
#: The theme's own style sheet, written for every site there might be.
THEME_STYLES = "_static/styles/pydata-sphinx-theme.css"
#: Classes that scripts put together from parts.
COMPOSED = ("bs-tooltip",)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMA = re.compile(r",(?![^(\[]*[)\]])")  # not within brackets
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
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
    """Leave in the theme's style sheet what some page or script of this book can use."""
    output = Path(app.outdir)
    path = output / THEME_STYLES
    if exception is not None or not path.exists():
        return
    words: set[str] = set()
    for file in (*output.rglob("*.html"), *(output / "_static").rglob("*.js")):
        words.update(re.findall(r"[\w-]+", file.read_text(encoding="utf-8")))
    path.write_text(used_rules(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def used_rules(styles: str, words: Container[str]) -> str:
    """Return a style sheet without the rules for classes that nothing has.

    Parameters
    ----------
    styles : str
        A style sheet whose rules contain no others, apart from those for media.
    words : container of str
        All words of the pages and scripts, the classes among them.
    """

    def used(selector: str) -> bool:
        # What stands in brackets may be a choice or a denial, and is not asked.
        return all(
            name in words or name.startswith(COMPOSED)
            for name in _CLASS.findall(_BRACKETS.sub("", selector))
        )

    def kept(rule: re.Match[str]) -> str:
        if "@font-face" in rule[1]:
            return ""  # the icon font; static/icons.css draws the icons
        selectors = [selector for selector in _COMMA.split(rule[1]) if used(selector)]
        return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""

    return _RULE.sub(kept, styles)


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
