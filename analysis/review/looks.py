"""The releases of the review: each one is a look at the evidence, and is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.review.changes import Snapshot, snapshot
from analysis.review.results import Results
from analysis.review.serialise import read_results


@dataclass(frozen=True)
class Look:
    """A question's answer in one release."""

    version: str
    answer: Snapshot


def release_folders(root: Path) -> list[Path]:
    """Return the folders of ``data/releases`` that hold results, oldest version first."""
    folders = (path.parent for path in root.glob("data/releases/*/results.json"))
    return sorted(folders, key=lambda folder: version_key(folder.name))


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return what versions sort by: their parts as numbers, words after numbers."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in version.split("."))


def released_results(root: Path) -> list[Results]:
    """Read the results of every release, oldest version first."""
    return [read_results(folder / "results.json") for folder in release_folders(root)]


def looks(results: Iterable[Results]) -> dict[str, tuple[Look, ...]]:
    """Return every question's answer release by release.

    Parameters
    ----------
    results : iterable of Results
        Releases, oldest first; the present results may be the last.

    Returns
    -------
    dict of str to tuple of Look
        Looks by question id, in the order given; a release without the question has no look.
    """
    found: dict[str, list[Look]] = {}
    for release in results:
        for name, answer in release.answers.items():
            found.setdefault(name, []).append(Look(release.version, snapshot(answer)))
    return {name: tuple(seen) for name, seen in found.items()}
