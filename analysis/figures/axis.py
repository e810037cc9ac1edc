"""Axis limits and ticks of effects: reciprocal for ratios, symmetric otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from analysis.figures.numbers import factor, is_proportion, number
from analysis.review.results import Answer, Measure

#: Limit of a ratio axis -> its ticks above 1; the ticks below are reciprocals.
RATIO_TICKS: dict[float, tuple[float, ...]] = {
    1.25: (1.1, 1.25),
    1.5: (1.25, 1.5),
    2: (1.5, 2),
    4: (2, 4),
    5: (2, 5),
    10: (2, 5, 10),
    20: (5, 20),
    50: (5, 50),
    100: (10, 100),
    1000: (10, 100, 1000),
}
#: Beyond these limits an interval is clipped, with an arrow, so that one that
#: is imprecise cannot flatten all the others.
LIMIT_RATIO = 100.0
LIMIT_SHARE = 4.0
#: Hard bounds of measures that have them.
BOUNDS = {"RD": (-1.0, 1.0)}


@dataclass(frozen=True)
class Axis:
    """Limits and ticks of an effect axis, on the display scale.

    The number of ticks is odd, and the middle one is the null where there is one.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool

    def thinned(self) -> Axis:
        """Return the same axis with three ticks: its ends and its middle."""
        half = len(self.ticks) // 2
        return replace(self, ticks=self.ticks[::half], labels=self.labels[::half])

    def position(self, value: float) -> float:
        """Return where ``value`` lies between the limits, 0 to 1 inside them."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def effect_axis(answers: Iterable[Answer]) -> Axis:
    """Return the axis on which all the given answers can be compared.

    Every point estimate is inside; very wide intervals may pass the limits and
    are then drawn with an arrow.

    Parameters
    ----------
    answers : iterable of Answer
        Answers of one measure, at least one of them with an estimate.

    Returns
    -------
    Axis

    Raises
    ------
    ValueError
        If the answers differ in measure.
    """
    answers = list(answers)
    measures = {answer.measure for answer in answers}
    if len(measures) != 1:
        codes = sorted(measure.code for measure in measures)
        raise ValueError(f"One axis can show one measure only, but {codes} were passed.")
    measure = measures.pop()
    return axis_around(measure, *_values(answers))


def axis_around(
    measure: Measure,
    points: Sequence[float],
    studies: Sequence[float],
    pooled: Sequence[float] = (),
) -> Axis:
    """Return the axis that shows given values, on the display scale.

    Parameters
    ----------
    measure : Measure
        Decides between ratio, proportion and difference.
    points : sequence of float
        Values that must be inside.
    studies, pooled : sequence of float
        Interval limits, inside as far as that does not flatten the rest.
    """
    if is_proportion(measure):
        return _linear_axis(0.0, 1.0, (0, 0.25, 0.5, 0.75, 1.0), measure)
    if measure.scale == "log":
        return _ratio_axis(points, studies, pooled)
    return _difference_axis(points, studies, pooled, measure)


def _values(answers: list[Answer]) -> tuple[list[float], list[float], list[float]]:
    """Return estimates, limits of the pooled studies, and limits of pooled results.

    A study that is shown but not pooled must be visible; its interval does
    not decide how wide the axis is, unless nothing is pooled at all.
    """
    rows = [row for answer in answers for row in answer.rows if row.estimate is not None]
    pooled = [answer.pooled for answer in answers if answer.pooled is not None]
    pooled += [alt.pooled for answer in answers for alt in answer.alternatives if alt.pooled]
    points = [row.estimate for row in rows] + [fit.estimate for fit in pooled]
    deciding = [row for row in rows if row.pooled] or rows
    studies = [limit for row in deciding for limit in (row.ci_low, row.ci_high)]
    intervals = [limit for fit in pooled for limit in (fit.ci_low, fit.ci_high)]
    intervals += [
        limit
        for fit in pooled
        if fit.prediction is not None
        for limit in (fit.prediction.low, fit.prediction.high)
    ]

    def known(values: list[float | None]) -> list[float]:
        return [v for v in values if v is not None and math.isfinite(v)]

    return known([*points]), known(studies), known([*intervals])


def _ratio_axis(
    points: Sequence[float], studies: Sequence[float], pooled: Sequence[float]
) -> Axis:
    def distance(values: Sequence[float]) -> float:
        return max((max(v, 1 / v) for v in values if v > 0), default=1.0)

    wanted = max(distance(points), min(max(distance(studies), distance(pooled)), LIMIT_RATIO))
    limit = next((m for m in RATIO_TICKS if m >= wanted * 0.999999), None)
    if limit is None:
        limit = 10.0 ** math.ceil(math.log10(wanted))
    above = RATIO_TICKS.get(limit, (limit**0.5, limit))
    ticks = (*(1 / t for t in reversed(above)), 1.0, *above)
    return Axis(1 / limit, limit, ticks, tuple(_ratio_label(t) for t in ticks), log=True)


def _ratio_label(tick: float) -> str:
    return f"{tick:.2g}" if tick < 1 else f"{tick:g}"


def _difference_axis(
    points: Sequence[float], studies: Sequence[float], pooled: Sequence[float], measure: Measure
) -> Axis:
    null = measure.null or 0.0

    def distance(values: Sequence[float]) -> float:
        return max((abs(v - null) for v in values), default=0.0)

    core = distance(points)
    wanted = max(core, min(max(distance(studies), distance(pooled)), LIMIT_SHARE * core))
    if core == 0:
        wanted = max(distance(studies), distance(pooled)) or 1.0
    step = _nice_step(wanted / 3)
    limit = step * math.ceil(wanted / step - 1e-9)
    low, high = BOUNDS.get(measure.code, (-math.inf, math.inf))
    low, high = max(low, null - limit), min(high, null + limit)
    n = math.floor((high - null) / step + 1e-9)
    ticks = tuple(null + i * step for i in range(-n, n + 1))
    return _linear_axis(low, high, ticks, measure)


def _nice_step(wanted: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    return next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= wanted * 0.999999)


def _linear_axis(low: float, high: float, ticks: tuple[float, ...], measure: Measure) -> Axis:
    scale = factor(measure)
    step = (ticks[1] - ticks[0]) * scale
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    labels = tuple(number(tick * scale, decimals) for tick in ticks)
    if is_proportion(measure):
        labels = tuple(f"{label}%" for label in labels)
    return Axis(low, high, ticks, labels, log=False)
