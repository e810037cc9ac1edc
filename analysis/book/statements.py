"""Statements with their sources: background, mechanisms, safety, and the claims checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from markupsafe import Markup

from analysis.book.blocks import Words, details, figure, filterable
from analysis.book.html import Piece, fill, table
from analysis.book.sources import Row, cite, meanings, rows, slug, source_links
from analysis.figures import evidence_map as drawing
from analysis.figures.names import first_upper

#: Mark, word and class of a verdict or direction: told by shape and word, never by colour alone.
VERDICTS = {"supported": "✓", "partly": "◐", "unsupported": "?", "wrong": "✗"}
DIRECTIONS = {"supports": "▲ for", "contradicts": "▼ against", "mixed": "◆ mixed"}


def background(*topics: str) -> Piece:
    """Show the background statements of some topics, each with its number and source.

    Parameters
    ----------
    topics : str
        Topics of ``background.csv`` as slugs (``"long-covid"``).
    """
    chosen = of_topics(rows("background"), topics)
    lines = [
        (_with_note(row["statement"], row), _value(row), row["population"], source_links(row))
        for row in chosen
    ]
    header = ("Statement", "Value", "Whom it is about", "Source")
    return _closed("What the text above rests on", header, lines)


def safety(*topics: str) -> Piece:
    """Show the safety statements of some topics, each with its source.

    Parameters
    ----------
    topics : str
        Topics of ``safety.csv`` as slugs (``"urological-toxicity"``).
    """
    chosen = of_topics(rows("safety"), topics)
    lines = [
        (_with_note(row["statement"], row), row["population"], row["confidence"], _source(row))
        for row in chosen
    ]
    header = ("Statement", "Whom it is about", "How sure that it was read rightly", "Source")
    named = first_upper(", ".join(dict.fromkeys(row["topic"] for row in chosen)))
    return _closed(named, header, lines)


def of_topics(table_rows: Iterable[Row], topics: Sequence[str]) -> list[Row]:
    """Return the rows of some topics, topic by topic.

    Raises
    ------
    ValueError
        If a topic has no row.
    """
    found = list(table_rows)
    by_topic = {slug(row["topic"]): row["topic"] for row in found}
    if unknown := [topic for topic in topics if topic not in by_topic]:
        raise ValueError(f"no topic {', '.join(unknown)}; there are {', '.join(sorted(by_topic))}")
    return [row for topic in topics for row in found if row["topic"] == by_topic[topic]]


def mechanisms() -> Piece:
    """Show every finding for or against a pathway, to filter."""
    lines = [
        (
            _finding(row),
            first_upper(row["pathway"]),
            DIRECTIONS[row["direction"]],
            first_upper(row["level"]),
            row["condition"],
            source_links(row),
        )
        for row in rows("mechanisms")
    ]
    header = ("Finding", "Pathway", "Speaks", "Level", "In whom", "Source")
    shown = filterable(
        "Findings for and against each pathway",
        header,
        lines,
        choices=("Pathway", "Speaks", "Level"),
    )
    return Piece(shown, f"{len(lines)} findings")


def evidence_map() -> Piece:
    """Show how many findings speak for and against each pathway, by level of evidence."""
    found = rows("mechanisms")
    counts = drawing.count_findings(found)
    pathways = list(dict.fromkeys(row["pathway"] for row in found))
    lines = [
        (
            first_upper(pathway),
            *(_cell(counts, pathway, level) for level in drawing.LEVELS),
        )
        for pathway in pathways
    ]
    title = "Evidence map: pathways by level of evidence"
    description = drawing.evidence_map_words(found)
    total = Counter(row["direction"] for row in found)
    said = Words(
        title=title,
        alt=(
            f"Map of {len(found)} findings on {len(pathways)} pathways: "
            f"{total['supports']} for, {total['contradicts']} against, {total['mixed']} mixed."
        ),
        description=description,
        caption=(
            f"{len(found)} findings on {len(pathways)} pathways. Counting is not weighing: one "
            "careful study may outweigh several small ones."
        ),
        kind="evidence map",
    )
    header = ("Pathway", *(first_upper(level) for level in drawing.LEVELS))
    return figure(
        "evidence-map",
        partial(drawing.evidence_map, found),
        said,
        table(title, header, lines),
        narrow=partial(drawing.evidence_map, found, narrow=True),
    )


def claims() -> Piece:
    """Show every statement of the founding documents with verdict and evidence, to filter."""
    lines = [
        (
            fill('<span class="said">{claim}</span>', claim=row["claim"]),
            f"{VERDICTS[row['verdict']]} {row['verdict']}",
            fill(
                '{found} <span class="note">{source}</span>',
                found=row["evidence"],
                source=_claim_source(row),
            ),
            row["document"],
        )
        for row in rows("claims")
    ]
    header = ("Statement", "Verdict", "What we found, and where", "Document")
    shown = filterable("Statements checked", header, lines, choices=("Verdict", "Document"))
    return Piece(shown, f"{len(lines)} statements")


def claims_summary() -> Piece:
    """Show how many statements of each document got which verdict."""
    checked = rows("claims")
    documents = meanings("claims", "document")
    counts = Counter((row["document"], row["verdict"]) for row in checked)
    lines = [
        (
            documents[name],
            *(str(counts[name, verdict]) for verdict in VERDICTS),
            str(sum(counts[name, verdict] for verdict in VERDICTS)),
        )
        for name in documents
    ]
    totals = Counter(row["verdict"] for row in checked)
    lines.append(("All", *(str(totals[verdict]) for verdict in VERDICTS), str(len(checked))))
    header = ("Text", *(f"{mark} {word}" for word, mark in VERDICTS.items()), "In all")
    return _table("Statements by verdict", header, lines)


def _closed(caption: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> Piece:
    """Return statements that wait, below a text for everybody, until somebody asks for them."""
    count = "One statement" if len(lines) == 1 else f"{len(lines)} statements"
    made = _table(caption, header, lines)
    summary = f"{count} that this rests on, each with its source"
    return Piece(details(summary, made.html), made.text)


def _table(caption: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> Piece:
    return Piece(table(caption, header, lines), f"{caption}: {len(lines)} rows")


def _value(row: Row) -> str:
    """Return a value with its unit; a percent sign follows without comma."""
    return f"{row['value']} {row['unit']}".strip()


def _with_note(text: str, row: Row) -> Markup:
    said = fill('<span class="said">{text}</span>', text=text)
    return (
        fill('{said} <span class="note">{note}</span>', said=said, note=row["note"])
        if row["note"]
        else said
    )


def _finding(row: Row) -> Markup:
    """Return a finding with its key number and its note."""
    number = f" ({row['key_number']})" if row["key_number"] else ""
    return _with_note(f"{row['finding']}{number}.", row)


def _source(row: Row) -> Markup:
    """Return a safety statement's source in words, with its links."""
    year = f" ({row['source_year']})" if row["source_year"] else ""
    links = source_links(row)
    words = fill("{source}{year}", source=row["source"], year=year)
    return Markup("; ").join(part for part in (words, links) if part)


