"""Small evidence tables for tests of the review room, made from the published schema."""

from __future__ import annotations

import csv
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
_COLUMNS = [
    field["name"]
    for field in json.loads((ROOT / "data/schemas/studies.json").read_text(encoding="utf-8"))[
        "fields"
    ]
]


def study(study_id: str, **cells: object) -> dict[str, str]:
    """Return a line of studies.csv: a two-arm trial with counts unless told otherwise."""
    line = dict.fromkeys(_COLUMNS, "")
    line |= {
        "study_id": study_id,
        "first_author": study_id.rstrip("0123456789").title(),
        "year": "2020",
        "citation_key": study_id,
        "participants_id": study_id,
        "comparison": "ketamine v placebo",
        "condition": "fibromyalgia",
        "population": "adults",
        "design": "rct_parallel",
        "drug": "ketamine",
        "route": "intravenous",
        "comparator": "placebo",
        "comparator_type": "inert",
        "outcome": "relief",
        "instrument": "yes or no",
        "timepoint": "day 1",
        "better": "higher",
        "source_location": "abstract",
        "extraction": "abstract",
        "extracted_by": "test",
        "extracted_on": "2026-11-22",
        "status": "active",
    }
    unknown = set(cells) - set(line)
    assert not unknown, f"not columns of studies.csv: {unknown}"
    return line | {name: str(value) for name, value in cells.items()}


def counts(
    study_id: str, events: int, people: int, control: int, others: int, **cells: object
) -> dict[str, str]:
    """Return a line with events and people of both arms."""
    return study(
        study_id,
        events_treat=events,
        n_treat=people,
        events_control=control,
        n_control=others,
        **cells,
    )


def question_table(**changes: object) -> dict[str, object]:
    """Return one [[question]] table as tomllib reads it."""
    table: dict[str, object] = {
        "id": "relief",
        "title": "Relief",
        "text": "Does it help?",
        "chapter": "fibromyalgia",
        "role": "primary",
        "design": "controlled",
        "population": "adults",
        "intervention": "ketamine",
        "comparator": "placebo",
        "outcome": "relief",
        "timepoint": "day 1",
        "better": "higher",
        "measure": "RR",
        "select": {"outcome": "relief"},
    }
    return {name: value for name, value in (table | changes).items() if value is not None}


def published_rows() -> list[dict[str, str]]:
    """Return the review's own studies.csv, read by the standard library alone."""
    with (ROOT / "data/studies.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
