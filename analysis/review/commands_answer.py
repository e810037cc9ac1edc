"""``python -m analysis answer``: the answers, in words or as JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence.faults import InvalidDataError
from analysis.review.questions import QuestionError
from analysis.review.running import answer_all
from analysis.review.selection import SharedPeopleError
from analysis.review.serialise import dumps, write_results
from analysis.review.words import answer_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", nargs="*", help="questions to answer; all of them if none is named")
    parser.add_argument("--json", action="store_true", help="print the records as JSON")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write all results, with their manifest, to a JSON file",
    )


def run(arguments: argparse.Namespace) -> int:
    """Answer, print, and return 0; 1 if the data or the questions are at fault."""
    try:
        results = answer_all()
    except (QuestionError, SharedPeopleError, InvalidDataError) as error:
        print(error, file=sys.stderr)
        return 1
    unknown = [name for name in arguments.id if name not in results.answers]
    if unknown:
        print(
            f"There is no question {', '.join(map(repr, unknown))}. "
            f"The questions are: {', '.join(results.answers)}.",
            file=sys.stderr,
        )
        return 1
    chosen = {name: results.answers[name] for name in arguments.id or results.answers}
    if arguments.output:
        write_results(results, arguments.output)
        print(f"Wrote {len(results.answers)} answers to {arguments.output}.")
    elif arguments.json:
        print(dumps(chosen if arguments.id else results), end="")
    else:
        print("\n\n".join(answer_text(answer) for answer in chosen.values()))
    return 0
