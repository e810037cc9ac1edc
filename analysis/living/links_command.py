"""``python -m analysis links``: which addresses in the built book are dead."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from analysis.evidence import project_root
from analysis.living.links import addresses, check


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe ``links``, which has no options."""
    parser.description = "Ask for every outside address in the built book, at most once a second."


def run(_: argparse.Namespace) -> int:
    """Check; return 1 if an address is dead, 2 if there is no book."""
    book = project_root() / "_build" / "html"
    if not (book / "index.html").exists():
        print("There is no book yet; run `make book` first.", file=sys.stderr)
        return 2
    links = addresses(book)
    with tqdm(total=len(links), desc="Links", unit=" links") as bar:
        verdicts = check(links, lambda _: _count(bar))
    for verdict in verdicts:
        if verdict.kind != "alive":
            where = ", ".join(verdict.pages[:3])
            print(f"{verdict.kind}: {verdict.url} ({verdict.why}; on {where})")
    dead = sum(verdict.kind == "dead" for verdict in verdicts)
    unsure = sum(verdict.kind == "unsure" for verdict in verdicts)
    print(f"{len(verdicts)} links, {dead} dead, {unsure} that programs may not see.")
    return 1 if dead else 0


def _count(bar: tqdm) -> None:
    bar.update()
