"""``python -m analysis forms``: write the issue forms again after a change of the schemas."""

from __future__ import annotations

import argparse

from analysis.evidence import project_root, write_atomically
from analysis.living.forms import forms


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe ``forms``, which has no options."""
    parser.description = "Write .github/ISSUE_TEMPLATE from data/schemas."


def run(_: argparse.Namespace) -> int:
    """Write every form."""
    folder = project_root() / ".github" / "ISSUE_TEMPLATE"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in forms().items():
        write_atomically(folder / name, text.encode())
        print(f".github/ISSUE_TEMPLATE/{name}")
    return 0
