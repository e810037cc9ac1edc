"""Figures of whole chapters: every harm, every condition, icons, bias by weight, funnels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from analysis.book import door
from analysis.book.blocks import Words, figure
from analysis.book.findings import (
    HARMS,
    base_rate,
    basis,
    certainty_words,
    estimate,
    per_thousand,
)
from analysis.book.html import Piece, fill, joined, table
from analysis.book.sources import glossary, record_address
from analysis.figures import harms as harms_drawing
from analysis.figures import names, numbers, risk_of_bias, words
from analysis.figures.effects import EffectLine
from analysis.figures.effects import overview as draw_overview
from analysis.figures.funnel import funnel, funnel_words
from analysis.figures.icons import icon_array, icon_words
from analysis.figures.names import first_upper
from analysis.review.results import Answer, Row


def harms() -> Piece:
    """Show every pooled adverse event in one figure and table."""
    answers = harms_drawing.ordered(_harms())
    said = Words(
        title="Adverse events: esketamine nasal spray v placebo spray",
        alt=harms_drawing.harms_words(answers),
        description=" ".join(harms_drawing.harm_sentence(answer) for answer in answers),
        caption=(
            f"{len(answers)} adverse events that two or more trials report. "
            f"{answers[0].population}; {answers[0].intervention[:1].lower()}"
            f"{answers[0].intervention[1:]}. {_same_base(answers)} "
            f"Data version {door.results().version}."
        ),
        kind="harms",
    )
    plain = glossary()
    lines = [
        (
            fill(
                '<a href="#forest-{id}">{outcome}</a> <span class="note">{plain}</span>',
                id=answer.id,
                outcome=first_upper(answer.outcome),
                plain=plain.get(answer.outcome, ""),
            ),
            basis(answer),
            estimate(answer),
            base_rate(answer),
            per_thousand(answer),
            _nnh(answer),
            certainty_words(answer),
        )
        for answer in answers
    ]
    header = (
        "Event",
        "Trials (people)",
        "Risk ratio (95% CI)",
        "Per 1,000 on placebo",
        "More per 1,000",
        "One more for every … treated",
        "Certainty",
    )
    return figure(
        "harms",
        partial(harms_drawing.harms, answers),
        said,
        table("Adverse events, pooled", header, lines),
        narrow=partial(harms_drawing.harms, answers, narrow=True),
        rows={answer.id: harms_drawing.harm_sentence(answer) for answer in answers},
        links={answer.id: f"{answer.chapter}.html#forest-{answer.id}" for answer in answers},
    )


def overview(question: str) -> Piece:
    """Show each study of a question under its condition, without pooling across them."""
    answer = door.results().answers[question]
    labels = names.unique_labels(answer.rows)
    lines = [
        EffectLine(
            id=row.row_id,
            label=label,
            heading=first_upper(names.condition(row.condition)),
            estimate=row.estimate,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            note=_comparison(row) if row.estimate is not None else row.reason_not_pooled,
        )
        for label, row in zip(labels, answer.rows, strict=True)
    ]
    known = [line for line in lines if line.estimate is not None]
    said = Words(
        title=answer.title,
        alt=(
            f"{answer.title}: {len(lines)} studies, {len(known)} of them with an effect that can "
            f"be drawn as {answer.measure.name.lower()}; nothing is pooled."
        ),
        description=words.long_description(answer),
        caption=f"{answer.title}. {answer.reason} Data version {door.results().version}.",
        kind="forest",
    )
    header = (
        "Study",
        "Condition",
        "Treated",
        "Control",
        f"{answer.measure.name} [95% CI]",
        "Comparison, or reason",
    )
    made = [
        (line.label, line.heading, *_arms(record), record["effect"], line.note)
        for line, record in zip(lines, words.data_table(answer), strict=True)
    ]
    draw = partial(
        draw_overview,
        lines,
        answer.measure,
        favours_low=answer.favours_low,
        favours_high=answer.favours_high,
    )
    return figure(
        f"forest-{question}",
        draw,
        said,
        table(answer.title, header, made),
        narrow=partial(draw, narrow=True),
        rows=words.row_sentences(answer),
        links={row.row_id: record_address(row.study_id) for row in answer.rows},
    )


def icons(question: str) -> Piece:
    """Show how many of a hundred people have an event without and with the drug."""
    answer = door.results().answers[question]
    said = Words(
        title=f"Of a hundred people: {answer.outcome}",
        alt=icon_words(answer),
        description=icon_words(answer),
        caption=f"{first_upper(answer.outcome)}. Certainty: {certainty_words(answer)}.",
        kind="icon array",
    )
    absolute = answer.absolute
    lines = []
    if absolute is not None:
        with_drug = absolute.baseline_per_1000 + absolute.difference_per_1000
        lines = [
            (names.arm_title(answer.comparator), numbers.count(absolute.baseline_per_1000)),
            (names.arm_title(answer.intervention), numbers.count(with_drug)),
        ]
    made = table(answer.title, ("Group", "With the event, per 1,000"), lines)
    return figure(f"icons-{question}", partial(icon_array, answer), said, made)


def bias_summary(question: str) -> Piece:
    """Show, domain by domain, what share of an answer's weight was judged how."""
    answer = door.results().answers[question]
    shares = risk_of_bias.shares(answer)
    told = risk_of_bias.risk_of_bias_words(answer)
    said = Words(
        title=f"Risk of bias by weight: {answer.title}",
        alt=told,
        description=told,
        caption=f"Risk of bias of the studies behind “{answer.title}”, by domain.",
        kind="risk of bias by weight",
    )
    header = ("Domain", *(meaning for _, meaning in names.RISK_OF_BIAS_WORDS.values()))
    lines = [
        (
            first_upper(names.DOMAIN_WORDS.get(domain, domain)),
            *(f"{numbers.number(shares[domain][key], 0)}%" for key in names.RISK_OF_BIAS_WORDS),
        )
        for domain in shares
    ]
    made = table(said.title, header, lines)
    return figure(
        f"bias-{question}",
        partial(risk_of_bias.summary_bar, answer),
        said,
        made,
        narrow=partial(risk_of_bias.summary_bar, answer, narrow=True),
    )


