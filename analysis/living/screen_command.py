"""``python -m analysis screen``: walk the undecided records, one key each."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date

from analysis.evidence import read_table, write_table_atomically
from analysis.evidence.schema import load_schema
from analysis.living.http import SourceError
from analysis.living.screening import (
    Judgement,
    ReviewerStopped,
    judge,
    kappa,
    record,
    show,
    waiting_for,
)
from analysis.living.sources import PUBMED, abstract_of

#: Environment variable with the reviewer's name.
REVIEWER_VARIABLE = "REVIEW_REVIEWER"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--reviewer",
        default=os.environ.get(REVIEWER_VARIABLE, ""),
        help=f"your name, as it will stand in the log (or set {REVIEWER_VARIABLE})",
    )
    parser.add_argument(
        "--second", action="store_true", help="judge what another reviewer has judged already"
    )
    parser.add_argument("--offline", action="store_true", help="do not look for abstracts")


def run(arguments: argparse.Namespace) -> int:
    """Ask about each record until none is left or the reviewer stops."""
    reviewer = arguments.reviewer.strip()
    if not reviewer:
        print("Say who decides: --reviewer 'Your name'", file=sys.stderr)
        return 2
    meanings = _reasons()
    queue = list(waiting_for(read_table("screening").rows, reviewer, second=arguments.second))
    done = 0
    try:
        for number, row in enumerate(queue, 1):
            print(f"\n{number} of {len(queue)}\n{show(row, _abstract(row, arguments.offline))}\n")
            verdict = judge(input, print, meanings)
            if verdict is not None:
                _store(row["record_id"], verdict, reviewer, second=arguments.second)
                done += 1
    except ReviewerStopped:
        print()
    _report(done, len(queue) - done)
    return 0


def _reasons() -> dict[str, str]:
    """Return the protocol's reasons for exclusion, with their meanings."""
    field = next(field for field in load_schema("screening").fields if field.name == "reason")
    return dict(field.meanings)


def _store(record_id: str, verdict: Judgement, reviewer: str, *, second: bool) -> None:
    """Write one decision at once: whatever happens next, it is kept.

    The file is read again each time, so that what another person or a search
    has added meanwhile stays.
    """
    today = date.today().isoformat()
    rows = [
        record(row, verdict, reviewer, today, second=second)
        if row["record_id"] == record_id
        else row
        for row in read_table("screening").rows
    ]
    write_table_atomically("screening", rows)


def _abstract(row: dict[str, str], offline: bool) -> str:
    """Return the abstract from PubMed; abstracts are not kept in the repository."""
    if offline or not row["pmid"]:
        return ""
    try:
        return abstract_of(PUBMED.session(), row["pmid"])
    except SourceError as error:
        return f"(no abstract: {error})"


def _report(done: int, left: int) -> None:
    print(f"{done} decided, {left} left.")
    judged, agreed, value = kappa(read_table("screening").rows)
    if judged:
        says = "not defined: all verdicts are alike" if value is None else f"{value:.2f}"
        print(f"Two reviewers agree on {agreed} of {judged} records; kappa {says}.")
