"""The plain-language parts can be read by most people: short, and at a known grade.

The grade is the years of school that a text asks for, by two indices that
textstat computes from letters, words and sentences (Coleman–Liau and the
automated readability index). Flesch–Kincaid counts syllables with a dictionary
that would have to be fetched from the network. Roles are read as shown.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import textstat

from analysis.book import inputs, notebooks

CHAPTERS = [
    path
    for path in (inputs.ROOT / f"{name}.md" for name in notebooks.page_names())
    if path.stem not in ("references", "changes")
]
#: Words of a short version, and the highest grade it may have.
MOST_WORDS, HIGHEST_GRADE = 150, 10.0
#: Chapters that are plain language from beginning to end, and their highest grade.
PLAIN = ("practice", "mecfs")


def shown(text: str) -> str:
    """Return Markdown as a reader sees it, with a number for each looked-up one."""
    text = re.sub(r"\{(?:result|cell|count)\}`[^`]+`", "12", text)
    text = re.sub(r"\{gloss\}`([^`<]+?)(?: *<[^`]+>)?`", r"\1", text)
    text = re.sub(r" ?\{cite\}`[^`]+`", "", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return re.sub(r"[*_`]", "", text)


def short_version(path: Path) -> str:
    """Return the text of a chapter's short version."""
    text = notebooks.read_text(path)
    found = re.search(r":::\{admonition\} In short\n:class: short\n(.*?)\n:::", text, re.S)
    assert found, f"{path.name} does not begin with a short version"
    return found[1].strip()


def body(path: Path) -> str:
    """Return a chapter's prose without cells, headings and directives."""
    text = re.sub(r"\A---\n.*?\n---\n", "", notebooks.read_text(path), flags=re.S)
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return "\n".join(line for line in text.splitlines() if not re.match(r"#|:", line))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_opens_with_its_answer_and_how_certain_it_is(path: Path) -> None:
    text = notebooks.read_text(path)
    first = text.index("{admonition} In short")
    assert "\n## " not in text[:first]
    last = short_version(path).split("\n\n")[-1]
    assert last.startswith("**Certainty:**")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_short_version_is_short(path: Path) -> None:
    assert len(shown(short_version(path)).split()) < MOST_WORDS


def grade(text: str) -> float:
    """Return the higher of the two indices."""
    seen = shown(text)
    return max(textstat.coleman_liau_index(seen), textstat.automated_readability_index(seen))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_short_version_asks_for_no_more_than_ten_years_of_school(path: Path) -> None:
    assert grade(short_version(path)) <= HIGHEST_GRADE


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_chapter_asks_for_no_more_than_ten_years_of_school(name: str) -> None:
    assert grade(body(inputs.ROOT / "chapters" / f"{name}.md")) <= HIGHEST_GRADE


def test_a_hard_text_would_be_found() -> None:
    hard = "Pharmacological characterisation of glutamatergic neurotransmission necessitates "
    assert grade(f"{hard}multidimensional electrophysiological methodologies.") > HIGHEST_GRADE


def test_roles_are_read_as_a_reader_sees_them() -> None:
    text = "A {gloss}`crash <post-exertional malaise>` in {result}`q: k` *people* {cite}`a2019`."
    assert shown(text) == "A crash in 12 people."