def small_study_effects() -> Piece:
    """Show a funnel plot for each answer with enough studies, and the reason for the others."""
    pooled = [answer for answer in door.results().answers.values() if answer.pooled is not None]
    drawn = [answer for answer in pooled if "asymmetry_tests" not in answer.policy.withheld]
    reasons = Counter(
        answer.policy.withheld["asymmetry_tests"] for answer in pooled if answer not in drawn
    )
    parts = [_funnel(answer).html for answer in drawn]
    parts += [
        fill(
            "<p>No funnel plot is drawn for {count} of {all} pooled results: {reason}.</p>",
            count=count,
            all=len(pooled),
            reason=reason,
        )
        for reason, count in reasons.items()
    ]
    return Piece(joined(parts), f"{len(drawn)} funnel plots")


def _funnel(answer: Answer) -> Piece:
    told = funnel_words(answer)
    said = Words(
        title=f"Funnel plot: {answer.title}",
        alt=told,
        description=told,
        caption=f"Funnel plot of “{answer.title}”.",
        kind="funnel",
    )
    lines = [
        (row.label, numbers.effect(row.estimate, answer.measure), numbers.number(row.vi**0.5))
        for row in answer.rows
        if row.pooled and row.vi is not None
    ]
    made = table(said.title, ("Study", answer.measure.name, "Standard error"), lines)
    return figure(f"funnel-{answer.id}", partial(funnel, answer), said, made)


def _arms(record: Mapping[str, str]) -> tuple[str, str]:
    return record["treated"] or numbers.ABSENT, record["control"] or numbers.ABSENT


def _comparison(row: Row) -> str:
    return f"{row.comparison}; {row.timepoint}"


def _harms() -> list[Answer]:
    return [answer for answer in door.results().answers.values() if answer.chapter == HARMS]


def _same_base(answers: Sequence[Answer]) -> str:
    """Return where the base rate comes from, which is the same rule for all events."""
    known = [answer for answer in answers if answer.absolute is not None]
    return "" if not known else "Rates without the drug are those of the control groups together."


def _nnh(answer: Answer) -> str:
    """Return the number needed to harm, only where the interval excludes no difference."""
    absolute = answer.absolute
    if absolute is None or absolute.nnh is None or absolute.nnh_low is None:
        return numbers.ABSENT
    high = numbers.count(absolute.nnh_high) if absolute.nnh_high is not None else "∞"
    return f"{numbers.count(absolute.nnh)} ({numbers.count(absolute.nnh_low)} to {high})"
