"""``python -m analysis add``: ask for a study result field by field, and add its row."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from analysis.evidence import project_root, read_table, write_atomically
from analysis.evidence.rendering import as_text
from analysis.evidence.schema import Field, load_schema
from analysis.living.asking import (
    GROUP,
    HELP,
    ContributorStopped,
    answer_to,
    ask_all,
    fields_to_ask,
)
from analysis.living.entering import (
    draft_path,
    enter,
    finished_row,
    known_references,
    new_faults,
)
from analysis.living.http import SourceError
from analysis.living.prefill import identified, look_up, suggestion
from analysis.living.records import Candidate
from analysis.living.screen_command import REVIEWER_VARIABLE

Cells = dict[str, str]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--offline", action="store_true", help="look nothing up")


def run(arguments: argparse.Namespace) -> int:
    """Ask, show, and add the row; return 0 once it is added, 130 if the contributor stops."""
    draft = draft_path(project_root())
    print(HELP)
    try:
        cells = _resume(draft)
        found = None if cells or arguments.offline else _look_up()
        return _dialogue(cells, found, draft)
    except ContributorStopped:
        kept = "; what you answered is kept: run the command again" if draft.exists() else ""
        print(f"\nStopped. Nothing was added{kept}.")
        return 130


def _dialogue(cells: Cells, found: Candidate | None, draft: Path) -> int:
    schema = load_schema("studies")
    contributor = os.environ.get(REVIEWER_VARIABLE, "")
    keep = partial(_keep, draft)
    while True:
        rows = read_table("studies").rows
        suggest = partial(suggestion, schema, rows, found, contributor)
        ask_all(_fields, cells, suggest, input, print, keep)
        row = finished_row(schema, cells)
        print("\n" + _shown(row))
        # A row that is there already was written by a run that ended before it could say so.
        faults = [] if row in rows else new_faults(schema, rows, row)
        if faults:
            print("\n" + as_text(faults))
        wrong = [f.column for f in faults if f.severity == "error"]
        again = [name for name in wrong if name in cells] or [GROUP]
        if not wrong:
            answer = _last_word(cells)
            if answer in ("y", "n"):
                break
            again = [answer]
        for name in again:
            cells.pop(name, None)
        print(f"Please answer again: {', '.join(again)}.")
    if answer == "y":
        titled = (cells.get(f"record {name}", "") for name in ("title", "authors", "journal"))
        enter(row, *titled)
        print(f"Added to data/studies.csv: {row['study_id']}. Now: make preview")
    draft.unlink(missing_ok=True)
    return 0 if answer == "y" else 1


def _last_word(cells: Cells) -> str:
    """Ask whether the row is right; return y, n, or the name of an answer to give again."""
    question = "Add this row? [y]es, [n]o and forget it, or the name of what is to be changed: "
    while True:
        answer = answer_to(input, question)
        if answer in cells:
            return answer
        if answer.lower() in ("y", "yes", "n", "no"):
            return answer[0].lower()
        print(f"  {answer!r} is neither y, n, nor a name in the list above.")


def _fields(cells: Mapping[str, str]) -> Iterator[Field]:
    """Yield the columns, and what the bibliography needs where it lacks the source."""
    for field in fields_to_ask(load_schema("studies"), cells):
        yield field
        if field.name == "citation_key" and cells.get("citation_key") not in known_references():
            yield _about_source("title", "Title of the source", required=True)
            yield _about_source("authors", "Its authors", example="Noppers I; Niesters M")
            yield _about_source("journal", "Its journal", example="European Journal of Pain")


def _about_source(name: str, title: str, *, required: bool = False, example: str = "") -> Field:
    return Field(f"record {name}", title, "For data/references.bib.", "string", example, required)


def _look_up() -> Candidate | None:
    """Ask for an identifier until it leads somewhere or the contributor goes on without."""
    while True:
        typed = answer_to(input, "DOI, PubMed number or NCT number, to fill in what is known: ")
        if not typed:
            return None
        try:
            found = look_up(typed)
        except ValueError as error:
            print(f"  {error}")
        except SourceError as error:
            print(f"  {error}\n  Going on with no more than the number.")
            return identified(typed)
        else:
            print(f"  {found.title} ({found.authors or 'no authors given'}, {found.year})")
            return found


def _resume(draft: Path) -> Cells:
    """Return the answers of a dialogue that was stopped, if the contributor wants them."""
    if not draft.exists():
        return {}
    cells: Cells = json.loads(draft.read_text(encoding="utf-8"))
    about = cells.get("study_id", "no study named yet")
    answer = answer_to(input, f"There is a row you began ({about}). Continue it? [y/n]: ")
    return {} if answer.lower().startswith("n") else cells


def _keep(draft: Path, cells: Mapping[str, str]) -> None:
    write_atomically(draft, json.dumps(cells, ensure_ascii=False, indent=1).encode())


def _shown(row: Mapping[str, str]) -> str:
    return "\n".join(f"  {name}: {value}" for name, value in row.items() if value)
