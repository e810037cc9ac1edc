"""Finding a version of the data: a git revision, a release, a folder, or one CSV file."""

from __future__ import annotations

import csv
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.evidence.faults import ProjectFileError
from analysis.evidence.schema import load_schema
from analysis.review.manifest import sha256
from analysis.review.questions import Question, load_questions
from analysis.review.results import Results
from analysis.review.selection import Record
from analysis.review.serialise import read_results

TABLES = ("studies", "screening", "risk_of_bias", "certainty")
_ARCHIVED = ("data", "requirements.lock")


class VersionError(ProjectFileError):
    """A version that cannot be found or read; the message says what was tried."""


@dataclass(frozen=True)
class Version:
    """The inputs of one version, and its stored results where it has them.

    Attributes
    ----------
    name : str
        As asked for.
    tables : mapping of str to sequence of Record
        Tables by name; ``studies`` always, the others where the version has them.
    questions : mapping of str to Question or None
        None where the version does not carry its questions.
    lock : str
        SHA-256 of the lock file, empty where the version has none.
    results : Results or None
        Stored results of a release.
    """

    name: str
    tables: Mapping[str, Sequence[Record]]
    questions: Mapping[str, Question] | None
    lock: str = ""
    results: Results | None = None

    @property
    def software(self) -> dict[str, str]:
        """Versions of packages and Python, and the lock file's hash, as far as known."""
        known = {"lock file": self.lock} if self.lock else {}
        if self.results is None:
            return known
        manifest = self.results.manifest
        packages = manifest.get("packages")
        known |= dict(packages) if isinstance(packages, Mapping) else {}
        return known | {"Python": str(manifest["python"]), "lock file": str(manifest["lock"])}


def find_version(name: str, root: Path) -> Version:
    """Find a version by name.

    Parameters
    ----------
    name : str
        Path of a CSV file in the form of ``studies.csv``, path of a folder that holds one (also
        in ``data/``), number of a release, or a git revision.
    root : Path
        The project's folder, for releases and revisions.

    Raises
    ------
    VersionError
        If there is no such version, or it holds no studies.
    """
    path = Path(name)
    if path.is_file():
        return Version(name, {"studies": read_lines(path, "studies")}, None)
    for folder in (path, root / "data" / "releases" / name):
        if folder.is_dir():
            return read_folder(name, folder)
    return _read_revision(name, root)


def read_folder(name: str, folder: Path) -> Version:
    """Read the version in a folder: a project, its data folder, or a release."""
    data = folder / "data" if (folder / "data" / "studies.csv").is_file() else folder
    if not (data / "studies.csv").is_file():
        raise VersionError(f"{folder} holds no studies.csv, nor does a data folder in it.")
    questions, lock, results = (
        data / "questions.toml",
        folder / "requirements.lock",
        folder / "results.json",
    )
    return Version(
        name,
        {
            table: read_lines(data / f"{table}.csv", table)
            for table in TABLES
            if (data / f"{table}.csv").is_file()
        },
        load_questions(questions) if questions.is_file() else None,
        sha256(lock) if lock.is_file() else "",
        read_results(results) if results.is_file() else None,
    )


def read_lines(path: Path, table: str) -> list[Record]:
    """Read a table of any version: columns it does not know yet are empty."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file, restval=""))
    except (UnicodeDecodeError, csv.Error) as error:
        raise VersionError(f"{path} cannot be read: {error}.") from error
    empty = dict.fromkeys(load_schema(table).names, "")
    if lines and not set(load_schema(table).primary_key) <= set(lines[0]):
        raise VersionError(
            f"{path} lacks the columns that name a row of {table}.csv: "
            f"{', '.join(load_schema(table).primary_key)}."
        )
    return [empty | line for line in lines]


def _read_revision(name: str, root: Path) -> Version:
    """Read the version that git holds under a revision."""
    tried = (
        f"{name!r} is not a file, a folder, a release in data/releases, or a revision "
        "that git knows"
    )
    commit = (
        _git(
            root,
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{name}^{{commit}}",
            error=tried,
        )
        .decode()
        .strip()
    )
    present = _git(root, "ls-tree", "--name-only", commit, "--", *_ARCHIVED, error=tried)
    if not _git(root, "ls-tree", commit, "--", "data/studies.csv", error=tried):
        raise VersionError(f"Revision {name!r} holds no data/studies.csv.")
    archive = _git(
        root, "archive", "--format=tar", commit, "--", *present.decode().split(), error=tried
    )
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        return read_folder(name, Path(folder))


def _git(root: Path, *words: str, error: str) -> bytes:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *words], check=True, capture_output=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as failure:
        raise VersionError(f"{error}.") from failure
