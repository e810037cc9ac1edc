"""One study's effect: from a line of ``studies.csv`` to ``yi`` and ``vi``, or why not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy.special import ndtri

from analysis.meta.conversions import smd_from_log_odds_ratio
from analysis.meta.effect_sizes import EffectSizes, effect_sizes
from analysis.meta.proportions import proportion_intervals
from analysis.meta.reported import reported_estimates, smd_from_test
from analysis.meta.scales import SCALES
from analysis.review.measures import to_display
from analysis.review.results import LEVEL, Measure
from analysis.review.selection import Record, number

_UNSCALED = {"D": "d", "MD_SLOPE": "difference in change per day"}
"""Printed estimates that the engine has no scale for."""


class NoEffectError(ValueError):
    """A line whose numbers do not give the question's measure; the message says why."""


@dataclass(frozen=True)
class Effect:
    """One study's effect.

    Attributes
    ----------
    yi, vi : float
        Effect and sampling variance on the scale of pooling.
    estimate, ci_low, ci_high : float
        The same on the display scale, with a 95 % interval.
    ci_method : str
        How the interval was made, in words.
    note : str
        What was done to the numbers, in words; empty where nothing was.
    """

    yi: float
    vi: float
    estimate: float
    ci_low: float
    ci_high: float
    ci_method: str
    note: str = ""


def effect(record: Record, measure: Measure, better: str) -> Effect:
    """Return the effect of one line in the measure of the question.

    Parameters
    ----------
    record : Record
        Line of ``studies.csv``.
    measure : Measure
        What the question asks for. ``PLO`` uses the treated group alone.
    better : {"higher", "lower"}
        The question's good direction. A standardised mean difference from an instrument that
        runs the other way changes its sign; other measures must agree.

    Raises
    ------
    NoEffectError
        If the line cannot give the measure.
    """
    flipped = record.get("better", better) != better
    if flipped and measure.code != "SMD":
        raise NoEffectError(f"Its scale runs the other way ({record['better']} is better).")
    for compute in (_from_counts, _from_means, _from_report):
        found = compute(record, measure)
        if found is not None:
            return _flip(found) if flipped else found
    raise NoEffectError(_what_is_missing(record))


def _from_counts(record: Record, measure: Measure) -> Effect | None:
    """Return a proportion, or a contrast of two proportions."""
    events, people = _cell(record, "events_treat"), _cell(record, "n_treat")
    if measure.code == "PLO" and not math.isnan(events + people):
        sizes = effect_sizes("PLO", xi=events, ni=people)
        ((low, high),) = proportion_intervals([events], [people], "exact", level=LEVEL)
        found = _effect(sizes, measure, "exact (Clopper–Pearson)")
        return replace(found, estimate=events / people, ci_low=float(low), ci_high=float(high))
    events_control, people_control = _cell(record, "events_control"), _cell(record, "n_control")
    cells = (events, people - events, events_control, people_control - events_control)
    if measure.code in ("PLO", "MD") or math.isnan(sum(cells)):
        return None
    if events == events_control == 0:
        raise NoEffectError(
            "Nobody in either group had the event, so there is nothing to compare."
        )
    code = "OR" if measure.code == "SMD" else measure.code
    a, b, c, d = cells
    sizes = effect_sizes(code, ai=a, bi=b, ci=c, di=d)
    if measure.code == "SMD":
        yi, vi = smd_from_log_odds_ratio(sizes.yi, sizes.vi)
        note = "Converted from an odds ratio, assuming a logistic distribution of the score."
        return _normal(float(yi[0]), float(vi[0]), measure, note)
    note = "0.5 was added to every cell, because one was empty." if 0 in cells else ""
    return _effect(sizes, measure, "normal", note)


