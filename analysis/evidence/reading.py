"""From the bytes of a file to a table, with a sentence for all that can go wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from analysis.evidence.decoding import Reader, decode
from analysis.evidence.faults import Fault, InvalidDataError, errors_in, nearest
from analysis.evidence.paths import shown_path, table_path
from analysis.evidence.schema import Schema, empty_template, load_schema
from analysis.evidence.table import Table

#: Rows turned into columns at a time: large enough to be quick, small enough to stay in cache.
_BLOCK = 4096

#: Unclosed quotes after which reading stops: each one may swallow 128 KiB before it is noticed.
_MOST_UNCLOSED = 25


def read_table(name: str, path: Path | None = None) -> Table:
    """Read a table that is well formed.

    Cell by cell checks are not made here; `load_table` makes them all.

    Parameters
    ----------
    name : str
        Table name, such as ``"studies"``.
    path : pathlib.Path, optional
        Another file than ``data/<name>.csv``.

    Returns
    -------
    Table
        Its rows as text.

    Raises
    ------
    InvalidDataError
        If the file cannot be read without loss; carries all faults.
    """
    table, faults = read_file(path or table_path(name), load_schema(name))
    if table is None or any(errors_in(faults)):
        raise InvalidDataError(faults)
    return table


def read_file(path: Path, schema: Schema) -> tuple[Table | None, list[Fault]]:
    """Read a file as far as it can be read, and say what is wrong with its form.

    Parameters
    ----------
    path : pathlib.Path
        The CSV file.
    schema : Schema
        The columns it should have.

    Returns
    -------
    table : Table or None
        The rows that could be read; None where nothing could.
    faults : list of Fault
        Faults of form, in no particular order.
    """
    reader = Reader(schema, shown_path(path))
    try:
        return read_bytes(path.read_bytes(), schema, reader.file)
    except FileNotFoundError:
        reader.report(
            "file-missing",
            "there is no such file",
            f"a CSV file with the columns of the table {schema.name}",
            "restore it (git checkout), or create it with this first line: "
            + empty_template(schema.name).strip(),
        )
    except OSError as error:
        reader.report(
            "file-unreadable",
            f"the file cannot be opened: {error.strerror}",
            "a CSV file that you may read",
            "check that it is a file, not a folder, and that you may read it",
        )
    return None, reader.faults


def read_bytes(data: bytes, schema: Schema, file: str) -> tuple[Table | None, list[Fault]]:
    """Read the bytes of a CSV file; see `read_file`."""
    reader = Reader(schema, file)
    text = decode(data, reader)
    del data  # a large file need not be held twice
    if text is None:
        return None, reader.faults
    lines = text.removesuffix("\n").split("\n")
    del text
    delimiter = _delimiter(lines[0], reader)
    header_row = next(_header(lines, delimiter), [])
    names = _columns(header_row, reader)
    if not any(names):
        return None, reader.faults
    return _rows(lines, delimiter, names, reader), reader.faults


def _delimiter(first_line: str, reader: Reader) -> str:
    counts = {mark: first_line.count(mark) for mark in ",;\t"}
    mark = max(counts, key=lambda key: counts[key])
    if mark == ",":
        return mark
    word = {";": "semicolons", "\t": "tabs"}[mark]
    reader.report(
        "file-delimiter",
        f"the columns are separated by {word}, as spreadsheets do in countries with decimal "
        "commas",
        "columns separated by commas, numbers with decimal points",
        "choose the comma as field separator when saving (in Excel: 'CSV UTF-8 (comma "
        "delimited)' with English (UK) as region)",
        value=first_line,
    )
    return mark


def _header(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from islice(csv.reader(lines[:1], delimiter=delimiter), 1)
    except csv.Error:
        # An overlong first line is no header; the caller says so.
        return


def _columns(header: list[str], reader: Reader) -> list[str]:
    """Return for each cell of the header the column it stands for, or an empty text."""
    expected = reader.schema.names
    all_names = ",".join(expected)
    if not set(header) & set(expected):
        reader.report(
            "header-missing",
            "the first line does not hold the column names",
            f"a first line that reads: {all_names}",
            "put the column names back as the first line",
            value=",".join(header),
        )
        return []
    names: list[str] = []
    for position, cell in enumerate(header, start=1):
        names.append(_column(cell, position, header, names, reader))
    for name in expected:
        if name not in names:
            before = expected[expected.index(name) - 1] if name != expected[0] else ""
            place = f"after {before}" if before else "as the first column"
            reader.report(
                "column-missing",
                f"the column {name} is missing",
                f"{reader.schema[name].title}: {reader.schema[name].description}",
                f"add the column {name} {place}, with empty cells where nothing is known",
                column=name,
            )
    found = [name for name in names if name]
    in_order = [name for name in expected if name in found]
    if found != in_order:
        first = next(a for a, b in zip(found, in_order, strict=True) if a != b)
        reader.report(
            "column-order",
            f"the columns are in another order, beginning with {first}",
            f"this order: {all_names}",
            reader.mend,
            column=first,
        )
    return names


def _column(cell: str, position: int, header: list[str], before: list[str], reader: Reader) -> str:
    expected = reader.schema.names
    if cell in expected and cell not in before:
        return cell
    if cell in before:
        reader.report(
            "column-twice",
            f"the column {cell} stands twice in the first line",
            "each column once",
            f"delete column {position}, or rename it if it holds something else",
            column=cell,
        )
        return ""
    meant = nearest(cell, [name for name in expected if name not in header])
    if meant and meant not in before:
        reader.report(
            "column-renamed",
            f"there is no column {cell.strip() or 'without a name'}; probably {meant} is meant",
            f"the name {meant}",
            f"write {meant} in place {position} of the first line",
            column=meant,
            value=cell,
        )
        return meant
    reader.report(
        "column-unknown",
        f"column {position} is called {cell.strip()!r}, which this table does not have"
        if cell.strip()
        else f"column {position} has no name",
        f"only these columns: {','.join(expected)}",
        "delete the column; what it says can go into the note, or propose it as a new column "
        f"in the schema of {reader.schema.name}",
        column=cell,
    )
    return ""


def _rows(lines: list[str], delimiter: str, names: list[str], reader: Reader) -> Table:
    """Sort the cells of all whole rows into columns."""
    kept = [index for index, name in enumerate(names) if name]
    columns: dict[str, list[str]] = {names[index]: [] for index in kept}
    interned: dict[str, dict[str, str]] = {name: {} for name in columns}
    starts: list[int] = []
    block: list[list[str]] = []

    def flush() -> None:
        cells_by_place = list(zip(*block, strict=True))
        for index in kept if block else ():
            name, cells = names[index], cells_by_place[index]
            columns[name].extend(map(interned[name].setdefault, cells, cells))
        block.clear()

    for line, cells in _records(lines, delimiter, len(names), reader):
        block.append(cells)
        starts.append(line)
        if len(block) == _BLOCK:
            flush()
    flush()
    return Table(reader.schema, reader.file, columns, starts)


def _records(
    lines: list[str], delimiter: str, width: int, reader: Reader
) -> Iterator[tuple[int, list[str]]]:
    """Yield each whole row with its line, reporting all others.

    The csv module alone loses the rest of the file at an unclosed quote; here
    reading goes on at the next line, so that one run finds every fault.
    """
    start, unclosed = 1, 0
    untidy: list[int] = []
    # What may be a quoted cell that needs no quotes: a cheap question before a costly one.
    needless = re.compile(rf'"[^"{delimiter}\n]*"(?:{delimiter}|$)')
    while start < len(lines):
        for begin, end, cells in _parsed(lines, start, delimiter):
            start = begin
            fits = cells is not None and len(cells) == width
            if cells is None or (
                not fits and end - start > 1 and _whole(lines, start + 1, width, delimiter)
            ):
                break
            if fits and any(cells):
                yield start + 1, cells
                raw = "\n".join(lines[start:end]) if end - start > 1 else lines[start]
                if needless.search(raw) and not _tidy(cells, raw, delimiter):
                    untidy.append(start + 1)
            else:
                _report_misfit(cells, width, start + 1, end, reader)
        else:
            break
        _report_quote(lines[start], start + 1, reader)
        start, unclosed = start + 1, unclosed + 1
        if unclosed == _MOST_UNCLOSED:
            _report_stop(start, reader)
            break
    if untidy:
        _report_untidy(untidy, reader)


def _parsed(
    lines: list[str], start: int, delimiter: str
) -> Iterator[tuple[int, int, list[str] | None]]:
    """Yield first line, line after the last, and cells of each row; None where csv gives up."""
    ended = (f"{line}\n" for line in islice(lines, start, None))
    records = csv.reader(ended, delimiter=delimiter, strict=True)
    end = start
    while True:
        begin = end
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error:
            yield begin, start + records.line_num, None
            return
        end = start + records.line_num
        yield begin, end, cells


def _whole(lines: list[str], index: int, width: int, delimiter: str) -> bool:
    """Whether a line by itself is a row of the table, so not the inside of a cell."""
    if index >= len(lines):
        return False
    try:
        return len(next(csv.reader([lines[index]], delimiter=delimiter), [])) == width
    except csv.Error:
        return False


def _tidy(cells: list[str], raw: str, delimiter: str) -> bool:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue() == f"{raw}\n"


def _report_misfit(cells: list[str], width: int, line: int, end: int, reader: Reader) -> None:
    if not any(cell.strip() for cell in cells):
        reader.report(
            "row-blank",
            "the line is blank",
            "one row in each line, and no line without one",
            f"delete the line, or {reader.mend}",
            line=line,
            value="".join(cells),
        )
        return
    many = len(cells) > width
    span = f" (it goes on to line {end})" if end > line else ""
    why = (
        "probably a text with a comma is not in double quotes, or a number has a decimal comma"
        if many
        else "probably commas were deleted at the end or between two empty cells, or a double "
        "quote is not closed"
    )
    fix = (
        'put text that has a comma in double quotes ("like, this"), and write 0.5, not 0,5'
        if many
        else f"every row needs {width - 1} commas, also where cells are empty; compare with the "
        "line above"
    )
    reader.report(
        "row-cells",
        f"the row{span} has {len(cells)} cells instead of {width}; {why}",
        f"{width} cells, one for each column",
        fix,
        line=line,
        value=",".join(cells),
        study_id=cells[0],
    )


def _report_quote(raw: str, line: int, reader: Reader) -> None:
    if len(raw) > csv.field_size_limit():
        message = f"the line has {len(raw)} characters, more than any row of a table"
        fix = "break the line into rows; a line break may have been lost"
    elif raw.count('"') % 2 == 0:
        message = "a double quote stands in the middle of a quoted cell"
        fix = 'write each double quote inside a cell twice (""), or use single quotes'
    else:
        message = "a double quote opens a cell and is not closed, so that what follows vanishes"
        fix = "close the cell with a double quote before the next comma, or delete the quote"
    reader.report(
        "row-quote",
        message,
        "double quotes in pairs",
        fix,
        line=line,
        value=raw,
        study_id=raw.split(",", 1)[0].strip('"'),
    )


def _report_untidy(lines: list[int], reader: Reader) -> None:
    reader.report(
        "quotes-not-needed",
        f"{len(lines)} rows (first: line {lines[0]}) have double quotes around cells that need "
        "none",
        "double quotes only around cells with a comma, a double quote or a line break",
        reader.mend,
        line=lines[0],
        warning=True,
    )


def _report_stop(line: int, reader: Reader) -> None:
    reader.report(
        "file-quotes",
        f"reading stopped at line {line}, after {_MOST_UNCLOSED} rows with broken quotes",
        "double quotes in pairs",
        "mend the quotes reported above, then validate again",
        line=line,
    )
