"""A preview says what an edit did: faults, which questions use the row, before and after."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.evidence import read_table, write_table_atomically
from analysis.evidence.paths import ROOT_VARIABLE
from analysis.living.preview import influence
from analysis.review.questions import parse_questions
from analysis.review.running import answer_questions
from review_tables import counts, question_table
from small_review import commit, small_review


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small review that the commands of this test work on."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return small_review(tmp_path)


def put(*new: dict[str, str]) -> None:
    """Add rows to the study table."""
    write_table_atomically("studies", [*read_table("studies").rows, *new])


def dahl(**cells: str) -> dict[str, str]:
    """Return a made-up trial that can be pooled with the others."""
    known = {"citation_key": "cole2003", "doi": "10.1000/dahl"} | cells
    return counts("dahl2004", 14, 20, 3, 20, year="2004", **known)


def report(project: Path) -> str:
    return (project / "_build/preview/preview.md").read_text(encoding="utf-8")


def test_a_new_row_is_told_with_before_and_after_weight_and_figures(project, capsys):
    put(dahl())
    assert main(["preview"]) == 0
    told = report(project)
    assert "1 of 1 answers changed." in told
    assert "Rows: 1 added." in told
    assert "(added): relief (pooled)" in told
    assert "- Before: " in told
    assert "k = 3" in told
    assert "k = 4" in told
    assert "Dahl 2004 has " in told
    assert told.partition("<details>")[0].rstrip() in capsys.readouterr().out
    for when in ("before", "after"):
        name = f"relief.{when}.svg"
        assert f"![{name}]({name})" in told
        ET.parse(project / "_build/preview" / name)


def test_both_forest_plots_have_one_axis(project):
    put(dahl())
    main(["preview"])
    drawn = [(project / f"_build/preview/relief.{w}.svg").read_text() for w in ("before", "after")]
    assert "Dahl 2004" not in drawn[0]
    assert "Dahl 2004" in drawn[1]
    numbers = [
        [e.text for e in ET.fromstring(svg).iter() if re.fullmatch(r"[\d.]+(/\d+)?", e.text or "")]
        for svg in drawn
    ]
    # The axis comes first, then the counts of the first trial.
    ticks = [found[: found.index("12/20")] for found in numbers]
    assert ticks[0] == ticks[1]
    assert "1" in ticks[0]


def test_a_row_that_no_question_selects_says_so(project):
    put(dahl(outcome="sleep"))
    assert main(["preview"]) == 0
    assert "no question selects it, so no answer can move" in report(project)


def test_warnings_about_the_row_are_listed(project):
    """The source is that of another study: probably the same study twice."""
    put(dahl(doi="10.1000/ames2001", outcome="sleep"))
    assert main(["preview"]) == 0
    checks = report(project).partition("## Which questions")[0]
    assert "ames2001 and dahl2004 have the same doi" in checks


def test_the_same_study_twice_is_refused(project, capsys):
    put(dahl(doi="10.1000/ames2001"))
    assert main(["preview"]) == 1
    assert "ames2001 and dahl2004 have the same doi" in capsys.readouterr().out


def test_data_with_errors_are_not_answered(project, capsys):
    put(dahl(route="nose"))
    assert main(["preview"]) == 1
    assert "route" in capsys.readouterr().out
    assert not (project / "_build/preview").exists()


def test_any_version_can_be_the_base_and_an_unknown_one_is_refused(project, capsys):
    put(dahl())
    commit(project, "A row")
    assert main(["preview", "HEAD"]) == 0
    assert "Rows: none changed." in report(project)
    assert main(["preview", "HEAD~1"]) == 0
    assert "Rows: 1 added." in report(project)
    assert main(["preview", "no-such-version"]) == 2
    assert "'no-such-version'" in capsys.readouterr().err


def test_influence_is_ranked_where_the_policy_shows_leave_one_out():
    def told(count: int) -> list[str]:
        rows = [counts(f"s{chr(97 + i)}200{i}", 10 + 2 * i, 30, 5, 30) for i in range(count)]
        questions = parse_questions({"question": [question_table()]}, "q.toml")
        answer = answer_questions(questions, {"studies": rows}).answers["relief"]
        return list(influence(answer, {"sa2000"}))

    assert any("in influence" in line and "of 5" in line for line in told(5))
    few = told(3)
    assert any(line.startswith("Influence is not ranked.") for line in few)
    assert not any("in influence" in line for line in few)
