"""Answers as plain text for the terminal."""

from __future__ import annotations

from analysis.review.results import Alternative, Answer, Measure, Pooled, Row


def answer_text(answer: Answer) -> str:
    """Return an answer as lines of text: what was asked, what was found, and what it rests on."""
    lines = [f"{answer.title}  [{answer.id}]", answer.question, "", _result(answer)]
    if answer.design == "single_arm":
        lines.append("Without a comparison group: this is not an effect.")
    if answer.absolute is not None:
        absolute = answer.absolute
        lines.append(
            f"Per 1,000 people: {absolute.difference_per_1000:+.0f} "
            f"({absolute.ci_low_per_1000:+.0f} to {absolute.ci_high_per_1000:+.0f}), from "
            f"{absolute.baseline_per_1000:.0f} in {absolute.baseline_source}."
        )
    lines += ["", *(_row(row, answer) for row in answer.rows)]
    if answer.alternatives:
        lines += [
            "",
            "Other analyses:",
            *(_alternative(other, answer.measure) for other in answer.alternatives),
        ]
    if answer.caveats:
        lines += ["", *(f"! {caveat}" for caveat in answer.caveats)]
    return "\n".join(lines)


def estimate_text(pooled: Pooled, measure: Measure) -> str:
    """Return an estimate with its interval: ``risk ratio 5.50 (3.66 to 8.25)``."""
    return f"{measure.name.lower()} {_interval(pooled, measure)}"


def _result(answer: Answer) -> str:
    if answer.pooled is None:
        return answer.reason
    text = (
        f"{answer.k} studies, {answer.n_treat + answer.n_control:.0f} people: "
        f"{estimate_text(answer.pooled, answer.measure)}"
    )
    prediction = answer.pooled.prediction
    if prediction is not None:
        low, high = (_number(x, answer.measure) for x in (prediction.low, prediction.high))
        text += f"; a new study's true value is expected between {low} and {high}"
    return text + "."


def _row(row: Row, answer: Answer) -> str:
    found = "no usable number" if row.estimate is None else _interval(row, answer.measure)
    weight = f" (weight {row.weight:.1f} %)" if row.weight is not None else ""
    reason = "" if row.reason_not_pooled == answer.reason else f" – {row.reason_not_pooled}"
    return f"  {row.label}: {found}{weight}{reason}"


def _alternative(other: Alternative, measure: Measure) -> str:
    found = other.reason if other.pooled is None else _interval(other.pooled, measure)
    return f"  {other.label} (k = {len(other.rows)}): {found}"


def _interval(found: Row | Pooled, measure: Measure) -> str:
    estimate, low, high = (
        _number(x, measure) for x in (found.estimate, found.ci_low, found.ci_high)
    )
    return f"{estimate} ({low} to {high})"


def _number(value: float | None, measure: Measure) -> str:
    if value is None:
        return "?"
    if measure.scale == "logit":
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"
