"""``python -m analysis status``: how current the review is, today."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import date

from analysis.evidence import data_directory, project_root, read_table
from analysis.living.search import read_queries
from analysis.living.status import Status, read_protocol, sentence, status
from analysis.review.manifest import data_version
from analysis.review.results import Answer


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--json", action="store_true", help="print status.json")


def current_status(answers: Mapping[str, Answer], today: date | None = None) -> Status:
    """Return the status of the review as its files are now.

    Parameters
    ----------
    answers : mapping of str to Answer
        The present answers, which know whether their certainty was rated before they moved.
    today : datetime.date, optional
        The day for which the status holds.
    """
    return status(
        read_protocol(data_directory() / "protocol.toml"),
        read_table("searches").rows,
        read_table("screening").rows,
        scheduled={query.source_name for query in read_queries(data_directory() / "queries")},
        version=data_version(project_root()),
        today=today or date.today(),
        stale_ratings=[
            name
            for name, answer in answers.items()
            if answer.certainty is not None and answer.certainty.stale
        ],
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the status; being overdue is information, not a failure."""
    # The book asks for the status of answers that it has, without the engine.
    from analysis.review.running import answer_all

    state = current_status(answer_all().answers)
    print(json.dumps(state.as_dict(), indent=2) if arguments.json else _text(state))
    return 0


def _text(state: Status) -> str:
    lines = [sentence(state)]
    for source in state.sources:
        last = source.last_search or "never"
        lines.append(f"  {source.source}: last search {last}, next due {source.next_due}")
    if state.stale_ratings:
        lines.append(f"  certainty ratings to renew: {', '.join(state.stale_ratings)}")
    return "\n".join(lines)
