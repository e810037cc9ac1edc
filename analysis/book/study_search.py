"""Study records in the search of the book: each result leads to the record itself.

Sphinx searches the words of a page, and all records stand on one page. As objects
of a domain they have names of their own, which the search finds by author, year,
drug, comparator and condition, and anchors, to which its results lead.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType

from analysis.book.records import Study, studies
from analysis.book.sources import record_anchor
from analysis.figures import names

#: The page with a record for each study.
RECORDS = "chapters/studies"
#: How what the search finds is ordered.
SCORER = Path(__file__).parent / "templates" / "search-scorer.js"
#: Letters of a title in a result of the search.
LONGEST_TITLE = 90
#: Comparators by which people search.
COMPARATORS = ("midazolam", "saline", "placebo", "electroconvulsive therapy")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_domain(Studies)
    app.connect("config-inited", _order_results)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _order_results(app: Sphinx, config: Any) -> None:
    config.html_search_scorer = str(SCORER)


class Studies(Domain):
    """The records of all studies."""

    name = "study"
    label = "Study"
    object_types = {"record": ObjType("record")}  # noqa: RUF012 (declared so by Sphinx)

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each record: name, name shown, kind, page, anchor, importance."""
        if RECORDS in self.env.found_docs:
            for study in studies():
                shown = search_name(study)
                yield shown, shown, "record", RECORDS, record_anchor(study.id), 1

    def merge_domaindata(self, docnames: Any, otherdata: Any) -> None:
        """Do nothing: the records come from the tables, not from what was read."""


def search_name(study: Study) -> str:
    """Return the name by which a record is found: who, when, what and in whom.

    A study without usable rows has its title instead of a drug. Sphinx takes what
    stands before a full stop for a module, so there is none.
    """
    comparators = study.one("comparator")
    against = [name for name in COMPARATORS if name in comparators]
    given = study.one("drug") + (f" v {' or '.join(against)}" if against else "")
    given = given or textwrap.shorten(study.screened["title"], LONGEST_TITLE, placeholder=" …")
    parts = (study.label, given, names.condition(study.screened["condition"]))
    return ", ".join(part for part in parts if part).replace(".", "")
