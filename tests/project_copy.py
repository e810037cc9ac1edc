"""Copies of the project that a test may build and break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: All that a build reads.
SOURCES = (
    "analysis",
    "chapters",
    "data",
    "CITATION.cff",
    "CHANGELOG.md",
    "_config.yml",
    "_toc.yml",
    "pyproject.toml",
    "requirements.lock",
)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, by its place there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Copy:
    """A copy of the project in a folder of its own, with its commands.

    Attributes
    ----------
    root, html : Path
        The copy's folder, and where it builds its book.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.html = root / "_build" / "html"
        ignored = shutil.ignore_patterns("__pycache__")
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=ignored)
            else:
                shutil.copy(source, root / name)

    def run(self, *module: str) -> subprocess.CompletedProcess[str]:
        """Run a Python module with the copy's own code and data."""
        return self._python("-m", *module)

    def evaluate(self, code: str) -> str:
        """Return what a piece of Python prints."""
        finished = self._python("-c", code)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(self.root)}
        command = (sys.executable, *arguments)
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )

    @contextmanager
    def changed(self, name: str, old: str, new: str) -> Iterator[None]:
        """Replace a piece of text in a file for as long as the block runs."""
        path = self.root / name
        content = path.read_text(encoding="utf-8")
        assert old in content
        path.write_text(content.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(content, encoding="utf-8")
