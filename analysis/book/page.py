"""What a chapter's cells show: ``from analysis.book import page``.

This is the one door from the chapters to the results. Every function notes
which part of them it took (:func:`analysis.book.inputs.note`), so that a
chapter is executed again when, and only when, such a part changes.
"""

from __future__ import annotations

from functools import cache

from analysis.book import html, inputs
from analysis.review.results import Results
from analysis.review.serialise import read_results


@cache
def load() -> Results:
    """Return the results, read once in a process.

    Raises
    ------
    FileNotFoundError
        If nothing was answered yet; the message names the command.
    """
    if not inputs.RESULTS.exists():
        raise FileNotFoundError(
            f"{inputs.RESULTS} does not exist yet; run `python -m analysis answer` first."
        )
    return read_results(inputs.RESULTS)


def status() -> html.Piece:
    """Show the version of the data, and whether the searches are up to date."""
    inputs.note("results:version")
    inputs.note("results:status")
    results = load()
    entries = {"Version": results.version, **results.status}
    items = html.joined(
        html.fill("<dt>{key}</dt><dd>{value}</dd>", key=key, value=value)
        for key, value in entries.items()
    )
    return html.Piece(
        html.fill('<dl class="status">{items}</dl>', items=items),
        "\n".join(f"{key}: {value}" for key, value in entries.items()),
    )
