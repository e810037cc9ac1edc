"""What a chapter's cells show: ``from analysis.book import page``.

Each function takes what it needs from the results (:mod:`analysis.book.door`)
and returns a piece of a page; nothing is computed here.
"""

from __future__ import annotations

from analysis.book import html
from analysis.book.door import results


def status() -> html.Piece:
    """Show the version of the data, and whether the searches are up to date."""
    entries = {"Version": results().version, **results().status}
    items = html.joined(
        html.fill("<dt>{key}</dt><dd>{value}</dd>", key=key, value=value)
        for key, value in entries.items()
    )
    return html.Piece(
        html.fill('<dl class="status">{items}</dl>', items=items),
        "\n".join(f"{key}: {value}" for key, value in entries.items()),
    )
