"""What a chapter's cells show: ``from analysis.book import page``.

Each function takes what it needs from the results (:mod:`analysis.book.door`)
or from a data table and returns a piece of a page; nothing is computed here.
The pieces of one kind stand in a module of their own and are gathered here.
"""

from __future__ import annotations

from functools import partial

from markupsafe import Markup

from analysis.book import html, repool
from analysis.book.blocks import Words, details, figure, unseen
from analysis.book.codebook import codebook, columns
from analysis.book.door import results
from analysis.book.explore import all_rows
from analysis.book.findings import certainty, certainty_words, result, side, summary
from analysis.book.plots import bias_summary, harms, icons, overview, small_study_effects
from analysis.book.protocol import (
    alternatives,
    checklist,
    flow,
    flow_by_version,
    glossary,
    left_out,
    provenance,
    questions,
    risk_of_bias,
    schedule,
    searches,
    small_k,
)
from analysis.book.ratings import ratings
from analysis.book.records import described, records, study_list
from analysis.book.second_opinion import second_opinion
from analysis.book.sources import glossary as explained
from analysis.book.sources import record_address
from analysis.book.statements import (
    background,
    claims,
    claims_summary,
    evidence_map,
    mechanisms,
    safety,
)
from analysis.book.trials import timeline, trial_sizes, trials
from analysis.book.use import files, launch
from analysis.book.use import questions as use_questions
from analysis.figures import forest as drawing
from analysis.figures import words
from analysis.figures.names import first_upper, is_uncontrolled, unique_labels
from analysis.figures.numbers import ABSENT
from analysis.review.results import Answer

__all__ = [
    "all_rows",
    "alternatives",
    "answers",
    "background",
    "bias_summary",
    "certainty",
    "checklist",
    "claims",
    "claims_summary",
    "codebook",
    "columns",
    "described",
    "evidence_map",
    "files",
    "flow",
    "flow_by_version",
    "forest",
    "glossary",
    "harms",
    "icons",
    "launch",
    "left_out",
    "mechanisms",
    "overview",
    "provenance",
    "questions",
    "ratings",
    "records",
    "risk_of_bias",
    "safety",
    "schedule",
    "searches",
    "second_opinion",
    "sentence",
    "small_k",
    "small_study_effects",
    "status",
    "study_list",
    "summary",
    "table",
    "timeline",
    "trial_sizes",
    "trials",
    "use_questions",
]

#: Headings of the columns of :func:`analysis.figures.words.data_table`.
COLUMNS = {
    "study": "Study",
    "treated": "Treated",
    "control": "Control",
    "effect": "Effect",
    "weight": "Weight (%)",
    "note": "Note",
}


def sentence(question: str) -> html.Piece:
    """Show the answer to a question in one or two sentences, or why there is none.

    A rated answer says how certain it is, with the way to the reasons.
    """
    answer = results().answers[question]
    said = _rated(answer)
    return html.Piece(html.fill('<p class="answer">{said}</p>', said=said), _sentence(answer))


def forest(question: str) -> html.Piece:
    """Show the forest plot of a question with its words, its numbers and its panel."""
    answer = results().answers[question]
    said = Words(
        title=f"Forest plot: {answer.title}",
        alt=words.alt_text(answer),
        description=words.long_description(answer),
        caption=words.caption(answer, version=results().version, last_search=_last_search()),
        kind="proportion" if is_uncontrolled(answer) else "forest",
    )
    if all(row.estimate is None for row in answer.rows):
        reasons = [_rated(answer), *_own_reasons(answer)]
        numbers = _numbers(answer) if answer.rows else None
        return unseen(f"forest-{question}", said, reasons, numbers)
    drawn = figure(
        f"forest-{question}",
        partial(drawing.forest, answer),
        said,
        _numbers(answer),
        narrow=partial(drawing.forest, answer, narrow=True),
        rows=words.row_sentences(answer),
        links={row.row_id: record_address(row.study_id) for row in answer.rows},
    )
    return html.Piece(html.joined((drawn.html, repool.panel(answer))), drawn.text)


def answers(chapter: str, role: str) -> html.Piece:
    """Show every question of a chapter in a closed part of its own, the result in its title.

    Parameters
    ----------
    chapter : str
        Such as ``"safety"``.
    role : {"primary", "sensitivity", "descriptive"}
        Primary questions are drawn; the others are tables.
    """
    chosen = [
        answer
        for answer in results().answers.values()
        if answer.chapter == chapter and answer.role == role
    ]
    parts = []
    for answer in chosen:
        body = forest(answer.id).html if role == "primary" else _numbers(answer)
        title = f"{first_upper(answer.outcome)}: {result(answer)}"
        parts.append(
            details(
                title,
                html.joined(
                    [
                        _explained(answer),
                        sentence(answer.id).html,
                        body,
                        alternatives(answer.id).html,
                    ]
                ),
                anchor="" if role == "primary" else f"forest-{answer.id}",
            )
        )
    return html.Piece(html.joined(parts), "\n".join(answer.title for answer in chosen))


def table(question: str) -> html.Piece:
    """Show the rows of a question and what is pooled from them."""
    answer = results().answers[question]
    return html.Piece(_numbers(answer), words.long_description(answer))


def status() -> html.Piece:
    """Show the version of the data and how far it reaches."""
    entries = {"version": results().version, **results().status}
    named = {key.replace("_", " ").capitalize(): value for key, value in entries.items()}
    items = html.joined(
        html.fill("<dt>{name}</dt><dd>{value}</dd>", name=name, value=value)
        for name, value in named.items()
    )
    return html.Piece(
        html.fill('<dl class="status">{items}</dl>', items=items),
        "\n".join(f"{name}: {value}" for name, value in named.items()),
    )


def _sentence(answer: Answer) -> str:
    """Return the answer in words, pooled or of the only study, or the reason why there is none."""
    if answer.pooled is None and side(answer):
        return f"{result(answer)}. {side(answer)}."
    return f"{words.pooled_sentence(answer)} {words.direction(answer)}".strip()


def _rated(answer: Answer) -> Markup:
    """Return the answer in words and, where it was rated, how certain it is."""
    if answer.certainty is None:
        return html.fill("{text}", text=_sentence(answer))
    return html.fill(
        '{text} <a href="certainty.html#rating-{id}">Certainty</a>: {words}.',
        text=_sentence(answer),
        id=answer.id,
        words=certainty_words(answer),
    )


def _explained(answer: Answer) -> Markup:
    """Return what an outcome is in plain words, where the glossary has it."""
    meaning = explained().get(answer.outcome)
    return html.fill("<p><em>{meaning}</em></p>", meaning=meaning) if meaning else Markup("")


def _own_reasons(answer: Answer) -> list[str]:
    """Return, study by study, why a row cannot be drawn."""
    labels = unique_labels(answer.rows)
    return [
        f"{label}: {row.reason_not_pooled}"
        for label, row in zip(labels, answer.rows, strict=True)
        if row.reason_not_pooled and row.reason_not_pooled != answer.reason
    ]


def _numbers(answer: Answer) -> Markup:
    """Return the figure's data table."""
    records = words.data_table(answer)
    empty = {"", ABSENT}
    keys = [key for key in COLUMNS if {record.get(key, "") for record in records} - empty]
    rows = ([record.get(key, "") for key in keys] for record in records)
    return html.table(answer.title, [COLUMNS[key] for key in keys], rows)


def _last_search() -> str:
    """Return the date of the last search, or words that say there is none on record."""
    return str(results().status.get("last_search") or "not on record")
