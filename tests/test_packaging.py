"""The package builds, and carries what it needs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from project_copy import ROOT, Copy

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def built(copy: Copy) -> Path:
    for name in ("README.md", "LICENSE"):
        (copy.root / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"]
    finished = subprocess.run(command, cwd=copy.root, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return copy.root / "dist"


def test_the_wheel_holds_every_room_and_nothing_but_the_package(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    rooms = {name.split("/")[1] for name in names if name.startswith("analysis/")}
    assert {"meta", "evidence", "review", "figures", "book", "living"} <= rooms
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"analysis"}


def test_the_wheel_carries_every_file_that_the_code_reads(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "analysis").rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".md")
    }
    assert own - names == set()


def test_the_source_archive_has_the_licence(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = [Path(name).name for name in opened.getnames()]
    assert "LICENSE" in names


def test_jupyter_book_is_pinned_exactly() -> None:
    assert "jupyter-book==1.0.4.post1" in PROJECT["dependencies"]


def test_the_lock_pins_every_direct_dependency_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {line.split("==")[0] for line in lock.splitlines() if "==" in line.split(" ")[0]}
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    names = {requirement.split(">")[0].split("=")[0].lower() for requirement in wanted}
    assert names - pinned == set()
    entries = lock.replace("\\\n", "").splitlines()
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock


def test_version_is_the_same_in_the_citation() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {PROJECT['version']}" in citation
