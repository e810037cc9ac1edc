"""Releases: numbered by rule, whole or not there, never edited, finished if interrupted."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from analysis.cli import main
from analysis.evidence.paths import ROOT_VARIABLE
from analysis.living import changelog, release
from analysis.living.releases import (
    Release,
    altered,
    next_version,
    read_changes,
    read_releases,
)
from analysis.review.manifest import data_version
from project_copy import ROOT
from small_review import commit, git, small_review

YEAR = date.today().year
MADE = Release("2027.2.0", "2027-03-01", "2027.1.0", ("Ann Example", "Zoë Ö"), {})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small review under git, which the commands of this test work on."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return small_review(tmp_path)


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace text in a file and commit it."""
    path = project / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    commit(project, "An edit")


def released(project: Path) -> str:
    """Release and commit, and return the version."""
    assert main(["release"]) == 0
    commit(project, "A release")
    return read_releases(project)[-1].version


@pytest.mark.parametrize(
    ("previous", "year", "data", "version"),
    [
        ("", 2026, True, "2026.1.0"),
        ("2026.1.0", 2026, True, "2026.2.0"),
        ("2026.1.0", 2026, False, "2026.1.1"),
        ("2026.9.3", 2026, True, "2026.10.0"),
        ("2026.9.3", 2027, False, "2027.1.0"),
    ],
)
def test_versions_follow_the_rule(previous, year, data, version):
    assert next_version(previous, year, data_changed=data) == version


@pytest.mark.parametrize("wrong", ["1.0", "v2026.1.0", "2028.1.0"])
def test_a_version_that_cannot_be_followed_is_refused(wrong):
    with pytest.raises(ValueError, match=wrong):
        next_version(wrong, 2027, data_changed=True)


def test_the_first_release_holds_everything_its_answers_rest_on(project, capsys):
    assert main(["release"]) == 0
    folder = project / f"data/releases/{YEAR}.1.0"
    assert {path.name for path in folder.iterdir()} == {
        "studies.csv",
        "screening.csv",
        "risk_of_bias.csv",
        "certainty.csv",
        "questions.toml",
        "results.json",
        "release.json",
    }
    assert altered(project) == []
    assert "First release: 1 questions, 3 rows from 3 studies." in capsys.readouterr().out
    assert json.loads((folder / "results.json").read_text())["version"] == f"{YEAR}.1.0"


def test_a_data_change_counts_and_is_told_with_what_moved(project, capsys):
    released(project)
    edit(project, "data/studies.csv", ",12,6,", ",18,6,")
    capsys.readouterr()
    assert released(project) == f"{YEAR}.2.0"
    log = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    entry = log.split("\n## ")[2]
    assert entry.startswith(f"{YEAR}.2.0, {date.today().isoformat()}")
    assert "- Relief (`relief`):" in log
    assert "Corrected: Ames 2001" in log
    assert "events_treat 12 → 18" in log
    assert read_changes(project, f"{YEAR}.2.0") is not None
    assert data_version(project) == f"{YEAR}.2.0"


def test_a_retraction_is_told_with_its_reason(project):
    released(project)
    path = project / "data/studies.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",active,,,", ",retracted,Data were made up,2026-11-22,")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    commit(project, "A retraction")
    released(project)
    log = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "Withdrawn: Ames 2001" in log
    assert "(Data were made up)" in log


def test_programs_alone_make_a_patch(project):
    released(project)
    edit(project, "README.md", "small", "tiny")
    assert released(project).endswith(".1.1")


def test_nothing_new_is_not_released(project, capsys):
    released(project)
    assert main(["release"]) == 1
    assert "Nothing was committed since release" in capsys.readouterr().err


def test_a_dry_run_writes_nothing(project, capsys):
    before = git(project, "status", "--porcelain")
    assert main(["release", "--dry-run"]) == 0
    assert f"Release {YEAR}.1.0" in capsys.readouterr().out
    assert git(project, "status", "--porcelain") == before
    assert read_releases(project) == []


def test_uncommitted_invalid_and_unsound_data_are_refused_all_at_once(project, capsys):
    studies = project / "data/studies.csv"
    studies.write_text(studies.read_text().replace("intravenous", "nose", 1))
    assert main(["release"]) == 1
    told = capsys.readouterr().err
    assert "Not committed: data/studies.csv." in told
    assert "The data have 1 errors" in told
    assert not (project / "data/releases").exists()


