"""Kill -9, fifty times: no file half-written, no row lost, and the next run goes on.

The moments are drawn at random, with a fixed seed: one half from the time that the command takes,
one half from the steps in which files are written, since most of the time nothing is.
"""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from analysis.living.releases import altered, read_releases
from fake_services import Article, Services, running
from project_copy import ROOT, contents
from small_review import commit, small_review
from test_living_add import NEW_STUDY

KILLS = {"search": 17, "add": 15, "release": 12, "build": 6}
#: What a build that went well does at its end: the book, what Sphinx remembers, the record.
MOVES = 5
SEED = 5
ARTICLES = [Article(str(900001 + i), f"Ketamine {i}", doi=f"10.1000/new.{i}") for i in range(5)]
#: Python runs this first. Before a given step of writing the process kills itself, so that what
#: it had only in memory is lost as in a power cut.
DEATH = """
import atexit, os, pathlib, signal, sys

# Taken out of the environment: only the command itself dies, and those it starts lose it.
AT = int(os.environ.pop("DIES_AT", "-1"))
COUNTED_IN = os.environ.pop("COUNTED_IN", "")
WRITING = "write flush close __exit__ fsync replace rename unlink"
STEPS = set(os.environ.pop("DIES_AMONG", WRITING).split())
count = 0

def writes(function):
    of = getattr(function, "__self__", None)
    if function.__name__ not in STEPS or of in (sys.stdout, sys.stderr):
        return False
    if getattr(of, "__name__", "") == "posix":
        return True
    return type(of).__module__ == "_io" and not of.closed and of.writable()

def step(frame, event, function):
    global count
    if event == "c_call" and writes(function):
        count += 1
        if count == AT:
            os.kill(os.getpid(), signal.SIGKILL)

if AT >= 0:
    sys.setprofile(step)
if COUNTED_IN:
    atexit.register(lambda: pathlib.Path(COUNTED_IN).write_text(str(count)))
"""
CONTENTS = "format: jb-book\nroot: chapters/changes\nchapters:\n- file: chapters/other\n"
OTHER = "chapters/other.md"
CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# One page

