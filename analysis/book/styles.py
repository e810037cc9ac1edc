"""The book's one style sheet: the theme's and ours, without rules for what no page has.

A browser shows nothing before it has read every style sheet that a page names,
and each is a journey over the reader's line. So the sheets that every page
needs become one file, named in the pages together with its digest: a reader's
browser may keep it until its content changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from analysis.book.citing import ENTRIES

#: The file, in the folder of static files; ``templates/static/webpack-macros.html`` names it.
SHEET = "book-styles.css"
#: What it is made of, in order: later rules prevail.
PARTS = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "mystnb.*.css",
    "figures.css",
    "icons.css",
    "book.css",
    "chapters.css",
)
#: The theme's own, which does nothing but import the first part.
_IMPORTING = "styles/theme.css"
_RULE = re.compile(r"([^{};]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_EMPTY = re.compile(r"@media[^{}]*\{\s*\}")
_CHARSET = re.compile(r"@charset[^;]*;")  # means something at the start of a file only
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_CLASSES = re.compile(r'class="([^"]*)"')
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_NAMED = re.compile(rf"(_static/{re.escape(SHEET)})(?:\?v=\w+)?(?=\")")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("build-finished", _gather)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def is_part(name: str) -> bool:
    """Say whether a style sheet, by its place among the static files, is in the book's one."""
    return any(Path(name).match(part) for part in (*PARTS, _IMPORTING))


def _gather(app: Sphinx, exception: Exception | None) -> None:
    """Make one style sheet of the parts and tell every page its digest."""
    static = Path(app.outdir) / "_static"
    if exception is not None or not static.exists():
        return
    parts = [path for part in PARTS for path in sorted(static.glob(part))]
    if (static / _IMPORTING).exists():  # else no page was written, and Sphinx copied nothing
        _write_sheet(static, parts)
    for path in (*parts, static / _IMPORTING):
        path.unlink(missing_ok=True)


def _write_sheet(static: Path, parts: Sequence[Path]) -> None:
    """Write the one sheet and name it in every page."""
    pages = {path: path.read_text(encoding="utf-8") for path in static.parent.rglob("*.html")}
    lists = (names for text in pages.values() for names in _CLASSES.findall(text))
    had = {name for names in lists for name in names.split()}
    for script in static.rglob("*.js"):  # which may give any word that it holds to something
        if script != static.parent / ENTRIES:  # data, there only if a build went before
            had.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    styles = "".join(used_rules(part.read_text(encoding="utf-8"), had) for part in parts)
    (static / SHEET).write_text(styles, encoding="utf-8")
    digest = hashlib.sha256(styles.encode()).hexdigest()[:8]
    for path, text in pages.items():
        named = _NAMED.sub(rf"\1?v={digest}", text)
        if named != text:
            path.write_text(named, encoding="utf-8")


def used_rules(styles: str, classes: Container[str]) -> str:
    """Return a style sheet without comments and without rules for classes that nothing has.

    Parameters
    ----------
    styles : str
        A style sheet whose rules contain no others, apart from those for media.
    classes : container of str
        All classes that something has or may be given.
    """

    def used(selector: str) -> bool:
        # What stands in brackets may be a choice or a denial, and is not asked.
        while (outer := _BRACKETS.sub("", selector)) != selector:
            selector = outer
        return all(name in classes for name in _CLASS.findall(selector))

    def kept(rule: re.Match[str]) -> str:
        if "@font-face" in rule[1]:
            return ""  # the icon font; static/icons.css draws the icons
        selectors = [selector.strip() for selector in _selectors(rule[1]) if used(selector)]
        return f"{','.join(selectors)}{{{' '.join(rule[2].split())}}}\n" if selectors else ""

    return _EMPTY.sub("", _RULE.sub(kept, _CHARSET.sub("", _COMMENT.sub("", styles))))


def _selectors(listed: str) -> Iterator[str]:
    """Split a list of selectors at the commas that stand in no brackets."""
    start, depth = 0, 0
    for place, sign in enumerate(listed):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            yield listed[start:place]
            start = place + 1
    yield listed[start:]
