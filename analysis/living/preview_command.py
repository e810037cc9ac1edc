"""``python -m analysis preview``: what the edits since a version did, in words and figures."""

from __future__ import annotations

import argparse
import shutil
import sys

from analysis.evidence import data_directory, project_root
from analysis.evidence.faults import errors_in
from analysis.evidence.rendering import as_text
from analysis.evidence.validation import validate
from analysis.evidence.writing import replace_folder
from analysis.living.preview import Preview, preview
from analysis.review.questions import QuestionError, load_questions
from analysis.review.versions import VersionError, find_version, read_folder


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "base",
        nargs="?",
        default="HEAD",
        help="git revision, release or folder to compare with (default: the last commit)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check and compare; return 1 if the data have errors, 2 if there is no such version."""
    root = project_root()
    faults = validate()
    if any(errors_in(faults)):
        print(as_text(faults))
        return 1
    try:
        old = find_version(arguments.base, root)
        new = read_folder("the files as they are now", root)
        made = preview(old, new, load_questions(data_directory() / "questions.toml"), faults)
    except (VersionError, QuestionError) as error:
        print(error, file=sys.stderr)
        return 2
    print(made.text.partition("<details>")[0].rstrip())
    _write(made)
    print("\nWith figures: _build/preview/preview.md")
    return 0


def _write(made: Preview) -> None:
    """Put the report and its figures in place together, so that neither is older."""
    place = project_root() / "_build" / "preview"
    staging = place.with_suffix(".staging")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name, svg in made.figures.items():
        (staging / name).write_text(svg, encoding="utf-8")
    (staging / "preview.md").write_text(made.text, encoding="utf-8")
    replace_folder(staging, place)
