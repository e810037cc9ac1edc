"""GitHub issue forms, generated from the schemas so that they never ask for another column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from analysis.evidence.schema import Field, load_schema

_HEAD = "# Made by `python -m analysis forms` from data/schemas; do not edit.\n"
_PLAIN_WORDS = (
    "You need not know statistics or git. Write what you know and leave the rest empty; "
    "a maintainer looks the study up, and you are credited in the row. "
    "Please write nothing about your own health: issues are public."
)
#: Where the source can be found; the table asks for at least one of them.
_SOURCE = ("doi", "pmid", "registry_id", "url")


def forms() -> dict[str, str]:
    """Return every form: file name in ``.github/ISSUE_TEMPLATE`` to its text."""
    return {
        "config.yml": _HEAD + _dump({"blank_issues_enabled": True}),
        "suggest-study.yml": _form(
            "Suggest a study",
            "A study of ketamine or esketamine that the review does not have.",
            "Study: ",
            "suggested study",
            _suggestion(),
        ),
        "correct-number.yml": _form(
            "Correct a number",
            "A number in the review is not what its source says.",
            "Correction: ",
            "correction",
            _correction(),
        ),
        "report-retraction.yml": _form(
            "Report a retraction",
            "A source of the review was retracted, corrected or replaced.",
            "Retraction: ",
            "retraction",
            _retraction(),
        ),
    }


def _suggestion() -> Iterable[dict[str, Any]]:
    studies = load_schema("studies")
    yield _about("Any one of the first four is enough to find it.")
    for name in _SOURCE:
        yield _asked(studies[name])
    for name in ("condition", "design", "drug"):
        yield _asked(studies[name])
    for name in ("population", "comparator", "outcome", "n_treat", "n_control"):
        yield _asked(studies[name])
    yield _area("result", "What it found", "In your own words, with the numbers if you have them.")
    yield _asked(studies["source_location"])
    yield _credit()


def _correction() -> Iterable[dict[str, Any]]:
    studies = load_schema("studies")
    yield _about("The first five say which row you mean; the book shows them beside each number.")
    for name in studies.primary_key:
        yield _asked(studies[name], required=name == "study_id")
    numbers = [column.title for column in studies.fields if column.is_number]
    yield {
        "type": "dropdown",
        "id": "column",
        "attributes": {"label": "Which number", "options": [*numbers, "Something else"]},
        "validations": {"required": True},
    }
    yield _line("is", "What the review says", required=True)
    yield _line("should_be", "What the source says", required=True)
    yield _asked(studies["source_location"], required=True)
    for name in _SOURCE:
        yield _asked(studies[name])
    yield _credit()


def _retraction() -> Iterable[dict[str, Any]]:
    studies = load_schema("studies")
    status = studies["status"]
    yield _about("A notice of the journal, or the new paper, is all that is needed.")
    yield _asked(studies["study_id"], required=True)
    yield _asked(studies["doi"])
    yield {
        "type": "dropdown",
        "id": "status",
        "attributes": {
            "label": "What happened",
            "options": [
                f"{value}: {status.meanings[value]}" for value in status.enum if value != "active"
            ],
        },
        "validations": {"required": True},
    }
    yield _line("notice", "Link or DOI of the notice", required=True)
    yield _asked(studies["status_on"])
    yield _area("status_reason", studies["status_reason"].title, "What the notice says.")
    yield _credit()


def _form(
    name: str, description: str, title: str, label: str, body: Iterable[dict[str, Any]]
) -> str:
    content = {
        "name": name,
        "description": description,
        "title": title,
        "labels": [label],
        "body": list(body),
    }
    return _HEAD + _dump(content)


def _asked(column: Field, *, required: bool = False) -> dict[str, Any]:
    """Return a column as an element of a form: a list where it has choices, else a line."""
    about: dict[str, Any] = {"label": column.title, "description": column.description}
    if column.enum:
        options = [f"{value}: {column.meanings.get(value, value)}" for value in column.enum]
        about["options"] = [*options, "I do not know"]
        kind = "dropdown"
    else:
        kind = "input"
        if column.example:
            about["placeholder"] = column.example
    return {
        "type": kind,
        "id": column.name,
        "attributes": about,
        "validations": {"required": required},
    }


def _about(text: str) -> dict[str, Any]:
    return {"type": "markdown", "attributes": {"value": f"{_PLAIN_WORDS}\n\n{text}\n"}}


def _line(name: str, label: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "id": name,
        "attributes": {"label": label},
        "validations": {"required": required},
    }


def _area(name: str, label: str, description: str) -> dict[str, Any]:
    return {
        "type": "textarea",
        "id": name,
        "attributes": {"label": label, "description": description},
        "validations": {"required": False},
    }


def _credit() -> dict[str, Any]:
    credit = "Your name as it should stand in the row and on the author list; empty for none."
    line = _line("credit", "Credit")
    line["attributes"]["description"] = credit
    return line


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=99)
