"""The answers as tables: what was found, how sure we are, and what each rating rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from analysis.book import door
from analysis.book.blocks import Words, details, figure
from analysis.book.html import Piece, fill, joined, table
from analysis.book.sources import record_address
from analysis.figures import harms as harms_drawing
from analysis.figures import names, numbers, risk_of_bias, words
from analysis.figures.effects import EffectLine
from analysis.figures.effects import overview as draw_overview
from analysis.figures.icons import icon_array, icon_words
from analysis.figures.names import first_upper
from analysis.review.results import Answer, Certainty, GradeInputs, Rating, Row

#: Symbols of GRADE's four levels, always beside the word.
LEVELS = {"high": "⊕⊕⊕⊕", "moderate": "⊕⊕⊕◯", "low": "⊕⊕◯◯", "very low": "⊕◯◯◯"}
DOMAINS = {
    "risk_of_bias": "Risk of bias",
    "inconsistency": "Inconsistency",
    "indirectness": "Indirectness",
    "imprecision": "Imprecision",
    "publication_bias": "Publication bias",
}
#: The chapter whose questions come first, and the one whose answers are harms.
FIRST, HARMS = "fatigue", "safety"
#: The question that this review is about.
NEAREST = "fatigue-mecfs"
#: Judgements that leave the certainty as it is.
HARMLESS = {"not serious", "undetected"}


def summary() -> Piece:
    """Show every primary question: benefits in one table, ME/CFS first, harms in another."""
    primary = [answer for answer in door.results().answers.values() if answer.role == "primary"]
    benefits, harmful = _sorted_out(primary)
    parts = []
    if benefits:
        lines = [
            (
                _link(answer),
                answer.population,
                basis(answer),
                result(answer),
                certainty_words(answer),
            )
            for answer in benefits
        ]
        header = ("Question", "In whom", "Trials (people)", "Result", "Certainty")
        parts.append(table("Does it help?", header, lines))
    if harmful:
        shown = [
            (
                _link(answer, first_upper(answer.outcome)),
                basis(answer),
                estimate(answer),
                per_thousand(answer),
                certainty_words(answer),
            )
            for answer in harmful
        ]
        caption = f"Does it harm? {_whom(harmful)}"
        header = ("Event", "Trials (people)", "Risk ratio (95% CI)", "More per 1,000", "Certainty")
        parts.append(table(caption, header, shown))
    text = "\n".join(f"{answer.title}: {result(answer)}" for answer in primary)
    return Piece(joined(parts), text)


def certainty() -> Piece:
    """Show the summary of findings: result, absolute effect, certainty and reasons."""
    answers = [a for a in door.results().answers.values() if a.certainty is not None]
    benefits, harmful = _sorted_out(answers)
    lines = [
        (
            _link(answer),
            answer.population,
            basis(answer),
            result(answer),
            certainty_words(answer),
            _lowered(answer.certainty),
        )
        for answer in benefits
    ]
    header = ("Question", "In whom", "Trials (people)", "Effect", "Certainty", "Lowered for")
    harm_lines = [
        (
            _link(answer, first_upper(answer.outcome)),
            basis(answer),
            estimate(answer),
            _base(answer),
            per_thousand(answer),
            certainty_words(answer),
            _lowered(answer.certainty),
        )
        for answer in harmful
    ]
    harm_header = (
        "Event",
        "Trials (people)",
        "Risk ratio (95% CI)",
        "Per 1,000 on placebo",
        "More per 1,000",
        "Certainty",
        "Lowered for",
    )
    stale = [answer.title for answer in answers if answer.certainty and answer.certainty.stale]
    state = (
        f"The numbers moved after these were rated: {'; '.join(stale)}."
        if stale
        else "No number has moved since it was rated."
    )
    shown = joined(
        [
            fill('<p class="stale-ratings">{state}</p>', state=state),
            table("Summary of findings: benefits", header, lines),
            table(f"Summary of findings: harms. {_whom(harmful)}", harm_header, harm_lines),
        ]
    )
    return Piece(shown, state)


def ratings(chapter: str) -> Piece:
    """Show, for each rated question of a chapter, the computed inputs beside the judgements.

    Parameters
    ----------
    chapter : str
        ``"fatigue"``, ``"fibromyalgia"`` or ``"safety"``.
    """
    rated = [
        answer
        for answer in door.results().answers.values()
        if answer.chapter == chapter and answer.certainty is not None
    ]
    shown = joined(
        details(
            f"{answer.title}: {answer.certainty.overall}",
            _rating_table(answer, answer.certainty),
            anchor=f"rating-{answer.id}",
        )
        for answer in rated
        if answer.certainty is not None
    )
    return Piece(shown, f"{len(rated)} questions rated")


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
        kind="forest",
    )
    lines = [
        (
            fill(
                '<a href="#forest-{id}">{outcome}</a>',
                id=answer.id,
                outcome=first_upper(answer.outcome),
            ),
            basis(answer),
            estimate(answer),
            _base(answer),
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
        harms_drawing.harms(answers),
        said,
        table("Adverse events, pooled", header, lines),
        narrow=harms_drawing.harms(answers, narrow=True),
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
    return figure(
        f"forest-{question}",
        draw_overview(
            lines,
            answer.measure,
            favours_low=answer.favours_low,
            favours_high=answer.favours_high,
        ),
        said,
        table(answer.title, header, made),
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
    return figure(f"icons-{question}", icon_array(answer), said, made)


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
        kind="risk of bias",
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
    return figure(f"bias-{question}", risk_of_bias.summary_bar(answer), said, made)


def basis(answer: Answer) -> str:
    """Return the studies and people an answer rests on: ``"4 (998)"``."""
    counted = f"{answer.k} ({numbers.count(names.people(answer))})"
    unused = len({row.study_id for row in answer.rows if row.estimate is None})
    if answer.k == 0:
        return f"{unused} without usable numbers" if unused else "none found"
    return counted


def estimate(answer: Answer) -> str:
    """Return the pooled estimate with its interval: ``"5.50 (2.84 to 10.63)"``."""
    if answer.pooled is None:
        return numbers.ABSENT
    ends = numbers.interval_words(answer.pooled.ci_low, answer.pooled.ci_high, answer.measure)
    return f"{numbers.effect(answer.pooled.estimate, answer.measure)} ({ends})"


def result(answer: Answer) -> str:
    """Return the result in one line, or why there is none."""
    name = answer.measure.name.lower()
    if answer.pooled is not None:
        ends = numbers.interval_words(answer.pooled.ci_low, answer.pooled.ci_high, answer.measure)
        value = numbers.effect(answer.pooled.estimate, answer.measure)
        value += "%" if numbers.is_proportion(answer.measure) else ""
        return first_upper(f"{name} {value} (95% CI {ends})")
    rows = [row for row in answer.rows if row.estimate is not None]
    if answer.k == 1 and len(rows) == 1:
        row = rows[0]
        value = numbers.interval(row.estimate, row.ci_low, row.ci_high, answer.measure)
        return first_upper(f"{name} in the one study {value}")
    return first_upper(answer.reason)


def certainty_words(answer: Answer) -> str:
    """Return the certainty with its symbol: ``"⊕⊕◯◯ low"``."""
    rated = answer.certainty.overall if answer.certainty else "not rated"
    return f"{LEVELS[rated]} {rated}" if rated in LEVELS else rated


def per_thousand(answer: Answer) -> str:
    """Return how many more people per 1,000 have the event, with its interval."""
    absolute = answer.absolute
    if absolute is None:
        return numbers.ABSENT
    low, high = absolute.ci_low_per_1000, absolute.ci_high_per_1000
    return (
        f"{numbers.count(absolute.difference_per_1000)} "
        f"({numbers.count(low)} to {numbers.count(high)})"
    )


def _arms(record: Mapping[str, str]) -> tuple[str, str]:
    return record["treated"] or numbers.ABSENT, record["control"] or numbers.ABSENT


def _comparison(row: Row) -> str:
    return f"{row.comparison}; {row.timepoint}"


def _sorted_out(answers: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Return the questions of benefit, those nearest to ME/CFS first, and those of harm."""
    first = [answer for answer in answers if answer.id == NEAREST]
    fatigue = [answer for answer in answers if answer.chapter == FIRST and answer.id != NEAREST]
    others = [answer for answer in answers if answer.chapter not in (FIRST, HARMS)]
    return first + fatigue + others, [answer for answer in answers if answer.chapter == HARMS]


