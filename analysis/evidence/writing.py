"""Tables written whole or not at all, in one form only."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.evidence.paths import table_path
from analysis.evidence.schema import Schema, load_schema


def as_csv(schema: Schema, rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows as the text of a table's file.

    Rows are sorted as the schema says; commas, LF, and double quotes only where
    a cell needs them, so that a file that is valid and unchanged comes out byte
    by byte as it went in.

    Raises
    ------
    ValueError
        If a row names a column that the table does not have.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, schema.names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        sorted(rows, key=lambda row: tuple(row.get(name, "") for name in schema.sorted_by))
    )
    return text.getvalue()


def write_table_atomically(
    name: str, rows: Iterable[Mapping[str, str]], path: Path | None = None
) -> Path:
    """Write a table's rows in sorted order, whole or not at all.

    Parameters
    ----------
    name : str
        Table name, such as ``"studies"``.
    rows : iterable of mapping
        Cells as text by column name; a column that a row lacks is empty.
    path : pathlib.Path, optional
        Another file than ``data/<name>.csv``.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ValueError
        If a row names a column that the table does not have; nothing is written.
    """
    target = path or table_path(name)
    write_atomically(target, as_csv(load_schema(name), rows).encode("utf-8"))
    return target


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by new content in one step.

    Whoever reads the file, at any moment and even after a power cut, finds the
    old content or the new. What an interrupted run left behind is removed by
    the next.

    Parameters
    ----------
    path : pathlib.Path
        File to replace or make; its directory must exist.
    data : bytes
        Its new content.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    for left in path.parent.glob(f".{path.name}.*.partial"):
        left.unlink(missing_ok=True)
    descriptor, partial = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".partial", dir=path.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def replace_folder(new: Path, place: Path) -> None:
    """Move a finished folder to its place; what was there is removed afterwards.

    Parameters
    ----------
    new : pathlib.Path
        Folder to move, on the same file system.
    place : pathlib.Path
        Where it goes.
    """
    previous = _previous(place)
    shutil.rmtree(previous, ignore_errors=True)
    if place.exists():
        place.rename(previous)
    new.rename(place)
    shutil.rmtree(previous, ignore_errors=True)


def recover_folder(place: Path) -> None:
    """Put back a folder that :func:`replace_folder`, killed between its moves, took away."""
    if not place.exists() and _previous(place).exists():
        _previous(place).rename(place)


def _previous(place: Path) -> Path:
    return place.with_suffix(".previous")
