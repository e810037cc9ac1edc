"""Making a release: what stands in its way, its folder, and the files that name it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from analysis.evidence import read_table, write_atomically
from analysis.evidence.faults import errors_in
from analysis.evidence.flow import FlowError, study_flow
from analysis.evidence.schema import load_schema
from analysis.evidence.validation import validate
from analysis.living import changelog
from analysis.living.releases import (
    CHANGES,
    RECORD,
    Release,
    altered,
    contributors,
    next_version,
    read_changes,
    read_releases,
)
from analysis.review.changes import Comparison
from analysis.review.comparing import compare
from analysis.review.manifest import sha256
from analysis.review.questions import load_questions
from analysis.review.results import Results
from analysis.review.running import answer_all
from analysis.review.serialise import dumps, read_results
from analysis.review.versions import TABLES, find_version, read_folder

#: Files whose text names the newest release.
NAMED_IN = ("CHANGELOG.md", "CITATION.cff", "pyproject.toml")


@dataclass(frozen=True)
class Plan:
    """A release before it is made."""

    version: str
    released_on: str
    previous: str
    results: Results
    comparison: Comparison | None

    @property
    def evidence(self) -> list[str]:
        """What the change log will say about the evidence."""
        return changelog.evidence_lines(self.results, self.comparison)


def obstacles(root: Path) -> Iterator[str]:
    """Yield every reason why the files as they are cannot be released."""
    changed = _git(root, "status", "--porcelain")
    if changed is None:
        yield "This folder is not a git repository, so nobody could find the release again."
    elif changed:
        yield f"Not committed: {', '.join(line[3:] for line in changed.splitlines()[:8])}."
    errors = list(errors_in(validate()))
    if errors:
        yield f"The data have {len(errors)} errors; `make validate` lists them."
    else:
        yield from _flow_obstacles()
    for path in altered(root):
        yield f"{path} is not as it was released; restore it with git."


def plan(root: Path, today: date) -> Plan | None:
    """Answer the questions, compare with the newest release, and choose the number.

    Returns
    -------
    Plan or None
        None where nothing was committed since the newest release.
    """
    releases = read_releases(root)
    results = answer_all(root)
    if not releases:
        version = next_version("", today.year, data_changed=True)
        return Plan(version, today.isoformat(), "", replace(results, version=version), None)
    newest = releases[-1].version
    if not _commits_since(root, newest):
        return None
    before = find_version(newest, root)
    moved = before.results is None or (
        before.results.manifest["inputs"] != results.manifest["inputs"]
    )
    version = next_version(newest, today.year, data_changed=moved)
    questions = load_questions(root / "data" / "questions.toml")
    comparison = compare(before, read_folder(version, root), questions)
    return Plan(version, today.isoformat(), newest, replace(results, version=version), comparison)


def publish(root: Path, made: Plan) -> Release:
    """Write the release's folder, which appears in one step, then name it everywhere.

    Killed before the folder appears, nothing has happened; killed later,
    :func:`finish` does the rest.
    """
    folder = root / "data" / "releases" / made.version
    # Outside the folders that git sees, so that what a killed run left is in nobody's way.
    staging = root / "_build" / f"release-{made.version}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    folder.parent.mkdir(exist_ok=True)
    for name in (*(f"{table}.csv" for table in TABLES), "questions.toml"):
        shutil.copyfile(root / "data" / name, staging / name)
    write_atomically(staging / "results.json", dumps(made.results).encode())
    if made.comparison is not None:
        write_atomically(staging / CHANGES, dumps(made.comparison).encode())
    hashes = {path.name: sha256(path) for path in sorted(staging.iterdir())}
    release = Release(made.version, made.released_on, made.previous, contributors(), hashes)
    write_atomically(staging / RECORD, dumps(release).encode())
    staging.rename(folder)
    finish(root, release)
    return release


def finish(root: Path, release: Release) -> list[str]:
    """Name a release in the files that should; return those that did not yet."""
    results = read_results(root / "data" / "releases" / release.version / "results.json")
    comparison = read_changes(root, release.version)
    log, citation, project = ((root / name).read_text(encoding="utf-8") for name in NAMED_IN)
    evidence = changelog.evidence_lines(results, comparison)
    software = changelog.software_line(comparison)
    texts = (
        changelog.with_entry(log, release, evidence, software),
        changelog.cited(citation, release),
        changelog.numbered(project, release),
    )
    left = [
        (name, new)
        for name, old, new in zip(NAMED_IN, (log, citation, project), texts, strict=True)
        if old != new
    ]
    for name, new in left:
        write_atomically(root / name, new.encode())
    return [name for name, _ in left]


def _flow_obstacles() -> Iterator[str]:
    try:
        study_flow(
            read_table("screening").rows,
            read_table("searches").rows,
            read_table("studies").rows,
            load_schema("screening")["reason"].meanings,
        )
    except FlowError as error:
        yield f"The study flow does not add up: {error}."


def _commits_since(root: Path, version: str) -> bool:
    """Return whether anything was committed after a release was."""
    record = f"data/releases/{version}/{RECORD}"
    commit = _git(root, "log", "-1", "--format=%H", "--", record)
    return not commit or _git(root, "rev-list", "--count", f"{commit.strip()}..HEAD") != "0\n"


def _git(root: Path, *words: str) -> str | None:
    """Return what git prints, None where it refuses."""
    finished = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    return finished.stdout if finished.returncode == 0 else None
