"""The text of the references, written once for each entry and not again for each build.

pybtex takes half a second to write all entries. Sphinx asks for them in every
build, each twice, and keeps what it got with the environment; there it is found
again while the entry is the same. Entries come from the database and their
styling from the packages' versions, so nothing else can change them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pybtex.database import Entry
from pybtex.plugin import find_plugin, register_plugin
from pybtex.style import FormattedEntry
from pybtex.style.formatting.plain import Style as PlainStyle
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

#: The name in ``_config.yml``.
STYLE = "plain"
#: What writes the text of citations: asked for once per citation.
_BACKENDS = ("docutils", "plaintext")


class Style(PlainStyle):  # type: ignore[misc]
    """pybtex's style ``plain``, which remembers what it wrote.

    Attributes
    ----------
    written : dict
        Key and label of an entry -> the entry and its text.
    """

    written: ClassVar[dict[tuple[str, str], tuple[Entry, FormattedEntry]]] = {}

    def format_entry(self, label: str, entry: Entry, bib_data: Any = None) -> FormattedEntry:
        """Return the text of an entry."""
        known, text = self.written.get((entry.key, label), (None, None))
        if known != entry:
            text = super().format_entry(label, entry, bib_data)
            self.written[entry.key, label] = entry, text
        return text


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    register_plugin("pybtex.style.formatting", STYLE, Style, force=True)
    for name in _BACKENDS:  # found now: each search reads the metadata of every package
        backend = find_plugin("pybtex.backends", name)
        register_plugin("pybtex.backends", name, backend, force=True)
    app.connect("env-before-read-docs", _remember)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _remember(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Take the texts that the last build kept."""
    for citation in env.get_domain("cite").citations:  # type: ignore[attr-defined]
        text = citation.formatted_entry
        Style.written[citation.entry.key, text.label] = citation.entry, text
