"""Releases: their numbers, their folders, and who made them.

A release is a folder ``data/releases/<version>`` that appears in one step and
is never edited again: the tables that answers are made from, the questions,
the results, what changed since the release before, and ``release.json`` with
the hash of each of these files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.evidence import read_table
from analysis.evidence.schema import load_schema, table_names
from analysis.review.changes import Comparison
from analysis.review.looks import release_folders
from analysis.review.manifest import sha256
from analysis.review.serialise import from_plain
from analysis.review.versions import read_lines

#: What a release says of itself, and of what changed since the one before.
RECORD, CHANGES = "release.json", "changes.json"
#: Names in the rows that stand for the first contributors together.
COLLECTIVE = frozenset({"initial team"})


@dataclass(frozen=True)
class Release:
    """What ``release.json`` holds.

    Attributes
    ----------
    version : str
        ``year.data-change.patch``.
    released_on : str
        ISO date.
    previous : str
        Version of the release before, empty for the first.
    contributors : tuple of str
        Everybody whom a row names as having extracted, checked, rated or screened.
    files : mapping of str to str
        Name of each file in the folder to the SHA-256 of its bytes.
    """

    version: str
    released_on: str
    previous: str
    contributors: tuple[str, ...]
    files: Mapping[str, str]


def next_version(previous: str, year: int, *, data_changed: bool) -> str:
    """Return the version that follows.

    Parameters
    ----------
    previous : str
        The newest release, empty before the first.
    year : int
        Year of the release; a new one starts again at ``year.1.0``.
    data_changed : bool
        Whether the evidence changed, or only text and programs did.

    Raises
    ------
    ValueError
        If the newest release has another form or lies in a later year.
    """
    if not previous:
        return f"{year}.1.0"
    try:
        before, data, patch = (int(part) for part in previous.split("."))
    except ValueError:
        raise ValueError(
            f"release {previous!r} is not of the form year.data-change.patch, such as 2026.1.0"
        ) from None
    if year < before:
        raise ValueError(f"release {previous} is of a later year than {year}; check the date")
    if year > before:
        return f"{year}.1.0"
    return f"{year}.{data + 1}.0" if data_changed else f"{year}.{data}.{patch + 1}"


def read_releases(root: Path) -> list[Release]:
    """Read what every release says of itself, oldest first."""
    return [
        from_plain(Release, json.loads((folder / RECORD).read_text(encoding="utf-8")), RECORD)
        for folder in release_folders(root)
    ]


def first_held(root: Path) -> dict[str, str]:
    """Return for each record that a release holds the oldest release that does."""
    found: dict[str, str] = {}
    for folder in release_folders(root):
        for row in read_lines(folder / "screening.csv", "screening"):
            found.setdefault(row["record_id"], folder.name)
    return found


def read_changes(root: Path, version: str) -> Comparison | None:
    """Read what changed from the release before to this one; None for the first."""
    path = root / "data" / "releases" / version / CHANGES
    if not path.is_file():
        return None
    return from_plain(Comparison, json.loads(path.read_text(encoding="utf-8")), CHANGES)


def altered(root: Path) -> list[str]:
    """Return the files of past releases that are missing or no longer as they were."""
    return [
        f"data/releases/{release.version}/{name}"
        for release in read_releases(root)
        for name, known in release.files.items()
        if _hash(root / "data" / "releases" / release.version / name) != known
    ]


def contributors() -> tuple[str, ...]:
    """Return everybody whom a row of any table credits, in alphabetical order."""
    named = {
        name.strip()
        for table in table_names()
        for cells in _credits(table)
        for name in cells.split(";")
    }
    return tuple(sorted(named - COLLECTIVE - {""}, key=str.casefold))


def _credits(table: str) -> Iterable[str]:
    """Yield the distinct cells of the columns that say who did the work."""
    names = [
        name
        for name in load_schema(table).names
        if name.endswith("_by") or name.startswith("reviewer_")
    ]
    if names:
        rows = read_table(table)
        for name in names:
            yield from set(rows.column(name))


def _hash(path: Path) -> str:
    return sha256(path) if path.is_file() else ""
