"""Funnel plot and the picture of all subsets (GOSH)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.figures import names, numbers
from analysis.figures.axis import axis_around
from analysis.figures.layout import LEADING, Sheet, wrap
from analysis.figures.marks import Marks, tick_style
from analysis.figures.plate import sentence
from analysis.figures.theme import BODY, SMALL, theme_named
from analysis.review.results import Answer, Measure

WIDTH, HEIGHT = 420.0, 250.0
LEFT, RIGHT, TOP = 62.0, 16.0, 12.0
#: Two-sided P -> standard normal quantile, for the contours around the null.
CONTOURS = {0.01: 2.5758293035489004, 0.05: 1.959963984540054, 0.10: 1.6448536269514722}
#: Strength of the shading between neighbouring contours, from .01 inwards.
SHADES = (0.45, 1.0, 0.0)
CAUTION = (
    "Shaded: P from 0.01 to 0.05 (lighter) and from 0.05 to 0.10 (darker) against no difference. "
    "An uneven funnel has many possible causes: chance, differences between the studies, the way "
    "the effect is measured, and results that were not published."
)


def funnel(answer: Answer, *, theme: str = "light") -> Axes:
    """Draw effect against standard error, with contours around the null.

    Below the number of studies from which the policy allows a test of
    asymmetry, the reason is given as a sentence instead.

    Parameters
    ----------
    answer : Answer
        The answer; its pooled rows are drawn.
    theme : {"light", "dark"}
        Colours.

    Returns
    -------
    Axes
        Horizontal unit the display scale; vertical the standard error on the
        scale of pooling, zero at the top.
    """
    null, pooled = answer.measure.null, answer.pooled
    withheld = answer.policy.withheld.get("asymmetry_tests", "")
    if withheld or null is None or pooled is None:
        reason = withheld or answer.reason or "the measure has no value of no difference."
        return sentence(f"No funnel plot: {reason}", theme)
    points = {
        row.row_id: (row.estimate, math.sqrt(row.vi))
        for row in answer.rows
        if row.pooled and row.estimate is not None and row.vi is not None
    }
    deepest = max(error for _, error in points.values()) * 1.08
    estimates = [estimate for estimate, _ in points.values()]
    edges = [_shift(null, z * deepest, answer.measure) for z in (-2.58, 2.58)]
    axis = axis_around(answer.measure, estimates, edges)

    footer = wrap(CAUTION, WIDTH - 16, size=SMALL)
    below = TOP + HEIGHT + 30
    height = below + LEADING * (BODY + SMALL * len(footer)) + 8
    sheet = Sheet(WIDTH, height, theme_named(theme))
    ax = sheet.axes(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT)
    marks = Marks(ax, axis, sheet.theme)
    marks.frame()
    ax.set_ylim(deepest, 0)
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(sheet.theme.rule)
    ax.set_yticks(_error_ticks(deepest))
    tick_style(ax, sheet.theme)
    _draw_contours(ax, null, deepest, answer.measure, sheet)
    marks.null_line(null)
    marks.reference_line(pooled.estimate)
    for row_id, (estimate, error) in points.items():
        ax.plot(
            [estimate],
            [error],
            marker="o",
            markersize=6,
            markerfacecolor=sheet.theme.data,
            markeredgecolor=sheet.theme.ground,
            markeredgewidth=0.6,
            linestyle="none",
            clip_on=False,
            gid=f"row:{row_id}",
        )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    sheet.text(middle, below, answer.measure.name, align="center", weight="bold")
    _upright_title(sheet, "Standard error", sheet.theme.ink)
    first = below + LEADING * BODY + 4
    sheet.lines(8, first, footer, size=SMALL, color=sheet.theme.muted)
    return ax


def gosh(
    answer: Answer, estimates: Sequence[float], i2: Sequence[float], *, theme: str = "light"
) -> Axes:
    """Draw every subset of studies as a point: pooled estimate against I².

    Parameters
    ----------
    answer : Answer
        The answer the subsets were taken from.
    estimates : sequence of float of shape (B,)
        Pooled estimate of each subset, on the display scale.
    i2 : sequence of float of shape (B,)
        I² of each subset in percent.
    theme : {"light", "dark"}
        Colours.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the two differ in length or are empty.
    """
    if len(estimates) != len(i2) or len(estimates) == 0:
        raise ValueError(
            f"estimates and i2 must have the same length of at least 1, "
            f"but have {len(estimates)} and {len(i2)}."
        )
    height = TOP + HEIGHT + 48
    sheet = Sheet(WIDTH, height, theme_named(theme))
    ax = sheet.axes(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT)
    marks = Marks(ax, axis_around(answer.measure, list(estimates), []), sheet.theme)
    marks.frame()
    ax.set_ylim(-3, 103)
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(sheet.theme.rule)
    ax.set_yticks([0, 25, 50, 75, 100])
    tick_style(ax, sheet.theme)
    _draw_points(ax, np.asarray(estimates), np.asarray(i2), sheet)
    marks.null_line(answer.measure.null)
    if answer.pooled is not None:
        marks.reference_line(answer.pooled.estimate)
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    title = names.first_upper(f"{answer.measure.name.lower()} of each subset of studies")
    sheet.text(middle, TOP + HEIGHT + 32, title, align="center", weight="bold")
    _upright_title(sheet, "I² (%)", sheet.theme.ink)
    return ax


def _draw_points(ax: Axes, x: np.ndarray, y: np.ndarray, sheet: Sheet) -> None:
    """Draw thousands of points as one path of dots: one element in the SVG, not thousands."""
    vertices = np.repeat(np.column_stack([x, y]), 2, axis=0)
    vertices[1::2, 1] += 0.05  # of 100: a stroke of no length is not drawn in a PNG
    codes = np.tile([Path.MOVETO, Path.LINETO], len(x))
    dots = PathPatch(Path(vertices, codes), facecolor="none", edgecolor=sheet.theme.data)
    dots.set(linewidth=2.4, alpha=0.5, capstyle="round", zorder=2, gid="all-subsets")
    ax.add_patch(dots)


def _shift(null: float, distance: float, measure: Measure) -> float:
    """Return what lies ``distance`` from the null on the scale of pooling."""
    return null * math.exp(distance) if measure.scale == "log" else null + distance


def _draw_contours(ax: Axes, null: float, deepest: float, measure: Measure, sheet: Sheet) -> None:
    depth = np.linspace(0, deepest, 60)
    limits = list(CONTOURS.values())
    for outer, inner, shade in zip(limits, limits[1:], SHADES, strict=False):
        for side in (-1, 1):
            ax.fill_betweenx(
                depth,
                [_shift(null, side * outer * d, measure) for d in depth],
                [_shift(null, side * inner * d, measure) for d in depth],
                facecolor=sheet.theme.band,
                alpha=shade,
                edgecolor="none",
                zorder=0.5,
            )
    for z in limits:
        for side in (-1, 1):
            ax.plot(
                [_shift(null, side * z * d, measure) for d in depth],
                depth,
                color=sheet.theme.rule,
                linewidth=0.5,
                zorder=0.6,
                gid="contour",
            )


def _error_ticks(deepest: float) -> list[float]:
    step = 10.0 ** math.floor(math.log10(deepest))
    step = next(s for s in (step / 5, step / 2, step, 2 * step) if deepest / s <= 5)
    return [round(i * step, 6) for i in range(int(deepest / step) + 1)]


def _upright_title(sheet: Sheet, words: str, color: str) -> None:
    """Write the name of a vertical axis, turned, in the left margin."""
    text = sheet.text(14, TOP + HEIGHT / 2, words, align="center", weight="bold", color=color)
    if text is not None:
        text.set(rotation=90, va="center")


def funnel_words(answer: Answer) -> str:
    """Return the alternative text of a funnel plot, or why there is none."""
    withheld = answer.policy.withheld.get("asymmetry_tests", "")
    if withheld or answer.pooled is None:
        return f"No funnel plot: {withheld or answer.reason}"
    value = numbers.effect(answer.pooled.estimate, answer.measure)
    return (
        f"Funnel plot of {answer.outcome}: {answer.measure.name.lower()} of {answer.k} studies "
        f"against their standard error, around the pooled value {value}. {CAUTION}"
    )
