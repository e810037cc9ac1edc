"""Searching as a person does it: the command, against services on loopback."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from analysis.living import journal as journals
from analysis.living.journal import Run
from analysis.living.records import Candidate
from analysis.living.search import QueryError, known_identities, merge, plan, read_queries
from analysis.living.sources import Page
from fake_services import Article, Services, hang_up, running, status, trial

ROOT = Path(__file__).resolve().parents[1]
RUN = Run("2026-11-22-pubmed", "pubmed", "ketamine", "1960-01-01", "2026-11-22")


@pytest.fixture
def world():
    """Services that know five articles and two trials."""
    articles = [
        Article(str(900001 + i), f"Ketamine and fatigue {i}", doi=f"10.1000/new.{i}")
        for i in range(5)
    ]
    trials = [trial("NCT09990001", "A new trial"), trial("NCT09990002", "Another new trial")]
    with running(Services(articles=articles, trials=trials)) as services:
        yield services


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the review's data with few studies and trials: each costs a paced request."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for table, kept in (("trials", 1), ("studies", 8)):
        path = tmp_path / "data" / f"{table}.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:kept]), encoding="utf-8")
    return tmp_path


def command(project: Path, world: Services, *words: str) -> subprocess.Popen[str]:
    """Start a command of the review on a copy of its data."""
    environment = os.environ | world.environment() | {"KETAMINE_REVIEW_ROOT": str(project)}
    return subprocess.Popen(
        [sys.executable, "-m", "analysis", *words],
        cwd=project,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a command and return what it printed."""
    printed, _ = process.communicate(timeout=120)
    return printed


