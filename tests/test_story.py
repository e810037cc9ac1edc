"""The life of one new trial, from its registration to the feed: read it as a story.

It happens on a copy of the repository, with a registry and a PubMed on loopback. The trial is
made up, and so is everything it found.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from analysis.evidence.schema import load_schema
from fake_services import Article, Services, running, trial
from project_copy import ROOT, Copy
from small_review import commit, git

TITLE = "Ketamine for fatigue in ME/CFS: a made-up randomised trial"
YEAR = str(date.today().year)

#: What the contributor types when asked, in the order of the questions; "" is Enter, which
#: accepts what PubMed knows or leaves a cell empty.
ROW = {
    "PubMed number": "900001",
    "study": "",
    "first author": "",
    "year": "",
    "citation": "",
    "title": "",
    "authors": "",
    "journal": "",
    "participants": "",
    "comparison": "ketamine v midazolam",
    "condition": "me_cfs",
    "people": "80 made-up adults with ME/CFS",
    "design": "rct_parallel",
    "blinding": "double blind, active placebo",
    "drug": "ketamine",
    "route": "intravenous",
    "dose": "0.5 mg/kg over 40 minutes",
    "dose per kilogram": "0.5",
    "infusion time": "40",
    "administrations": "1",
    "comparator": "midazolam",
    "kind of comparator": "active",
    "outcome": "fatigue",
    "instrument": "fatigue VAS",
    "time point": "day 3",
    "hours after end": "72",
    "better": "lower",
    "people treated": "40",
    "people in control": "40",
    "what the source prints": "means",
    "mean treated": "52.0",
    "SD treated": "18.0",
    "mean control": "61.0",
    "SD control": "17.0",
    "P value": "",
    "correlation": "",
    "DOI": "",
    "PubMed ID": "",
    "registration": "NCT09990001",
    "link": "",
    "place in the source": "table 2",
    "how it was seen": "full_text",
    "extracted by": "Ann Example",
    "extracted on": "",
    "note": "",
    "add it?": "y",
}


class Review(Copy):
    """A copy of the repository under git, whose commands see the fake world only."""

    def __init__(self, root: Path, world: Services) -> None:
        super().__init__(root)
        for name in ("CHANGELOG.md", "CITATION.cff", "README.md", ".gitignore"):
            shutil.copy(ROOT / name, root)
        # The story begins before the first release.
        shutil.rmtree(root / "data" / "releases", ignore_errors=True)
        self.environment = os.environ | world.environment() | {"PYTHONPATH": str(root)}
        git(root, "init", "--quiet", "--initial-branch", "main")
        commit(root, "The review as it is")

    def does(self, *words: str, typing: Sequence[str] = ()) -> str:
        """Run a command while somebody types, and return what it prints."""
        finished = subprocess.run(
            [sys.executable, "-m", "analysis", *words],
            cwd=self.root,
            env=self.environment,
            input="".join(f"{line}\n" for line in typing),
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def rows(self, table: str) -> list[dict[str, str]]:
        """Return a table's rows."""
        with (self.root / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def world() -> Iterator[Services]:
    """A registry and a PubMed that know one new trial."""
    article = Article(
        "900001", TITLE, doi="10.9999/example.1", year=YEAR, authors=("Doe J", "Roe R")
    )
    registered = trial("NCT09990001", TITLE, "COMPLETED")
    with running(Services(articles=[article], trials=[registered])) as services:
        yield services


def test_a_new_trial_comes_into_the_review(tmp_path: Path, world: Services) -> None:
    review = Review(tmp_path, world)

    # Before: a first release. No trial in ME/CFS can be analysed.
    assert f"Release {YEAR}.1.0" in review.does("release")
    commit(tmp_path, "First release")
    fatigue = review.does("answer", "fatigue-mecfs")
    assert "Doe" not in fatigue

    # The search finds the registration and the paper. Nothing else happens by itself.
    assert "1 new" in review.does("search", "--only", "clinicaltrials")
    assert "PubMed: 1 hits" in review.does("search", "--only", "pubmed")
    found = [row["record_id"] for row in review.rows("screening") if row["title"] == TITLE]
    assert found == ["nct09990001", "pmid900001"]
    assert "records not yet judged" in review.does("status")
    assert not any(row["condition"] == "me_cfs" for row in review.rows("studies"))

    # A reviewer includes the paper; the registration is the same trial again.
    decide = {"nct09990001": ["e", _reason("duplicate")], "pmid900001": ["i"]}
    queue = [r["record_id"] for r in review.rows("screening") if r["decision"] == "undecided"]
    keys = [key for name in queue for key in decide.get(name, ["s"])]
    told = review.does("screen", "--reviewer", "Ann Example", "--offline", typing=keys)
    assert "2 decided" in told

    # She enters its result. PubMed fills in what it knows; each answer is checked.
    assert "Added to data/studies.csv: doe" in review.does("add", typing=list(ROW.values()))
    (row,) = [row for row in review.rows("studies") if row["condition"] == "me_cfs"]
    assert (row["first_author"], row["year"], row["doi"]) == ("Doe", YEAR, "10.9999/example.1")
    assert "0 errors" in review.does("validate")

    # The row answers: what it did to the question, before and after, with a figure.
    told = review.does("preview")
    assert "Rows: 1 added." in told
    assert "`fatigue-mecfs`" in told
    assert (tmp_path / "_build/preview/fatigue-mecfs.after.svg").exists()

    # Anybody can compare the release with what is there now.
    commit(tmp_path, "Add Doe, the first trial in ME/CFS alone")
    told = review.does("compare", f"{YEAR}.1.0", "HEAD")
    assert "**added** (studies) Doe" in told
    assert "Fatigue in ME/CFS" in told
    assert "There is a first result now, of one study." in told

    # The next release counts the data change, says what moved, and credits her.
    assert f"Release {YEAR}.2.0" in review.does("release")
    commit(tmp_path, "Second release")
    assert "(`fatigue-mecfs`)" in (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert '"Ann Example"' in (tmp_path / "CITATION.cff").read_text(encoding="utf-8")
    assert "Identical to" in review.does("verify")

    # The feed brings it to every reader.
    feed = review.evaluate("from analysis.book.feed import feed; print(feed().decode())")
    atom = {"": "http://www.w3.org/2005/Atom"}
    newest, first = ET.fromstring(feed.encode()).findall("entry", atom)
    assert newest.findtext("title", "", atom) == f"Version {YEAR}.2.0"
    assert "Fatigue in ME/CFS" in newest.findtext("content", "", atom)
    assert first.findtext("title", "", atom) == f"Version {YEAR}.1.0"


def _reason(code: str) -> str:
    """Return the number under which a reason for exclusion is offered."""
    return str(list(load_schema("screening")["reason"].meanings).index(code) + 1)