```{code-cell} python3
from analysis.book import page

page.sentence("relief")
```
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small review with a book of two pages, under git."""
    root = small_review(tmp_path_factory.mktemp("template"))
    shutil.copytree(
        ROOT / "analysis", root / "analysis", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "_config.yml", root)
    (root / "_toc.yml").write_text(CONTENTS, encoding="utf-8")
    (root / "chapters").mkdir()
    (root / "chapters" / "changes.md").write_text(CHAPTER, encoding="utf-8")
    (root / OTHER).write_text("# Another page\n", encoding="utf-8")
    commit(root, "A book")
    return root


class Killer:
    """Runs a command on copies of a project and ends it where chance says.

    Parameters
    ----------
    template, place : Path
        The project, and where its copies go.
    words : sequence of str
        The command's words.
    environment : dict
        More environment.
    """

    def __init__(
        self, template: Path, place: Path, words: Sequence[str], **environment: str
    ) -> None:
        self.template, self.words = template, words
        self.project = place / "project"
        self.environment = os.environ | environment
        self._counted = place / "steps"
        (place / "death").mkdir()
        (place / "death" / "sitecustomize.py").write_text(DEATH, encoding="utf-8")
        path = os.pathsep.join([str(place / "death"), str(ROOT)])
        self.environment |= {"KETAMINE_REVIEW_ROOT": str(self.project), "PYTHONPATH": path}
        self.chance = random.Random(SEED)
        self.renew()

    def renew(self) -> None:
        """Start from the template again."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self.template, self.project)

    def whole(self, typed: str = "") -> float:
        """Let the command end by itself; return the seconds it took."""
        started = time.monotonic()
        process = self.start(typed, DIES_AT="0", COUNTED_IN=str(self._counted))
        printed = process.communicate(timeout=300)[0]
        assert process.returncode == 0, printed
        return time.monotonic() - started

    def killed(
        self, longest: float, typed: str = "", *, writing: bool = False, alone: bool = False
    ) -> bool:
        """Kill the command somewhere; False where it had ended already.

        Parameters
        ----------
        longest : float
            Seconds that the command takes.
        typed : str
            What is typed.
        writing : bool
            Whether it dies at one of its steps of writing, instead of at a moment in time.
        alone : bool
            Whether what it started lives on.
        """
        if writing:
            steps = int(self._counted.read_text(encoding="utf-8"))
            process = self.start(typed, DIES_AT=str(self.chance.randint(1, steps)))
        else:
            process = self.start(typed)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=longest * self.chance.random())
            if process.poll() is None:
                (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        process.communicate(timeout=300)
        return process.returncode < 0

    def start(self, typed: str = "", **environment: str) -> subprocess.Popen[str]:
        """Start the command with something typed and more environment."""
        keyboard = self.project.parent / "typed"
        keyboard.write_text(typed, encoding="utf-8")
        with keyboard.open(encoding="utf-8") as stdin:
            return subprocess.Popen(
                [sys.executable, "-m", "analysis", *self.words],
                cwd=self.project,
                env=self.environment | environment,
                text=True,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def times(command: str, killer: Killer, longest: float) -> Iterator[str]:
    """Yield what to type before each kill, counting only commands that were really killed."""
    count = 0
    while count < KILLS[command]:
        typed = _typed(killer.project) if command == "add" else ""
        if killer.killed(longest, typed, writing=count % 2 == 1):
            count += 1
            yield typed
        else:
            killer.renew()


def _typed(project: Path) -> str:
    """Return the rest of the answers: those that the draft does not have."""
    draft = project / ".draft.json"
    answers = list(NEW_STUDY.values())
    lines = answers
    if draft.exists():
        lines = ["y", *answers[len(json.loads(draft.read_text(encoding="utf-8"))) :]]
    return "\n".join([*lines, "y", ""])


def rows(project: Path, table: str) -> list[dict[str, str]]:
    """Return a table's rows; a cut-off file would lack columns or its last line end."""
    content = (project / "data" / f"{table}.csv").read_text(encoding="utf-8")
    assert content.endswith("\n")
    found = list(csv.DictReader(content.splitlines()))
    assert all(None not in row and None not in row.values() for row in found)
    return found


def keys(project: Path, table: str, column: str) -> list[str]:
    return [row[column] for row in rows(project, table)]


def test_a_killed_search_goes_on(template, tmp_path):
    with running(Services(articles=ARTICLES)) as world:
        words = ("search", "--only", "pubmed")
        killer = Killer(template, tmp_path, words, **world.environment())
        longest = killer.whole()
        complete = keys(killer.project, "screening", "record_id")
        assert len(complete) == len(keys(template, "screening", "record_id")) + len(ARTICLES)
        killer.renew()
        for _ in times("search", killer, longest):
            now = set(keys(killer.project, "screening", "record_id"))
            assert set(keys(template, "screening", "record_id")) <= now <= set(complete)
            assert set(keys(killer.project, "studies", "study_id")) == set(
                keys(template, "studies", "study_id")
            )
            rows(killer.project, "searches")
        killer.whole()
        assert keys(killer.project, "screening", "record_id") == complete
        logged = [r["new"] for r in rows(killer.project, "searches") if r["source"] == "PubMed"]
        assert logged == [str(len(ARTICLES))]
        assert list((killer.project / "data").glob(".*.partial")) == []


def test_a_killed_entry_goes_on_where_it_was(template, tmp_path):
    killer = Killer(template, tmp_path, ("add", "--offline"))
    longest = killer.whole(_typed(killer.project))
    complete = {
        name: (killer.project / "data" / name).read_bytes()
        for name in ("studies.csv", "screening.csv", "searches.csv", "references.bib")
    }
    killer.renew()
    for _ in times("add", killer, longest):
        for name, content in complete.items():
            now = (killer.project / "data" / name).read_bytes()
            assert now in (content, (template / "data" / name).read_bytes()), name
    if (killer.project / "data/studies.csv").read_bytes() != complete["studies.csv"] or (
        killer.project / ".draft.json"
    ).exists():
        killer.whole(_typed(killer.project))
    for name, content in complete.items():
        assert (killer.project / "data" / name).read_bytes() == content, name


def test_a_killed_release_is_whole_or_not_there(template, tmp_path):
    killer = Killer(template, tmp_path, ("release",))
    longest = killer.whole()
    named = ("CHANGELOG.md", "CITATION.cff", "pyproject.toml")
    complete = {name: (killer.project / name).read_bytes() for name in named}
    killer.renew()
    for _ in times("release", killer, longest):
        for name, content in complete.items():
            now = (killer.project / name).read_bytes()
            assert now in (content, (template / name).read_bytes()), name
        assert altered(killer.project) == []
        folders = list((killer.project / "data" / "releases").glob("*"))
        assert [folder.name for folder in folders] == [
            release.version for release in read_releases(killer.project)
        ]
    if any((killer.project / name).read_bytes() != complete[name] for name in named):
        killer.whole()
    assert {name: (killer.project / name).read_bytes() for name in named} == complete
    assert len(read_releases(killer.project)) == 1


def test_a_killed_build_leaves_the_last_book_and_the_next_one_is_whole(template, tmp_path):
    killer = Killer(template, tmp_path, ("build",))
    longest = killer.whole()
    page, html = killer.project / OTHER, killer.project / "_build" / "html"
    texts = [page.read_text(encoding="utf-8")]

    def edit() -> None:
        texts.append(f"{texts[0]}\nText number {len(texts)}.\n")
        page.write_text(texts[-1], encoding="utf-8")

    count = 0
    while count < KILLS["build"]:
        edit()
        count += killer.killed(longest, alone=count % 2 == 1)
        if html.exists():
            _is_whole(html, texts)
    for move in range(1, MOVES + 1):
        killer.whole()
        shown = _is_whole(html, texts)
        assert shown == texts[-1]
        edit()
        process = killer.start(DIES_AT=str(move), DIES_AMONG="rename replace")
        process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL
        # Between two moves the book may be away; the next build puts it back before all else.
        if not html.exists():
            assert _is_whole(html.with_suffix(".previous"), texts) == shown
    killer.whole()
    after = contents(html)
    shutil.rmtree(killer.project / "_build")
    killer.whole()
    assert contents(html) == after


def _is_whole(html: Path, texts: Sequence[str]) -> str:
    """Return which of the texts a book shows, in which nothing is cut off."""
    ET.parse(html / "feed.xml")
    json.loads((html / "status.json").read_text(encoding="utf-8"))
    for page in (html / "chapters").glob("*.html"):
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>"), page
    source = (html / "_sources" / OTHER).read_text(encoding="utf-8")
    (text,) = (text for text in texts if text == source)
    shown = (html / OTHER).with_suffix(".html").read_text(encoding="utf-8")
    assert text.splitlines()[-1].lstrip("# ") in shown
    return text
