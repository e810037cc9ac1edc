"""A review of three made-up trials and one question, under git: quick to answer and to release."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from analysis.evidence.schema import empty_template, load_schema, table_names
from analysis.evidence.writing import as_csv
from project_copy import ROOT
from review_tables import counts

TRIALS = {"ames2001": (12, 20, 6, 20), "bohr2002": (15, 30, 9, 30), "cole2003": (8, 15, 4, 16)}
QUESTION = """
[[question]]
id = "relief"
title = "Relief"
text = "Does it help?"
chapter = "fibromyalgia"
role = "primary"
design = "controlled"
population = "adults"
intervention = "ketamine"
comparator = "placebo"
outcome = "relief"
timepoint = "day 1"
better = "higher"
measure = "RR"
select = { outcome = "relief" }
"""


def small_review(root: Path) -> Path:
    """Make the review in a folder, committed, and return the folder."""
    shutil.copytree(ROOT / "data" / "schemas", root / "data" / "schemas")
    shutil.copytree(ROOT / "data" / "queries", root / "data" / "queries")
    for name in ("data/protocol.toml", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, root / name)
    for name in ("CHANGELOG.md", "CITATION.cff"):
        shutil.copy(ROOT / name, root / name)
    (root / "README.md").write_text("A small review.\n", encoding="utf-8")
    shutil.copy(ROOT / ".gitignore", root / ".gitignore")
    _write_data(root / "data")
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, "A small review")
    return root


def _write_data(data: Path) -> None:
    for table in table_names():
        (data / f"{table}.csv").write_text(empty_template(table), encoding="utf-8")
    studies = [
        counts(name, *numbers, year=name[-4:], doi=f"10.1000/{name}")
        for name, numbers in TRIALS.items()
    ]
    _table(data, "studies", studies)
    search = {
        "search_id": "by-hand",
        "status": "run",
        "date": "2026-11-22",
        "source": "Memory",
        "query": "none",
        "new": "3",
    }
    _table(data, "searches", [search])
    record = {
        "source": "by-hand",
        "found_on": "2026-11-22",
        "decision_1": "include",
        "decision": "include",
        "stage": "full_text",
        "usable_number": "yes",
    }
    records = [
        record
        | {
            "record_id": row["study_id"],
            "title": f"The trial of {row['first_author']}",
            "study_id": row["study_id"],
            "doi": row["doi"],
            "year": row["year"],
        }
        for row in studies
    ]
    _table(data, "screening", records)
    (data / "questions.toml").write_text(QUESTION, encoding="utf-8")
    entries = [f"@misc{{{name},\n  title = {{{{{name}}}}},\n}}\n" for name in TRIALS]
    (data / "references.bib").write_text("\n".join(entries), encoding="utf-8")


def _table(data: Path, name: str, rows: list[dict[str, str]]) -> None:
    (data / f"{name}.csv").write_text(as_csv(load_schema(name), rows), encoding="utf-8")


def commit(root: Path, message: str) -> None:
    """Commit everything."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def git(root: Path, *words: str) -> str:
    """Run git as somebody, whatever this machine's settings are."""
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    command = ("git", "-C", str(root), *who, "-c", "commit.gpgsign=false", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
