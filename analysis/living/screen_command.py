"""``python -m analysis screen``: walk the undecided records, one key each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from analysis.evidence import read_table, write_table_atomically
from analysis.evidence.schema import load_schema
from analysis.living.http import SourceError
from analysis.living.screening import (
    ReviewerStopped,
    Row,
    disputed,
    judge,
    kappa,
    record,
    settled,
    show,
    waiting_for,
)
from analysis.living.sources import (
    CLINICALTRIALS,
    PUBMED,
    TRIES_IN_A_DIALOGUE,
    abstract_of,
    registered_trial,
)

#: Environment variable with the reviewer's name.
REVIEWER_VARIABLE = "REVIEW_REVIEWER"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--reviewer",
        default=os.environ.get(REVIEWER_VARIABLE, ""),
        help=f"your name, as it will stand in the log (or set {REVIEWER_VARIABLE})",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--second", action="store_true", help="judge what another reviewer has judged already"
    )
    which.add_argument("--settle", action="store_true", help="decide where two reviewers disagree")
    parser.add_argument("--offline", action="store_true", help="do not look for abstracts")


def run(arguments: argparse.Namespace) -> int:
    """Ask about each record until none is left or the reviewer stops."""
    reviewer = arguments.reviewer.strip()
    if not reviewer:
        print('Say who decides: --reviewer "Your Name"', file=sys.stderr)
        return 2
    log = read_table("screening").rows
    decided: Callable[..., Row] = partial(record, second=arguments.second)
    queue = list(waiting_for(log, reviewer, second=arguments.second))
    if arguments.settle:
        decided, queue = settled, list(disputed(log))
    searches = {row["search_id"]: row for row in read_table("searches").rows}
    meanings = load_schema("screening")["reason"].meanings
    abstract = _abstracts(offline=arguments.offline)
    today = date.today().isoformat()
    done = 0
    try:
        for number, row in enumerate(queue, 1):
            shown = show(row, searches.get(row["source"], {}), abstract(row))
            print(f"\n{number} of {len(queue)}\n{shown}\n")
            verdict = judge(input, print, meanings)
            if verdict is not None:
                decide = partial(decided, judgement=verdict, reviewer=reviewer, today=today)
                _store(row["record_id"], decide)
                done += 1
    except ReviewerStopped:
        print()
    _report(done, len(queue) - done)
    return 0


def _store(record_id: str, decide: Callable[[Row], Row]) -> None:
    """Write one decision at once: whatever happens next, it is kept.

    The file is read again each time, so that what another person or a search
    has added meanwhile stays.
    """
    rows = [
        decide(row) if row["record_id"] == record_id else row
        for row in read_table("screening").rows
    ]
    write_table_atomically("screening", rows)


def _abstracts(*, offline: bool) -> Callable[[Mapping[str, str]], str]:
    """Return what fetches a record's abstract; abstracts are not kept in the repository.

    A service that failed once is left alone, so that nobody waits for it before each record.
    """
    silent: set[str] = set()

    def fetch(row: Mapping[str, str]) -> str:
        source = PUBMED if row["pmid"] else CLINICALTRIALS
        known = row["pmid"] or row["registry_id"].startswith("NCT")
        if offline or not known or source.id in silent:
            return ""
        session = source.session(tries=TRIES_IN_A_DIALOGUE)
        try:
            if row["pmid"]:
                return abstract_of(session, row["pmid"])
            return registered_trial(session, row["registry_id"]).summary
        except SourceError as error:
            silent.add(source.id)
            return f"(no abstract: {error})"

    return fetch


def _report(done: int, left: int) -> None:
    print(f"{done} decided, {left} left.")
    log = read_table("screening").rows
    judged, agreed, value = kappa(log)
    if judged:
        says = "not defined: all verdicts are alike" if value is None else f"{value:.2f}"
        print(f"Two reviewers agree on {agreed} of {judged} records; kappa {says}.")
    if differing := len(list(disputed(log))):
        print(f"Judged differently: {differing}. Settle them: python -m analysis screen --settle")
