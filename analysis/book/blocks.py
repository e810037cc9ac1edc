"""Blocks that pages are built from: figures with their words, tables to filter, details."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup

from analysis.book.drawings import kept_svg
from analysis.book.html import Piece, fill, joined, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Words:
    """What is said of a figure, to those who see it and to those who do not.

    Attributes
    ----------
    title : str
        Its name.
    alt : str
        The figure in one or two sentences, computed from what it shows.
    description : str
        The whole figure in words.
    caption : str
        What stands below it.
    kind : str
        Which of :data:`analysis.figures.words.HOW_TO_READ` belongs to it.
    """

    title: str
    alt: str
    description: str
    caption: str
    kind: str


def figure(
    name: str,
    draw: partial[Axes],
    said: Words,
    numbers: Markup,
    *,
    narrow: partial[Axes] | None = None,
    rows: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
) -> Piece:
    """Return a figure with its caption, its description and its numbers as a table.

    Parameters
    ----------
    name : str
        Anchor of the figure and prefix of its ids; unique on the page.
    draw : functools.partial
        A function of :mod:`analysis.figures` with everything that it is to draw.
    said : Words
        The figure in words.
    numbers : Markup
        The figure as a table.
    narrow : functools.partial, optional
        The same figure for a phone held upright, shown instead of the other there.
    rows, links : mapping, optional
        Row id -> the row in words, and the address it leads to.
    """
    # Imported here and not above: Sphinx's process, which never draws, stays light.
    from analysis.figures.words import how_to_read

    shown = _svg(name, draw, said, rows, links)
    if narrow is not None:
        shown = fill(
            '<div class="figure-wide">{wide}</div><div class="figure-narrow">{narrow}</div>',
            wide=shown,
            narrow=_svg(f"{name}-narrow", narrow, said, rows, links),
        )
    markup = fill(
        '<figure class="forest" id="{id}">'
        '<div class="figure-box" role="group" tabindex="0" aria-label="{title}">{svg}</div>'
        "<figcaption>{caption} {how}</figcaption>"
        "<details><summary>In words</summary><p>{description}</p></details>"
        "<details><summary>In numbers</summary>{numbers}</details>"
        "</figure>",
        id=name,
        title=said.title,
        svg=shown,
        caption=said.caption,
        how=how_to_read(said.kind),
        description=said.description,
        numbers=numbers,
    )
    return Piece(markup, said.alt)


def unseen(name: str, said: Words, reasons: Sequence[str], numbers: Markup | None) -> Piece:
    """Return what stands in the place of a figure that has nothing to draw: the reasons.

    ``numbers``, the figure as a table, is None where no study has anything to put into it.
    """
    known = details("What is known, as a table", numbers) if numbers else Markup("")
    markup = fill(
        '<figure class="forest" id="{id}">{reasons}<figcaption>{caption}</figcaption>'
        "{known}</figure>",
        id=name,
        reasons=joined(fill("<p>{reason}</p>", reason=reason) for reason in reasons),
        caption=said.caption,
        known=known,
    )
    return Piece(markup, said.alt)


def _svg(
    name: str,
    draw: partial[Axes],
    said: Words,
    rows: Mapping[str, str] | None,
    links: Mapping[str, str] | None,
) -> Markup:
    svg = kept_svg(draw, name=name, title=said.title, description=said.alt, rows=rows, links=links)
    return Markup(svg)  # made by our own drawing, which escapes what it writes


def filterable(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    choices: Sequence[str] = (),
) -> Markup:
    """Return a table that a script makes searchable; without the script it is a plain table.

    Parameters
    ----------
    caption, header, rows
        As in :func:`analysis.book.html.table`.
    choices : sequence of str
        Columns, by heading, that get a list to choose a value from.

    Raises
    ------
    ValueError
        If a choice is not a column.
    """
    if unknown := set(choices) - set(header):
        raise ValueError(f"{caption!r} has no column {', '.join(sorted(unknown))}")
    return fill(
        '<div class="filterable" data-choices="{choices}" style="--fields:{fields}">{table}</div>',
        fields=1 + len(choices),
        choices=" ".join(str(header.index(choice)) for choice in choices),
        table=table(caption, header, rows),
    )


def details(summary: str, body: Markup, *, anchor: str = "") -> Markup:
    """Return a part of a page that is closed until it is asked for."""
    template = "<details{at}><summary>{summary}</summary>{body}</details>"
    at = fill(' id="{anchor}"', anchor=anchor) if anchor else ""
    return fill(template, at=at, summary=summary, body=body)


def definitions(pairs: Iterable[tuple[str, str]], *, kind: str) -> Markup:
    """Return terms with what belongs to them; pairs without a value are left out."""
    items = joined(
        fill("<dt>{term}</dt><dd>{value}</dd>", term=term, value=value)
        for term, value in pairs
        if value
    )
    return fill('<dl class="{kind}">{items}</dl>', kind=kind, items=items)
