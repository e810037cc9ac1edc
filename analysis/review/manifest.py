"""What the results were made from: hashes of the inputs, the lock and the package versions."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels")
"""The packages that can move a number; the lock file's hash covers all the others."""


def manifest(root: Path) -> dict[str, object]:
    """Describe the inputs of one run.

    Parameters
    ----------
    root : Path
        The project's folder.

    Returns
    -------
    dict
        ``inputs`` (path -> SHA-256 of each table, question and reference file), ``lock``
        (SHA-256 of ``requirements.lock``), ``packages`` and ``python`` (versions).
    """
    data = root / "data"
    inputs = sorted([*data.glob("*.csv"), *data.glob("*.toml"), *data.glob("*.bib")])
    lock = root / "requirements.lock"
    return {
        "inputs": {path.relative_to(root).as_posix(): sha256(path) for path in inputs},
        "lock": sha256(lock) if lock.exists() else "",
        "packages": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
    }


def data_version(root: Path) -> str:
    """Return the version of the review, which ``pyproject.toml`` states once for all."""
    project: Mapping[str, str] = tomllib.loads(
        (root / "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return project["version"]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
