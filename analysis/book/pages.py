"""Sphinx in a process of its own, ready before it is needed.

Loading Sphinx, the theme and the extensions takes longer than reading and
writing one page. So :mod:`analysis.book.build` starts this process first of all
and finds out meanwhile what there is to build.
"""

from __future__ import annotations

import sys
from importlib import import_module

import yaml
from jupyter_book.cli.main import main as jupyter_book  # type: ignore[import-untyped]
from sphinx.application import builtin_extensions

from analysis.book.inputs import ROOT


def main() -> None:
    """Load everything, wait for a line and do what the arguments tell ``jupyter-book``."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for name in (*builtin_extensions, *config["sphinx"]["config"]["extensions"]):
        import_module(name)
    if sys.stdin.readline():  # nothing comes from a build that was killed
        jupyter_book(prog_name="jupyter-book")


if __name__ == "__main__":
    main()
