"""``python -m analysis verify``: whether this machine gets the numbers of the receipt."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence.paths import project_root
from analysis.review.looks import release_folders
from analysis.review.running import answer_all
from analysis.review.serialise import read_results
from analysis.review.verifying import ROUNDING, Difference, differences

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
    """Compare; return 0 if nothing differs but by rounding, else 1; 2 without a receipt."""
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
    return 1 if any(d.kind == "quantity" and not d.is_rounding for d in found) else 0


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
    return lines + _verdict(path, count, quantities)


def _verdict(path: Path, count: int, quantities: list[Difference]) -> list[str]:
    if not quantities:
        return [f"Identical to {path}: every quantity of {count} answers, to the last digit."]
    real = [d for d in quantities if not d.is_rounding]
    if real:
        return [
            f"NOT IDENTICAL to {path}: {len(real)} quantities differ, first:",
            f"  {real[0]}",
        ]
    return [
        f"The same as {path} but for rounding: {len(quantities)} of the quantities in {count} "
        f"answers differ, none by more than {ROUNDING:g} of the larger of 1 and its value; "
        "first:",
        f"  {quantities[0]}",
    ]
