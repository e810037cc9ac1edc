"""What makes a build that reads only what changed equal to one that reads everything.

Sphinx reads a page again when its file is newer than the last reading, and
writes it again when it was read. That is too little in three ways, each of which
is mended here:

* A page shows outputs of its cells, and a file's time may say nothing. A page is
  read again if its text or its outputs are others than those it was read from.
* Pages show something of each other: titles in the sidebar and beneath a page,
  the words of a link to a heading. If any of that changes, all pages are written.
* In the search's index words stay behind that no page has any more.

Where Sphinx could not go on exactly (:func:`can_be_taken_up`), its memory is not
kept, and the next build begins from nothing.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search import js_index

from analysis.book import inputs, notebooks
from analysis.evidence.writing import write_atomically

#: What of the standard domain other pages can refer to.
_TARGETS = ("labels", "anonlabels", "objects", "terms", "progoptions")
#: Those parts of the index of the search that have an entry for each word.
_WORDS = ("terms", "titleterms")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("env-get-outdated", _outdated)
    app.connect("env-updated", _remember_what_was_read)
    app.connect("env-updated", _pages_to_write)
    app.connect("build-finished", _drop_unused_words)
    app.connect("build-finished", _forget_what_cannot_be_taken_up)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Return the pages that were read from another text or other outputs."""
    before = getattr(env, "analysis_contents", {})
    return [name for name, value in notebooks.contents().items() if before.get(name) != value]


def _remember_what_was_read(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep with the environment what its pages were read from."""
    env.analysis_contents = notebooks.contents()  # type: ignore[attr-defined]
    return []


def _pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return all pages if something changed that one page shows of another."""
    now = shared(env)
    before = getattr(env, "analysis_shared", now)
    env.analysis_shared = now  # type: ignore[attr-defined]
    return [] if now == before else sorted(env.found_docs)


def shared(env: BuildEnvironment) -> dict[str, Any]:
    """Return all that pages can show of each other, citations apart.

    Those come from the database alone, and :mod:`analysis.book.citing` has the
    list of references written again when other pages cite.
    """
    standard = env.domaindata["std"]
    plain = {
        "targets": {kind: standard[kind] for kind in _TARGETS},
        "formulas": env.domaindata["math"]["objects"],
        "numbers": (env.toc_secnumbers, env.toc_fignumbers),
        "order": (env.toctree_includes, sorted(env.found_docs)),
        "headings": {name: data.get("myst_slugs") for name, data in env.metadata.items()},
    }
    markup = (env.titles, env.longtitles, env.tocs)
    return copy.deepcopy(plain) | {
        "markup": [{name: _plain(node) for name, node in kind.items()} for kind in markup]
    }


def _plain(node: nodes.Node) -> str:
    return str(node.pformat())


def _drop_unused_words(app: Sphinx, exception: Exception | None) -> None:
    """Take out of the search's index the words that no page has any more."""
    path = Path(app.outdir) / "searchindex.js"
    if exception is None and path.exists():
        index = js_index.loads(path.read_text(encoding="utf-8"))
        for part in _WORDS:
            index[part] = {word: pages for word, pages in index[part].items() if pages != []}
        write_atomically(path, js_index.dumps(index).encode())


def can_be_taken_up(env: BuildEnvironment) -> bool:
    """Return whether a later build can go on from what Sphinx remembers of this one.

    Not if there are pictures or files to download, which Sphinx renames where two have
    one name; words of an index, which its search forgets; or a page that takes something
    from a file that may change without all pages being made anew, such as another page.
    """
    words = any(env.get_domain("index").entries.values())  # type: ignore[attr-defined]
    files = {inputs.ROOT / name for names in env.dependencies.values() for name in names}
    foreign = files - {*inputs.shared_files(), inputs.RESULTS}
    return not (words or env.images or env.dlfiles or foreign)


def _forget_what_cannot_be_taken_up(app: Sphinx, exception: Exception | None) -> None:
    """Remove Sphinx's memory where a later build could not go on from it."""
    if not can_be_taken_up(app.env):
        (Path(app.doctreedir) / ENV_PICKLE_FILENAME).unlink(missing_ok=True)
