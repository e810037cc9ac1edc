"""What if we had chosen otherwise: every defensible analysis of a question, and looks counted."""

from __future__ import annotations

from functools import cache, partial

from markupsafe import Markup

from analysis.book.blocks import Words, details, figure
from analysis.book.door import results
from analysis.book.html import Piece, joined, table
from analysis.figures import numbers
from analysis.figures.specification import CHOICES, chosen, specification, specification_words
from analysis.review.counted import CountedLooks, counted_looks
from analysis.review.results import Answer
from analysis.review.specifications import Specification, SpecificationCurve, specification_curve


def overview() -> Piece:
    """Show, for each pooled primary question, how far its analyses lie apart."""
    lines = []
    for answer in _questions():
        found = _found(answer.id)
        low, high = found.specifications[0].estimate, found.specifications[-1].estimate
        lines.append(
            (
                answer.title,
                str(answer.k),
                numbers.interval_words(low, high, answer.measure),
                f"{found.excluding_null} of {len(found.specifications)}",
            )
        )
    header = ("Question", "Studies", "Estimates from", "Intervals that exclude no difference")
    shown = table("How far apart the analyses of one question lie", header, lines)
    return Piece(shown, f"{len(lines)} pooled questions")


def curves() -> Piece:
    """Show :func:`curve` of each pooled primary question, closed until asked for."""
    parts = [details(answer.title, curve(answer.id).html) for answer in _questions()]
    return Piece(joined(parts), f"{len(parts)} curves")


def curve(question: str) -> Piece:
    """Show every defensible analysis of a question, the planned one marked.

    Parameters
    ----------
    question : str
        Id of a pooled question.
    """
    answer = results().answers[question]
    found = _found(question)
    title = f"{answer.title}: every defensible analysis"
    told = specification_words(answer, found)
    said = Words(
        title=title,
        alt=f"{title}. {told}",
        description=told,
        caption=f"{title}. Data version {results().version}.",
        kind="specification curve",
    )
    return figure(
        f"choices-{question}",
        partial(specification, answer, found),
        said,
        _numbers(title, answer, found),
        narrow=partial(specification, answer, found, narrow=True),
    )


def counted() -> Piece:
    """Show what is left of each pooled primary answer when every look is counted."""
    lines = [
        (
            answer.title,
            str(found.looks),
            numbers.interval(found.estimate, *found.ordinary, answer.measure),
            numbers.interval(found.estimate, *found.anytime, answer.measure),
            _verdict(found),
        )
        for answer in _questions()
        if (found := counted_looks(answer)) is not None
    ]
    header = (
        "Question",
        "Looks",
        "Interval of a single look",
        "Interval that holds at every look",
        "Excludes no difference",
    )
    shown = table("Pooled answers with every look counted", header, lines)
    return Piece(shown, f"{len(lines)} pooled questions")


@cache
def _found(question: str) -> SpecificationCurve:
    return specification_curve(results().answers[question])


def _verdict(found: CountedLooks) -> str:
    if found.anytime_excludes_null:
        return "with both"
    return "with the first only" if found.ordinary_excludes_null else "with neither"


def _questions() -> list[Answer]:
    """Return the pooled primary answers whose measure has a value of no effect."""
    return [
        answer
        for answer in results().answers.values()
        if answer.role == "primary" and answer.pooled and answer.measure.null is not None
    ]


def _numbers(title: str, answer: Answer, found: SpecificationCurve) -> Markup:
    header = (*(name for name, _ in CHOICES), "k", f"{answer.measure.name} [95% CI]")
    return table(title, header, [_line(one, answer) for one in found.specifications])


def _line(one: Specification, answer: Answer) -> tuple[str, ...]:
    studies, model, interval = chosen(one)
    effect = numbers.interval(one.estimate, one.ci_low, one.ci_high, answer.measure)
    planned = " (as planned)" if one.primary else ""
    return f"{studies}{planned}", model, interval, str(one.k), effect
