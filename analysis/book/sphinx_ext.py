"""The book's Sphinx extension, named in ``_config.yml``.

Sphinx and MyST-NB decide by a page's own text whether to read it again; data,
code and package versions do not count, and a stale page looks like a fresh one.
This extension executes what is stale before any page is read, and tells Sphinx
which pages to read again. It works with ``jupyter-book build .`` as well as
with ``python -m analysis build``.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from pybtex.plugin import find_plugin, register_plugin
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from analysis.book import downloads, execute, inputs, mathml, notebooks
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
#: What writes the text of citations: asked for once per citation.
_CITATION_BACKENDS = ("docutils", "plaintext")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to Sphinx."""
    _keep_citation_backends()
    app.connect("builder-inited", _execute_stale)
    app.connect("env-get-outdated", _outdated)
    app.connect("env-updated", _remember)
    app.connect("builder-inited", _write_figure_styles)
    app.add_css_file(FIGURE_STYLES)
    app.connect("build-finished", _remove_unused)
    app.connect("build-finished", _publish)
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _keep_citation_backends() -> None:
    """Find the backends now: each search reads the metadata of every installed package."""
    for name in _CITATION_BACKENDS:
        backend = find_plugin("pybtex.backends", name)
        register_plugin("pybtex.backends", name, backend, force=True)


def _execute_stale(app: Sphinx) -> None:
    """Bring results and executed chapters up to date, or stop the build."""
    if execute.BY_DRIVER in os.environ:
        sys.stdin.readline()
        return
    try:
        execute.refresh()
    except ExecutionFailed as error:
        raise ExtensionError(str(error)) from error


def _executed() -> dict[str, str]:
    """Return the digest of each chapter's executed notebook by document name."""
    return {
        path.relative_to(inputs.ROOT).with_suffix("").as_posix(): inputs.digest(
            notebooks.stored_path(notebooks.read_text(path)).read_bytes()
        )
        for path in notebooks.chapter_paths()
    }


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Return the pages that show an older execution than the present one."""
    shown = getattr(env, "analysis_executed", {})
    return [name for name, value in _executed().items() if shown.get(name) != value]


def _remember(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep with the environment which executions its pages show."""
    env.analysis_executed = _executed()  # type: ignore[attr-defined]
    return []


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
        downloads.publish(Path(app.outdir))
