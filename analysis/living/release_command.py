"""``python -m analysis release``: give the review as it stands a number and a folder."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from analysis.evidence import project_root
from analysis.living.release import NAMED_IN, finish, obstacles, plan, publish
from analysis.living.releases import read_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be released, and write nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Release; return 1, naming every reason, where that is not possible."""
    root = project_root()
    releases = read_releases(root)
    if releases and not arguments.dry_run and finish(root, releases[-1]):
        print(f"The release {releases[-1].version} had been interrupted; it is whole now.")
        _say_what_to_do(releases[-1].version)
        return 0
    in_the_way = list(obstacles(root))
    for reason in in_the_way:
        print(reason, file=sys.stderr)
    if in_the_way and not arguments.dry_run:
        return 1
    made = plan(root, date.today())
    if made is None:
        print(f"Nothing was committed since release {releases[-1].version}.", file=sys.stderr)
        return 1
    print("\n".join([f"Release {made.version}, {made.released_on}", "", *made.evidence, ""]))
    if arguments.dry_run:
        print("Nothing was written.")
        return 1 if in_the_way else 0
    publish(root, made)
    _say_what_to_do(made.version)
    return 0


def _say_what_to_do(version: str) -> None:
    print(
        f"data/releases/{version} is written, and named in {', '.join(NAMED_IN)}. Now:\n"
        f"  git add data/releases/{version} {' '.join(NAMED_IN)}\n"
        f"  git commit -m 'Release {version}'\n"
        f"  git tag {version}"
    )
