"""Every example of "Use these results" runs in the book's folder and says what the book says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analysis.book import use
from analysis.review import selections
from analysis.review.results import Answer
from analysis.review.serialise import read_results
from project_copy import ROOT

PAGE = (ROOT / "chapters" / "use.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(python|r)\n(.*?)^```", PAGE, re.S | re.M)
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
RSCRIPT = shutil.which("Rscript")


def run(language: str, code: str, book: Path) -> str:
    """Return what an example prints in the folder of the book."""
    if language == "python":
        command = [sys.executable, "-c", code]
    else:
        if RSCRIPT is None:
            pytest.skip("there is no Rscript here")
        for package in re.findall(r"library\((\w+)\)|(\w+)::", code):
            name = "".join(package)
            asked = f'quit(status = !requireNamespace("{name}", quietly = TRUE))'
            if subprocess.run([RSCRIPT, "-e", asked], capture_output=True).returncode:
                pytest.skip(f"R has no package {name} here")
        command = [RSCRIPT, "-e", code]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    finished = subprocess.run(command, cwd=book, capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def nausea(book: Path) -> Answer:
    return read_results(book / "data" / "results.json").answers["safety-nausea"]


def test_the_page_has_examples_in_both_languages() -> None:
    assert [language for language, _ in EXAMPLES].count("python") == 3
    assert [language for language, _ in EXAMPLES].count("r") == 3


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs_and_prints_the_books_estimate(
    book: Path, nausea: Answer, number: int
) -> None:
    language, code = EXAMPLES[number]
    printed = [float(text) for text in NUMBER.findall(run(language, code, book))]
    assert nausea.pooled is not None
    expected = [nausea.pooled.estimate, nausea.pooled.ci_low, nausea.pooled.ci_high]
    if "1 / rows$vi" in code:  # base R, by hand: the common-effect estimate
        (common,) = (other for other in nausea.alternatives if other.id == "common-effect")
        assert common.pooled is not None
        expected = [common.pooled.estimate]
    for value in expected:
        assert any(found == pytest.approx(value, abs=6e-5) for found in printed), value


def test_the_page_names_only_files_that_are_there(book: Path) -> None:
    for name in re.findall(r'"(data/[^"]+)"', PAGE):
        assert (book / name).exists(), name
    page = (book / "chapters" / "use.html").read_text(encoding="utf-8")
    linked = re.findall(r'href="\.\./(data/[^"#]+)"', page)
    assert len(linked) > 60
    assert [name for name in linked if not (book / name).exists()] == []


@pytest.mark.parametrize(
    "address", ["", "https://github.com/someone/review", "https://git.example/x"]
)
def test_a_launch_link_appears_only_where_the_repository_can_be_opened(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(use, "repository", lambda: address)
    shown = str(use.launch().html)
    if "github" in address:
        assert "https://mybinder.org/v2/gh/someone/review/HEAD" in shown
    else:
        assert "mybinder" not in shown
        assert "On your own machine" in shown


def test_binder_gets_the_project_and_what_opens_its_chapters() -> None:
    wanted = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {"-e .", "jupytext"} <= set(wanted)
    version = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    least = pyproject["project"]["requires-python"].removeprefix(">=")
    assert [int(part) for part in version.removeprefix("python-").split(".")] >= [
        int(part) for part in least.split(".")
    ]


def test_the_limit_that_the_page_names_is_the_one_in_force() -> None:
    assert f"Up to `{selections.LIMIT}` studies, every selection was computed" in PAGE
