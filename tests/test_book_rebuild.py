"""A build that goes on from the last one makes what a build from nothing makes, to the byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest
from pybtex.database import Entry
from pybtex.style.formatting.plain import Style as PlainStyle

from analysis.book import bibliography, incremental
from project_copy import ROOT, Copy, contents

#: A label, its heading, a link to it from another chapter, and what a page shows of each.
LABELLED = ("chapters/mecfs.md", "## Long COVID", "(covid)=\n## Long COVID")
LINK = ("chapters/practice.md", "This page helps", "{ref}`covid`. This page helps")
#: A title, and a class of the theme that no other page has.
TITLE = ("chapters/fatigue.md", "\n# Fatigue", "\n# Tiredness")
CLASS = ("chapters/claims.md", "## ", '<span class="accordion-button">x</span>\n\n## ')
#: Things that chapters do by themselves.
PROSE = ("chapters/practice.md", "helps you", "helps you, zymurgical,")
CITATION = ("chapters/practice.md", "zymurgical", "zymurgical {cite}`sterne2019`")
CELL = (
    "chapters/claims.md",
    "\n## ",
    "\n```{code-cell} python3\nfrom analysis.book import page\n\npage.status()\n```\n\n## ",
)


@pytest.fixture(scope="module")
def built(copy: Copy) -> Copy:
    succeed(copy)
    return copy


@pytest.fixture(scope="module")
def first(built: Copy) -> dict[str, bytes]:
    return contents(built.html)


def succeed(copy: Copy) -> str:
    """Build the book; return what was printed."""
    finished = copy.run("analysis", "build")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def written(copy: Copy) -> set[str]:
    """Build the book; return the chapters of which Sphinx wrote the page."""
    before = {path.name: path.stat().st_mtime_ns for path in copy.html.glob("chapters/*.html")}
    succeed(copy)
    return {
        path.stem
        for path in copy.html.glob("chapters/*.html")
        if before[path.name] != path.stat().st_mtime_ns
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def from_nothing(copy: Copy) -> dict[str, bytes]:
    """Build again without the last book and without Sphinx's memory; return the new book."""
    shutil.rmtree(copy.html)
    shutil.rmtree(copy.root / "_build" / "sphinx")
    succeed(copy)
    return contents(copy.html)


@contextmanager
def edited(copy: Copy, *edits: tuple[str, str, str]) -> Iterator[None]:
    """Make edits, in their order, for as long as the block runs."""
    with ExitStack() as stack:
        for edit in edits:
            stack.enter_context(copy.changed(*edit))
        yield


def test_edits_of_chapters_and_their_withdrawal_give_the_book_of_a_build_from_nothing(
    built: Copy, first: dict[str, bytes]
) -> None:
    with edited(built, LABELLED, LINK, TITLE, CLASS):
        succeed(built)
        now = contents(built.html)
        assert b"Tiredness" in now["chapters/safety.html"]  # in the sidebar
        assert b"accordion-button" in now["_static/book-styles.css"]
        assert differing(now, from_nothing(built)) == []
    with edited(built, LABELLED, LINK, PROSE, CITATION, CELL):
        succeed(built)
        now = contents(built.html)
        assert b"accordion-button" not in now["_static/book-styles.css"]
        assert differing(now, from_nothing(built)) == []
        assert b"zymurg" in now["searchindex.js"]
    succeed(built)
    assert differing(contents(built.html), first) == []


def test_an_edit_of_one_chapter_writes_its_page_and_the_first_and_no_other(built: Copy) -> None:
    succeed(built)
    with edited(built, PROSE):
        assert written(built) == {"practice", "index"}  # Sphinx always writes the first
    assert written(built) == {"practice", "index"}


def test_where_nothing_changed_nothing_is_built(built: Copy) -> None:
    succeed(built)
    page = built.root / "chapters" / "practice.md"
    page.touch()
    assert "Nothing changed" in succeed(built)
    assert written(built) == set()


