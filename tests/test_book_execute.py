"""A change executes again what depends on it, and only that.

Six chapters with known dependencies stand in a copy of the project. After each
change, every chapter is checked: executed again exactly if it depends on what
changed, and showing exactly what a build from nothing would show.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import factories
from analysis.book.notebooks import read_text, stored_path
from analysis.review.serialise import to_plain
from project_copy import Copy

HEAD = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n# Title\n\n"
CELLS = {
    "none": "1 + 1",
    "first": "from analysis.book.door import results\n\nresults().answers['first'].title",
    "both": "from analysis.book.door import results\n\nlist(results().answers.values())",
    "status": "from analysis.book import page\n\npage.status()",
    "file": "from pathlib import Path\n\nPath('../data/extra.txt').read_text()",
    "folder": "import os\n\nsorted(os.listdir('../data/many'))",
}
EVERY = set(CELLS)


class Book:
    """Six small chapters whose dependencies are known."""

    def __init__(self, root: Path, answer: dict[str, object]) -> None:
        self.copy = Copy(root)
        self.root = root
        shutil.rmtree(root / "chapters")
        (root / "chapters").mkdir()
        for name, cell in CELLS.items():
            text = f"{HEAD}```{{code-cell}} python3\n{cell}\n```\n"
            (root / f"chapters/{name}.md").write_text(text, encoding="utf-8")
        toc = {"root": "chapters/none", "chapters": [{"file": f"chapters/{n}"} for n in CELLS][1:]}
        (root / "_toc.yml").write_text(json.dumps({"format": "jb-book"} | toc), encoding="utf-8")
        (root / "data/many").mkdir()
        self.write("data/extra.txt", "one")
        answers = {name: answer | {"id": name, "title": name} for name in ("first", "second")}
        self.results = {"version": "1", "manifest": {}, "status": {"rows": 1}, "answers": answers}

    def write(self, name: str, content: str) -> None:
        (self.root / name).write_text(content, encoding="utf-8")

    def execute(self) -> set[str]:
        """Bring everything up to date; return the chapters that were executed."""
        (self.root / "_build").mkdir(exist_ok=True)
        self.write("_build/results.json", json.dumps(self.results))
        before = self._written()
        # The results are given here, so they are declared fresh instead of being computed.
        self.copy.evaluate(
            "import sys; from analysis.book import downloads, execute; "
            "downloads.DATA.mkdir(parents=True, exist_ok=True); "
            "execute.STAMP.write_text(execute.results_key()); sys.exit(execute.main())"
        )
        after = self._written()
        return {name for name in CELLS if before.get(name) != after[name]}

    def shown(self) -> dict[str, str]:
        """Return what each chapter's cell shows."""
        notebooks = {name: nbformat.read(path, 4) for name, path in self._paths().items()}
        cells = {name: notebook.cells[1] for name, notebook in notebooks.items()}
        return {name: cell.outputs[0]["data"]["text/plain"] for name, cell in cells.items()}

    def _paths(self) -> dict[str, Path]:
        texts = {n: read_text(self.root / f"chapters/{n}.md") for n in CELLS}
        return {n: self.root / "_build/executed" / stored_path(t).name for n, t in texts.items()}

    def _written(self) -> dict[str, int]:
        return {n: p.stat().st_mtime_ns for n, p in self._paths().items() if p.exists()}


def change_first(book: Book) -> None:
    book.results["answers"]["first"]["title"] += "!"


def change_second(book: Book) -> None:
    book.results["answers"]["second"]["title"] += "!"


def add_answer(book: Book) -> None:
    book.results["answers"]["third"] = book.results["answers"]["first"] | {"id": "third"}


def change_status(book: Book) -> None:
    book.results["status"]["rows"] += 1


def change_file(book: Book) -> None:
    book.write("data/extra.txt", "two")


def touch_file(book: Book) -> None:
    book.write("data/extra.txt", (book.root / "data/extra.txt").read_text())


def add_file(book: Book) -> None:
    book.write("data/many/new.txt", "")


def add_unused_file(book: Book) -> None:
    book.write("data/unused.txt", "")


def change_prose(book: Book) -> None:
    path = book.root / "chapters/none.md"
    path.write_text(path.read_text() + "\nMore.\n")


def change_cell(book: Book) -> None:
    path = book.root / "chapters/none.md"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))


def change_code(book: Book) -> None:
    path = book.root / "analysis/book/page.py"
    path.write_text(path.read_text() + "\n# A comment.\n")


def change_lock(book: Book) -> None:
    path = book.root / "requirements.lock"
    path.write_text(path.read_text() + "\n")


def change_style(book: Book) -> None:
    book.write("analysis/book/static/book.css", "")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("small"), to_plain(factories.answer()))
    assert book.execute() == EVERY
    return book


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        (change_first, {"first", "both"}),
        (change_second, {"both"}),
        (add_answer, {"both"}),
        (change_status, {"status"}),
        (change_file, {"file"}),
        (touch_file, set()),
        (add_file, {"folder"}),
        (add_unused_file, set()),
        (change_prose, set()),
        (change_cell, {"none"}),
        (change_code, EVERY),
        (change_lock, EVERY),
        (change_style, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_executes_the_chapters_it_concerns_and_no_other(
    small: Book, change: Callable[[Book], None], concerned: set[str]
) -> None:
    change(small)
    assert small.execute() == concerned


def test_after_any_number_of_changes_chapters_show_what_a_first_execution_shows(
    small: Book,
) -> None:
    small.execute()
    kept = small.shown()
    shutil.rmtree(small.root / "_build")
    assert small.execute() == EVERY
    assert small.shown() == kept


def test_nothing_is_executed_when_nothing_changed(small: Book) -> None:
    small.execute()
    assert small.execute() == set()


def test_a_failing_cell_is_named_with_its_line_and_the_others_are_kept(small: Book) -> None:
    small.execute()
    path = small.root / "chapters/first.md"
    text = path.read_text()
    path.write_text(text.replace("results()", "results().lod"))
    finished = small.copy.run("analysis.book.execute")
    path.write_text(text)
    assert finished.returncode == 1
    assert "chapters/first.md: the cell at line" in finished.stderr
    assert "has no attribute 'lod'" in finished.stderr
    assert small.execute() == set()


def test_outputs_come_in_the_order_in_which_a_cell_makes_them(small: Book) -> None:
    path = small.root / "chapters/none.md"
    text = path.read_text()
    cell = "from IPython.display import display\nprint('a'); display('b'); print('c')\n'd'"
    path.write_text(text.replace("1 + 2", cell))
    small.execute()
    notebook = nbformat.read(small._paths()["none"], 4)
    path.write_text(text)
    kinds = [
        (o.output_type, o.get("text") or o.data["text/plain"]) for o in notebook.cells[1].outputs
    ]
    assert kinds == [
        ("stream", "a\n"),
        ("display_data", "'b'"),
        ("stream", "c\n"),
        ("execute_result", "'d'"),
    ]
