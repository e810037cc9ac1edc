"""What a search has fetched so far, on disk page by page.

A page is appended and flushed to the disk before the next one is asked for.
After Ctrl-C, a dead network or a killed process the search continues behind
the last whole page; a half-written last line is dropped.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from analysis.living.records import Candidate
from analysis.living.sources import Page


@dataclass(frozen=True)
class Run:
    """One search of one source: what is asked, and for which span of dates."""

    search_id: str
    source: str
    query: str
    since: str
    until: str


@dataclass
class Journal:
    """The pages of one run, and whether it has reached its end."""

    path: Path
    run: Run
    pages: list[Page] = field(default_factory=list)

    @property
    def cursor(self) -> str | None:
        """Where the next page begins; None before the first one."""
        return self.pages[-1].next_cursor if self.pages else None

    @property
    def finished(self) -> bool:
        """Whether the last page has been stored."""
        return bool(self.pages) and self.pages[-1].next_cursor is None

    @property
    def hits(self) -> int:
        """Hits the service reported, on the page that reported most."""
        return max((page.hits for page in self.pages), default=0)

    @property
    def candidates(self) -> list[Candidate]:
        """All records so far, in the order in which they were found."""
        return [candidate for page in self.pages for candidate in page.candidates]

    def add(self, page: Page) -> None:
        """Store a page before anything else happens."""
        self.pages.append(page)
        _append(
            self.path,
            {
                "candidates": [candidate.as_dict() for candidate in page.candidates],
                "next_cursor": page.next_cursor,
                "hits": page.hits,
            },
        )


def begin(folder: Path, run: Run) -> Journal:
    """Start the journal of a new run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.search_id}.jsonl"
    _append(path, run.__dict__)
    return Journal(path, run)


def resume(path: Path) -> Journal | None:
    """Read a journal back; None where not even its first line was written whole.

    A half-written last line is cut off the file, so that what follows begins
    on a line of its own.
    """
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    if not lines:
        path.unlink()
        return None
    pages = [
        Page(
            tuple(Candidate(**record) for record in line["candidates"]),
            line["next_cursor"],
            line["hits"],
        )
        for line in lines[1:]
    ]
    return Journal(path, Run(**lines[0]), pages)


def _append(path: Path, record: object) -> None:
    with path.open("ab") as file:
        file.write(json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())
