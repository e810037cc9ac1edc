"""Leaving out unchanged tests never leaves out one that a change may have broken."""

from __future__ import annotations

from pathlib import Path

import pytest

import unchanged
from project_copy import ROOT

META, FIGURES, BOOK = "test_meta_pooling.py", "test_figures_numbers.py", "test_book_build.py"


def key_after_a_change(monkeypatch: pytest.MonkeyPatch, test: str, changed: str) -> bool:
    """Return whether a test file's key moves when another file's content does."""
    path, target, real = unchanged.TESTS / test, ROOT / changed, unchanged.digest
    assert target.is_file()
    before = unchanged.key(path)

    def digest(file: Path) -> str:
        return "changed" if file == target else real(file)

    monkeypatch.setattr(unchanged, "digest", digest)
    return unchanged.key(path) != before


@pytest.mark.parametrize(
    ("test", "changed"),
    [
        (META, f"tests/{META}"),
        (META, "analysis/meta/kernel.py"),
        (META, "analysis/meta/rare.py"),
        (META, "analysis/__init__.py"),
        (META, "tests/tolerances.py"),
        (META, "tests/reference/results/bcg.json"),
        (META, "requirements.lock"),
        (FIGURES, "analysis/review/results.py"),
        (BOOK, "data/studies.csv"),
        (BOOK, "analysis/meta/kernel.py"),
        (BOOK, "_config.yml"),
        (BOOK, "chapters/index.md"),
    ],
)
def test_a_change_of_what_a_test_may_depend_on_runs_it_again(
    monkeypatch: pytest.MonkeyPatch, test: str, changed: str
) -> None:
    assert key_after_a_change(monkeypatch, test, changed)


@pytest.mark.parametrize(
    ("test", "changed"),
    [(META, "data/studies.csv"), (META, "analysis/book/page.py"), (FIGURES, "chapters/index.md")],
)
def test_a_change_of_anything_else_does_not(
    monkeypatch: pytest.MonkeyPatch, test: str, changed: str
) -> None:
    assert not key_after_a_change(monkeypatch, test, changed)
