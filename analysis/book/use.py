"""Pieces of the page for those who go on working with the results."""

from __future__ import annotations

import re

import yaml

from analysis.book import inputs, repool
from analysis.book.door import results
from analysis.book.html import Piece, fill, table
from analysis.book.sources import rows
from analysis.evidence.paths import data_directory

#: Where the files stand, as seen from a chapter.
DATA = "../data"
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_FILES = (
    ("results.json", "Everything the book prints, every digit"),
    ("results.schema.json", "What each part of it means, as JSON Schema"),
    ("answers.csv", "Every pooled result and every alternative analysis, a line each"),
)


def files() -> Piece:
    """Show the files that hold all questions, and the data tables."""
    lines = [(_link(name), about) for name, about in _FILES]
    for path in sorted(data_directory().glob("*.csv")):
        about = fill(
            "Data table of {count} rows; {schema}",
            count=len(rows(path.stem)),
            schema=_link(f"tables/{path.stem}.schema.json", "what its columns mean"),
        )
        lines.append((_link(f"tables/{path.name}"), about))
    return Piece(table("Files", ("File", "What it holds"), lines), f"{len(lines)} files")


def questions() -> Piece:
    """Show the files of each question."""
    lines = [
        (
            fill(
                '<a href="{chapter}.html#forest-{id}">{title}</a>',
                chapter=answer.chapter,
                id=answer.id,
                title=answer.title,
            ),
            _link(f"{answer.id}.csv", "rows"),
            _link(f"{answer.id}.json", "rows and result"),
            "yes" if repool.offered(answer) else "no",
        )
        for answer in results().answers.values()
    ]
    header = ("Question", "CSV", "JSON", "Pooled")
    return Piece(table("Files of each question", header, lines), f"{len(lines)} questions")


def launch() -> Piece:
    """Say how to open the chapters as notebooks: on Binder if the repository has an address."""
    address = repository()
    found = _GITHUB.fullmatch(address)
    if found is None:
        text = (
            "This copy of the book does not name a public repository, so nothing can be opened on "
            "a server of somebody else. On your own machine the steps below do."
        )
        return Piece(fill("<p>{text}</p>", text=text), text)
    markup = fill(
        '<p><a href="https://mybinder.org/v2/gh/{name}/HEAD?urlpath=lab/tree/chapters">Open the '
        "chapters in JupyterLab on Binder</a>: choose a chapter with the right mouse button, then "
        "<em>Open With</em>, <em>Notebook</em>. Nothing is sent there before you follow the "
        "link.</p>",
        name=found[1],
    )
    return Piece(markup, f"The repository is {address}.")


def repository() -> str:
    """Return the address of the repository from ``CITATION.cff``, else from ``_config.yml``."""
    citation = yaml.safe_load((inputs.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((inputs.ROOT / "_config.yml").read_text(encoding="utf-8"))
    return str(citation.get("repository-code") or config.get("repository", {}).get("url") or "")


def _link(name: str, words: str = "") -> str:
    return fill('<a href="{data}/{name}">{words}</a>', data=DATA, name=name, words=words or name)