def test_a_book_that_something_else_changed_is_built_from_nothing(
    built: Copy, first: dict[str, bytes]
) -> None:
    succeed(built)
    (built.html / "chapters" / "practice.html").write_bytes(b"")
    succeed(built)
    assert differing(contents(built.html), first) == []


def test_a_fault_is_found_again_until_it_is_mended(built: Copy, first: dict[str, bytes]) -> None:
    succeed(built)
    with edited(built, ("chapters/claims.md", "\n## ", "\n{cite}`nobody1900`\n\n## ")):
        for _ in range(2):
            finished = built.run("analysis", "build")
            assert finished.returncode == 1
            assert 'could not find bibtex key "nobody1900"' in finished.stderr
            assert contents(built.html) == first
    assert "Nothing changed" in succeed(built)


def test_a_fault_that_an_edit_makes_on_another_page_is_found(built: Copy) -> None:
    with edited(built, LINK):
        with edited(built, LABELLED):
            succeed(built)
        finished = built.run("analysis", "build")
    assert finished.returncode == 1
    assert "chapters/practice.md" in finished.stderr
    assert "undefined label: 'covid'" in finished.stderr
    succeed(built)


@pytest.mark.parametrize(
    ("name", "value", "possible"),
    [
        ("dependencies", {"chapters/claims": {str(ROOT / "data" / "glossary.toml")}}, True),
        ("dependencies", {"chapters/claims": {"chapters/practice.md"}}, False),
        ("images", {"chapters/brain.png": ({"chapters/claims"}, "brain.png")}, False),
        ("dlfiles", {"chapters/more.csv": ({"chapters/claims"}, "more.csv")}, False),
        ("index", {"chapters/claims": [("single", "claim", "", "", None)]}, False),
    ],
)
def test_a_build_goes_on_only_where_sphinx_can_do_so_exactly(
    name: str, value: dict[str, object], possible: bool
) -> None:
    parts = {"images": {}, "dlfiles": {}, "dependencies": {}, "index": {}} | {name: value}
    env = SimpleNamespace(**parts)
    env.get_domain = lambda domain: SimpleNamespace(entries=parts[domain])
    assert incremental.can_be_taken_up(env) == possible


def test_a_reference_is_written_again_only_when_its_entry_changed() -> None:
    def entry(title: str) -> Entry:
        return Entry("misc", fields={"key": "ames", "title": title})

    def text(style: type[PlainStyle], title: str) -> str:
        made = entry(title)
        made.key = "ames"
        return str(style().format_entry("1", made).text)

    for title in ("One", "One", "Two"):
        assert text(bibliography.Style, title) == text(PlainStyle, title)


#: Changes each file in turn and prints which of the two digests move.
MOVES = """
import json
from pathlib import Path
from analysis.book import inputs, kept

def moved(name):
    path = Path(name)
    content = path.read_bytes() if path.exists() else None
    before = kept.sources()
    path.write_bytes((content or b"") + b" ")
    inputs.environment.cache_clear()
    after = kept.sources()
    path.unlink() if content is None else path.write_bytes(content)
    inputs.environment.cache_clear()
    return [part for part in vars(before) if getattr(before, part) != getattr(after, part)]

print(json.dumps({name: moved(name) for name in NAMES}))
"""
SHARED = (
    "_config.yml",
    "_toc.yml",
    "CITATION.cff",
    "CHANGELOG.md",
    "requirements.lock",
    "analysis/book/page.py",
    "analysis/book/static/book.css",
    "analysis/book/templates/layout.html",
    "analysis/figures/theme.py",
    "chapters/picture.png",
    "data/glossary.toml",
    "data/references.bib",
    "data/releases/new.json",
    "data/studies.csv",
)


def test_whatever_is_not_a_chapters_own_has_the_book_made_from_nothing(built: Copy) -> None:
    names = (*SHARED, "chapters/practice.md", "_build/results.json", ".draft.json")
    moved = json.loads(built.evaluate(f"NAMES = {names}\n{MOVES}"))
    assert {name: parts for name, parts in moved.items() if parts != ["shared"]} == {
        "chapters/practice.md": ["pages"],
        "_build/results.json": ["results"],
        ".draft.json": [],
    }
