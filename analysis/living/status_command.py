"""``python -m analysis status``: how current the review is, today."""

from __future__ import annotations

import argparse
import json
from datetime import date

from analysis.evidence import data_directory, project_root, read_table
from analysis.living.search import read_queries
from analysis.living.status import Status, read_protocol, sentence, status
from analysis.review.manifest import data_version


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--json", action="store_true", help="print status.json")


def current_status(today: date | None = None) -> Status:
    """Return the status of the review as its files are now."""
    return status(
        read_protocol(data_directory() / "protocol.toml"),
        read_table("searches").rows,
        read_table("screening").rows,
        scheduled={query.source_name for query in read_queries(data_directory() / "queries")},
        version=data_version(project_root()),
        today=today or date.today(),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the status; being overdue is information, not a failure."""
    state = current_status()
    print(json.dumps(state.as_dict(), indent=2) if arguments.json else _text(state))
    return 0


def _text(state: Status) -> str:
    lines = [sentence(state)]
    for source in state.sources:
        last = source.last_search or "never"
        lines.append(f"  {source.source}: last search {last}, next due {source.next_due}")
    return "\n".join(lines)
