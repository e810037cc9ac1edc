"""What changed: rows, answers before and after, which row did it, which conclusion flipped."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.review import answer_questions, commands_compare
from analysis.review.change_report import as_markdown
from analysis.review.changes import Comparison, QuestionChange
from analysis.review.comparing import compare
from analysis.review.questions import parse_questions
from analysis.review.serialise import dumps
from analysis.review.versions import Version, VersionError, find_version
from review_tables import counts, published_rows, question_table, study

A = counts("ames2001", 12, 20, 6, 20)
B = counts("bohr2002", 15, 30, 9, 30)
C = counts("cole2003", 8, 15, 4, 16)
HARM = counts("dahl2004", 2, 60, 20, 60)


def questions(**changes: object):
    return parse_questions({"question": [question_table(method="EE", ci="z", **changes)]}, "q")


def version(name: str, rows: Sequence[dict[str, str]], **tables: object) -> Version:
    return Version(name, {"studies": rows, **tables}, questions())


def between(old: Sequence[dict[str, str]], new: Sequence[dict[str, str]]) -> Comparison:
    return compare(version("old", old), version("new", new), {})


def only(comparison: Comparison) -> QuestionChange:
    (change,) = comparison.questions
    return change


def test_the_same_data_show_no_change():
    found = between([A, B], [B, A])
    assert (found.rows, found.questions, found.unchanged) == ((), (), ("relief",))
    assert "0 of 1 answers changed. No conclusion changed." in as_markdown(found)


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        ([A, B, C], "added"),
        ([A, B | {"events_treat": "16"}], "corrected"),
        ([A, B | {"note": "seen again"}], "described"),
        ([A, B | {"status": "retracted", "status_reason": "Fraud."}], "withdrawn"),
        ([A], "deleted"),
    ],
)
def test_a_changed_line_is_named_by_what_happened_to_it(new, kind):
    (row,) = between([A, B], new).rows
    assert row.kind == kind
    assert row.row_id.startswith("cole2003" if kind == "added" else "bohr2002")


def test_a_line_taken_back_in_is_restored():
    assert between([A, B | {"status": "retracted"}], [A, B]).rows[0].kind == "restored"


def test_a_corrected_cell_is_shown_before_and_after():
    (row,) = between([A, B], [A, B | {"events_treat": "16"}]).rows
    (cell,) = row.cells
    assert (cell.column, cell.before, cell.after) == ("events_treat", "15", "16")


def test_a_new_rating_is_a_rerating():
    rating = {
        "question_id": "relief",
        "domain": "overall",
        "judgement": "low",
        "reason": "Few.",
        "rated_on_version": "x",
        "rated_on": "2026-12-01",
        "rated_by": "t",
    }
    found = compare(
        version("old", [A, B], certainty=[]), version("new", [A, B], certainty=[rating]), {}
    )
    assert [row.kind for row in found.rows] == ["re-rated"]
    (flip,) = only(found).flips
    assert (flip.kind, flip.sentence) == ("certainty", "Certainty was not rated and is low.")


def test_the_answers_before_and_after_are_those_of_the_two_data_sets():
    change = only(between([A, B], [A, B, C]))
    expected = [
        answer_questions(questions(), {"studies": rows}).answers["relief"].pooled
        for rows in ([A, B], [A, B, C])
    ]
    for seen, pooled in zip((change.before, change.after), expected, strict=True):
        assert (seen.estimate, seen.ci_low, seen.ci_high) == (
            pooled.estimate,
            pooled.ci_low,
            pooled.ci_high,
        )


def test_each_row_is_put_in_place_by_itself_and_the_steps_join_up():
    change = only(between([A, B], [A, B | {"events_treat": "25"}, C]))
    assert [step.cause for step in change.steps] == ["data", "data"]
    assert [step.rows[0].split()[0] for step in change.steps] == ["bohr2002", "cole2003"]
    assert change.steps[0].before == change.before
    assert change.steps[0].after == change.steps[1].before
    assert change.steps[1].after == change.after


def test_rows_that_only_fit_together_make_one_step():
    moved = B | {"timepoint": "day 7"}
    change = only(
        between([A, B], [A, B | {"status": "superseded"}, moved | {"events_treat": "20"}])
    )
    assert sum(len(step.rows) for step in change.steps) == 2
    late_first = [
        A,
        moved | {"events_treat": "20", "comparison": "a"},
        B | {"status": "superseded"},
    ]
    (step,) = only(between([A, B], late_first)).steps
    assert len(step.rows) == 2


def test_a_row_that_turns_the_result_flips_direction_and_no_effect():
    strong = [counts("ames2001", 18, 20, 6, 20), counts("bohr2002", 25, 30, 9, 30)]
    change = only(
        between(
            strong,
            [
                *strong,
                *(HARM | {"study_id": f"h{i}", "participants_id": f"h{i}"} for i in range(30)),
            ],
        )
    )
    assert {flip.kind for flip in change.flips} == {"direction", "null"}


def test_a_first_pool_and_a_lost_pool_are_flips():
    assert only(between([A], [A, B])).flips[0].sentence == "There is a pooled result now."
    lost = only(between([A, B], [A, B | {"status": "retracted"}])).flips[0].sentence
    assert lost.startswith("There is no pooled result any more. Only one study")


def test_reaching_the_important_difference_is_a_flip():
    def at(estimate: float) -> list[dict[str, str]]:
        return [
            study(f"s{i}", estimate=estimate, estimate_measure="MD", se=1, better="lower")
            for i in range(2)
        ]

    asked = questions(
        measure="MD",
        better="lower",
        important_difference=4.0,
        important_difference_source="a survey",
    )
    old, new = (Version(n, {"studies": at(e)}, asked) for n, e in (("old", -3.0), ("new", -5.0)))
    assert [flip.kind for flip in only(compare(old, new, {})).flips] == ["important difference"]


def test_a_single_study_that_is_corrected_is_seen_although_nothing_is_pooled():
    change = only(between([A], [A | {"events_treat": "13"}]))
    assert (change.before.pooled, change.after.k) == (False, 1)
    assert change.after.estimate == pytest.approx(13 / 6)


def test_software_question_and_data_are_told_apart():
    old = version("old", [A, B])
    stored = answer_questions(questions(), old.tables)
    answer = stored.answers["relief"]
    manifest = {"packages": {"scipy": "1.0"}, "python": "3.11", "lock": "a"}
    stored = replace(
        stored,
        manifest=manifest,
        answers={"relief": replace(answer, pooled=replace(answer.pooled, estimate=9.0))},
    )
    new = replace(version("new", [A, B, C]), questions=questions(measure="OR"))
    found = compare(replace(old, results=stored), new, {})
    steps = only(found).steps
    assert [step.cause for step in steps] == ["software", "question", "data"]
    assert steps[0].before.estimate == 9.0


def test_packages_that_differ_are_listed_apart_from_the_data():
    rows = {"studies": [A, B]}
    stored = answer_questions(questions(), rows)
    manifests = [
        {"packages": {"scipy": v, "numpy": "2"}, "python": "3.11", "lock": "a"}
        for v in ("1.16", "1.17")
    ]
    old, new = (
        Version("v", rows, questions(), "", replace(stored, manifest=m)) for m in manifests
    )
    found = compare(old, new, {})
    assert [(c.column, c.before, c.after) for c in found.software.values()] == [
        ("scipy", "1.16", "1.17")
    ]
    assert found.questions == ()


def test_a_difference_of_the_last_digit_between_machines_is_no_change():
    old = version("old", [A, B])
    stored = answer_questions(questions(), old.tables)
    answer = stored.answers["relief"]
    noisy = replace(answer.pooled, estimate=answer.pooled.estimate * (1 + 1e-14))
    stored = replace(
        stored,
        manifest={"packages": {}, "python": "3.11", "lock": ""},
        answers={"relief": replace(answer, pooled=noisy)},
    )
    assert compare(replace(old, results=stored), version("new", [A, B]), {}).questions == ()


def test_new_and_dropped_questions_are_told():
    both = questions() | parse_questions(
        {"question": [question_table(id="other", title="Other")]}, "q"
    )
    old = version("old", [A, B])
    found = compare(old, replace(version("new", [A, B]), questions=both), {})
    assert (only(found).id, only(found).before) == ("other", None)
    gone = compare(replace(old, questions=both), version("new", [A, B]), {})
    assert (only(gone).id, only(gone).after) == ("other", None)
    assert "This question is gone." in as_markdown(gone)


def test_a_question_that_old_data_cannot_answer_says_so_and_does_not_stop():
    asked = questions(facts={"c": {"study_id": "cole2003"}}, caveats=["{c.n_treat} people"])
    old, new = (
        Version(n, {"studies": rows}, asked) for n, rows in (("old", [A, B]), ("new", [A, B, C]))
    )
    change = only(compare(old, new, {}))
    assert change.before.reason.startswith("Not answerable: question 'relief': fact 'c'")
    assert change.after.k == 3


def test_the_report_cannot_be_broken_by_text_from_a_table():
    found = between([A, B], [A, B, C | {"instrument": "a | b <script> *x*"}])
    text = as_markdown(found)
    assert "a \\| b \\<script> \\*x\\*" in text


def test_the_record_is_plain_json():
    plain = json.loads(dumps(between([A, B], [A, B, C])))
    assert plain["questions"][0]["after"]["k"] == 3
    assert plain["rows"][0]["kind"] == "added"


# --- finding versions ---------------------------------------------------------------------------


def write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


def test_files_folders_releases_and_revisions_are_found(tmp_path: Path):
    write(tmp_path / "data" / "studies.csv", [A])
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    write(tmp_path / "data" / "studies.csv", [A, B])
    write(tmp_path / "data" / "releases" / "2026.1.0" / "studies.csv", [A, B, C])
    names = {str(tmp_path / "data" / "studies.csv"): 2, str(tmp_path): 2, "2026.1.0": 3, "HEAD": 1}
    assert {name: len(find_version(name, tmp_path).tables["studies"]) for name in names} == names


@pytest.mark.parametrize("name", ["nowhere", "--output=/tmp/x", "HEAD~5"])
def test_an_unknown_version_names_what_was_tried(tmp_path: Path, name):
    git(tmp_path, "init", "-q")
    with pytest.raises(VersionError, match="is not a file, a folder, a release"):
        find_version(name, tmp_path)


def test_a_file_of_an_older_form_is_read_with_empty_new_columns(tmp_path: Path):
    short = [{k: v for k, v in A.items() if k != "correlation"}]
    path = write(tmp_path / "old.csv", short)
    (line,) = find_version(str(path), tmp_path).tables["studies"]
    assert line["correlation"] == ""


def test_a_file_that_is_no_studies_table_is_refused(tmp_path: Path):
    path = write(tmp_path / "x.csv", [{"a": "1"}])
    with pytest.raises(VersionError, match="lacks the columns that name a row"):
        find_version(str(path), tmp_path)


def test_the_command_tells_what_one_changed_cell_did(tmp_path: Path, capsys):
    rows = published_rows()
    for row in rows:
        if row["study_id"] == "fu2020" and row["outcome"] == "nausea":
            row["events_treat"] = str(int(row["events_treat"]) + 10)
    path = write(tmp_path / "studies.csv", rows)
    parser = argparse.ArgumentParser()
    commands_compare.configure(parser)
    assert commands_compare.run(parser.parse_args([str(path)])) == 0
    out = capsys.readouterr().out
    assert "(`safety-nausea`)" in out
    assert "Rows: 1 corrected." in out
    assert commands_compare.run(parser.parse_args(["nowhere"])) == 2
    assert "'nowhere' is not a file" in capsys.readouterr().err


def test_the_only_study_left_is_shown_beside_one_that_was_retracted():
    change = only(between([A, B], [A, B | {"status": "retracted"}]))
    assert (change.after.pooled, change.after.k) == (False, 1)
    assert change.after.estimate == pytest.approx(12 / 6)


def test_a_first_result_and_a_lost_one_are_flips():
    first = only(between([], [A])).flips
    assert [flip.sentence for flip in first] == ["There is a first result now, of one study."]
    lost = only(between([A], [A | {"status": "retracted"}])).flips[0].sentence
    assert lost.startswith("There is no result any more.")


def test_why_and_when_a_row_changed_is_not_told_twice():
    gone = B | {"status": "retracted", "status_reason": "made up", "status_on": "2026-12-01"}
    assert [cell.column for cell in between([A, B], [A, gone]).rows[0].values] == ["status"]
