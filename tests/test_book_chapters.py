"""Chapters are thin: cells call the book's pieces, prose carries no result."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from analysis.book import inputs, notebooks

CHAPTERS = [inputs.ROOT / f"{name}.md" for name in notebooks.page_names()]
MOST_LINES = 10

#: What is not prose: code, formulas, addresses, roles with their targets, comments.
NOT_PROSE = [
    r"\A---\n.*?\n---\n",
    r"^(`{3,}|~{3,}).*?^\1\s*$",
    r"<!--.*?-->",
    r"^%.*$",
    r"\$\$.*?\$\$",
    r"\$[^$\n]+\$",
    r"\{[\w:-]+\}`[^`]*`",
    r"`[^`\n]*`",
    r"\]\([^)]*\)",
    r"https?://\S+",
]
#: Numbers that were decided or name something; no result of this review looks like them.
NO_RESULT = [
    r"\b(?:19|20)\d\d\b",  # a year
    r"\b(?:NCT|ISRCTN|ACTRN|PMID:? |PMC)\d+\b",  # an entry in a registry or index
    r"\bRoB 2\b",  # the tool of that name
    r"\b95 ?%",  # the level of an interval, decided in the protocol
    r"\bGPT-\d|\bCOVID-19\b|\bSF-36\b|\bCFQ-11\b",  # names
    r"^#+ .*$",  # a heading's own number
    r"^\s*\d+\. ",  # a numbered list
]

#: Words by which a cell would compute, read or repeat instead of calling.
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.BinOp,
    ast.JoinedStr,
)
#: An id, or words without a digit.
NAME = re.compile(r"[a-z][a-z0-9_-]*|[A-Za-z][A-Za-z -]*")


def prose(text: str) -> str:
    """Return a chapter's text without what a reader does not read as words."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return text


def typed_results(text: str) -> list[str]:
    """Return the numbers in prose that may be results."""
    words = prose(text)
    for pattern in NO_RESULT:
        words = re.sub(pattern, " ", words, flags=re.MULTILINE)
    return re.findall(r"\S*\d\S*", words)


def cells(path: Path) -> list[str]:
    notebook = notebooks.parse(notebooks.read_text(path))
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_result_is_typed_in_a_chapter(path: Path) -> None:
    assert typed_results(notebooks.read_text(path)) == []


@pytest.mark.parametrize("text", ["RR 1.52", "8 of 11 people", "in 46 %", "0,5 mg", "k=2"])
def test_a_typed_result_would_be_found(text: str) -> None:
    assert typed_results(f"# Title\n\nThe answer is {text} here.\n") != []


@pytest.mark.parametrize(
    "text",
    [
        "found in 2011",
        "a 95 % interval",
        "with RoB 2",
        "{cite}`noppers2011`",
        "`x = 3`",
        "[a trial](https://doi.org/10.1016/x)",
        "$k \\ge 3$",
        "NCT01234567",
    ],
)
def test_years_names_formulas_and_addresses_are_no_results(text: str) -> None:
    assert typed_results(f"# Title\n\nThis is {text} here.\n") == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_cells_import_call_and_show_and_do_nothing_else(path: Path) -> None:
    for cell in cells(path):
        assert len(cell.splitlines()) <= MOST_LINES
        for node in ast.walk(ast.parse(cell)):
            assert not isinstance(node, FORBIDDEN), ast.unparse(node)
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").startswith("analysis"), ast.unparse(node)
            assert not isinstance(node, ast.Import), ast.unparse(node)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_cells_name_what_they_show_and_never_quote_it(path: Path) -> None:
    for cell in cells(path):
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Constant) and not isinstance(node.value, bool | None):
                assert isinstance(node.value, str), ast.unparse(node)
                assert NAME.fullmatch(node.value), ast.unparse(node)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_one_sentence_stands_on_one_line(path: Path) -> None:
    two = [
        line
        for line in prose(notebooks.read_text(path)).splitlines()
        if re.search(r"[a-z)]\. [A-Z]", line) and "|" not in line
    ]
    assert two == []
