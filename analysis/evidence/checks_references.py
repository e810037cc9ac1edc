"""Whether the tables agree with one another, the questions and the bibliography."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.evidence.faults import KEPT_PER_KIND, Fault, Problem, and_more, nearest
from analysis.evidence.paths import shown_path
from analysis.evidence.table import Table

_ENTRY = re.compile(r"^[ \t]*@(?!comment|string|preamble)\w+\s*[{(]\s*([^\s,}]+)", re.I | re.M)


@dataclass(frozen=True)
class Keys:
    """What cells may name in another file.

    Attributes
    ----------
    file : str
        The file, as the schemas name it.
    known : frozenset of str
        All keys in it.
    """

    file: str
    known: frozenset[str]


def check_references(table: Table, column: str, keys: Keys) -> Iterator[Fault]:
    """Check a column whose cells name something in another file.

    Parameters
    ----------
    table : Table
        Rows of any table.
    column : str
        The column that refers.
    keys : Keys
        What its cells may name.

    Yields
    ------
    Fault
        One per name that is not known.
    """
    cells = table.columns.get(column, ())
    separator = table.schema[column].separator
    unknown = {
        cell: missing
        for cell in dict.fromkeys(cells)
        if (missing := [key for key in _parts(cell, separator) if key not in keys.known])
    }
    rows = [row for row, cell in enumerate(cells) if cell in unknown] if unknown else []
    for count, row in enumerate(rows[:KEPT_PER_KIND], start=1):
        more = len(rows) - count if count == KEPT_PER_KIND else 0
        for key in unknown[cells[row]]:
            yield and_more(table.fault(row, column, _unknown(key, keys)), more)


def _parts(cell: str, separator: str) -> list[str]:
    parts = cell.split(separator) if separator else [cell]
    return [part.strip() for part in parts if part.strip()]


def _unknown(key: str, target: Keys) -> Problem:
    meant = nearest(key, target.known)
    add = f"add {key} to {target.file}"
    return Problem(
        "reference-unknown",
        f"{key} is not in {target.file}",
        f"a key of {target.file}",
        f"write {meant}, or {add}" if meant else add,
    )


def read_questions(path: Path) -> tuple[frozenset[str], list[Fault]]:
    """Read the ids of the questions.

    Returns
    -------
    ids : frozenset of str
        Ids of all questions.
    faults : list of Fault
        Where the file is missing or is not TOML.
    """
    shown = shown_path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset(), [_file_missing(shown)]
    except UnicodeDecodeError:
        problem = Problem("file-not-utf8", "the file is not UTF-8", "UTF-8", "save it as UTF-8")
        return frozenset(), [Fault(problem, shown)]
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line ([0-9]+)", str(error))
        problem = Problem(
            "toml-syntax",
            f"the file is not valid TOML: {error}",
            "TOML, as the other questions are written",
            "compare the line, and the one before it, with another question",
        )
        return frozenset(), [Fault(problem, shown, int(line[1]) if line else 1)]
    questions = content.get("question", [])
    return frozenset(
        str(question["id"])
        for question in (questions if isinstance(questions, list) else [])
        if isinstance(question, dict) and "id" in question
    ), []


def read_bibliography(path: Path) -> tuple[frozenset[str], list[Fault]]:
    """Read the keys of the bibliography with the parser that the book uses.

    Returns
    -------
    keys : frozenset of str
        Keys of all entries.
    faults : list of Fault
        Missing file, syntax errors and repeated keys.
    """
    shown = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return frozenset(), [_file_missing(shown)]
    except UnicodeDecodeError:
        problem = Problem("file-not-utf8", "the file is not UTF-8", "UTF-8", "save it as UTF-8")
        return frozenset(), [Fault(problem, shown)]
    faults = list(_repeated_keys(text, shown))
    keys, errors = _parse(text)
    for line, message in errors:
        problem = Problem(
            "bib-syntax",
            f"the bibliography cannot be read: {message}",
            "BibTeX entries such as @article{noppers2011, title = {…}, year = {2011}}",
            "compare the braces and commas of this entry with another one",
        )
        faults.append(Fault(problem, shown, line))
    return keys, faults


def _file_missing(shown: str) -> Fault:
    problem = Problem(
        "file-missing",
        "there is no such file",
        "the file that the tables refer to",
        "restore it (git checkout)",
    )
    return Fault(problem, shown)


def _repeated_keys(text: str, shown: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for entry in _ENTRY.finditer(text):
        line = text.count("\n", 0, entry.start(1)) + 1
        # BibTeX keys differ by more than case, or two programs read two bibliographies.
        key = entry[1].lower()
        if key in first:
            problem = Problem(
                "bib-duplicate",
                f"the key {entry[1]} is already used in line {first[key]}",
                "each key once",
                "delete the copy, or give the other work its own key",
            )
            yield Fault(problem, shown, line, value=entry[1])
        first.setdefault(key, line)


def _parse(text: str) -> tuple[frozenset[str], list[tuple[int, str]]]:
    from pybtex.database import parse_string
    from pybtex.errors import capture
    from pybtex.scanner import PybtexSyntaxError

    keys: Collection[str] = ()
    with capture() as problems:
        try:
            keys = tuple(parse_string(text, "bibtex").entries)
        except PybtexSyntaxError as error:
            problems.append(error)
    found = [
        (getattr(problem, "lineno", None) or 1, str(problem))
        for problem in problems
        # Repeated keys are reported above, with their lines.
        if not str(problem).startswith("repeated bibliography entry")
    ]
    return frozenset(keys), found
