"""Which lines of the tables differ between two versions, and in what way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analysis.evidence.schema import load_schema
from analysis.review.changes import CellChange, RowChange
from analysis.review.selection import Record

_WITHDRAWN = ("retracted", "superseded")
_STATUS = ("status", "status_reason", "status_on")

_WORDS_ONLY = frozenset(
    {
        "citation_key",
        "population",
        "dose",
        "comparator",
        "url",
        "doi",
        "pmid",
        "registry_id",
        "source_location",
        "extraction",
        "extracted_by",
        "extracted_on",
        "checked_by",
        "checked_on",
        "supersedes",
        "note",
        *_STATUS,
    }
)
"""Columns of studies.csv that no answer is computed from."""


def row_changes(
    old: Mapping[str, Sequence[Record]], new: Mapping[str, Sequence[Record]]
) -> list[RowChange]:
    """Compare the lines of two versions.

    Parameters
    ----------
    old, new : mapping of str to sequence of Record
        Tables by name. A table that only one version has is not compared: its absence says
        what was kept, not what was known.

    Returns
    -------
    list of RowChange
        Studies first, then risk of bias and certainty; within a table in the order of the new
        version, deleted lines last.
    """
    return [
        change
        for table in ("studies", "risk_of_bias", "certainty")
        if table in old and table in new
        for change in _table_changes(table, old[table], new[table])
    ]


def by_key(table: str, lines: Iterable[Record]) -> dict[str, Record]:
    """Return lines by their identity: their key columns joined by " | "."""
    columns = load_schema(table).primary_key
    return {" | ".join(line[column] for column in columns): line for line in lines}


def _table_changes(table: str, old: Sequence[Record], new: Sequence[Record]) -> list[RowChange]:
    before, after = by_key(table, old), by_key(table, new)
    found = [_change(table, key, before.get(key), line) for key, line in after.items()]
    found += [_change(table, key, line, None) for key, line in before.items() if key not in after]
    return [change for change in found if change is not None]


def _change(table: str, key: str, before: Record | None, after: Record | None) -> RowChange | None:
    line = after if after is not None else before
    assert line is not None
    cells = (
        ()
        if before is None or after is None
        else tuple(
            CellChange(column, before.get(column, ""), after.get(column, ""))
            for column in load_schema(table).names
            if before.get(column, "") != after.get(column, "")
        )
    )
    if before is None:
        kind = "added" if table == "studies" else "re-rated"
    elif after is None:
        kind = "deleted"
    elif not cells:
        return None
    else:
        kind = _kind(before, after, cells) if table == "studies" else "re-rated"
    reason = line.get("status_reason", "") if table == "studies" else line.get("reason", "")
    owner = line.get("study_id") or line.get("question_id", "")
    return RowChange(table, kind, key, owner, _label(table, line), reason, cells)


def _kind(before: Record, after: Record, cells: Sequence[CellChange]) -> str:
    was, now = (line.get("status", "") in _WITHDRAWN for line in (before, after))
    if was != now:
        return "withdrawn" if now else "restored"
    return "described" if all(c.column in _WORDS_ONLY for c in cells) else "corrected"


def _label(table: str, line: Record) -> str:
    if table == "studies":
        return (
            f"{line['first_author']} {line['year']}: {line['outcome']} "
            f"({line['instrument']}), {line['timepoint']}, {line['comparison']}"
        )
    owner = line.get("study_id") or line.get("question_id", "")
    return f"{owner}, {line['domain']}: {line['judgement']}"