def _from_means(record: Record, measure: Measure) -> Effect | None:
    """Return a difference of means, of final values or of changes."""
    if measure.code not in ("MD", "SMD"):
        return None
    n1, n2 = _cell(record, "n_treat"), _cell(record, "n_control")
    for mean, sd in (("mean", "sd"), ("mean_change", "sd_change")):
        m1, m2 = _cell(record, f"{mean}_treat"), _cell(record, f"{mean}_control")
        sd1, sd2 = _cell(record, f"{sd}_treat"), _cell(record, f"{sd}_control")
        if not math.isnan(m1 + sd1 + n1 + m2 + sd2 + n2):
            sizes = effect_sizes(measure.code, m1i=m1, sd1i=sd1, n1i=n1, m2i=m2, sd2i=sd2, n2i=n2)
            return _effect(sizes, measure, "normal")
    return None


def _from_report(record: Record, measure: Measure) -> Effect | None:
    """Return an estimate that the source printed with an interval or a standard error."""
    printed = record.get("estimate_measure", "")
    if printed != measure.code and (printed, measure.code) != ("MD", "SMD"):
        return None
    level = number(record, "ci_level") or LEVEL
    low, high = _cell(record, "ci_low"), _cell(record, "ci_high")
    sizes = reported_estimates(
        printed,
        estimate=_cell(record, "estimate"),
        se=_cell(record, "se"),
        ci_low=low,
        ci_high=high,
        level=level,
    )
    if not sizes.usable[0]:
        return None
    if printed != measure.code:
        sizes = smd_from_test(
            "t", sizes.yi / sizes.sei, n1i=_cell(record, "n_treat"), n2i=_cell(record, "n_control")
        )
        return _effect(
            sizes,
            measure,
            "normal",
            "Standardised from the printed difference, its interval and the group sizes.",
        )
    found = _effect(sizes, measure, "normal, from the printed standard error or interval")
    if math.isnan(low + high) or level != LEVEL:
        return found
    return replace(found, ci_low=low, ci_high=high, ci_method="as printed by the study")


def _cell(record: Record, column: str) -> float:
    """Return a cell as a number, nan where it is empty."""
    value = number(record, column)
    return math.nan if value is None else value


def _effect(sizes: EffectSizes, measure: Measure, ci_method: str, note: str = "") -> Effect:
    if not sizes.usable[0]:
        raise NoEffectError(sizes.notes[0].removeprefix("Row 0: "))
    found = _normal(float(sizes.yi[0]), float(sizes.vi[0]), measure, note)
    return replace(found, ci_method=ci_method)


def _normal(yi: float, vi: float, measure: Measure, note: str) -> Effect:
    """Return an effect with the normal interval on the scale of pooling."""
    half = float(ndtri(0.5 + LEVEL / 2)) * math.sqrt(vi)
    return Effect(
        yi,
        vi,
        to_display(yi, measure),
        to_display(yi - half, measure),
        to_display(yi + half, measure),
        "normal",
        note,
    )


def _flip(found: Effect) -> Effect:
    note = " ".join(filter(None, (found.note, "Sign changed: the scale runs the other way.")))
    return replace(
        found,
        yi=-found.yi,
        estimate=-found.estimate,
        ci_low=-found.ci_high,
        ci_high=-found.ci_low,
        note=note,
    )


def _what_is_missing(record: Record) -> str:
    """Say what the line lacks, by what it does hold."""
    if record.get("estimate"):
        printed = record["estimate_measure"]
        kind = _UNSCALED.get(printed) or SCALES[printed].words
        if not (record["se"] or record["ci_low"]):
            return (
                f"The source prints a {kind} of {record['estimate'].replace('-', '−')} without a "
                "standard error or an interval."
            )
        return f"The source prints a {kind}, which cannot be converted."
    if record.get("mean_treat") or record.get("mean_change_treat"):
        if not (record["mean_control"] or record["mean_change_control"]):
            return "No value of a control group was seen."
        return "The source prints means without standard deviations."
    if record.get("test_statistic") or record.get("p_value"):
        return "Only a test was printed, no estimate."
    return "No usable number was seen."
