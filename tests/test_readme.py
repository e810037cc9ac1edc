"""The README shows a real figure and names commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.cli import VERBS
from analysis.figures.export import render
from analysis.review import answer, load_questions, load_tables

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_picture_is_the_figure_of_the_present_data():
    """The README's caption has the command that draws it again after a change of the data."""
    question = load_questions()["safety-dissociation"]
    now = render(answer(question, load_tables()), ".svg")
    assert (ROOT / ".github/forest.svg").read_bytes() == now


def test_every_target_and_verb_it_names_exists():
    """Nobody is sent to a command that is not there."""
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets
    assert set(re.findall(r"python -m analysis ([a-z]+)", README)) <= set(VERBS)


@pytest.mark.parametrize("path", re.findall(r"\]\((?!https)([^)]+)\)", README))
def test_every_file_it_links_exists(path):
    """Relative links lead somewhere."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_a_figure_can_be_taken_away_for_print(suffix, start):
    """PNG and PDF are written too."""
    question = load_questions()["fm-responders-single-arm"]
    assert render(answer(question, load_tables()), suffix).startswith(start)
