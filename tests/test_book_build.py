"""The strict build: complete, reproducible, and never at the cost of the last book."""

from __future__ import annotations

from pathlib import Path

import pytest

from project_copy import Copy, contents


@pytest.fixture(scope="module")
def built(copy: Copy) -> Copy:
    finished = copy.run("analysis", "build")
    assert finished.returncode == 0, finished.stderr
    return copy


@pytest.fixture(scope="module")
def html(built: Copy) -> dict[str, bytes]:
    return contents(built.html)


def test_two_clean_builds_in_two_folders_are_byte_identical(
    html: dict[str, bytes], tmp_path: Path
) -> None:
    second = Copy(tmp_path)
    finished = second.run("analysis", "build")
    assert finished.returncode == 0, finished.stderr
    other = contents(second.html)
    assert html.keys() == other.keys()
    assert [name for name in html if html[name] != other[name]] == []


def test_the_plain_command_of_jupyter_book_makes_the_same_book_each_time(
    built: Copy, html: dict[str, bytes]
) -> None:
    plain = built.root / "plain" / "_build" / "html"
    for text in ("", "\nMore.\n", ""):
        with built.changed("chapters/safety.md", "\n## ", f"{text}\n## "):
            built.evaluate(
                "from jupyter_book.cli.main import main; "
                "main(['build', '.', '--path-output', 'plain'])"
            )
        page = (plain / "chapters" / "safety.html").read_bytes()
        assert (b"<p>More.</p>" in page) == bool(text)
    made = contents(plain)
    assert [name for name in html if html[name] != made.get(name)] == []


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
    assert contents(built.html) == html