def rows(project: Path, table: str) -> list[dict[str, str]]:
    """Return a table's rows."""
    with (project / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def new_records(project: Path) -> dict[str, dict[str, str]]:
    """Return the records that the fake services added, by identifier."""
    before = {row["record_id"] for row in rows(ROOT, "screening")}
    return {r["record_id"]: r for r in rows(project, "screening") if r["record_id"] not in before}


def test_a_search_logs_every_new_record_once_and_itself(project, world):
    """PubMed and Europe PMC find the same articles; each becomes one undecided record."""
    process = command(project, world, "search", "--only", "pubmed")
    printed = finish(process)
    assert process.returncode == 0, printed
    assert "PubMed: 5 hits since 1960-01-01, 5 new" in printed
    process = command(project, world, "search", "--only", "europe_pmc")
    assert "Europe PMC: 5 hits since 1960-01-01, 0 new" in finish(process)
    found = new_records(project)
    assert set(found) == {f"pmid{900001 + i}" for i in range(5)}
    assert {row["decision"] for row in found.values()} == {"undecided"}
    logged = {row["source"]: row for row in rows(project, "searches") if row["status"] == "run"}
    assert logged["PubMed"]["hits"] == logged["PubMed"]["new"] == "5"
    assert logged["PubMed"]["date"] == date.today().isoformat()


def test_nothing_enters_the_study_table_by_itself(project, world):
    """A search changes the two logs and the registered trials, nothing else."""
    names = ("studies.csv", "certainty.csv", "questions.toml", "references.bib")
    before = {name: (project / "data" / name).read_bytes() for name in names}
    process = command(project, world, "search")
    printed = finish(process)
    assert process.returncode == 0, printed
    assert {name: (project / "data" / name).read_bytes() for name in names} == before


def test_what_is_already_known_is_not_new(project, world):
    """A study of the review, found again under its DOI, adds no record."""
    known = next(row["doi"] for row in rows(project, "studies") if row["doi"])
    world.articles = [Article("900001", "Some other title", doi=known.upper())]
    finish(command(project, world, "search", "--only", "pubmed"))
    assert new_records(project) == {}


def test_a_dead_network_loses_nothing_and_the_next_run_continues(project, world):
    """After one stored page the service dies; the next run asks only for the rest."""
    # A page is two requests: numbers, then records.
    world.faults = [None, None, *[status(400)] * 1]
    process = command(project, world, "search", "--only", "pubmed")
    printed = finish(process)
    assert process.returncode == 1
    assert "PubMed refused the request" in printed
    assert new_records(project) == {}
    world.seen.clear()
    printed = finish(command(project, world, "search", "--only", "pubmed"))
    assert "5 hits since 1960-01-01, 5 new" in printed
    assert not any("retstart=0" in path for path in world.seen)
    assert not list((project / ".search").iterdir())


def test_a_second_search_on_the_same_day_says_so(project, world):
    """Nothing is asked twice on one day."""
    finish(command(project, world, "search", "--only", "pubmed"))
    world.seen.clear()
    assert "already searched today" in finish(
        command(project, world, "search", "--only", "pubmed")
    )
    assert world.seen == []


def test_a_changed_registration_is_reported_and_dated(project, world):
    """The registry's status replaces the old one, with the date seen."""
    shutil.copy(ROOT / "data/trials.csv", project / "data/trials.csv")
    registered = [
        r["registry_id"] for r in rows(project, "trials") if r["registry_id"][:3] == "NCT"
    ]
    world.trials = [trial(number, "A trial", "WITHDRAWN") for number in registered]
    printed = finish(command(project, world, "search", "--only", "trials"))
    after = {row["registry_id"]: row for row in rows(project, "trials")}
    assert f"{registered[0]}: status was" in printed
    assert {after[number]["status"] for number in registered} == {"withdrawn"}
    assert {after[number]["status_seen_on"] for number in registered} == {date.today().isoformat()}


def test_a_retraction_of_a_study_in_use_becomes_a_record_to_act_on(project, world):
    """Crossref's notice lands among the undecided records."""
    study = next(row for row in rows(project, "studies") if row["doi"])
    update = {"DOI": study["doi"], "type": "retraction", "updated": {"date-parts": [[2026, 3, 9]]}}
    world.updates[study["doi"]] = [{"DOI": "10.1000/notice", "update-to": [update]}]
    printed = finish(command(project, world, "search", "--only", "crossref"))
    assert f"{study['study_id']}: retraction 2026-03-09" in printed
    assert [row["doi"] for row in new_records(project).values()] == ["10.1000/notice"]


def test_a_dead_service_does_not_keep_the_others_from_being_asked(project, world):
    """One failing source costs its own records only; the exit status says so."""
    world.faults = [status(400)]
    process = command(project, world, "search")
    printed = finish(process)
    assert process.returncode == 1
    assert "refused the request" in printed
    assert "Crossref: 0 notices" in printed


def test_a_journal_survives_a_half_written_last_line(tmp_path):
    """What a killed process left is cut off, the whole pages stay."""
    journal = journals.begin(tmp_path, RUN)
    journal.add(Page((Candidate("PubMed", "1", "One"),), "2", 3))
    with journal.path.open("ab") as file:
        file.write(b'{"candidates": [{"source": "Pub')
    again = journals.resume(journal.path)
    assert again is not None
    assert again.cursor == "2"
    assert [candidate.title for candidate in again.candidates] == ["One"]
    again.add(Page((Candidate("PubMed", "2", "Two"),), None, 3))
    whole = journals.resume(journal.path)
    assert whole is not None
    assert whole.finished
    assert len(whole.candidates) == 2


def test_a_journal_without_a_whole_first_line_is_forgotten(tmp_path):
    """Nothing was fetched, so nothing is lost."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"search_id": "x"')
    assert journals.resume(path) is None
    assert not path.exists()


def test_merging_twice_adds_once():
    """The step that a killed process repeats is idempotent."""
    found = [Candidate("PubMed", "1", "A title", year="2026", pmid="1")]
    known: set[str] = set()
    taken: set[str] = set()
    first = merge(found, RUN, known, taken)
    assert [row["record_id"] for row in first] == ["pmid1"]
    assert merge(found, RUN, known_identities([first]), taken) == []


def test_two_records_without_numbers_get_two_names():
    """Identifiers stay unique even where titles are all there is."""
    same = [Candidate("x", "1", "A title", year=year) for year in ("2025", "2026")]
    made = merge(same, RUN, set(), set())
    assert len({row["record_id"] for row in made}) == 2


def test_a_changed_query_is_asked_from_the_beginning(tmp_path):
    """The dates of the old query say nothing about the new one."""
    (tmp_path / "pubmed.toml").write_text(
        'source = "pubmed"\nwritten_on = 2026-11-22\nquery = "ketamine"\n', encoding="utf-8"
    )
    query = read_queries(tmp_path)[0]
    log = {"status": "run", "source": "PubMed", "query": "ketamine", "date": "2026-10-01"}
    today = date(2026, 11, 22)
    assert plan(query, [log], today).since == "2026-10-01"
    assert plan(query, [log | {"query": "ketamine[tiab]"}], today).since == "1960-01-01"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('source = "google"', "source is 'google'"),
        ('source = "pubmed"\nwritten_on = "today"', "needs a date"),
        ('source = "pubmed"\nwritten_on = 2026-11-22\nquery = " "', "query is empty"),
        ("source = ", "cannot be read"),
    ],
)
def test_a_faulty_query_file_is_named(tmp_path, content, says):
    """The message says which file and what is wrong."""
    (tmp_path / "one.toml").write_text(content, encoding="utf-8")
    with pytest.raises(QueryError, match=says) as raised:
        read_queries(tmp_path)
    assert "one.toml" in str(raised.value)


def test_the_projects_own_queries_can_be_read():
    """All three search services have a query."""
    assert {query.source for query in read_queries(ROOT / "data/queries")} == {
        "pubmed",
        "europe_pmc",
        "clinicaltrials",
    }


@pytest.mark.parametrize("pause", [0.0, 0.4, 0.7, 0.9, 1.1, 1.4])
def test_a_killed_search_leaves_whole_files_and_is_finished_by_the_next(project, world, pause):
    """Kill -9 at any moment: the tables stay readable, no record is lost or doubled."""
    process = command(project, world, "search", "--only", "pubmed")
    try:
        process.wait(timeout=pause)
    except subprocess.TimeoutExpired:
        process.kill()
    finish(process)
    assert len(rows(project, "screening")) >= len(rows(ROOT, "screening"))
    finish(command(project, world, "search", "--only", "pubmed"))
    assert set(new_records(project)) == {f"pmid{900001 + i}" for i in range(5)}
    assert not list((project / "data").glob(".*.partial"))


def test_hanging_up_at_every_try_is_reported_in_plain_words(project, world):
    """The last words tell the person what to do."""
    world.faults = [hang_up] * 3 + [status(400)]
    printed = finish(command(project, world, "search", "--only", "pubmed"))
    assert "Traceback" not in printed
    assert "Check the query" in printed
