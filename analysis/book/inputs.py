"""What a chapter's outputs depend on, by name and by digest.

An executed chapter is kept and used again only while everything it was made
from is unchanged. Each thing has a name, and each name has a digest:

==================  =========================================================
``code``            the package ``analysis``, without its style sheets and texts
``environment``     Python, the lock and the version of every installed package
``file:PATH``       one file of the repository that a cell opened
``folder:PATH``     the names in a folder that a cell listed
``answer:ID``       one answer in ``_build/results.json``
``status:KEY``      one entry of its status; likewise ``manifest:KEY``
``keys:KIND``       the keys of one of these three, for a cell that goes through them
``version``         the version of the data
==================  =========================================================

Code and environment count for every chapter: which functions a cell reaches
cannot be known from outside. Data count only where they are used, and nobody
has to declare that use. While a chapter runs, the interpreter itself reports
every file opened and every folder listed (:func:`sys.addaudithook`), whichever
library does it, and :mod:`analysis.book.door`, the one door to the results,
reports every answer taken. A chapter that shows two answers is therefore
executed again when one of the two changes, and left alone when only a third
one does.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from analysis.evidence.paths import project_root

#: The repository: chapters and data are found from here.
ROOT = project_root().resolve()
#: The code that runs, which may be installed elsewhere.
PACKAGE = Path(__file__).resolve().parents[1]
#: Everything made from the repository; safe to delete.
BUILD = ROOT / "_build"
#: The one results object, written by ``python -m analysis answer``.
RESULTS = BUILD / "results.json"
#: Kept drawings (:mod:`analysis.book.drawings`).
DRAWN = BUILD / "drawn"

#: Style sheets and scripts of the pages; no chapter's outputs depend on them.
STATIC = PACKAGE / "book" / "static"

#: Audit events by which Python code can learn which files exist.
_LISTING_EVENTS = {"os.listdir", "os.scandir", "glob.glob"}

#: Kinds of inputs that are entries of a part of the results, and that part.
_PARTS = {"answer": "answers", "status": "status", "manifest": "manifest"}

_used: set[str] = set()


def note(name: str) -> None:
    """Record that the running chapter uses the input called ``name``."""
    _used.add(name)


def used() -> set[str]:
    """Return the names of all inputs used so far by this process."""
    return set(_used)


def trace() -> None:
    """Record from now on every repository file that this process reads.

    An audit hook cannot be taken away again, so this belongs into a process
    that ends with its chapter.
    """
    sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """Note the file behind an ``open`` event, or the folder behind a listing."""
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        kind = "file"
    elif event in _LISTING_EVENTS and isinstance(args[0], str | bytes | os.PathLike):
        kind = "folder"
    else:
        return
    path = Path(os.path.realpath(os.fsdecode(args[0]) or "."))
    # A kept drawing holds nothing but what its chapter handed in.
    if not path.is_relative_to(ROOT) or path.is_relative_to(DRAWN):
        return
    relative = path.relative_to(ROOT)
    # Code and environment have their own digests, and git is no input.
    if relative.parts and relative.parts[0] not in {".git", ".venv", "analysis"}:
        note(f"{kind}:{relative.as_posix()}")


def digest(*parts: bytes) -> str:
    """Return one SHA-256 over several byte strings, each with its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digest_files(paths: Iterable[Path], root: Path) -> str:
    """Return one digest over the names below ``root`` and the contents of several files."""
    parts: list[bytes] = []
    for path in sorted(paths):
        parts += [path.relative_to(root).as_posix().encode(), path.read_bytes()]
    return digest(*parts)


def package_files() -> list[Path]:
    """Return every file of the package that can change what its code returns."""
    return [
        path
        for path in PACKAGE.rglob("*")
        if path.is_file()
        and not path.is_relative_to(STATIC)
        and path.suffix != ".md"
        and "__pycache__" not in path.parts
    ]


def data_files() -> list[Path]:
    """Return every file below ``data/``."""
    return [path for path in (ROOT / "data").rglob("*") if path.is_file()]


def shared_files() -> list[Path]:
    """Return every file, apart from code, on which all pages of the book can depend.

    These are data, what stands at the top of the repository, and what stands beside
    the chapters without being one.
    """
    # Names with a dot are notes of programs: a draft, what a linter found.
    top = [path for path in ROOT.iterdir() if path.name[0] != "."]
    beside = [path for path in (ROOT / "chapters").rglob("*") if path.suffix != ".md"]
    return [path for path in (*top, *beside, *data_files()) if path.is_file()]


@cache
def environment() -> str:
    """Return the digest of interpreter, lock and installed versions."""
    # A package's folder of metadata is named after its name and version; reading the
    # metadata itself would take a quarter of a second for each process that asks.
    folders = (path for entry in sys.path for path in Path(entry).glob("*.dist-info"))
    return digest(
        sys.version.encode(),
        (ROOT / "requirements.lock").read_bytes(),
        _as_json(sorted(path.name for path in folders)),
    )


class Inputs:
    """The inputs as they are now; each digest is computed once.

    Examples
    --------
    >>> now = Inputs()
    >>> now.digest("code") == now.digest("code")
    True
    """

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    @cached_property
    def _results(self) -> dict[str, Any]:
        return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}

    def digest(self, name: str) -> str:
        """Return the digest of one input; of something absent, an own value.

        Parameters
        ----------
        name : str
            A name of the table in the module's description.

        Raises
        ------
        ValueError
            If the name is of no known kind.
        """
        if name not in self._digests:
            self._digests[name] = self._compute(name)
        return self._digests[name]

    def _compute(self, name: str) -> str:
        kind, _, key = name.partition(":")
        readers: dict[str, Callable[[], bytes]] = {
            "code": lambda: digest_files(package_files(), PACKAGE).encode(),
            "environment": lambda: environment().encode(),
            "file": lambda: _file_content(key),
            "folder": lambda: _folder_names(key),
            "version": lambda: _as_json(self._results.get("version")),
            "keys": lambda: _as_json(list(self._part(key))),
            **dict.fromkeys(_PARTS, lambda: _as_json(self._part(kind).get(key))),
        }
        if kind not in readers:
            raise ValueError(f"Unknown input {name!r}; its kind must be one of {sorted(readers)}.")
        return digest(readers[kind]())

    def _part(self, kind: str) -> dict[str, Any]:
        return self._results.get(_PARTS[kind], {})


def _file_content(relative: str) -> bytes:
    path = ROOT / relative
    return b"+" + path.read_bytes() if path.is_file() else b"-"


def _folder_names(relative: str) -> bytes:
    path = ROOT / relative
    return "\n".join(sorted(p.name for p in path.iterdir())).encode() if path.is_dir() else b"-"


def _as_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
