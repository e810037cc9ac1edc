"""Roles of a chapter's prose: ``{result}``, ``{cell}`` and ``{count}`` for numbers, ``{gloss}``.

Each number is a link to the study record it was taken from, where there is
one. A word of the glossary opens its meaning where it stands, without a
script. A page is read again when the file behind one of its roles changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from analysis.book import glossing, inputs
from analysis.book.sources import record_anchor
from analysis.book.values import AddressError, Value, cell_value, count_value, result_value
from analysis.evidence.reading import read_table
from analysis.figures.numbers import unbroken
from analysis.review.results import Results
from analysis.review.serialise import read_results

#: The page with a section for each study; its anchors are ``study-ID``.
RECORDS = "chapters/studies"


class _NumberRole(SphinxRole):
    """A role whose text is an address and whose result is the number there."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        try:
            value = self.look_up(self.text)
        except AddressError as error:
            message = self.inliner.reporter.error(f"{self.name}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [self._node(value)], []

    def look_up(self, address: str) -> Value:
        """Return the number at an address."""
        raise NotImplementedError

    def _node(self, value: Value) -> nodes.Node:
        shown = unbroken(value.text)
        text = nodes.inline(shown, shown, classes=["number"])
        if not value.study_id or RECORDS not in self.env.found_docs:
            return text
        records = self.env.app.builder.get_relative_uri(self.env.docname, RECORDS)
        return nodes.reference(
            "",
            "",
            text,
            refuri=f"{records}#{record_anchor(value.study_id)}",
            internal=True,
            classes=["number-source"],
        )


class ResultRole(_NumberRole):
    """``{result}`question: part```: a number of the results object."""

    def look_up(self, address: str) -> Value:
        """Return part of an answer."""
        self.env.note_dependency(str(inputs.RESULTS))
        return result_value(address, _results(inputs.RESULTS.stat().st_mtime_ns))


class CellRole(_NumberRole):
    """``{cell}`table: column where key=value```: a cell of a data table."""

    def look_up(self, address: str) -> Value:
        """Return a cell."""
        return cell_value(address, self.rows)

    def rows(self, table: str) -> Sequence[dict[str, str]]:
        """Return a table's rows, noting that the page depends on the file."""
        path = inputs.ROOT / "data" / f"{table}.csv"
        if not path.is_file():
            raise AddressError(f"there is no table {table!r}")
        self.env.note_dependency(str(path))
        return _rows(path, path.stat().st_mtime_ns)


class CountRole(CellRole):
    """``{count}`table where key=value```: how many rows of a data table."""

    def look_up(self, address: str) -> Value:
        """Return a count."""
        return count_value(address, self.rows)


class GlossRole(SphinxRole):
    """``{gloss}`term``` or ``{gloss}`words shown <term>```: a word with its meaning."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the word with its meaning."""
        shown, term = _shown_and_term(self.text)
        self.env.note_dependency(str(glossing.GLOSSARY))
        known = glossing.meanings()
        if term not in known:
            message = self.inliner.reporter.error(
                f"gloss: {term!r} is not in {glossing.GLOSSARY.name}; "
                f"there are {', '.join(known)}",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [glossing.gloss(self.rawtext, shown, term=term, meaning=known[term])], []


def _shown_and_term(text: str) -> tuple[str, str]:
    """Return what is shown and which term it stands for: ``"crash <PEM>"``."""
    shown, bracket, rest = text.partition("<")
    if not bracket:
        return text.strip(), text.strip()
    return shown.strip(), rest.rstrip("> ")


# All caches are keyed on the file's time, so that a long-lived process never shows an old one.
@cache
def _results(_modified: int) -> Results:
    return read_results(inputs.RESULTS)


@cache
def _rows(path: Path, _modified: int) -> list[dict[str, str]]:
    return read_table(path.stem, path).rows


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the roles to Sphinx."""
    app.setup_extension("analysis.book.glossing")
    app.add_role("result", ResultRole())
    app.add_role("cell", CellRole())
    app.add_role("count", CountRole())
    app.add_role("gloss", GlossRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
