"""``python -m analysis sort``: put a table's rows and form in order, nothing else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence.faults import Fault, errors_in
from analysis.evidence.paths import shown_path, table_path
from analysis.evidence.reading import read_file
from analysis.evidence.rendering import as_text
from analysis.evidence.schema import load_schema, table_names
from analysis.evidence.writing import as_csv, write_atomically

#: Faults of form that rewriting mends without a word of the content changing.
_MENDED = {
    "file-bom",
    "file-line-ends",
    "file-no-final-newline",
    "column-order",
    "row-blank",
    "quotes-not-needed",
}


def sort_table(path: Path, name: str) -> tuple[bool, list[Fault]]:
    """Rewrite a table in its one form: sorted, plain line ends, no needless quotes.

    Parameters
    ----------
    path : pathlib.Path
        The CSV file.
    name : str
        Table name.

    Returns
    -------
    changed : bool
        Whether the file was rewritten.
    faults : list of Fault
        What must be mended by hand first; the file is then left as it is.
    """
    schema = load_schema(name)
    table, faults = read_file(path, schema)
    in_the_way = [fault for fault in errors_in(faults) if fault.code not in _MENDED]
    if table is None or in_the_way:
        return False, in_the_way
    data = as_csv(schema, table.rows).encode("utf-8")
    if data == path.read_bytes():
        return False, []
    write_atomically(path, data)
    return True, []


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb to its parser."""
    parser.add_argument(
        "tables",
        nargs="*",
        metavar="table",
        help="tables to put in order, such as studies; without any, all of them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Put tables in order.

    Returns
    -------
    int
        0 where all are in order now, 1 where one needs a hand first, 2 for an
        unknown table.
    """
    unknown = sorted(set(arguments.tables) - set(table_names()))
    if unknown:
        print(
            f"there is no table {unknown[0]!r}; the tables are {', '.join(table_names())}",
            file=sys.stderr,
        )
        return 2
    left: list[Fault] = []
    for name in arguments.tables or table_names():
        path = table_path(name)
        changed, faults = sort_table(path, name)
        left += faults
        done = "put in order" if changed else "in order"
        state = "must be mended by hand first" if faults else done
        print(f"{shown_path(path)}: {state}")
    if left:
        sys.stdout.write("\n" + as_text(left))
    return int(bool(left))
