"""``python -m analysis search``: ask every source again, and log what is new."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from tqdm import tqdm

from analysis.evidence import data_directory, project_root, read_table, write_table_atomically
from analysis.living import journal as journals
from analysis.living.http import SourceError
from analysis.living.journal import Journal, Run
from analysis.living.records import Candidate
from analysis.living.refresh import as_candidate, notices_about, refresh_trials
from analysis.living.search import (
    QueryError,
    fetch,
    known_identities,
    log_row,
    merge,
    plan,
    read_queries,
    unfinished,
)
from analysis.living.sources import CLINICALTRIALS, CROSSREF, SEARCHABLE

Step = Callable[[], None]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--only",
        choices=[*SEARCHABLE, "trials", "crossref"],
        help="ask one source, refresh the trials, or look for retractions, and nothing else",
    )


def journal_folder() -> Path:
    """Return where unfinished searches are kept; not part of the repository."""
    return project_root() / ".search"


def run(arguments: argparse.Namespace) -> int:
    """Search; return 0, or 1 if a source could not be asked to the end."""
    today = date.today()
    try:
        steps = _steps(arguments.only, today)
    except QueryError as error:
        print(error, file=sys.stderr)
        return 1
    failed = False
    for step in steps:
        try:
            step()
        except SourceError as error:
            print(error, file=sys.stderr)
            failed = True
        except KeyboardInterrupt:
            print("\nStopped. Run the same command again; what was found is kept.")
            return 130
    if failed:
        print("Nothing found so far is lost. Run the same command again later.", file=sys.stderr)
    waiting = sum(row["decision"] == "undecided" for row in read_table("screening").rows)
    if waiting:
        print(f'{waiting} records wait for a decision: make screen REVIEWER="Your Name"')
    return 1 if failed else 0


def _steps(only: str | None, today: date) -> list[Step]:
    """Return what to do, in order; a failing step does not stop the next."""
    searches = read_table("searches").rows
    journals_left = unfinished(journal_folder(), searches)
    begun = {journal.run.source for journal in journals_left}
    logged = {row["search_id"] for row in searches}
    planned = [
        plan(query, searches, today) for query in read_queries(data_directory() / "queries")
    ]
    for done in (run for run in planned if run.search_id in logged):
        print(f"{SEARCHABLE[done.source][0].name}: already searched today")
    fresh = [run for run in planned if run.source not in begun and run.search_id not in logged]
    steps = [(journal.run.source, partial(_finish, journal)) for journal in journals_left]
    steps += [(run.source, partial(_begin, run)) for run in fresh]
    steps += [("trials", partial(_refresh, today)), ("crossref", partial(_notices, today))]
    return [step for name, step in steps if only in (None, name)]


def _begin(run: Run) -> None:
    _finish(journals.begin(journal_folder(), run))


def _finish(journal: Journal) -> None:
    """Fetch what is missing of one run, then log it."""
    source, page = SEARCHABLE[journal.run.source]
    with tqdm(desc=source.name, unit=" records", initial=len(journal.candidates)) as bar:

        def progress(now: Journal) -> None:
            bar.total = now.hits
            bar.update(len(now.candidates) - bar.n)

        fetch(journal, source.session(), page, progress)
    new = add_records(journal.candidates, journal.run)
    searches = read_table("searches").rows
    # What was set up but never run is done now.
    kept = [row for row in searches if row["status"] == "run" or row["source"] != source.name]
    write_table_atomically("searches", [*kept, log_row(journal, new, source.name)])
    print(f"{source.name}: {journal.hits} hits since {journal.run.since}, {new} new")
    journal.path.unlink()


def add_records(candidates: Sequence[Candidate], run: Run) -> int:
    """Add what is new to the screening log; return how many rows name this run.

    Counting rows instead of additions makes the step repeatable: a process
    killed after the log was written adds nothing the second time and still
    reports the right number.
    """
    screening: list[Mapping[str, str]] = list(read_table("screening").rows)
    known = known_identities([screening, read_table("studies").rows, read_table("trials").rows])
    rows = merge(candidates, run, known, {row["record_id"] for row in screening})
    if rows:
        write_table_atomically("screening", [*screening, *rows])
    return sum(row["source"] == run.search_id for row in [*screening, *rows])


def _refresh(today: date) -> None:
    rows = read_table("trials").rows
    with tqdm(rows, desc="Registered trials", unit=" trials") as bar:
        new, changes = refresh_trials(
            rows, CLINICALTRIALS.session(), today.isoformat(), lambda _: _count(bar)
        )
    write_table_atomically("trials", new)
    print("\n".join(changes) or "No registered trial has changed.")


def _notices(today: date) -> None:
    in_use = ("active", "corrected")
    studies = [row for row in read_table("studies").rows if row["status"] in in_use]
    with tqdm(desc="Retractions and corrections", unit=" papers") as bar:
        found = notices_about(studies, CROSSREF.session(), lambda _: _count(bar))
    search_id = f"{today.isoformat()}-crossref"
    run = Run(search_id, CROSSREF.id, "updates of the papers in use", "", today.isoformat())
    new = add_records([as_candidate(study, notice) for study, notice in found], run)
    searches = [row for row in read_table("searches").rows if row["search_id"] != search_id]
    row = {
        "search_id": search_id,
        "status": "run",
        "date": today.isoformat(),
        "source": CROSSREF.name,
        "query": run.query,
        "queries": str(len({study["doi"] for study in studies if study["doi"]}) or 1),
        "hits": str(len(found)),
        "new": str(new),
    }
    write_table_atomically("searches", [*searches, row])
    for study, notice in found:
        print(f"{study}: {notice.kind} {notice.date} (https://doi.org/{notice.notice_doi})")
    print(f"Crossref: {len(found)} notices, {new} new")


def _count(bar: tqdm) -> None:
    bar.update()