def test_a_flow_that_does_not_add_up_is_refused(project, capsys):
    edit(project, "data/screening.csv", ",ames2001,yes", ",ames2001,no")
    assert main(["release"]) == 1
    assert "ames2001 has rows in data/studies.csv, but no included record" in (
        capsys.readouterr().err
    )


def test_a_release_that_was_edited_later_is_noticed(project, capsys):
    version = released(project)
    edit(project, f"data/releases/{version}/studies.csv", ",12,6,", ",13,6,")
    assert main(["release"]) == 1
    assert f"data/releases/{version}/studies.csv is not as it was released" in (
        capsys.readouterr().err
    )


def test_an_interrupted_release_is_finished_by_the_next_run(project, capsys):
    """The folder is there, but nothing names it yet."""
    made = release.plan(project, date.today())
    assert made is not None
    before = {name: (project / name).read_text() for name in release.NAMED_IN}
    release.publish(project, made)
    after = {name: (project / name).read_text() for name in release.NAMED_IN}
    for name, text in before.items():
        (project / name).write_text(text)
    assert main(["release"]) == 0
    assert "had been interrupted; it is whole now" in capsys.readouterr().out
    assert {name: (project / name).read_text() for name in release.NAMED_IN} == after


def test_each_text_takes_a_release_once():
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    once = changelog.with_entry(log, MADE, ["- Evidence."], "")
    assert changelog.with_entry(once, MADE, ["- Other."], "") == once
    assert once.index("## 2027.2.0, 2027-03-01") < once.index("- Evidence.")
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert changelog.cited(changelog.cited(cff, MADE), MADE) == changelog.cited(cff, MADE)


def test_what_people_wrote_becomes_the_list_of_programs():
    log = "# Changes\n\n## Not yet published\n\n- Faster.\n\n## 2027.1.0, 2027-01-02\n\nOld.\n"
    told = changelog.with_entry(log, MADE, ["- Evidence."], "- numpy 1 → 2.")
    assert told == (
        "# Changes\n\n## Not yet published\n\n"
        "## 2027.2.0, 2027-03-01\n\n### Evidence\n\n- Evidence.\n\n"
        "### Programs\n\n- Faster.\n- numpy 1 → 2.\n\n## 2027.1.0, 2027-01-02\n\nOld.\n"
    )


def test_the_heading_for_what_comes_next_stays_empty_until_somebody_writes():
    log = "# Changes\n\n## Not yet published\n\n- Faster.\n"
    once = changelog.with_entry(log, MADE, ["- Evidence."], "")
    twice = changelog.with_entry(once, replace(MADE, version="2027.3.0"), ["- More."], "")
    newest = twice.split("\n## ")[2]
    assert newest.startswith("2027.3.0")
    assert "- No change." in newest


def test_the_citation_has_version_date_and_everybody_once_and_keeps_what_it_had():
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    by_hand = cff.replace(
        "authors:\n", "authors:\n  - given-names: Ann\n    family-names: Example\n", 1
    )
    record = yaml.safe_load(changelog.cited(by_hand, MADE))
    assert record["version"] == "2027.2.0"
    assert str(record["date-released"]) == "2027-03-01"
    assert record["authors"] == [
        {"given-names": "Ann", "family-names": "Example"},
        *yaml.safe_load(cff)["authors"],
        {"name": "Zoë Ö"},
    ]
    assert record["title"] == yaml.safe_load(cff)["title"]


def test_everybody_whom_a_row_names_is_a_contributor(project):
    edit(
        project,
        "data/studies.csv",
        ",test,2026-11-22,,,",
        ",test,2026-11-22,Bo Checker,2026-11-22,",
    )
    version = released(project)
    made = next(r for r in read_releases(project) if r.version == version)
    assert made.contributors == ("Bo Checker", "test")
    assert "Bo Checker" in (project / "CITATION.cff").read_text(encoding="utf-8")


def test_the_reviews_own_releases_are_as_they_were_released():
    assert altered(ROOT) == []


def test_outside_git_nothing_is_released(project, capsys):
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    assert main(["release"]) == 1
    assert "not a git repository" in capsys.readouterr().err
