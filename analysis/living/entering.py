"""Putting an answered row into the review: the table, the bibliography, the screening log.

Every step looks first whether it has been done, so that an entry that was
interrupted is finished by doing all of it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from analysis.evidence import (
    data_directory,
    read_table,
    write_atomically,
    write_table_atomically,
)
from analysis.evidence.checks_references import read_bibliography
from analysis.evidence.faults import Fault
from analysis.evidence.schema import Schema, load_schema
from analysis.evidence.table import Table
from analysis.evidence.validation import check_table
from analysis.living.asking import GROUP, fields_to_ask
from analysis.living.records import Candidate
from analysis.living.search import record_id, row_identities

Row = Mapping[str, str]


def finished_row(schema: Schema, cells: Row) -> dict[str, str]:
    """Return the answers as a row: the columns that were asked for, in force from now on."""
    asked = {field.name for field in fields_to_ask(schema, cells)} - {GROUP}
    row = {name: cells.get(name, "") if name in asked else "" for name in schema.names}
    return row | {"status": "active"}


def new_faults(schema: Schema, rows: Sequence[Row], row: Row) -> list[Fault]:
    """Return what is wrong with a row among the others, errors and warnings alike."""
    today = date.today()
    before = {_what(fault) for fault in check_table(_table(schema, rows), today)}
    after = check_table(_table(schema, [*rows, row]), today)
    return [fault for fault in after if _what(fault) not in before]


def enter(row: Row, title: str, authors: str, journal: str) -> None:
    """Write a checked row, and what the review must know of its source.

    Parameters
    ----------
    row : mapping
        The row of ``studies.csv``.
    title, authors, journal : str
        Of the source, where the bibliography does not have it yet.
    """
    bibliography = data_directory() / "references.bib"
    if title and row["citation_key"] not in known_references():
        text = bibliography.read_text(encoding="utf-8")
        entry = _reference(row, title, authors, journal)
        write_atomically(bibliography, with_reference(text, row["citation_key"], entry).encode())
    _log_as_included(row, title, authors)
    rows = read_table("studies").rows
    if dict(row) not in rows:
        write_table_atomically("studies", [*rows, row])


def known_references() -> frozenset[str]:
    """Return the keys of the bibliography."""
    return read_bibliography(data_directory() / "references.bib")[0]


def with_reference(text: str, key: str, entry: str) -> str:
    """Return a bibliography with an entry put in its place in the order of the keys."""
    for found in re.finditer(r"^@\w+\{([^,\s]+),", text, re.MULTILINE):
        if found[1] > key:
            return text[: found.start()] + entry + "\n" + text[found.start() :]
    return text.rstrip() + "\n\n" + entry


def _reference(row: Row, title: str, authors: str, journal: str) -> str:
    named = (re.sub(r" ([A-Z]{1,4})$", r", \1", part.strip()) for part in authors.split(";"))
    fields = {
        "author": " and ".join(part for part in named if part),
        "title": title,
        "journal": journal,
        "year": row["year"],
        "doi": row["doi"],
        "pubmed": row["pmid"],
        "url": "" if row["doi"] else row["url"],
    }
    # An article without a journal is none to BibTeX.
    kind = "article" if journal else "misc"
    # The second pair of braces keeps the capitals of a title.
    lines = [
        f"  {name} = {{{{{_plain(value)}}}}},"
        if name == "title"
        else f"  {name} = {{{_plain(value)}}},"
        for name, value in fields.items()
        if value
    ]
    return "\n".join([f"@{kind}{{{row['citation_key']},", *lines, "}", ""])


def _plain(text: str) -> str:
    """Return text without the signs that have a meaning in BibTeX."""
    return re.sub(r"[{}\\\\]", "", text)


def _log_as_included(row: Row, title: str, authors: str) -> None:
    """Make the screening log say that the study is included and has a usable number."""
    log = [dict(record) for record in read_table("screening").rows]
    if not any(_is_included(record, row["study_id"]) for record in log):
        _include(row, title, authors, log)
        write_table_atomically("screening", log)
    _count_by_hand(log)


def _include(row: Row, title: str, authors: str, log: list[dict[str, str]]) -> None:
    """Include the record of a study, found by a search or brought now."""
    keys = set(row_identities(row))
    record = next((record for record in log if keys & set(row_identities(record))), None)
    today = date.today().isoformat()
    if record is None:
        record = _brought_by_hand(row, title, authors, {r["record_id"] for r in log}, today)
        log.append(record)
    if record["decision_1"] != "include":
        record |= {
            "decision_1": "include",
            "reviewer_1": row["extracted_by"],
            "decided_on_1": today,
        }
    record |= {
        "decision": "include",
        "stage": "full_text",
        "reason": "",
        "study_id": row["study_id"],
        "usable_number": "yes",
        "condition": row["condition"],
    }


def _is_included(record: Row, study_id: str) -> bool:
    return (record["study_id"], record["decision"], record["usable_number"]) == (
        study_id,
        "include",
        "yes",
    )


def _brought_by_hand(
    row: Row, title: str, authors: str, taken: set[str], today: str
) -> dict[str, str]:
    found = Candidate("", "", title or row["study_id"], doi=row["doi"], pmid=row["pmid"])
    empty = dict.fromkeys(load_schema("screening").names, "")
    return empty | {
        "record_id": record_id(found, taken),
        "title": title or row["study_id"],
        "authors": authors or row["first_author"],
        **{name: row[name] for name in ("year", "doi", "pmid", "registry_id", "url")},
        "source": f"{today}-by-hand",
        "found_on": today,
    }


def _count_by_hand(log: Sequence[Row]) -> None:
    """Make the search log say how many records people brought themselves, day by day."""
    before = read_table("searches").rows
    searches = [dict(search) for search in before]
    known = {search["search_id"]: search for search in searches}
    for name in sorted({r["source"] for r in log if r["source"].endswith("-by-hand")}):
        search = known.get(name)
        if search is None:
            search = {
                "search_id": name,
                "status": "brought",
                "date": name.removesuffix("-by-hand"),
                "source": "Contributors",
                "query": "None: entered with `python -m analysis add`",
            }
            searches.append(search)
        search["new"] = str(sum(record["source"] == name for record in log))
    if searches != before:
        write_table_atomically("searches", searches)


def _table(schema: Schema, rows: Sequence[Row]) -> Table:
    order = sorted(rows, key=lambda row: tuple(row[name] for name in schema.sorted_by))
    return Table.of_rows(schema, [dict(row) for row in order])


def _what(fault: Fault) -> tuple[str, str, str, str]:
    """Return a fault without its line, which another row shifts."""
    return fault.code, fault.column, fault.study_id, fault.value


def draft_path(root: Path) -> Path:
    """Return where a row is kept until it is complete; not part of the repository."""
    return root / ".draft.json"
