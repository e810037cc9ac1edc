"""The book's Sphinx extension, named in ``_config.yml``.

This extension executes what is stale before any page is read; which pages to
read and to write again is the matter of :mod:`analysis.book.incremental`. It
works with ``jupyter-book build .`` as well as with ``python -m analysis build``.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from analysis.book import downloads, execute, mathml
from analysis.book.errors import ExecutionFailed
from analysis.book.theme import UNUSED_SCRIPTS
from analysis.figures import theme

#: The colours of the figures, which come from their palette in Python.
FIGURE_STYLES = "figures.css"
#: What themes and extensions copy into the output though no page refers to it.
UNUSED_FILES = (
    "**/*.map",
    "vendor",
    "locales",
    "*webpack-macros.html",
    "scripts/fontawesome.js*",
    *UNUSED_SCRIPTS,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to Sphinx."""
    app.connect("config-inited", _await_last_book)
    app.connect("builder-inited", _execute_stale)
    app.connect("builder-inited", _write_figure_styles)
    app.connect("env-before-read-docs", _note_read)
    app.add_css_file(FIGURE_STYLES)
    app.connect("build-finished", _remove_unused)
    app.connect("build-finished", _publish)
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _await_last_book(app: Sphinx, config: Any) -> None:
    """Wait until the last book is laid out, before Sphinx looks for what it remembers of it."""
    if execute.BY_DRIVER in os.environ:
        _await_driver()


def _await_driver() -> None:
    if not sys.stdin.readline():
        raise ExtensionError("The build that executes the chapters was ended.")


def _execute_stale(app: Sphinx) -> None:
    """Bring results and executed chapters up to date, or stop the build."""
    if execute.BY_DRIVER in os.environ:
        _await_driver()
        return
    try:
        execute.refresh()
    except ExecutionFailed as error:
        raise ExtensionError(str(error)) from error


def _note_read(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    app.pages_read = set(docnames)  # type: ignore[attr-defined]


def _write_figure_styles(app: Sphinx) -> None:
    """Write the figures' palette where the pages find it."""
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURE_STYLES).write_text(theme.css(), encoding="utf-8")


def _remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Delete copied files that no page refers to."""
    for pattern in UNUSED_FILES:
        for path in (Path(app.outdir) / "_static").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _publish(app: Sphinx, exception: Exception | None) -> None:
    """Put the files for researchers into a book that was built."""
    if exception is None:
        read = app.pages_read  # type: ignore[attr-defined]
        downloads.publish(Path(app.outdir), read)
