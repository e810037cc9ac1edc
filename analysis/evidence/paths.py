"""Where the project lives, from wherever it is called."""

from __future__ import annotations

import os
from pathlib import Path

#: Names the project's directory when neither the current directory nor the package is inside it.
ROOT_VARIABLE = "KETAMINE_REVIEW_ROOT"

#: The file that makes a directory this project: no other project has it.
_MARKER = Path("data", "schemas", "studies.json")


class ProjectNotFoundError(FileNotFoundError):
    """The review's ``data`` directory is nowhere to be found."""


def project_root() -> Path:
    """Find the directory that holds ``data/``.

    The environment variable ``KETAMINE_REVIEW_ROOT`` wins; then the current
    directory and its parents (so a chapter finds it from ``chapters/``, and an
    installed package from a clone); then the package's own parents.

    Returns
    -------
    pathlib.Path
        Absolute path of the project's directory.

    Raises
    ------
    ProjectNotFoundError
        If no such directory has ``data/schemas/studies.json``.
    """
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        root = Path(named).expanduser().resolve()
        if (root / _MARKER).is_file():
            return root
        raise ProjectNotFoundError(
            f"{ROOT_VARIABLE} is {named!r}, but there is no {_MARKER.as_posix()} in it; "
            "set it to the directory of the clone"
        )
    here = Path.cwd()
    package = Path(__file__).resolve().parent
    for directory in (here, *here.parents, *package.parents):
        if (directory / _MARKER).is_file():
            return directory
    raise ProjectNotFoundError(
        f"no {_MARKER.as_posix()} in {here} or above it; change into the clone of the review, "
        f"or set {ROOT_VARIABLE} to its directory"
    )


def data_directory() -> Path:
    """Return the directory of the CSV files, ``questions.toml`` and ``references.bib``."""
    return project_root() / "data"


def table_path(name: str) -> Path:
    """Return the path of a table's CSV file, whether or not it exists."""
    return data_directory() / f"{name}.csv"


def shown_path(path: Path) -> str:
    """Return a path as people and GitHub name it: relative to the project where it is inside."""
    try:
        return path.resolve().relative_to(project_root().resolve()).as_posix()
    except (ValueError, ProjectNotFoundError):
        return path.as_posix()
