"""Answering every question of a folder of data: the one call behind book, CLI and receipt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis.evidence.paths import project_root
from analysis.evidence.reading import read_table
from analysis.review.answering import answer
from analysis.review.manifest import data_version, manifest
from analysis.review.questions import Question, load_questions
from analysis.review.results import Results
from analysis.review.selection import Record, Tables

_TABLES = ("studies", "screening", "searches", "risk_of_bias", "certainty")


def load_tables(folder: Path | None = None) -> dict[str, list[Record]]:
    """Read the tables that answers are made from.

    Parameters
    ----------
    folder : Path, optional
        Folder of the CSV files; by default the review's own ``data``. Only ``studies.csv``
        must exist there.

    Raises
    ------
    InvalidDataError
        If a table cannot be read; ``python -m analysis validate`` explains.
    """
    folder = folder or project_root() / "data"
    return {
        name: list(read_table(name, folder / f"{name}.csv").rows)
        for name in _TABLES
        if name == "studies" or (folder / f"{name}.csv").exists()
    }


def answer_all(root: Path | None = None) -> Results:
    """Answer every question of the review.

    The same inputs give the same results, to the last digit: nothing depends on the clock or
    on the order of anything but the files.

    Parameters
    ----------
    root : Path, optional
        The project's folder, with ``data/`` in it; by default the one around this package.
    """
    root = root or project_root()
    questions = load_questions(root / "data" / "questions.toml")
    tables = load_tables(root / "data")
    return Results(
        version=data_version(root),
        manifest=manifest(root),
        status=_extent(tables),
        answers={name: answer(question, tables) for name, question in questions.items()},
    )


def answer_questions(questions: Mapping[str, Question], tables: Tables) -> Results:
    """Answer questions from tables already read, without a manifest."""
    return Results(
        "",
        {},
        _extent(tables),
        {name: answer(question, tables) for name, question in questions.items()},
    )


def _extent(tables: Tables) -> dict[str, object]:
    """Say how far the tables reach."""
    studies = tables["studies"]
    runs = [row["date"] for row in tables.get("searches", ()) if row["status"] == "run"]
    return {
        "rows": len(studies),
        "studies": len({row["study_id"] for row in studies}),
        "last_search": max(runs, default=""),
        "last_extracted": max((row["extracted_on"] for row in studies), default=""),
    }