def _claim_source(row: Row) -> Markup:
    parts = (cite(row["citation_keys"]), _addresses(row["source"]))
    return Markup(" · ").join(part for part in parts if part)


def _addresses(source: str) -> Markup:
    """Return a source in words, with what is an address made a link."""
    return Markup(" ").join(_linked(word) for word in source.split())


def _linked(word: str) -> Markup:
    bare = word.rstrip(";,)")
    tail = word[len(bare) :]
    if bare.startswith("doi:"):
        to = f"https://doi.org/{bare.removeprefix('doi:')}"
    elif bare.startswith("https://"):
        to = bare
    elif bare.startswith("NCT") and bare[3:].isdigit():
        to = f"https://clinicaltrials.gov/study/{bare}"
    elif bare.startswith("PMC") and bare[3:].isdigit():
        to = f"https://pmc.ncbi.nlm.nih.gov/articles/{bare}/"
    else:
        return fill("{word}", word=word)
    return fill('<a href="{to}">{bare}</a>{tail}', to=to, bare=bare, tail=tail)


def _cell(counts: Counter[tuple[str, str, str]], pathway: str, level: str) -> str:
    """Return the findings of one cell of the map: ``"2 for, 1 against"``."""
    parts = [
        f"{counts[pathway, level, key]} {word}"
        for key, word in drawing.DIRECTIONS.items()
        if counts[pathway, level, key]
    ]
    return ", ".join(parts) or "–"
