"""Pieces of pages as HTML: the only place where text becomes markup.

Text from tables and results is written by contributors and is not trusted:
:func:`markupsafe.Markup.format` escapes whatever is put into a template. Only
a template, which is a constant in the code, is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.figures.numbers import unbroken


@dataclass(frozen=True)
class Piece:
    """A piece of a page, as the value of a notebook cell.

    Attributes
    ----------
    html : Markup
        The markup, safe to show.
    text : str
        The same in plain text, for terminals.
    """

    html: Markup
    text: str

    def _repr_html_(self) -> str:
        return str(self.html)

    def __repr__(self) -> str:
        return self.text


def fill(template: str, **values: object) -> Markup:
    """Return a constant template with escaped values in its ``{names}``.

    What belongs together in a text, as in "k = 4", is not torn apart at the end of a line.
    """
    return Markup(template).format(**{name: _together(value) for name, value in values.items()})


def _together(value: object) -> object:
    """Return a text bound where no line may end; markup was bound when it was made."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return unbroken(value)
    return value


def joined(parts: Iterable[Markup]) -> Markup:
    """Return several pieces of markup one after another."""
    return Markup("\n").join(parts)


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table with a caption; the first cell of a row is its header.

    The table stands in a box that scrolls sideways by itself and can be
    reached with the keyboard, so that a wide table never widens a narrow page.
    Each cell carries its column's heading: on a phone a row becomes a card,
    because nobody can compare columns of which two fit on the screen.

    Parameters
    ----------
    caption : str
        What the table shows.
    header : sequence of str
        One heading for each column.
    rows : iterable of sequences of str
        Cells in the order of ``header``.
    """
    return _table(caption, header, fill("<tbody>{rows}</tbody>", rows=_rows(header, rows)))


def grouped_table(
    caption: str,
    header: Sequence[str],
    groups: Iterable[tuple[Markup, Iterable[Sequence[str]]]],
) -> Markup:
    """Return a table whose rows stand in groups, each below what its rows have in common.

    Parameters
    ----------
    caption, header
        As in :func:`table`.
    groups : iterable of (Markup, rows)
        What the rows of a group share, and its rows.
    """
    bodies = joined(
        fill(
            '<tbody><tr class="shared"><th scope="rowgroup" colspan="{columns}">{shared}</th></tr>'
            "{rows}</tbody>",
            columns=len(header),
            shared=shared,
            rows=_rows(header, rows),
        )
        for shared, rows in groups
    )
    return _table(caption, header, bodies)


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    return joined(
        fill(
            '<tr><th scope="row">{first}</th>{rest}</tr>',
            first=first,
            rest=joined(
                fill('<td data-label="{label}">{cell}</td>', label=label, cell=cell)
                for label, cell in zip(header[1:], rest, strict=True)
            ),
        )
        for first, *rest in rows
    )


def _table(caption: str, header: Sequence[str], bodies: Markup) -> Markup:
    return fill(
        '<div class="table-box" role="group" tabindex="0" aria-label="{caption}">'
        "<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>{bodies}</table></div>",
        caption=caption,
        head=joined(fill('<th scope="col">{cell}</th>', cell=cell) for cell in header),
        bodies=bodies,
    )
