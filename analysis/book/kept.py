"""The last good build, as the next one may go on from it.

Beside the book (``_build/html``) stands what Sphinx remembers of its pages
(``_build/sphinx``), and a record says by digests from which sources the two were
made, and what they contain. A build goes on from them only if all of this is
true again; the record is written last, so whatever a killed build left, or
another program changed, belongs to no record.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from analysis.book import inputs, notebooks
from analysis.evidence.writing import replace_folder, write_atomically

#: The finished book.
HTML = inputs.BUILD / "html"
#: What Sphinx remembers of the book's pages.
SPHINX = inputs.BUILD / "sphinx"
_RECORD = inputs.BUILD / "built.json"
#: Without this file Sphinx remembers nothing (:mod:`analysis.book.incremental`).
_ENVIRONMENT = "environment.pickle"
#: Where Jupyter Book puts book and memory below a folder for its output.
_BOOK, _MEMORY = "_build/html", "_build/.doctrees"


@dataclass(frozen=True)
class Sources:
    """Digests of all that a book is made from.

    Attributes
    ----------
    shared : str
        What every page can depend on, the day among it: it is in every page.
    results : str
        The answers, which are made anew when what is shared changes.
    pages : str
        The texts of the pages and the outputs of their cells.
    """

    shared: str
    results: str
    pages: str


def sources() -> Sources:
    """Return the sources as they are now."""
    results = inputs.RESULTS.read_bytes() if inputs.RESULTS.exists() else b""
    pages = json.dumps(notebooks.contents())
    return Sources(shared(), inputs.digest(results), inputs.digest(pages.encode()))


def shared() -> str:
    """Return the digest of what every page can depend on."""
    code = inputs.package_files() + [path for path in inputs.STATIC.rglob("*") if path.is_file()]
    parts = (
        str(inputs.ROOT),
        date.today().isoformat(),
        inputs.environment(),
        inputs.digest_files(code, inputs.PACKAGE),
        inputs.digest_files(inputs.shared_files(), inputs.ROOT),
    )
    return inputs.digest(*(part.encode() for part in parts))


def last() -> Sources | None:
    """Return what the kept book was made from; None if there is none, or not as it was made."""
    try:
        record = json.loads(_RECORD.read_text(encoding="utf-8"))
        made = record.pop("made")
        return Sources(**record) if made == _made() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def lay_out(output: Path) -> None:
    """Put copies of book and memory where Jupyter Book, writing into ``output``, goes on."""
    if (SPHINX / _ENVIRONMENT).exists():
        shutil.copytree(HTML, output / _BOOK, dirs_exist_ok=True)
        shutil.copytree(SPHINX, output / _MEMORY, dirs_exist_ok=True)


def keep(output: Path, made_from: Sources) -> None:
    """Put the book that Jupyter Book made in ``output`` into its place and remember it."""
    replace_folder(output / _BOOK, HTML)
    replace_folder(output / _MEMORY, SPHINX)
    record = asdict(made_from) | {"made": _made()}
    write_atomically(_RECORD, json.dumps(record).encode())


def _made() -> str:
    """Return the digest of every file of book and memory."""
    files = [path for folder in (HTML, SPHINX) for path in folder.rglob("*") if path.is_file()]
    return inputs.digest_files(files, inputs.BUILD)
