"""Chapters as notebooks: reading their text, keeping them executed.

A chapter is MyST Markdown with code cells. Its executed form is kept below
``_build/executed`` under the digest of its cells, with the digests of all its
inputs (:mod:`analysis.book.inputs`) in its metadata: prose may change without
any cell being executed again. Sphinx reads chapters through
:func:`read_executed`, which `_config.yml` names as the reader of ``.md`` files,
and so starts no kernel.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import nbformat
import yaml
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

from analysis.book.inputs import BUILD, ROOT, Inputs, digest
from analysis.evidence.writing import write_atomically

#: Executed chapters, one file for each, named by the digest of the cells.
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


def page_name(path: Path) -> str:
    """Return the name of the page with this file."""
    return path.relative_to(ROOT).with_suffix("").as_posix()


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


@cache
def stored_path(text: str) -> Path:
    """Return where the executed form of a chapter with this text is kept."""
    sources = (cell.source.encode() for cell in _code(parse(text)))
    return STORE / f"{digest(*sources)}.ipynb"


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return a notebook's code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


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
    notebook = parse(text)
    if is_myst_markdown_notebook(text):
        executed = nbformat.read(stored_path(text), as_version=4)
        for cell, done in zip(_code(notebook), _code(executed), strict=True):
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
    _number(notebook)
    return notebook


def _number(notebook: nbformat.NotebookNode) -> None:
    """Name each cell by its place: nbformat draws random names, and no two builds would agree."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


def contents() -> dict[str, str]:
    """Return a digest of each page's text and outputs, by the page's name."""
    return {name: _content(ROOT / f"{name}.md") for name in page_names()}


def _content(path: Path) -> str:
    text = read_text(path)
    outputs = stored_path(text)
    return digest(text.encode(), outputs.read_bytes() if outputs.exists() else b"")


def store(text: str, notebook: nbformat.NotebookNode, inputs: dict[str, str]) -> None:
    """Keep an executed chapter together with the digests of its inputs."""
    notebook.metadata[INPUTS_KEY] = inputs
    _number(notebook)
    path = stored_path(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, f"{nbformat.writes(notebook)}\n".encode())


def why_stale(text: str, now: Inputs) -> list[str]:
    """Return the inputs that moved since a chapter was executed.

    Returns
    -------
    list of str
        Empty if the kept outputs are good; ``["cells"]`` if there are none.
    """
    path = stored_path(text)
    if not path.exists():
        return ["cells"]
    inputs = json.loads(path.read_text(encoding="utf-8"))["metadata"][INPUTS_KEY]
    return sorted(name for name, value in inputs.items() if now.digest(name) != value)
