"""Words of the glossary, explained where they stand, without a script.

An author marks a word with ``{gloss}`` (:mod:`analysis.book.roles`). In the
chapters for readers the first use of every other word of the glossary is found
and explained here, so that nobody meets one unexplained.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from analysis.book import inputs
from analysis.book.html import fill

#: Words and their meanings.
GLOSSARY = inputs.ROOT / "data" / "glossary.toml"

#: Chapters that people read who know none of the words.
READERS = {
    f"chapters/{name}"
    for name in (
        "index",
        "mecfs",
        "fatigue",
        "fibromyalgia",
        "mechanisms",
        "safety",
        "trials",
        "certainty",
        "practice",
        "claims",
    )
}
#: The subject of the book: its own chapter explains it, others need not.
SUBJECT = "ME/CFS"
#: Parts of a text in which a word is left alone: it is a link, code, or a heading.
LEFT_ALONE = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.title, nodes.raw)


class gloss(nodes.inline):  # type: ignore[misc]  # noqa: N801 (docutils names nodes so)
    """A word of the glossary: its attributes are the ``term`` and its ``meaning``."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_node(gloss, html=(_visit, _depart))
    app.connect("doctree-read", _prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def meanings() -> dict[str, str]:
    """Return the words that the book explains, with their meanings."""
    return _read(GLOSSARY.stat().st_mtime_ns)


# Keyed on the file's time, so that a long-lived process never shows an old one.
@cache
def _read(_modified: int) -> dict[str, str]:
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))


def explain(doctree: nodes.Node, known: Mapping[str, str]) -> None:
    """Explain the first use of each word that no author has marked.

    Parameters
    ----------
    doctree : docutils.nodes.Node
        A page, changed in place.
    known : mapping
        Words and their meanings.
    """
    waiting = {term.lower(): meaning for term, meaning in known.items() if term != SUBJECT}
    for part in list(doctree.findall(lambda node: isinstance(node, gloss | nodes.Text))):
        if isinstance(part, gloss):
            waiting.pop(part["term"].lower(), None)
        elif _is_prose(part):
            part.parent.replace(part, list(_split(str(part), waiting)))


def _split(text: str, waiting: dict[str, str]) -> Iterator[nodes.Node]:
    """Yield a text in parts, words that wait for their first use among them."""
    while waiting and (found := _pattern(waiting).search(text)):
        if found.start():
            yield nodes.Text(text[: found.start()])
        word = found[0]
        meaning = waiting.pop(word.lower())
        yield gloss("", word, term=word.lower(), meaning=meaning)
        text = text[found.end() :]
    if text:
        yield nodes.Text(text)


def _pattern(words: Mapping[str, str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.I)


def _is_prose(text: nodes.Node) -> bool:
    """Return whether a text stands in a paragraph, and in no part that is left alone."""
    above = []
    while (text := text.parent) is not None:
        above.append(text)
    return any(isinstance(node, nodes.paragraph) for node in above) and not any(
        isinstance(node, (*LEFT_ALONE, gloss)) for node in above
    )


def _prepare(app: Sphinx, doctree: nodes.document) -> None:
    if app.env.docname in READERS:
        app.env.note_dependency(str(GLOSSARY))
        explain(doctree, meanings())
    for number, word in enumerate(list(doctree.findall(gloss))):
        word["opens"] = f"gloss-{number}"
        keep_marks(word)


def keep_marks(word: gloss) -> None:
    """Take the marks that touch a word from the text around it: ``before`` and ``after``.

    A browser may break a line on either side of a button, so a comma would start the next one.
    """
    place = word.parent.index(word)
    before = word.parent[place - 1] if place else None
    after = word.parent[place + 1] if place + 1 < len(word.parent) else None
    word["before"], word["after"] = "", ""
    if isinstance(before, nodes.Text) and (found := _OPENING.search(str(before))):
        word["before"] = found[0]
        word.parent.replace(before, nodes.Text(before[: found.start()]))
    if isinstance(after, nodes.Text) and (found := _CLOSING.match(str(after))):
        word["after"] = found[0]
        word.parent.replace(after, nodes.Text(after[found.end() :]))


_OPENING, _CLOSING = re.compile(r"[(“‘]+$"), re.compile(r"[,.;:!?)”’]+")


def _visit(translator: Any, node: gloss) -> None:
    """Begin the button that shows the meaning."""
    translator.body.append(
        fill(
            '<span class="glossed">{before}'
            '<button type="button" class="gloss" popovertarget="{id}">',
            before=node["before"],
            id=node["opens"],
        )
    )


def _depart(translator: Any, node: gloss) -> None:
    """End the button; its meaning follows."""
    translator.body.append(
        fill(
            '</button><span class="gloss-meaning" id="{id}" popover role="note">{meaning}</span>'
            "{after}</span>",
            id=node["opens"],
            meaning=node["meaning"],
            after=node["after"],
        )
    )
