"""A table as it stands in its file: text, column by column, with line numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.evidence.faults import Fault, Problem
from analysis.evidence.schema import Schema

if TYPE_CHECKING:
    import numpy as np

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")


def parse_number(text: str, integer: bool = False) -> float | None:
    """Read a number as the tables write it.

    Parameters
    ----------
    text : str
        Content of a cell.
    integer : bool
        Whether only whole numbers without a decimal point count.

    Returns
    -------
    float or None
        The number; None where the text is not one, or too large to compute with.
    """
    if not (_INTEGER if integer else _NUMBER).fullmatch(text):
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None


@dataclass
class Table:
    """Rows of one file, stored by column.

    Attributes
    ----------
    schema : Schema
        What the columns should be.
    file : str
        The file's path as shown to people.
    columns : dict of str to list of str
        Cells as text; only columns that the file has. Equal cells are one object,
        so that 100,000 rows fit in memory.
    lines : list of int
        Line on which each row begins, as an editor counts.
    """

    schema: Schema
    file: str
    columns: dict[str, list[str]]
    lines: list[int]
    _numbers: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    @classmethod
    def of_rows(cls, schema: Schema, rows: Iterable[dict[str, str]], file: str = "") -> Table:
        """Make a table from rows; a column that a row does not name is empty.

        Raises
        ------
        KeyError
            If a row names a column that the schema does not have.
        """
        columns: dict[str, list[str]] = {name: [] for name in schema.names}
        count = 0
        for row in rows:
            if unknown := sorted(set(row) - set(columns)):
                raise KeyError(f"table {schema.name} has no column {', '.join(unknown)}")
            for name, cells in columns.items():
                cells.append(row.get(name, ""))
            count += 1
        return cls(schema, file or schema.file, columns, list(range(2, count + 2)))

    @property
    def rows(self) -> list[dict[str, str]]:
        """All rows as dictionaries of text, in the order of the file."""
        names = list(self.columns)
        return [
            dict(zip(names, cells, strict=True))
            for cells in zip(*self.columns.values(), strict=True)
        ]

    def row(self, index: int) -> dict[str, str]:
        """Return one row as a dictionary of text."""
        return {name: cells[index] for name, cells in self.columns.items()}

    def column(self, name: str) -> list[str]:
        """Return the cells of a column; all empty where the file does not have it."""
        return self.columns.get(name) or [""] * len(self)

    def keys(self, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the cells of some columns, row by row."""
        return zip(*(self.column(name) for name in names), strict=True)

    def numbers(self, name: str) -> np.ndarray:
        """Return a column as numbers.

        Returns
        -------
        numpy.ndarray of shape (rows,)
            NaN where the cell is empty or not a number.
        """
        import numpy as np

        if name not in self._numbers:
            cells = self.column(name)
            parsed = {cell: parse_number(cell) for cell in set(cells)}
            values = {cell: np.nan if value is None else value for cell, value in parsed.items()}
            self._numbers[name] = np.fromiter(
                map(values.__getitem__, cells), dtype=float, count=len(cells)
            )
        return self._numbers[name]

    def mask(self, name: str, is_so: Callable[[str], bool]) -> np.ndarray:
        """Return where a condition on a column's text holds.

        The condition is asked once per distinct cell, not once per row.

        Returns
        -------
        numpy.ndarray of shape (rows,)
            Booleans.
        """
        import numpy as np

        cells = self.column(name)
        truth = {cell: bool(is_so(cell)) for cell in set(cells)}
        return np.fromiter(map(truth.__getitem__, cells), dtype=bool, count=len(cells))

    def filled(self, name: str) -> np.ndarray:
        """Return where a column has a value, as booleans of shape (rows,)."""
        return self.mask(name, bool)

    def equal(self, name: str, *values: str) -> np.ndarray:
        """Return where a column has one of some values, as booleans of shape (rows,)."""
        return self.mask(name, values.__contains__)

    def any_filled(self, names: Sequence[str]) -> np.ndarray:
        """Return where at least one of some columns has a value, as booleans of shape (rows,)."""
        import numpy as np

        return np.logical_or.reduce([self.filled(name) for name in names])

    def fault(self, index: int, column: str, problem: Problem, value: str | None = None) -> Fault:
        """Return a problem with its place: a row of this table, and a column."""
        cells = self.columns.get(column)
        study = self.columns.get("study_id")
        seen = cells[index] if value is None and cells else value
        return Fault(
            problem=problem,
            file=self.file,
            line=self.lines[index],
            column=column,
            study_id=study[index] if study else "",
            value=seen or "",
        )

    def faults(
        self, where: np.ndarray, column: str, problem: Problem | Callable[[int], Problem]
    ) -> Iterator[Fault]:
        """Yield one fault in a column for each row that a condition holds for.

        Parameters
        ----------
        where : numpy.ndarray of shape (rows,)
            Booleans.
        column : str
            Column to name.
        problem : Problem or callable
            The problem, or a function from the row's index to it.
        """
        for index in where.nonzero()[0].tolist():
            yield self.fault(index, column, problem(index) if callable(problem) else problem)
