"""What changed, on its page and in the feed: from the releases, and from nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import factories
from analysis.book import changes, door
from analysis.review.results import Results
from project_copy import ROOT
from small_review import commit, small_review

YEAR = date.today().year
ATOM = {"": "http://www.w3.org/2005/Atom"}
_SHOW = """
import json
from analysis.book import changes, protocol
from analysis.book.feed import feed
pieces = {
    "changes": changes.changes(), "releases": changes.releases(), "cite": changes.cite(),
    "looks": changes.all_looks(), "paths": changes.paths(), "flow": protocol.flow_by_version(),
}
shown = {name: str(piece.html) for name, piece in pieces.items()}
print(json.dumps(shown | {"feed": feed().decode()}))
"""


class Review:
    """A small review, released as often as a test wishes, and what its pages show."""

    def __init__(self, root: Path) -> None:
        self.root = small_review(root)

    def _python(self, *words: str) -> str:
        environment = os.environ | {
            "KETAMINE_REVIEW_ROOT": str(self.root),
            "PYTHONPATH": str(ROOT),
        }
        finished = subprocess.run(
            [sys.executable, *words],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def release(self) -> None:
        """Commit, release, and commit the release."""
        with (self.root / "README.md").open("a", encoding="utf-8") as readme:
            readme.write("Another line.\n")
        commit(self.root, "A change")
        self._python("-m", "analysis", "release")
        commit(self.root, "A release")

    def edit(self, old: str, new: str) -> None:
        """Change a row."""
        path = self.root / "data" / "studies.csv"
        content = path.read_text(encoding="utf-8")
        assert old in content
        path.write_text(content.replace(old, new, 1), encoding="utf-8")

    def shows(self) -> dict[str, str]:
        """Answer, and return the pieces of the page and the feed."""
        results = self.root / "_build" / "results.json"
        self._python("-m", "analysis", "answer", "--output", str(results))
        return json.loads(self._python("-c", _SHOW))


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path)


def entries(shown: dict[str, str]) -> list[ET.Element]:
    return ET.fromstring(shown["feed"]).findall("entry", ATOM)


def test_before_the_first_release_nothing_is_claimed_to_be_one(review: Review) -> None:
    shown = review.shows()
    assert "Nothing has been released yet" in shown["changes"]
    assert "There is no release yet." in shown["releases"]
    assert "not yet released" in shown["cite"]
    assert entries(shown) == []


def test_a_released_state_can_be_cited_and_has_no_changes(review: Review) -> None:
    review.release()
    shown = review.shows()
    assert f"Nothing since release {YEAR}.1.0." in shown["changes"]
    assert f"Version {YEAR}.1.0, {date.today().isoformat()}." in shown["cite"]
    assert "not yet released" not in shown["cite"]
    assert f'id="release-{YEAR}-1-0"' in shown["releases"]


def test_an_edit_after_a_release_is_told_and_not_cited_as_released(review: Review) -> None:
    review.release()
    review.edit(",12,6,", ",18,6,")
    shown = review.shows()
    assert "1 of 1 answers changed." in shown["changes"]
    assert "events_treat: 12 → 18" in shown["changes"]
    assert "not yet released" in shown["cite"]
    assert f"{YEAR}.1.0, this book" in shown["looks"]


@pytest.mark.parametrize(("factor", "looks"), [(1 + 1e-14, 1), (1.01, 2)])
def test_a_last_digit_is_no_look_of_its_own(
    monkeypatch: pytest.MonkeyPatch, factor: float, looks: int
) -> None:
    answer = factories.answer(4)
    assert answer.pooled is not None
    pooled = replace(answer.pooled, estimate=answer.pooled.estimate * factor)
    past, now = (
        Results("2026.1.0", {}, {}, {each.id: each})
        for each in (answer, replace(answer, pooled=pooled))
    )
    monkeypatch.setattr(changes, "released_results", lambda root: [past])
    monkeypatch.setattr(changes, "read_results", lambda path: now)
    monkeypatch.setattr(door, "results", lambda: door.Door(now))
    assert changes.all_looks().text == f"{looks} versions"


def test_each_release_is_an_entry_a_section_and_a_look(review: Review) -> None:
    review.release()
    review.edit(",12,6,", ",18,6,")
    review.release()
    shown = review.shows()
    versions = [f"{YEAR}.2.0", f"{YEAR}.1.0"]
    assert [e.findtext("title", "", ATOM) for e in entries(shown)] == [
        f"Version {version}" for version in versions
    ]
    for version in versions:
        assert f"<h3>{version}, " in shown["releases"]
        assert f'<th scope="col">{version}</th>' in shown["looks"]
    assert "Relief: version after version" in shown["paths"]
    assert "Relief: study after study" in shown["paths"]


def test_the_feed_has_what_rfc_4287_asks_for_and_ids_that_stay(review: Review) -> None:
    review.release()
    before = entries(review.shows())[0].findtext("id", "", ATOM)
    review.edit(",12,6,", ",18,6,")
    review.release()
    feed = ET.fromstring(review.shows()["feed"])
    for element in (feed, *feed.findall("entry", ATOM)):
        for needed in ("id", "title", "updated"):
            assert element.findtext(needed, "", ATOM)
        assert element.find("link", ATOM) is not None
    ids = [entry.findtext("id", "", ATOM) for entry in feed.findall("entry", ATOM)]
    assert len(set(ids)) == 2
    assert ids[1] == before


def test_what_contributors_write_is_text_and_never_markup(review: Review) -> None:
    review.release()
    review.edit(",active,,,", ",retracted,a < b & c,2026-11-22,")
    shown = review.shows()
    assert "a &lt; b &amp; c" in shown["changes"]
    review.release()
    assert "a &lt; b &amp; c" in entries(review.shows())[0].findtext("content", "", ATOM)


def test_each_record_is_counted_with_the_version_that_first_held_it(review: Review) -> None:
    assert "No version has been released yet." in review.shows()["flow"]
    review.release()
    log = review.root / "data" / "screening.csv"
    lines = log.read_text(encoding="utf-8").splitlines()
    ids = lines[0].split(",")
    found = dict.fromkeys(ids, "") | {
        "record_id": "zz-new",
        "title": "A new trial",
        "source": "2026-12-01-by-hand",
        "found_on": "2026-11-22",
        "decision": "undecided",
        "decision_1": "undecided",
        "stage": "title_abstract",
    }
    with log.open("a", encoding="utf-8") as file:
        file.write(",".join(found[name] for name in ids) + "\n")
    searches = review.root / "data" / "searches.csv"
    columns = searches.read_text(encoding="utf-8").splitlines()[0].split(",")
    brought = dict.fromkeys(columns, "") | {
        "search_id": "2026-12-01-by-hand",
        "status": "brought",
        "date": "2026-11-22",
        "source": "Contributors",
        "new": "1",
    }
    with searches.open("a", encoding="utf-8") as file:
        file.write(",".join(brought[name] for name in columns) + "\n")
    shown = review.shows()["flow"]
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", shown)
    start = cells.index("Records identified")
    assert cells[start + 1 : start + 4] == [str(len(lines) - 1), "1", str(len(lines))]
