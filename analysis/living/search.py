"""Searching: the protocol's queries, asked since the last time, into the screening log.

A run is fetched page by page into a journal and only then merged. Merging is
the same however often it is done: records that are already known are left
alone, so a process killed between two files simply merges again.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analysis.evidence.faults import ProjectFileError
from analysis.living import journal as journals
from analysis.living.http import PoliteSession
from analysis.living.journal import Journal, Run
from analysis.living.records import Candidate, identities
from analysis.living.sources import SEARCHABLE, PageFunction

Row = dict[str, str]

#: Where a first search begins: before the first report of ketamine in people.
BEGINNING = "1960-01-01"


class QueryError(ProjectFileError):
    """A file in ``data/queries`` does not hold a usable query."""


@dataclass(frozen=True)
class Query:
    """One query of the protocol, as kept in a file."""

    file: str
    source: str
    written_on: str
    why: str
    text: str

    @property
    def source_name(self) -> str:
        """The source's name as people write it."""
        return SEARCHABLE[self.source][0].name


def read_queries(folder: Path) -> list[Query]:
    """Read all query files, in the order of their names.

    Raises
    ------
    QueryError
        If there is none, or one names no known source or holds no query.
    """
    queries = [_read_query(path) for path in sorted(folder.glob("*.toml"))]
    if not queries:
        raise QueryError(f"{folder} holds no query file; the protocol's queries belong there")
    return queries


def _read_query(path: Path) -> Query:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise QueryError(f"{path.name} cannot be read: {error}") from error
    source = str(content.get("source"))
    if source not in SEARCHABLE:
        raise QueryError(
            f"{path.name}: source is {source!r}; it must be one of {', '.join(SEARCHABLE)}"
        )
    if not isinstance(content.get("written_on"), date):
        raise QueryError(f"{path.name}: written_on needs a date without quotes")
    text = " ".join(str(content.get("query", "")).split())
    if not text:
        raise QueryError(f"{path.name}: query is empty")
    return Query(
        path.name, source, content["written_on"].isoformat(), content.get("why", ""), text
    )


def plan(query: Query, searches: Iterable[Mapping[str, str]], today: date) -> Run:
    """Return the run that brings one source up to date.

    It begins on the day of the last run: the day itself is asked again, since
    records may have been added after the search. A query whose words have
    changed is asked from the beginning.
    """
    done = [
        row["date"]
        for row in searches
        if (row["status"], row["source"], row["query"]) == ("run", query.source_name, query.text)
    ]
    search_id = f"{today.isoformat()}-{query.source.replace('_', '-')}"
    return Run(
        search_id, query.source, query.text, max(done, default=BEGINNING), today.isoformat()
    )


def fetch(
    journal: Journal,
    session: PoliteSession,
    page: PageFunction,
    progress: Callable[[Journal], None] = lambda _: None,
) -> None:
    """Fetch what is missing of a run; every page is on disk before the next is asked for."""
    run = journal.run
    while not journal.finished:
        journal.add(page(session, run.query, run.since, run.until, journal.cursor))
        progress(journal)


def unfinished(folder: Path, searches: Iterable[Mapping[str, str]]) -> list[Journal]:
    """Return the runs that are begun but not yet in the search log, oldest first."""
    logged = {row["search_id"] for row in searches}
    paths = sorted(folder.glob("*.jsonl")) if folder.is_dir() else []
    found = (journals.resume(path) for path in paths if path.stem not in logged)
    return [journal for journal in found if journal is not None]


def known_identities(tables: Iterable[Iterable[Mapping[str, str]]]) -> set[str]:
    """Return the identities of everything that has been seen before."""
    return {key for rows in tables for row in rows for key in row_identities(row)}


def row_identities(row: Mapping[str, str]) -> list[str]:
    """Return the identities of a row of any table that names publications."""
    registered = [part for part in row.get("registry_id", "").split(";") if part] or [""]
    return [
        key
        for registry_id in registered
        for key in identities(
            row.get("doi", ""),
            row.get("pmid", ""),
            registry_id,
            row.get("title", ""),
            row.get("year", ""),
        )
    ]


def merge(
    candidates: Sequence[Candidate], run: Run, known: set[str], taken: set[str]
) -> list[Row]:
    """Return screening rows for the candidates that nobody has seen, as *undecided*.

    Parameters
    ----------
    candidates : sequence of Candidate
        What a run found.
    run : Run
        The run, named in each new row.
    known : set of str
        Identities seen before; extended with those of the new rows.
    taken : set of str
        Record identifiers in use; extended likewise.
    """
    rows = []
    for candidate in candidates:
        keys = set(
            identities(
                candidate.doi,
                candidate.pmid,
                candidate.registry_id,
                candidate.title,
                candidate.year,
            )
        )
        if not candidate.title or keys & known:
            continue
        known |= keys
        rows.append(_row(candidate, run, record_id(candidate, taken)))
    return rows


def record_id(candidate: Candidate, taken: set[str]) -> str:
    """Return a new identifier for a record, readable where the record has a number."""
    if candidate.pmid:
        name = f"pmid{candidate.pmid}"
    elif candidate.registry_id:
        name = candidate.registry_id.lower()
    else:
        name = "r" + hashlib.sha256((candidate.doi or candidate.title).encode()).hexdigest()[:12]
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unique)
    return unique


def _row(candidate: Candidate, run: Run, identifier: str) -> Row:
    return {
        "record_id": identifier,
        "title": candidate.title,
        "authors": candidate.authors,
        "year": candidate.year if candidate.year.isdigit() else "",
        "doi": candidate.doi,
        "pmid": candidate.pmid,
        "registry_id": candidate.registry_id,
        "url": candidate.url,
        "source": run.search_id,
        "found_on": run.until,
        "decision_1": "undecided",
        "decision": "undecided",
        "stage": "title_abstract",
    }


def log_row(journal: Journal, new: int, name: str) -> Row:
    """Return the row of the search log for a finished run."""
    run = journal.run
    return {
        "search_id": run.search_id,
        "status": "run",
        "date": run.until,
        "source": name,
        "query": run.query,
        "since": run.since,
        "queries": "1",
        "hits": str(journal.hits),
        "new": str(new),
    }
