"""Whether a value is allowed in a column: one cell at a time, from the schema alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from analysis.evidence.faults import KEPT_PER_KIND, Fault, Problem, and_more, nearest
from analysis.evidence.schema import Field
from analysis.evidence.table import Table, parse_number

#: A row may be entered in a time zone that is already in tomorrow.
_AHEAD = timedelta(days=1)

#: Spreadsheets run cells that begin like this as formulas.
_FORMULA = re.compile(r"[=+\-@]")

#: Where a browser begins to read a tag: HTML's own rule (tag open state).
_TAG = re.compile(r"<[a-zA-Z/!?]")

#: What people write where they know nothing; here an empty cell says so.
_PLACEHOLDER = re.compile(r"n/?a|nan|nr|null|missing|unknown|[-.?–—]+", re.I)

_PREFIX = re.compile(r"^(https?://)?(dx\.)?doi\.org/|^(doi|pmid|pubmed)\s*:?\s*", re.I)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")


def check_cells(table: Table, today: date) -> Iterator[Fault]:
    """Check every cell of a table against its column's definition.

    Each distinct value is checked once; only columns with faults are walked
    row by row.

    Parameters
    ----------
    table : Table
        Rows as read.
    today : datetime.date
        Later days are in the future.

    Yields
    ------
    Fault
        One per problem and cell.
    """
    for column in table.schema.fields:
        cells = table.columns.get(column.name)
        if cells is None:
            continue
        problems = _problems(column, cells, today)
        faulty = [row for row, cell in enumerate(cells) if cell in problems] if problems else []
        for count, row in enumerate(faulty[:KEPT_PER_KIND], start=1):
            for problem in problems[cells[row]]:
                fault = table.fault(row, column.name, problem)
                more = len(faulty) - count if count == KEPT_PER_KIND else 0
                yield and_more(fault, more)
        if column.unique:
            yield from _repeated(table, column)


def _problems(column: Field, cells: list[str], today: date) -> dict[str, list[Problem]]:
    """Diagnose each distinct cell once, and no more of them than are ever shown."""
    problems: dict[str, list[Problem]] = {}
    for value in dict.fromkeys(cells):
        if found := check_value(column, value, today):
            problems[value] = found
            if len(problems) == KEPT_PER_KIND:
                break
    return problems


def _repeated(table: Table, column: Field) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, cell in enumerate(table.columns[column.name]):
        if not cell:
            continue
        if cell in first:
            yield table.fault(
                index,
                column.name,
                Problem(
                    "cell-not-unique",
                    f"line {table.lines[first[cell]]} has the same {column.name}",
                    "a value that no other row has",
                    "give this row a name of its own, or delete it if it is a copy",
                ),
            )
        else:
            first[cell] = index


def check_value(column: Field, value: str, today: date) -> list[Problem]:
    """Check one value against a column's definition.

    Parameters
    ----------
    column : Field
        The column.
    value : str
        Text of the cell; empty means missing.
    today : datetime.date
        Later days are in the future.

    Returns
    -------
    list of Problem
        Empty where the value is allowed.
    """
    if not value:
        return [_required(column)] if column.required else []
    unsafe = list(_unsafe(column, value))
    if value != value.strip():
        fix = f"write {value.strip()}" if value.strip() else "empty the cell"
        message = "the value has spaces at its beginning or end"
        return [*unsafe, Problem("cell-spaces", message, column.allowed, fix)]
    if unsafe:
        return unsafe
    problem = _wrong_value(column, value, today)
    return [problem] if problem else []


def _required(column: Field) -> Problem:
    return Problem(
        "cell-required",
        f"{column.name} is empty, but every row needs it",
        column.allowed,
        f"fill it in: {column.description}",
    )


def _unsafe(column: Field, value: str) -> Iterator[Problem]:
    hidden = next((sign for sign in value if sign != "\n" and not sign.isprintable()), "")
    if hidden:
        what = "a tab" if hidden == "\t" else f"the invisible character U+{ord(hidden):04X}"
        yield Problem(
            "cell-invisible",
            f"the value has {what} in it",
            "visible characters and single spaces",
            "delete the invisible character, or type the value anew",
        )
    if _PLACEHOLDER.fullmatch(value) and value not in column.enum:
        yield Problem(
            "cell-placeholder",
            "the value stands for 'nothing known'",
            column.allowed,
            "leave the cell empty where nothing is known",
        )
    elif _FORMULA.match(value) and parse_number(value) is None and not _decimal_comma(value):
        yield Problem(
            "cell-formula",
            f"the value begins with {value[0]}, so spreadsheets would run it as a formula",
            f"{column.allowed}; text that begins with a letter or digit",
            "begin with a word, or delete the sign",
        )
    if tag := _TAG.search(value):
        yield Problem(
            "cell-html",
            f"the value has {tag.group()} in it, which a web page would take for HTML",
            "plain text without HTML tags",
            "delete the tag; for 'less than' put a space after the sign",
        )


def _wrong_value(column: Field, value: str, today: date) -> Problem | None:
    wrong = _wrong_type(column, value, today)
    if wrong:
        return wrong
    if column.enum and value not in column.enum:
        meant = nearest(value, column.enum)
        fix = f"write {meant}" if meant else "choose one of the allowed values"
        return Problem("cell-choice", "the value is not one of the choices", column.allowed, fix)
    if column.pattern and not _compiled(column.pattern).fullmatch(value):
        return _wrong_form(column, value)
    return _out_of_range(column, value)


def _wrong_type(column: Field, value: str, today: date) -> Problem | None:
    if column.type == "date":
        return _wrong_date(column, value, today)
    if column.type == "year":
        if _YEAR.fullmatch(value) is None:
            return _not("a year with four digits", column, value)
        if int(value) > today.year + 1:
            return Problem(
                "date-future",
                "the year is in the future",
                f"a year up to {today.year + 1}",
                "correct the year",
            )
        return None
    if not column.is_number or parse_number(value, column.type == "integer") is not None:
        return None
    if _decimal_comma(value):
        return Problem(
            "cell-decimal-comma",
            "the number is written with a comma",
            "a decimal point, and no separator between thousands",
            f"write {value.replace(',', '.')}" if column.type == "number" else "write digits only",
        )
    kind = "a whole number" if column.type == "integer" else "a number"
    return _not(kind, column, value)


def _not(kind: str, column: Field, value: str) -> Problem:
    if value.strip("<>≤≥~≈ ") != value:
        fix = "write the number alone, and the sign in the note"
    elif column.type == "integer" and parse_number(value) is not None:
        number = parse_number(value) or 0.0
        fix = f"write {number:.0f}" if number.is_integer() else "correct it: it counts something"
    elif value.endswith("%"):
        fix = "write the number without the % sign, on the scale of the column"
    elif column.type == "year":
        fix = "write the year of publication only"
    else:
        fix = "write the number alone; words and units belong in the note"
    return Problem("cell-type", f"the value is not {kind}", column.allowed, fix)


def _decimal_comma(value: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+(,[0-9]+)+(\.[0-9]+)?", value) is not None


def _wrong_date(column: Field, value: str, today: date) -> Problem | None:
    if _DATE.fullmatch(value) is None:
        turned = re.fullmatch(r"([0-9]{4})[./]([0-9]{1,2})[./]([0-9]{1,2})", value)
        known = turned and f"write {turned[1]}-{int(turned[2]):02d}-{int(turned[3]):02d}"
        fix = known or f"write the year first, like {today.isoformat()}"
        return Problem("cell-type", "the value is not a date", column.allowed, fix)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return Problem(
            "date-impossible",
            "there is no such day in the calendar",
            column.allowed,
            "correct the month or the day",
        )
    if day > today + _AHEAD:
        return Problem(
            "date-future",
            f"the date is in the future (today is {today.isoformat()})",
            "a day up to today",
            "correct the date; it says when something was done",
        )
    return None


def _out_of_range(column: Field, value: str) -> Problem | None:
    here = parse_number(value) if column.is_number else value
    for limit, is_low in ((column.minimum, True), (column.maximum, False)):
        if limit is None or here is None:
            continue
        bound = float(limit) if column.is_number else limit
        if (here < bound) if is_low else (here > bound):  # type: ignore[operator]
            word = "less than" if is_low else "more than"
            return Problem(
                "cell-range",
                f"the value is {word} {limit}, which {column.name} cannot be",
                column.allowed,
                "compare it with the source and correct it",
            )
    return None


def _wrong_form(column: Field, value: str) -> Problem:
    example = f" Example: {column.example}" if column.example else ""
    allowed = f"{column.description}{example}"
    code = {"doi": "doi-form", "pmid": "pmid-form", "registry_id": "registry-form"}.get(
        column.name, "cell-form"
    )
    message = f"the value does not have the form of {column.title.lower()}"
    if column.name == "doi" and re.match(r"(https?://)?(dx\.)?doi\.org/|doi:", value, re.I):
        message = "the DOI is written as a link; only the part from 10. on belongs here"
    elif column.name == "pmid" and value.upper().startswith("PMC"):
        message = "this is a PubMed Central number, not a PubMed ID"
        url = f"https://pmc.ncbi.nlm.nih.gov/articles/{value.upper()}/"
        return Problem(code, message, allowed, f"put it into url as {url}")
    meant = next((text for text in _repairs(value) if fits(column, text)), None)
    if meant:
        fix = f"write {meant}"
    elif column.example:
        fix = f"write it like {column.example}"
    else:
        fix = f"write it as described: {column.description}"
    return Problem(code, message, allowed, fix)


def fits(column: Field, value: str) -> bool:
    """Return whether a value has the form a column's pattern asks for."""
    return not column.pattern or _compiled(column.pattern).fullmatch(value) is not None


def _repairs(value: str) -> Iterator[str]:
    """Yield what a person may have meant, the likeliest first."""
    bare = _PREFIX.sub("", value)
    yield bare
    for text in (bare.strip(" .,;/"), re.sub(r"\s*[;,]\s*", ";", value), value.replace(" ", "")):
        yield text
        yield text.upper()
        yield text.lower()
    yield re.sub(r"[\s-]+", "_", value.strip().lower())
    if link := re.search(r"(?:pubmed\S*/|term=)([0-9]+)|(NCT[0-9]{8})", value, re.I):
        yield (link[1] or link[2]).upper()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)
