"""How current the book is: a line on every page, ``status.json`` and ``feed.xml``.

The line is true on the day of the build; ``static/status.js`` says it again
from the date on which it is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from analysis.book import inputs
from analysis.book.feed import feed
from analysis.evidence.writing import write_atomically
from analysis.living import status
from analysis.living.status_command import current_status
from analysis.review.serialise import read_results


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("builder-inited", _find_out)
    app.connect("html-page-context", _tell)
    app.connect("build-finished", _publish)
    app.add_js_file("status.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _find_out(app: Sphinx) -> None:
    app.review_status = current_status(read_results(inputs.RESULTS).answers)  # type: ignore[attr-defined]


def _tell(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the page template the parts of the line."""
    state: status.Status = app.review_status  # type: ignore[attr-defined]
    context["review_status"] = {
        "known": status.known(state),
        "due": "; ".join(status.due(state)),
        "waiting": "; ".join(status.waiting(state)),
        "next_due": state.next_due,
        "state": "retired" if state.retired else "overdue" if state.days_overdue else "current",
    }


def _publish(app: Sphinx, exception: Exception | None) -> None:
    """Write the status for machines, and the feed."""
    if exception is None:
        state: status.Status = app.review_status  # type: ignore[attr-defined]
        text = json.dumps(state.as_dict(), ensure_ascii=False, indent=1) + "\n"
        write_atomically(Path(app.outdir) / "status.json", text.encode())
        write_atomically(Path(app.outdir) / "feed.xml", feed())
