"""The strict build: complete, reproducible, and never at the cost of the last book."""

from __future__ import annotations

from pathlib import Path

import pytest

from project_copy import Copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def built(copy: Copy) -> Copy:
    finished = copy.run("analysis", "build")
    assert finished.returncode == 0, finished.stderr
    return copy


@pytest.fixture(scope="module")
def html(built: Copy) -> dict[str, bytes]:
    return contents(built.root / "_build" / "html")


def test_two_clean_builds_in_two_folders_are_byte_identical(
    html: dict[str, bytes], tmp_path: Path
) -> None:
    second = Copy(tmp_path)
    finished = second.run("analysis", "build")
    assert finished.returncode == 0, finished.stderr
    other = contents(tmp_path / "_build" / "html")
    assert html.keys() == other.keys()
    assert [name for name in html if html[name] != other[name]] == []


def test_a_second_build_executes_no_chapter_and_changes_no_byte(
    built: Copy, html: dict[str, bytes]
) -> None:
    finished = built.run("analysis", "build")
    assert "to be executed" not in finished.stdout
    assert contents(built.root / "_build" / "html") == html


def test_the_plain_command_of_jupyter_book_shows_the_same_results(built: Copy) -> None:
    strict = (built.root / "_build/html/chapters/safety.html").read_bytes()
    built.evaluate(
        "from jupyter_book.cli.main import main; main(['build', '.', '--path-output', 'plain'])"
    )
    assert (built.root / "plain/_build/html/chapters/safety.html").read_bytes() == strict


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("chapters/methods.md", "# Methods", "# Methods\n\n{cite}`nobody1900`", "nobody1900"),
        ("chapters/methods.md", "# Methods", "# Methods\n\n[x](nowhere.md)", "nowhere.md"),
        ("chapters/safety.md", "page.", "page.no_such_function()\npage.", "no_such_function"),
        ("data/studies.csv", "study_id,", "studyid,", "study_id"),
    ],
    ids=["unknown citation", "dead link", "failing cell", "broken table"],
)
def test_a_fault_stops_the_build_names_itself_and_leaves_the_book_as_it_was(
    built: Copy, html: dict[str, bytes], name: str, old: str, new: str, complaint: str
) -> None:
    with built.changed(name, old, new):
        finished = built.run("analysis", "build")
    assert finished.returncode == 1
    assert complaint in finished.stdout + finished.stderr
    assert contents(built.root / "_build" / "html") == html
