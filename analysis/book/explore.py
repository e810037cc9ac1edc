"""Every row of ``studies.csv`` in one table, to search, sort, narrow and take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.book.html import Piece, fill, joined
from analysis.book.records import effect_words
from analysis.book.sources import Row, identifier_links, meanings, record_address, rows
from analysis.figures import names


@dataclass(frozen=True)
class _Column:
    """A column of the table: heading, cell of a row, and how it behaves.

    ``shown`` says whether the reader sees it without asking; ``choices`` whether it gets a list
    to choose a value from.
    """

    heading: str
    cell: Callable[[Row], str]
    shown: bool = True
    choices: bool = False


def _plain(name: str) -> Callable[[Row], str]:
    return lambda row: row[name]


def _coded(name: str) -> Callable[[Row], str]:
    """Return a column's codes in words."""
    words: Mapping[str, str] = meanings("studies", name)
    return lambda row: words.get(row[name], row[name])


def _study(row: Row) -> Markup:
    return fill(
        '<a href="{to}">{author} {year}</a>',
        to=record_address(row["study_id"]),
        author=row["first_author"],
        year=row["year"],
    )


def _condition(row: Row) -> str:
    return names.first_upper(names.condition(row["condition"]))


def _columns() -> list[_Column]:
    return [
        _Column("Study", _study),
        _Column("Condition", _condition, choices=True),
        _Column("Design", _coded("design"), shown=False, choices=True),
        _Column("Drug", _plain("drug"), choices=True),
        _Column("Route", _coded("route"), shown=False),
        _Column("Dose", _plain("dose"), shown=False),
        _Column("Compared with", _plain("comparator")),
        _Column("Kind of comparison", _coded("comparator_type"), shown=False, choices=True),
        _Column("Outcome", _plain("outcome"), choices=True),
        _Column("Measured by", _plain("instrument"), shown=False),
        _Column("When", _plain("timepoint")),
        _Column("Hours after the end", _plain("hours_after_end"), shown=False),
        _Column("Treated", _plain("n_treat"), shown=False),
        _Column("Controls", _plain("n_control"), shown=False),
        _Column("Result", effect_words),
        _Column("Where it was seen", _plain("source_location"), shown=False),
        _Column("Source", identifier_links, shown=False),
        _Column("How it was read", _coded("extraction"), shown=False),
        _Column("Checked by", _plain("checked_by"), shown=False),
        _Column("Status", _plain("status"), shown=False),
        _Column("Note", _plain("note"), shown=False),
    ]


def all_rows() -> Piece:
    """Show every row of ``studies.csv``; a script makes it a table to work with."""
    found = rows("studies")
    columns = _columns()
    caption = "Every result extracted, one row each"
    markup = fill(
        '<div class="explore" data-name="ketamine-studies" data-choices="{choices}" '
        'style="--fields:{fields}">'
        '<div class="table-box" role="group" tabindex="0" aria-label="{caption}"><table>'
        "<caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div></div>",
        choices=" ".join(str(i) for i, column in enumerate(columns) if column.choices),
        fields=2 + sum(column.choices for column in columns),  # with the search and the order
        caption=caption,
        head=joined(_head(column) for column in columns),
        body=joined(_line(columns, row) for row in found),
    )
    return Piece(markup, f"{caption}: {len(found)} rows")


def _head(column: _Column) -> Markup:
    template = '<th scope="col"{off}>{heading}</th>'
    return fill(template, heading=column.heading, off=_off(column))


def _line(columns: Sequence[_Column], row: Row) -> Markup:
    first, *rest = columns
    cells = (
        fill(
            '<td data-label="{heading}"{off}>{cell}</td>',
            heading=column.heading,
            off=_off(column),
            cell=column.cell(row),
        )
        for column in rest
    )
    return fill(
        '<tr><th scope="row">{first}</th>{rest}</tr>', first=first.cell(row), rest=joined(cells)
    )


def _off(column: _Column) -> Markup:
    """Return the attribute that keeps a column out of sight until it is asked for."""
    return Markup("") if column.shown else Markup(" hidden")
