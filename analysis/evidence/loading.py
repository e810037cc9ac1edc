"""Tables as data frames with types, for analysis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.evidence.faults import InvalidDataError, errors_in
from analysis.evidence.paths import table_path
from analysis.evidence.table import Table
from analysis.evidence.validation import Validation, siblings

if TYPE_CHECKING:
    import pandas as pd


def load_studies(path: Path | None = None) -> pd.DataFrame:
    """Load ``studies.csv``; see `load_table`."""
    return load_table("studies", path)


def load_table(name: str, path: Path | None = None) -> pd.DataFrame:
    """Load a valid table.

    Parameters
    ----------
    name : str
        Table name, such as ``"studies"``.
    path : pathlib.Path, optional
        Another file than ``data/<name>.csv``.

    Returns
    -------
    pandas.DataFrame
        One column per column of the schema, in its order. Numbers are float64
        with NaN where the cell is empty (required whole numbers and years are
        int64), dates datetime64 with NaT, text str with an empty text. The
        index, called ``line``, is the line in the file.

    Raises
    ------
    InvalidDataError
        If the table has any error; carries all of them.
    """
    path = path or table_path(name)
    table, faults = Validation(siblings(path)).read(path, name)
    if table is None or any(errors_in(faults)):
        raise InvalidDataError(faults)
    return as_frame(table)


def as_frame(table: Table) -> pd.DataFrame:
    """Return a valid table as a data frame with types; see `load_table`."""
    import pandas as pd

    series: dict[str, pd.Series[Any]] = {}
    index = pd.Index(table.lines, name="line")
    for column in table.schema.fields:
        cells = table.column(column.name)
        if column.type == "date":
            values: pd.Series[Any] = pd.to_datetime(
                pd.Series(cells, index=index), format="%Y-%m-%d"
            )
        elif not column.is_number:
            values = pd.Series(cells, index=index, dtype="str")
        elif column.required and column.type != "number":
            values = pd.Series(table.numbers(column.name), index=index).astype("int64")
        else:
            values = pd.Series(table.numbers(column.name), index=index)
        series[column.name] = values
    return pd.DataFrame(series, index=index)
