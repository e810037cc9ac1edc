"""Choosing the rows of a question, and refusing pools that count people twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analysis.review.questions import Selection
from analysis.review.results import Row

Record = Mapping[str, str]
"""One line of a table: column -> text, the empty text where the cell is empty."""

Tables = Mapping[str, Sequence[Record]]
"""The tables an answer is made from, by name: ``studies``, and where they exist ``screening``,
``risk_of_bias`` and ``certainty``."""

_LEFT_STATUS = {
    "retracted": "The publication was retracted",
    "superseded": "These numbers were replaced by a later row",
}


class SharedPeopleError(ValueError):
    """Rows of the same people would enter one pool as if they were independent."""


def records(table: Sequence[Record], select: Selection) -> list[Record]:
    """Return the lines in which every column of one of the alternatives has an allowed value.

    Raises
    ------
    KeyError
        If a selected column does not exist; the message lists the columns.
    """
    columns = list(table[0]) if table else []
    for column in {name for alternative in select for name in alternative}:
        if columns and column not in columns:
            raise KeyError(f"there is no column {column!r}; columns are {', '.join(columns)}")
    return [line for line in table if matches(line, select)]


def matches(record: Record, select: Selection) -> bool:
    """Whether a line has an allowed value in every column of one of the alternatives."""
    return any(
        all(record.get(column, "") in allowed for column, allowed in alternative.items())
        for alternative in select
    )


def number(record: Record, column: str) -> float | None:
    """Return a cell as a number, or None where it is empty."""
    cell = record.get(column, "")
    return float(cell) if cell else None


def reason_of_status(record: Record) -> str:
    """Why a row no longer counts, in words; empty for active and corrected rows."""
    left = _LEFT_STATUS.get(record.get("status", ""))
    if left is None:
        return ""
    day, why = record.get("status_on", ""), record.get("status_reason", "")
    return left + (f" ({day})" if day else "") + (f": {why.rstrip('.')}." if why else ".")


def participants(row: Row) -> frozenset[str]:
    """Return the groups of people behind a row; a row may rest on several."""
    return frozenset(row.participants_id.split(";"))


def people(rows: Iterable[Row]) -> list[Row]:
    """Return rows that share nobody, larger ones first chosen, in the order given."""
    rows = list(rows)
    counted: set[str] = set()
    kept = []
    for row in sorted(rows, key=lambda r: -((r.n_treat or 0) + (r.n_control or 0))):
        if counted.isdisjoint(participants(row)):
            counted |= participants(row)
            kept.append(row)
    return sorted(kept, key=rows.index)


def refuse_shared_people(rows: Sequence[Row], question_id: str) -> None:
    """Raise if two rows of one pool share their participants.

    Raises
    ------
    SharedPeopleError
        Naming the question, the people and the rows at fault.
    """
    by_people: dict[str, list[str]] = {}
    for row in rows:
        for who in participants(row):
            by_people.setdefault(who, []).append(row.row_id)
    for who, shared in sorted(by_people.items()):
        if len(shared) > 1:
            raise SharedPeopleError(
                f"question {question_id!r} would pool the same people ({who}) "
                f"{len(shared)} times: rows {'; '.join(shared)}. Narrow 'select' to one of "
                "them, list the others under 'exclude', or set model = \"none\"."
            )
