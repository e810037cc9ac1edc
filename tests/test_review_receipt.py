"""Results as JSON: equal after a round trip, described by a schema, verified to the last digit."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analysis.evidence.paths import project_root
from analysis.review import (
    answer_all,
    answer_questions,
    commands_answer,
    commands_verify,
    read_results,
    results_schema,
    write_results,
)
from analysis.review.questions import parse_questions
from analysis.review.results import Results
from analysis.review.serialise import SCHEMA_PATH, dumps, to_plain
from analysis.review.verifying import differences
from review_tables import counts, question_table

ROWS = [
    counts("ames2001", 12, 20, 6, 20),
    counts("bohr2002", 15, 30, 9, 30),
    counts("cole2003", 8, 15, 4, 16),
]


@pytest.fixture(scope="module")
def real() -> Results:
    return answer_all(project_root())


@pytest.fixture
def small() -> Results:
    questions = parse_questions({"question": [question_table(baseline="pooled")]}, "q.toml")
    return answer_questions(questions, {"studies": ROWS})


def test_results_read_back_are_equal_to_the_results_written(real, tmp_path):
    path = tmp_path / "deep" / "results.json"
    write_results(real, path)
    assert read_results(path) == real


def test_two_runs_write_the_same_bytes(real):
    assert dumps(answer_all(project_root())) == dumps(real)


def test_results_satisfy_their_published_schema(real):
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(to_plain(real), schema)


def test_the_published_schema_is_the_one_of_the_records():
    assert json.loads(SCHEMA_PATH.read_text(encoding="utf-8")) == results_schema(), (
        "write it anew: python -m analysis.review.serialise"
    )


def test_the_schema_refuses_a_missing_and_an_unknown_field(small):
    schema = results_schema()
    for change in ({"k": None}, {"surprise": 1}):
        plain = to_plain(small)
        plain["answers"]["relief"] |= change
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(plain, schema)


def test_an_undefined_number_cannot_be_written(small, tmp_path):
    answer = small.answers["relief"]
    broken = replace(
        small, answers={"relief": replace(answer, pooled=replace(answer.pooled, ci_high=math.nan))}
    )
    with pytest.raises(ValueError, match=r"results\.answers\.relief\.pooled\.ci_high is nan"):
        write_results(broken, tmp_path / "results.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_whole(small, tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    write_results(small, path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_results(replace(small, version="2"), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("status"), "missing status"),
        (lambda d: d["answers"]["relief"].update(k="3"), r"answers\.relief\.k is '3'"),
        (lambda d: d["answers"]["relief"]["rows"][0].update(extra=1), "unknown extra"),
    ],
)
def test_a_file_of_another_form_is_refused_by_place(small, tmp_path, change, words):
    plain = to_plain(small)
    change(plain)
    path = tmp_path / "results.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(ValueError, match=words):
        read_results(path)


def test_the_manifest_holds_what_sha256sum_prints(real):
    import hashlib

    path = project_root() / "data" / "studies.csv"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert real.manifest["inputs"]["data/studies.csv"] == digest
    assert set(real.manifest) == {"inputs", "lock", "packages", "python"}


def test_a_run_is_identical_to_itself(real):
    assert differences(real, real) == []


def test_the_smallest_change_of_an_estimate_is_found_and_measured(small):
    answer = small.answers["relief"]
    moved = math.nextafter(answer.pooled.estimate, 2)
    other = replace(
        small, answers={"relief": replace(answer, pooled=replace(answer.pooled, estimate=moved))}
    )
    (found,) = differences(small_with_manifest(small), small_with_manifest(other))
    assert (found.kind, found.place) == ("quantity", "answers.relief.pooled.estimate")
    assert f"(by {moved - answer.pooled.estimate:.3g})" in str(found)


def test_inputs_and_packages_are_told_apart_from_quantities(small):
    old = small_with_manifest(small)
    new = small_with_manifest(small, inputs={"data/studies.csv": "b"}, packages={"scipy": "2"})
    assert [d.kind for d in differences(old, new)] == ["input", "package"]


def small_with_manifest(results: Results, **changes: object) -> Results:
    base = {
        "inputs": {"data/studies.csv": "a"},
        "lock": "l",
        "packages": {"scipy": "1"},
        "python": "3.12",
    }
    return replace(results, manifest=base | changes)


def run(module, *words: str) -> int:
    parser = argparse.ArgumentParser()
    module.configure(parser)
    return module.run(parser.parse_args(words))


def test_verify_says_identical_and_then_names_the_first_difference(tmp_path: Path, capsys):
    path = tmp_path / "results.json"
    assert run(commands_answer, "--output", str(path)) == 0
    assert run(commands_verify, str(path)) == 0
    assert "Identical" in capsys.readouterr().out
    plain = json.loads(path.read_text())
    plain["answers"]["safety-nausea"]["pooled"]["estimate"] += 0.25
    path.write_text(json.dumps(plain))
    assert run(commands_verify, str(path)) == 1
    out = capsys.readouterr().out
    assert "answers.safety-nausea.pooled.estimate" in out
    assert "(by -0.25)" in out


def test_verify_tells_rounding_from_a_difference(tmp_path: Path, capsys):
    path = tmp_path / "results.json"
    assert run(commands_answer, "--output", str(path)) == 0
    plain = json.loads(path.read_text())
    pooled = plain["answers"]["safety-nausea"]["pooled"]
    pooled["estimate"] = math.nextafter(pooled["estimate"], 2)
    path.write_text(json.dumps(plain))
    capsys.readouterr()
    assert run(commands_verify, str(path)) == 0
    out = capsys.readouterr().out
    assert "but for rounding: 1 of the quantities" in out
    assert "Identical" not in out
    pooled["estimate"] += 1e-8
    path.write_text(json.dumps(plain))
    assert run(commands_verify, str(path)) == 1
    assert "NOT IDENTICAL" in capsys.readouterr().out


def test_verify_without_a_receipt_says_how_to_make_one(tmp_path: Path, capsys):
    assert run(commands_verify, str(tmp_path / "none.json")) == 2
    assert "answer --output" in capsys.readouterr().err


def test_answer_prints_the_question_the_result_and_its_caveats(capsys):
    assert run(commands_answer, "fm-responders-single-arm") == 0
    out = capsys.readouterr().out
    assert "this is not an effect" in out
    assert "3 of 12 people" in out


def test_answer_lists_the_questions_when_asked_for_an_unknown_one(capsys):
    assert run(commands_answer, "fm-nothing") == 1
    assert "fm-responders-controlled" in capsys.readouterr().err
