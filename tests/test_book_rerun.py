"""A notebook taken from the book runs in a fresh copy of the project and says the same again."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

from project_copy import Copy

#: A chapter with figures, tables and numbers in its cells.
NAME = "fibromyalgia"


def shown(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """Return what the cells show, as pages."""
    return [
        [output["data"]["text/html"] for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_a_downloaded_notebook_runs_again_and_shows_the_same(
    copy: Copy, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(copy.root))
    notebook = nbformat.read(book / "notebooks" / f"{NAME}.ipynb", as_version=4)
    before = shown(notebook)
    assert len(before) > 5
    assert not (copy.root / "_build").exists()  # it answers the questions itself
    folder = {"metadata": {"path": str(copy.root / "chapters")}}
    nbclient.NotebookClient(notebook, timeout=300, resources=folder).execute()
    assert shown(notebook) == before
