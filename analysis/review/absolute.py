"""What a pooled ratio means per 1,000 people, at a base rate that the trials themselves show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from analysis.meta.absolute import RELATIVE_MEASURES, absolute_difference, number_needed
from analysis.review.results import Absolute, Measure, Pooled, Row

PER = 1000


def absolute_effect(
    rows: Sequence[Row], pooled: Pooled | None, measure: Measure, baseline: str, better: str
) -> Absolute | None:
    """Return the absolute effect of a pooled ratio, or None where there is none to give.

    Parameters
    ----------
    rows : sequence of Row
        The pooled rows; their control groups give the base rate.
    pooled : Pooled or None
        On the display scale.
    measure : Measure
        Only risk and odds ratios have an absolute effect here.
    baseline : {"none", "pooled", "median"}
        The base rate: all control groups taken together, or the median of their risks.
    better : {"higher", "lower"}
        Whether more events are good.
    """
    if pooled is None or measure.code not in RELATIVE_MEASURES or baseline == "none":
        return None
    risk, source = _base_rate(rows, baseline)
    if not 0 < risk < 1:
        return None
    logs = [math.log(x) for x in (pooled.estimate, pooled.ci_low, pooled.ci_high)]
    effect = absolute_difference(measure.code, logs[0], (logs[1], logs[2]), risk, per=PER)
    low, high = effect.ci
    needed = number_needed(
        effect.difference / PER,
        (low / PER, high / PER),
        event="good" if better == "higher" else "bad",
    )
    harmful = needed.kind == "harm"
    whole = harmful and not needed.spans_infinity
    ends = sorted(number for _, number in needed.limits)
    return Absolute(
        baseline_per_1000=effect.baseline,
        baseline_source=source,
        difference_per_1000=effect.difference,
        ci_low_per_1000=low,
        ci_high_per_1000=high,
        nnh=needed.value if harmful else None,
        nnh_low=ends[0] if whole else None,
        nnh_high=ends[1] if whole and math.isfinite(ends[1]) else None,
        note=" ".join((f"{needed}.", *effect.notes)),
    )


def _base_rate(rows: Sequence[Row], baseline: str) -> tuple[float, str]:
    """Return the risk in the control groups, and where it comes from in words."""
    arms = [
        (row.events_control, row.n_control)
        for row in rows
        if row.events_control is not None and row.n_control
    ]
    events, people = (sum(values) for values in zip(*arms, strict=True))
    if baseline == "median":
        return median(e / n for e, n in arms), f"median of the {len(arms)} control groups"
    return events / people, (
        f"the {len(arms)} control groups together ({events:g} of {people:g} people)"
    )
