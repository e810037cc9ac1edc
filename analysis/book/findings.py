"""The answers as tables: what was found, how sure we are, and what each rating rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.book import door
from analysis.book.html import Piece, fill, joined, table
from analysis.book.sources import glossary
from analysis.figures import names, numbers
from analysis.figures.names import first_upper
from analysis.review.results import Answer, Certainty, Row

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
                ". ".join(part for part in (result(answer).rstrip("."), side(answer)) if part),
                certainty_words(answer),
            )
            for answer in benefits
        ]
        header = ("Question", "In whom", "Trials (people)", "Result", "Certainty")
        parts.append(table("Does it help?", header, lines))
    if harmful:
        shown = [
            (
                _event(answer),
                per_thousand(answer),
                estimate(answer),
                basis(answer),
                certainty_words(answer),
            )
            for answer in harmful
        ]
        header = ("Event", "More per 1,000", "Risk ratio (95% CI)", "Trials (people)", "Certainty")
        parts.append(table("Does it harm?", header, shown))
        parts.append(fill('<p class="note">{whom}</p>', whom=_whom(harmful)))
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
    header = ("Question", "In whom", "Trials (people)", "Effect", "Certainty", "Reasons")
    harm_lines = [
        (
            _link(answer, first_upper(answer.outcome)),
            basis(answer),
            estimate(answer),
            base_rate(answer),
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
        "Reasons",
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
            table("Summary of findings: harms", harm_header, harm_lines),
            fill(
                '<p class="note">{whom} Per 1,000 on placebo: the control groups of the pooled '
                "trials together.</p>",
                whom=_whom(harmful),
            ),
        ]
    )
    return Piece(shown, state)


def basis(answer: Answer) -> str:
    """Return the studies and people an answer rests on: ``"4 (998)"``."""
    counted = f"{answer.k} ({numbers.count(names.people(answer))})"
    unused = len({row.study_id for row in answer.rows if row.estimate is None})
    if answer.k == 0:
        return f"{unused} without usable numbers" if unused else "none found"
    return counted


def estimate(answer: Answer) -> str:
    """Return the pooled estimate with its interval: ``"5.50 (2.84 to 10.63)"``."""
    pooled = answer.pooled
    if pooled is None:
        return numbers.ABSENT
    return _with_ends(pooled.estimate, pooled.ci_low, pooled.ci_high, answer)


def _with_ends(value: float | None, low: float | None, high: float | None, answer: Answer) -> str:
    ends = "not printed"
    if low is not None and high is not None:
        ends = numbers.interval_words(low, high, answer.measure)
    return f"{numbers.effect(value, answer.measure)} ({ends})"


def result(answer: Answer) -> str:
    """Return the result in one line, or why there is none."""
    found = _found(answer)
    if found is None:
        return _over_time(answer) or first_upper(answer.reason)
    value = numbers.effect(found.estimate, answer.measure)
    value += "%" if numbers.is_proportion(answer.measure) else ""
    ends = numbers.interval_words(found.ci_low, found.ci_high, answer.measure)
    words = f"{answer.measure.name.lower()} {value} (95% CI {ends}){_scale(answer)}"
    return first_upper(words) if answer.pooled is not None else f"One study: {words}"


def _over_time(answer: Answer) -> str:
    """Return the results of one study that measured the same people several times, or nothing."""
    # Rows that were kept out, such as a retracted one, have a reason of their own.
    rows = [r for r in _drawn(answer) if r.reason_not_pooled == answer.reason]
    if answer.k != 1 or not rows:
        return ""
    told = (
        f"{_with_ends(r.estimate, r.ci_low, r.ci_high, answer)} at {r.timepoint}" for r in rows
    )
    return f"One study: {answer.measure.name.lower()} (95% CI) {'; '.join(told)}"


def _scale(answer: Answer) -> str:
    """Return on which scale a difference of means was measured, where it is one scale."""
    used = {row.instrument for row in _drawn(answer)}
    if answer.measure.code != "MD" or len(used) != 1:
        return ""
    return f" on the scale {used.pop()}"


def _drawn(answer: Answer) -> list[Row]:
    return [row for row in answer.rows if row.estimate is not None]


def side(answer: Answer) -> str:
    """Return in words on which side of no difference the result lies, if it is clear of it."""
    found, null = _found(answer), answer.measure.null
    if found is None or null is None:
        return ""
    if found.ci_low <= null <= found.ci_high:
        return "Compatible with no difference"
    favoured = answer.favours_low if found.estimate < null else answer.favours_high
    return f"In favour of {favoured}"


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


@dataclass(frozen=True)
class _Found:
    """An estimate with its interval: pooled, or of the only study there is."""

    estimate: float
    ci_low: float
    ci_high: float


def _found(answer: Answer) -> _Found | None:
    if answer.pooled is not None:
        return _Found(answer.pooled.estimate, answer.pooled.ci_low, answer.pooled.ci_high)
    row = answer.only_row
    if row is None:
        return None
    estimate, low, high = row.estimate, row.ci_low, row.ci_high
    if estimate is None or low is None or high is None:
        return None
    return _Found(estimate, low, high)


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


def base_rate(answer: Answer) -> str:
    """Return how many per 1,000 have the event without the drug."""
    absolute = answer.absolute
    return numbers.ABSENT if absolute is None else numbers.count(absolute.baseline_per_1000)


def _link(answer: Answer, words: str = "") -> Markup:
    return fill(
        '<a href="{chapter}.html#forest-{id}">{title}</a>',
        chapter=answer.chapter,
        id=answer.id,
        title=words or answer.title,
    )


def titles(answers: Iterable[Answer]) -> Markup:
    """Return links to questions; what several titles share after a colon is said once."""
    alike: dict[str, list[Answer]] = {}
    for answer in answers:
        alike.setdefault(answer.title.partition(": ")[2] or answer.title, []).append(answer)
    said = []
    for shared, some in alike.items():
        if len(some) == 1:
            said.append(_link(some[0]))
            continue
        heads = Markup(", ").join(_link(a, a.title.partition(": ")[0]) for a in some)
        said.append(fill("{heads}: {shared}", heads=heads, shared=shared))
    return Markup("; ").join(said)


def _event(answer: Answer) -> Markup:
    """Return a harm by its name, and in plain words where the name is none."""
    link = _link(answer, first_upper(answer.outcome))
    plain = glossary().get(answer.outcome)
    return (
        fill('{link} <span class="note">{plain}</span>', link=link, plain=plain) if plain else link
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