def _whom(answers: Sequence[Answer]) -> str:
    """Return whom the questions of harm are about, and what is compared."""
    if not answers:
        return ""
    one = answers[0]
    return (
        f"{one.population}. {one.intervention}, compared with "
        f"{one.comparator[:1].lower()}{one.comparator[1:]}."
    )


def _harms() -> list[Answer]:
    return [answer for answer in door.results().answers.values() if answer.chapter == HARMS]


def _same_base(answers: Sequence[Answer]) -> str:
    """Return where the base rate comes from, which is the same rule for all events."""
    known = [answer for answer in answers if answer.absolute is not None]
    return "" if not known else "Rates without the drug are those of the control groups together."


def _base(answer: Answer) -> str:
    absolute = answer.absolute
    return numbers.ABSENT if absolute is None else numbers.count(absolute.baseline_per_1000)


def _nnh(answer: Answer) -> str:
    """Return the number needed to harm, only where the interval excludes no difference."""
    absolute = answer.absolute
    if absolute is None or absolute.nnh is None or absolute.nnh_low is None:
        return numbers.ABSENT
    high = numbers.count(absolute.nnh_high) if absolute.nnh_high is not None else "∞"
    return f"{numbers.count(absolute.nnh)} ({numbers.count(absolute.nnh_low)} to {high})"


