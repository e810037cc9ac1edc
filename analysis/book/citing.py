"""What a citation stands for: shown where it stands, and a way back from the list.

A citation is a link to its entry in the list of references, and each entry names
the pages that cite it. The entries are also written into a file of their own,
which ``static/citations.js`` asks for when a reader first touches a citation.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from analysis.book.html import fill, joined
from analysis.book.sources import slug
from analysis.evidence.writing import write_atomically

#: The page with the list of references, and the file with the same entries.
REFERENCES, ENTRIES = "chapters/references", "_static/references.js"
#: A link to an entry, in text that is markup already.
_LINK = re.compile(r"references\.html#cite-([a-z0-9-]+)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_node(nodes.citation, override=True, html=(_visit, _depart))
    app.connect("doctree-read", _collect)
    app.connect("env-purge-doc", _forget)
    app.connect("env-updated", _pages_to_write)
    app.connect("doctree-resolved", _name_authors)
    app.connect("html-page-context", _note_written)
    app.connect("build-finished", _publish)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def cited(doctree: nodes.Node) -> set[str]:
    """Return the entries that a page cites, by their keys as anchors write them."""
    found: set[str] = set()
    for reference in doctree.findall(addnodes.pending_xref):
        if reference["refdomain"] == "cite":
            found.update(slug(key) for key in reference["reftarget"].split(","))
    for raw in doctree.findall(nodes.raw):
        found.update(_LINK.findall(raw.astext()))
    return found


def back_links(env: BuildEnvironment, entry: str) -> str:
    """Return links to the pages that cite an entry, in the order of the book."""
    pages, key = _citing(env), entry.removeprefix("cite-")
    first = env.config.root_doc
    named = [
        name
        for name in (first, *env.toctree_includes.get(first, ()))
        if key in pages.get(name, ())
    ]
    links = (
        fill(
            '<a href="{page}.html">{title}</a>',
            page=Path(name).name,
            title=env.titles[name].astext(),
        )
        for name in named
    )
    shown = joined(links).replace("\n", ", ")
    return fill('<span class="cited-in">Cited in: {links}</span>', links=shown) if shown else ""


def entries(page: str) -> dict[str, str]:
    """Return each entry of the list of references, as markup, without what leads back.

    Parameters
    ----------
    page : str
        The finished page with the list.
    """
    found = {}
    for entry in BeautifulSoup(page, "html.parser").select("div.citation[id^=cite-]"):
        for part in entry.select(".label, .cited-in, .backrefs"):
            part.decompose()
        found[str(entry["id"])] = entry.decode_contents().strip()
    return found


def _citing(env: BuildEnvironment) -> dict[str, set[str]]:
    """Return the entries that each page cites; kept with what Sphinx remembers of the pages."""
    known: dict[str, set[str]] = vars(env).setdefault("analysis_cited", {})
    return known


def _collect(app: Sphinx, doctree: nodes.document) -> None:
    _citing(app.env)[app.env.docname] = cited(doctree)


def _forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _citing(env).pop(docname, None)


def _pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the list of references written again when other pages cite other entries."""
    now = {name: sorted(found) for name, found in _citing(env).items()}
    before = getattr(env, "analysis_cited_before", None)
    env.analysis_cited_before = now  # type: ignore[attr-defined]
    return [REFERENCES] if now != before and REFERENCES in env.found_docs else []


def _name_authors(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write ``et al.`` in every citation: the database says it in one way, files in another."""
    for reference in doctree.findall(nodes.reference):
        if "#cite-" in reference.get("refuri", ""):
            words = reference.astext().replace(" and others", " et al.")
            reference.children = []
            reference += nodes.Text(words)


def _note_written(app: Sphinx, pagename: str, *_: Any) -> None:
    if pagename == REFERENCES:
        app.references_written = True  # type: ignore[attr-defined]


def _publish(app: Sphinx, exception: Exception | None) -> None:
    """Write the entries where a script can ask for them, also from a folder on disk."""
    if exception is None and hasattr(app, "references_written"):
        page = Path(app.outdir) / f"{REFERENCES}.html"
        found = entries(page.read_text(encoding="utf-8"))
        text = f"citations.receive({json.dumps(found, ensure_ascii=False)});\n"
        write_atomically(Path(app.outdir) / ENTRIES, text.encode())


def _visit(translator: Any, node: nodes.citation) -> None:
    """Begin an entry: its role for books, which docutils gives it, is deprecated."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<div role="list" class="citation-list">\n')
    attributes = {"classes": ["citation"], "role": "listitem"}
    translator.body.append(translator.starttag(node, "div", **attributes))


def _depart(translator: Any, node: nodes.citation) -> None:
    """End an entry, which names the pages that cite it, and after the last one the list."""
    translator.body.append(back_links(translator.builder.env, node["ids"][0]))
    following = node.next_node(descend=False, siblings=True)
    translator.body.append(
        "</div>\n" if isinstance(following, nodes.citation) else "</div></div>\n"
    )
