"""The commands as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from analysis.cli import VERBS, main
from analysis.evidence.paths import ROOT_VARIABLE
from evidence_tables import ROWS, changed, put, valid_text
from small_review import small_review


def test_clean_data_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(put(tmp_path, valid_text()))]) == 0
    assert capsys.readouterr().out == "No faults found.\n"


def test_an_error_exits_with_1_and_a_warning_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(put(tmp_path, changed("means2020", route="nose")))]) == 1
    assert main(["validate", str(put(tmp_path, changed("reported2020", p_value="0.6")))]) == 0
    assert "1 warning. The data can be used" in capsys.readouterr().out


def test_each_format_is_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(put(tmp_path, changed("means2020", route="nose")))
    assert main(["validate", "--format", "json", path]) == 1
    assert json.loads(capsys.readouterr().out)["errors"] == 1
    assert main(["validate", "--format=github", path]) == 1
    assert capsys.readouterr().out.startswith("::error file=")


@pytest.mark.parametrize("words", [[], ["valdate"], ["validate", "--format", "xml"]])
def test_wrong_usage_exits_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: python -m analysis" in capsys.readouterr().err


def test_a_path_that_belongs_to_no_table_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path / "n\x1bo.csv")]) == 2
    assert "n\\x1bo.csv belongs to no table" in capsys.readouterr().err


def test_sort_names_tables_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sort", "study"]) == 2
    assert "there is no table 'study'" in capsys.readouterr().err


def test_sort_leaves_the_reviews_own_tables_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sort", "studies"]) == 0
    assert capsys.readouterr().out == "data/studies.csv: in order\n"


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_can_be_configured_and_run(name: str) -> None:
    module = import_module(VERBS[name].module)
    assert callable(module.configure)
    assert callable(module.run)


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    assert f"usage: python -m analysis {name}" in capsys.readouterr().out


def test_validate_starts_without_the_heavy_packages(tmp_path: Path) -> None:
    code = (
        "import sys; from analysis.cli import main; main(sys.argv[1:]); "
        "print({'pandas', 'matplotlib', 'statsmodels', 'scipy'} & set(sys.modules))"
    )
    path = str(put(tmp_path, valid_text()))
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", path], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_outside_the_project_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert main(["validate"]) == 1
    assert "set it to the directory of the clone" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_causes_no_traceback(tmp_path: Path) -> None:
    many = [ROWS[0] | {"study_id": f"s{number:05d}", "route": "nose"} for number in range(900)]
    path = put(tmp_path, many)
    validate = subprocess.Popen(
        [sys.executable, "-m", "analysis", "validate", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert validate.stdout is not None
    validate.stdout.readline()
    validate.stdout.close()
    assert validate.stderr is not None
    assert validate.stderr.read() == b""
    validate.stderr.close()
    assert validate.wait() == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "words", "says"),
    [
        ("protocol.toml", "retired = false", "retired = 0", "status", "write true or false"),
        ("questions.toml", 'measure = "', 'measure = "X', "status", "key 'measure' is"),
        ("questions.toml", 'measure = "', 'measure = "X', "answer", "key 'measure' is"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_words_not_by_a_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    old: str,
    new: str,
    words: str,
    says: str,
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(small_review(tmp_path)))
    path = tmp_path / "data" / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    assert main([words]) in (1, 2)
    said = capsys.readouterr().err
    assert name in said
    assert says in said
