"""``python -m analysis verify``: whether this machine gets the numbers of the receipt."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence.paths import project_root
from analysis.review.looks import release_folders
from analysis.review.running import answer_all
from analysis.review.serialise import read_results
from analysis.review.verifying import Difference, differences

_WORDS = {
    "input": "Inputs that differ",
    "lock file": "The lock file differs",
    "package": "Packages of another version",
    "Python": "Python of another version",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "receipt",
        nargs="?",
        type=Path,
        help="a results.json; by default that of the newest release",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare; return 0 if every quantity is identical, 1 if one differs, 2 without a receipt."""
    path = arguments.receipt or newest_receipt(project_root())
    if path is None or not path.is_file():
        print(
            f"There is no receipt {path or 'in data/releases'}. `python -m analysis answer "
            "--output FILE` writes one.",
            file=sys.stderr,
        )
        return 2
    try:
        receipt = read_results(path)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    found = differences(receipt, answer_all())
    print("\n".join(_report(path, len(receipt.answers), found)))
    return 1 if any(difference.kind == "quantity" for difference in found) else 0


def newest_receipt(root: Path) -> Path | None:
    """Return the receipt of the newest release, None before the first one."""
    folders = release_folders(root)
    return folders[-1] / "results.json" if folders else None


def _report(path: Path, count: int, found: list[Difference]) -> list[str]:
    quantities = [d for d in found if d.kind == "quantity"]
    lines = []
    for kind, words in _WORDS.items():
        of_kind = [d for d in found if d.kind == kind]
        if of_kind:
            lines += [f"{words}:", *(f"  {difference}" for difference in of_kind)]
    if quantities:
        lines.append(f"NOT IDENTICAL to {path}: {len(quantities)} quantities differ, first:")
        lines.append(f"  {quantities[0]}")
    else:
        lines.append(f"Identical to {path}: every quantity of {count} answers, to the last digit.")
    return lines
