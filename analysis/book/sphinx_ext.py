"""The book's Sphinx extension, named in ``_config.yml``.

Sphinx and MyST-NB decide by a page's own text whether to read it again; data,
code and package versions do not count, and a stale page looks like a fresh one.
This extension executes what is stale before any page is read, and tells Sphinx
which pages to read again. It works with ``jupyter-book build .`` as well as
with ``python -m analysis build``.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from analysis.book import execute, inputs, mathml, notebooks


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to Sphinx."""
    app.connect("config-inited", _execute_stale, priority=900)
    app.connect("env-get-outdated", _outdated)
    app.connect("env-updated", _remember)
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _execute_stale(app: Sphinx, config: Any) -> None:
    """Bring results and executed chapters up to date, or stop the build."""
    try:
        execute.refresh()
    except execute.ExecutionFailed as error:
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