def _link(answer: Answer, words: str = "") -> Markup:
    return fill(
        '<a href="{chapter}.html#forest-{id}">{title}</a>',
        chapter=answer.chapter,
        id=answer.id,
        title=words or answer.title,
    )


def _lowered(rated: Certainty | None) -> str:
    """Return the domains for which the certainty was lowered."""
    if rated is None:
        return ""
    found = [
        f"{DOMAINS[r.domain].lower()} ({r.judgement})"
        for r in rated.ratings
        if r.domain in DOMAINS and r.judgement not in HARMLESS
    ]
    reasons = [r.reason for r in rated.ratings if r.domain == "overall"]
    return ", ".join(found) or " ".join(reasons)


def _rating_table(answer: Answer, rated: Certainty) -> Markup:
    computed = _computed(answer.grade_inputs) if answer.grade_inputs else {}
    by_domain = {rating.domain: rating for rating in rated.ratings}
    lines = [
        (label, computed.get(domain, numbers.ABSENT), *_judged(by_domain[domain]))
        for domain, label in (*DOMAINS.items(), ("overall", "Overall"))
        if domain in by_domain
    ]
    header = ("Domain", "What was computed", "Judgement", "Reason", "Rated")
    return table(f"Certainty: {answer.title}", header, lines)


def _judged(rating: Rating) -> tuple[str, str, str]:
    state = "; the numbers moved since" if rating.stale else ""
    return rating.judgement, rating.reason, f"{rating.rated_on}, {rating.rated_by}{state}"


def _computed(inputs: GradeInputs) -> Mapping[str, str]:
    """Return the computed inputs of each domain in words."""
    people = f"{numbers.count(inputs.people)} people"
    events = f", {numbers.count(inputs.events)} events" if inputs.events is not None else ""
    interval = [
        _includes(inputs.includes_null, "no difference"),
        _includes(inputs.includes_important, "the smallest important difference"),
    ]
    spread = "" if inputs.i2 is None else f"I² {numbers.number(inputs.i2, 0)}%; "
    prediction = _includes(inputs.prediction_includes_null, "no difference")
    tests = "can" if inputs.asymmetry_testable else "cannot"
    return {
        "risk_of_bias": _shares(inputs.bias, names.RISK_OF_BIAS_WORDS),
        "inconsistency": f"{spread}{'prediction interval ' + prediction if prediction else ''}"
        or "one study",
        "indirectness": _conditions(inputs.conditions),
        "imprecision": f"{people}{events}"
        + "".join(f"; interval {part}" for part in interval if part),
        "publication_bias": f"Asymmetry {tests} be tested",
    }


def _includes(value: bool | None, what: str) -> str:
    return "" if value is None else f"{'includes' if value else 'excludes'} {what}"


def _shares(shares: Mapping[str, float], meanings: Mapping[str, tuple[str, str]]) -> str:
    parts = [
        f"{numbers.number(share, 0)}% {meanings.get(key, ('', key.replace('_', ' ')))[1]}"
        for key, share in shares.items()
    ]
    return f"Weight by the worst judgement: {', '.join(parts)}" if parts else numbers.ABSENT


def _conditions(shares: Mapping[str, float]) -> str:
    parts = [
        f"{numbers.number(share, 0)}% {names.condition(key)}" for key, share in shares.items()
    ]
    return f"Weight by condition: {', '.join(parts)}" if parts else numbers.ABSENT
