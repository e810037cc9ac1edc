"""``python -m analysis compare``: what changed between two versions, and what it did."""

from __future__ import annotations

import argparse
import sys

from analysis.evidence.paths import project_root
from analysis.review.change_report import as_markdown
from analysis.review.comparing import compare
from analysis.review.questions import QuestionError, load_questions
from analysis.review.serialise import dumps
from analysis.review.versions import VersionError, find_version, read_folder


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = "git revision, release, folder, or a CSV file in the form of studies.csv"
    parser.add_argument("old", help=what)
    parser.add_argument("new", nargs="?", help=f"{what}; by default the files as they are now")
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; 2 if a version cannot be found or read."""
    root = project_root()
    try:
        old = find_version(arguments.old, root)
        new = (
            find_version(arguments.new, root)
            if arguments.new
            else read_folder("the files as they are now", root)
        )
        found = compare(old, new, load_questions(root / "data" / "questions.toml"))
    except (VersionError, QuestionError) as error:
        print(error, file=sys.stderr)
        return 2
    print(dumps(found) if arguments.json else as_markdown(found), end="")
    return 0
