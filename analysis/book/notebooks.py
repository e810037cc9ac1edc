"""Chapters as notebooks: reading their text, keeping them executed.

A chapter is MyST Markdown with code cells. Its executed form is kept below
``_build/executed`` under the digest of its text, with the digests of all its
inputs (:mod:`analysis.book.inputs`) in its metadata. Sphinx reads chapters
through :func:`read_executed`, which `_config.yml` names as the reader of
``.md`` files, and so starts no kernel.
"""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import yaml
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

from analysis.book.inputs import BUILD, ROOT, Inputs, digest

#: Executed chapters, one file for each, named by the digest of the text.
STORE = BUILD / "executed"
#: Where an executed notebook keeps the digests of its inputs.
INPUTS_KEY = "analysis_inputs"


def page_names() -> list[str]:
    """Return the names of all pages, without suffix, in the order of ``_toc.yml``."""
    return _toc_names(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))


def chapter_paths() -> list[Path]:
    """Return the pages that have code cells, in the same order."""
    paths = [ROOT / f"{name}.md" for name in page_names()]
    return [path for path in paths if is_myst_markdown_notebook(read_text(path))]


def _toc_names(entry: object) -> list[str]:
    """Return every ``root`` and ``file`` below an entry of the table of contents."""
    if isinstance(entry, list):
        return [name for item in entry for name in _toc_names(item)]
    if not isinstance(entry, dict):
        return []
    own = [entry[key] for key in ("root", "file") if key in entry]
    nested = [_toc_names(entry.get(key)) for key in ("parts", "chapters", "sections")]
    return own + [name for names in nested for name in names]


def read_text(path: Path) -> str:
    """Return a chapter's text as Sphinx reads it (line ends as line feeds)."""
    return "".join(f"{line}\n" for line in path.read_text(encoding="utf-8-sig").splitlines())


def parse(text: str) -> nbformat.NotebookNode:
    """Return a chapter's text as a notebook without outputs."""
    return read_myst_markdown_notebook(text, add_source_map=True)


def stored_path(text: str) -> Path:
    """Return where the executed form of a chapter with this text is kept."""
    return STORE / f"{digest(text.encode())}.ipynb"


def read_executed(text: str) -> nbformat.NotebookNode:
    """Return the notebook for a chapter's text, with outputs where it has cells.

    Parameters
    ----------
    text : str
        The whole chapter, as Sphinx hands it over.

    Raises
    ------
    FileNotFoundError
        If the chapter has cells and was not executed before.
    """
    if not is_myst_markdown_notebook(text):
        return parse(text)
    return nbformat.read(stored_path(text), as_version=4)


def store(text: str, notebook: nbformat.NotebookNode, inputs: dict[str, str]) -> None:
    """Keep an executed chapter together with the digests of its inputs."""
    notebook.metadata[INPUTS_KEY] = inputs
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # nbformat draws random ids: no two builds would agree
    path = stored_path(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    nbformat.write(notebook, unfinished)
    unfinished.replace(path)


def why_stale(text: str, now: Inputs) -> list[str]:
    """Return the inputs that moved since a chapter was executed.

    Returns
    -------
    list of str
        Empty if the kept outputs are good; ``["text"]`` if there are none.
    """
    path = stored_path(text)
    if not path.exists():
        return ["text"]
    inputs = json.loads(path.read_text(encoding="utf-8"))["metadata"][INPUTS_KEY]
    return sorted(name for name, value in inputs.items() if now.digest(name) != value)
