"""One study's effect: from a line of ``studies.csv`` to ``yi`` and ``vi``, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy.special import ndtri

from analysis.meta.conversions import smd_from_log_odds_ratio
from analysis.meta.effect_sizes import EffectSizes, effect_sizes
from analysis.meta.proportions import proportion_intervals
from analysis.meta.reported import reported_estimates, smd_from_test
from analysis.review.measures import to_display
from analysis.review.results import Measure
from analysis.review.selection import Record, number

LEVEL = 0.95


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
    events, people, events_control, people_control = (
        number(record, name) for name in ("events_treat", "n_treat", "events_control", "n_control")
    )
    if measure.code == "PLO" and events is not None and people is not None:
        sizes = effect_sizes("PLO", xi=[events], ni=[people])
        ((low, high),) = proportion_intervals([events], [people], "exact", level=LEVEL)
        return replace(_effect(sizes, measure, "exact (Clopper–Pearson)"),
                       estimate=events / people, ci_low=float(low), ci_high=float(high))
    if events is None or events_control is None or measure.code == "MD":
        return None
    if events == events_control == 0:
        raise NoEffectError("Nobody in either group had the event, so there is nothing to compare.")
    code = "OR" if measure.code == "SMD" else measure.code
    sizes = effect_sizes(code, ai=[events], n1i=[people], ci=[events_control],
                         n2i=[people_control])
    if measure.code == "SMD":
        yi, vi = smd_from_log_odds_ratio(sizes.yi, sizes.vi)
        note = "Converted from an odds ratio, assuming a logistic distribution of the score."
        return _normal(float(yi[0]), float(vi[0]), measure, note)
    corrected = 0 in (events, events_control, people - events, people_control - events_control)
    return _effect(sizes, measure, "normal",
                   "0.5 was added to every cell, because one was empty." if corrected else "")


def _from_means(record: Record, measure: Measure) -> Effect | None:
    """Return a difference of means, of final values or of changes."""
    if measure.code not in ("MD", "SMD"):
        return None
    for mean, sd in (("mean", "sd"), ("mean_change", "sd_change")):
        cells = {name: number(record, column) for name, column in (
            ("m1i", f"{mean}_treat"), ("sd1i", f"{sd}_treat"), ("n1i", "n_treat"),
            ("m2i", f"{mean}_control"), ("sd2i", f"{sd}_control"), ("n2i", "n_control"))}
        if None not in cells.values():
            return _effect(effect_sizes(measure.code, **cells), measure, "normal")
    return None


def _from_report(record: Record, measure: Measure) -> Effect | None:
    """Return an estimate that the source printed with an interval or a standard error."""
    printed = record.get("estimate_measure", "")
    wanted = {measure.code, "MD"} if measure.code == "SMD" else {measure.code}
    if printed not in wanted:
        return None
    values = {name: number(record, name) for name in ("estimate", "se", "ci_low", "ci_high")}
    sizes = reported_estimates(
        printed, level=number(record, "ci_level") or LEVEL,
        **{name: [math.nan if value is None else value] for name, value in values.items()},
    )
    if not sizes.usable[0]:
        return None
    if printed == measure.code:
        found = _effect(sizes, measure, "normal, from the printed standard error")
        low, high = values["ci_low"], values["ci_high"]
        if low is None or high is None or number(record, "ci_level") not in (None, LEVEL):
            return found
        return replace(found, ci_low=low, ci_high=high, ci_method="as printed by the study")
    sizes = smd_from_test("t", sizes.yi / sizes.sei, n1i=[number(record, "n_treat")],
                          n2i=[number(record, "n_control")])
    return _effect(sizes, measure, "normal",
                   "Standardised from the printed difference, its interval and the group sizes.")


def _effect(sizes: EffectSizes, measure: Measure, ci_method: str, note: str = "") -> Effect:
    if not sizes.usable[0]:
        raise NoEffectError(sizes.notes[0].removeprefix("Row 0: "))
    found = _normal(float(sizes.yi[0]), float(sizes.vi[0]), measure, note)
    return replace(found, ci_method=ci_method)


def _normal(yi: float, vi: float, measure: Measure, note: str) -> Effect:
    """Return an effect with the normal interval on the scale of pooling."""
    half = float(ndtri(0.5 + LEVEL / 2)) * math.sqrt(vi)
    return Effect(yi, vi, to_display(yi, measure), to_display(yi - half, measure),
                  to_display(yi + half, measure), "normal", note)


def _flip(found: Effect) -> Effect:
    note = " ".join(filter(None, (found.note, "Sign changed: the scale runs the other way.")))
    return replace(found, yi=-found.yi, estimate=-found.estimate, ci_low=-found.ci_high,
                   ci_high=-found.ci_low, note=note)


def _what_is_missing(record: Record) -> str:
    """Say what the line lacks, by what it does hold."""
    if record.get("estimate"):
        kind = record["estimate_measure"]
        if not (record["se"] or record["ci_low"]):
            return (f"The source prints an estimate ({kind} {record['estimate']}) without a "
                    "standard error or an interval.")
        return f"The source prints another measure ({kind}), which cannot be converted."
    if record.get("mean_treat") or record.get("mean_change_treat"):
        if not (record["mean_control"] or record["mean_change_control"]):
            return "No value of a control group was seen."
        return "The source prints means without standard deviations."
    if record.get("test_statistic") or record.get("p_value"):
        return "Only a test was printed, no estimate."
    return "No usable number was seen."
