"""All checks on all tables, in one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

from analysis.evidence.cells import check_cells
from analysis.evidence.checks_across import check_between_studies, check_identity, check_order
from analysis.evidence.checks_context import check_context, check_source
from analysis.evidence.checks_effects import check_effects
from analysis.evidence.checks_references import (
    Keys,
    check_references,
    read_bibliography,
    read_questions,
)
from analysis.evidence.faults import Fault, sort_and_cap
from analysis.evidence.paths import data_directory, shown_path
from analysis.evidence.reading import read_file
from analysis.evidence.schema import Schema, load_schema, table_names
from analysis.evidence.table import Table

#: Files beside the tables that cells refer to, and how their keys are read.
_OTHER_FILES = {"references.bib": read_bibliography, "questions.toml": read_questions}


class UnknownFileError(ValueError):
    """A path that belongs to no table."""


class Validation:
    """One run over one data directory; reads each file once.

    Parameters
    ----------
    directory : pathlib.Path, optional
        Directory of the CSV files; the project's ``data`` if not given.
    today : datetime.date, optional
        Day of the run; later dates are faults.
    """

    def __init__(self, directory: Path | None = None, today: date | None = None) -> None:
        self.directory = directory or data_directory()
        self.today = today or date.today()
        self._keys: dict[tuple[str, str], frozenset[str]] = {}

    def everything(self) -> list[Fault]:
        """Check every table that has a schema, the questions and the bibliography."""
        faults: list[Fault] = []
        for name in table_names():
            faults += self.table(self.directory / f"{name}.csv", name)
        for name in _OTHER_FILES:
            faults += self.other(self.directory / name)
        return sort_and_cap(faults)

    def table(self, path: Path, name: str) -> list[Fault]:
        """Check one table; see `read`."""
        return self.read(path, name)[1]

    def read(self, path: Path, name: str) -> tuple[Table | None, list[Fault]]:
        """Read and check one table.

        Parameters
        ----------
        path : pathlib.Path
            Its CSV file.
        name : str
            Its name.

        Returns
        -------
        table : Table or None
            The rows that could be read.
        faults : list of Fault
            In the order of the file; endless repetitions cut short.
        """
        table, faults = read_file(path, load_schema(name))
        if table is None:
            return None, faults
        found = chain(faults, check_table(table, self.today), self._references(table))
        return table, sort_and_cap(found)

    def other(self, path: Path) -> list[Fault]:
        """Check the questions or the bibliography by themselves."""
        _, faults = _OTHER_FILES[path.name](path)
        return sort_and_cap(faults)

    def _references(self, table: Table) -> Iterator[Fault]:
        """Yield the cells that name something unknown in another file.

        A file that cannot be read knows no keys; that is its own fault, and not
        one of every cell that refers to it.
        """
        for column, sources in _targets(table.schema).items():
            known = [self._known(file, key) for file, key in sources]
            if all(known):
                files = " or ".join(file for file, _ in sources)
                yield from check_references(table, column, Keys(files, frozenset.union(*known)))

    def _known(self, file: str, key: str) -> frozenset[str]:
        if (file, key) not in self._keys:
            path = self.directory / Path(file).name
            if path.name in _OTHER_FILES:
                self._keys[file, key], _ = _OTHER_FILES[path.name](path)
            else:
                table, _ = read_file(path, load_schema(path.stem))
                self._keys[file, key] = frozenset(table.column(key) if table else ())
        return self._keys[file, key]


def _targets(schema: Schema) -> dict[str, list[tuple[str, str]]]:
    """Return for each column that refers to others the files, and the columns, it may name."""
    targets = {
        column.name: [(column.references, column.name)]
        for column in schema.fields
        if column.references
    }
    for column, (other, key) in schema.foreign_keys.items():
        targets[column] = [(load_schema(other).file, key)]
    if schema.name not in ("studies", "screening") and "study_id" in schema.names:
        # A study without a usable number is known from the screening log alone.
        both = (load_schema("studies"), load_schema("screening"))
        targets["study_id"] = [(other.file, "study_id") for other in both]
    return targets


def check_table(table: Table, today: date) -> Iterator[Fault]:
    """Yield the faults of one table by itself, in no particular order."""
    yield from check_cells(table, today)
    yield from check_identity(table)
    yield from check_order(table)
    yield from check_source(table)
    if table.schema.name == "studies":
        yield from check_effects(table)
        yield from check_context(table)
        yield from check_between_studies(table)


def validate(paths: Sequence[Path] = (), today: date | None = None) -> list[Fault]:
    """Check files of the review.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        CSV files, ``references.bib``, ``questions.toml``, or directories that hold
        them; none means the project's ``data``.
    today : datetime.date, optional
        Day of the run.

    Returns
    -------
    list of Fault
        Ordered by file and line; empty where all is well.

    Raises
    ------
    UnknownFileError
        If a path belongs to no table.
    """
    faults: list[Fault] = []
    if not paths:
        return Validation(today=today).everything()
    for path in paths:
        if path.is_dir():
            faults += Validation(path, today).everything()
        elif path.name in _OTHER_FILES:
            faults += Validation(path.parent, today).other(path)
        else:
            faults += Validation(siblings(path), today).table(path, table_of(path))
    return sort_and_cap(faults)


def siblings(path: Path) -> Path:
    """Return the directory of the files that a table refers to: its own, or else the project's."""
    beside = path.resolve().parent
    return beside if (beside / "references.bib").is_file() else data_directory()


def table_of(path: Path) -> str:
    """Return the name of the table that a file holds, from the file's name.

    Raises
    ------
    UnknownFileError
        If there is no such table.
    """
    names = table_names()
    if path.stem in names:
        return path.stem
    known = ", ".join([*(f"{name}.csv" for name in names), *_OTHER_FILES])
    raise UnknownFileError(
        f"{shown_path(path)} belongs to no table: its name must be one of {known}"
    )
