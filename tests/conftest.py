"""What several test files share: the built book, and a copy of the project to break."""

from __future__ import annotations

from pathlib import Path

import pytest

from project_copy import ROOT, Copy

pytest_plugins = ["unchanged"]

HTML = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def book() -> Path:
    """Return the folder of the built book, which ``make test`` has just built."""
    if not (HTML / "index.html").exists():
        pytest.fail("There is no book in _build/html; run `make book` first.")
    return HTML


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a copy of the project that a test file may change."""
    return Copy(tmp_path_factory.mktemp("copy"))
