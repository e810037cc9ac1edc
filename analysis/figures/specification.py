"""The specification curve: one question, every defensible analysis.

Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4:1208: estimates
in order above, the choices behind each of them below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from analysis.figures import names, numbers
from analysis.figures.axis import Axis, axis_around
from analysis.figures.layout import LEADING, Sheet, text_width, wrap
from analysis.figures.marks import tick_style
from analysis.figures.plate import MARGIN, sentence
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, TARGET_WIDTH, theme_named
from analysis.review.results import Answer

if TYPE_CHECKING:  # a figure draws what was computed, and needs no engine
    from analysis.review.specifications import Specification, SpecificationCurve

HEIGHT = 170.0
#: Height of one line of choices, and the side of its dots.
CHOICE, DOT = 14.0, 5.0
#: Height of the heading of a group of choices.
GROUP = 20.0
LABEL_WIDEST, LABEL_PHONE = 190.0, 92.0
TICK_ROOM = 34.0


def specification(
    answer: Answer, curve: SpecificationCurve, *, theme: str = "light", narrow: bool = False
) -> Axes:
    """Draw every analysis of a question, the planned one marked.

    Parameters
    ----------
    answer : Answer
        The answer the analyses vary.
    curve : SpecificationCurve
        From the lowest estimate to the highest
        (:func:`analysis.review.specifications.specification_curve`).
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright: dots as small as their number asks for.

    Returns
    -------
    Axes
        Horizontal unit the position in the curve; vertical the display scale.
        An empty curve gives the answer's reason and invisible axes.
    """
    specs = curve.specifications
    if not specs:
        return sentence(answer.reason, theme)
    groups = [(title, _choices(specs, kind)) for title, kind in CHOICES]
    widest = LABEL_PHONE if narrow else LABEL_WIDEST
    labels = {c: wrap(c, widest, SMALL) for _, choices in groups for c in choices}
    label_width = max(text_width(part, SMALL) for parts in labels.values() for part in parts)
    left = MARGIN + max(label_width, TICK_ROOM) + 10
    wide = max(TARGET_WIDTH, left + DOT * 1.6 * len(specs) + MARGIN)
    width = NARROW_WIDTH if narrow else wide
    plot_width = width - left - MARGIN
    dot = min(DOT, 0.9 * plot_width / len(specs))
    top = MARGIN + LEADING * BODY + 6
    matrix = top + HEIGHT + 12
    heights = {c: CHOICE + LEADING * SMALL * (len(parts) - 1) for c, parts in labels.items()}
    footer = wrap(specification_words(answer, curve), width - 2 * MARGIN, size=SMALL)
    height = matrix + sum(heights.values()) + GROUP * len(groups) + 6
    sheet = Sheet(width, height + LEADING * SMALL * len(footer) + MARGIN, theme_named(theme))
    _draw_title(sheet, answer)

    ax = sheet.axes(left, top, plot_width, HEIGHT)
    axis = _axis(answer, specs)
    _frame(ax, axis, sheet)
    ax.set_xlim(-0.7, len(specs) - 0.3)
    if answer.measure.null is not None:
        null_line = ax.axhline(answer.measure.null, color=sheet.theme.rule, linewidth=0.9)
        null_line.set(zorder=1, gid="null")
    xs = [left + plot_width * (i + 0.7) / (len(specs) + 0.4) for i in range(len(specs))]
    for i, spec in enumerate(specs):
        _draw_estimate(ax, axis, sheet, i, spec, dot)
    y = matrix
    for title, choices in groups:
        sheet.text(MARGIN, y + GROUP - LEADING * BODY / 2 - 2, title, weight="bold")
        y += GROUP
        for i, choice in enumerate(choices):
            middle = y + heights[choice] / 2
            first = middle - LEADING * SMALL * (len(labels[choice]) - 1) / 2
            sheet.lines(MARGIN, first, labels[choice], size=SMALL)
            if i % 2 == 0:
                room, fill = width - 2 * MARGIN, sheet.theme.zebra
                sheet.rectangle(MARGIN, y, room, heights[choice], fill=fill, below=True)
            for x, spec in zip(xs, specs, strict=True):
                if choice in chosen(spec):
                    color = sheet.theme.pooled if spec.primary else sheet.theme.data
                    sheet.circle(x, middle, dot / 2, fill=color, edge="none")
            y += heights[choice]
    sheet.lines(MARGIN, y + 6 + SMALL / 2, footer, size=SMALL, color=sheet.theme.muted)
    return ax


def _draw_title(sheet: Sheet, answer: Answer) -> None:
    """Name the measure, and say at once where it is not an effect."""
    y = MARGIN + BODY / 2
    sheet.text(MARGIN, y, answer.measure.name, weight="bold")
    if names.is_uncontrolled(answer):
        x = MARGIN + text_width(answer.measure.name, weight="bold") + 10
        sheet.text(x, y, names.DESIGN_BANNER, weight="bold", color=sheet.theme.warn)


def _rows(spec: Specification) -> str:
    return spec.rows_label


def _model(spec: Specification) -> str:
    name = names.first_upper(names.MODEL_WORDS.get(spec.model, spec.model))
    return f"{name} ({spec.method})" if spec.method not in {"", "EE"} else name


def _interval(spec: Specification) -> str:
    return names.first_upper(names.CI_WORDS.get(spec.ci_method, spec.ci_method))


#: Heading of a group of choices, and what an analysis chose there.
CHOICES: tuple[tuple[str, Callable[[Specification], str]], ...] = (
    ("Studies", _rows),
    ("Model", _model),
    ("Interval", _interval),
)


def chosen(spec: Specification) -> tuple[str, ...]:
    """Return what an analysis chose, in the order of :data:`CHOICES`."""
    return tuple(kind(spec) for _, kind in CHOICES)


def _choices(specs: Sequence[Specification], kind: Callable[[Specification], str]) -> list[str]:
    """Return every choice once; those of the planned analysis first."""
    ordered = sorted(specs, key=lambda spec: not spec.primary)
    return list(dict.fromkeys(kind(spec) for spec in ordered))


def _axis(answer: Answer, specs: Sequence[Specification]) -> Axis:
    ends = [end for spec in specs for end in (spec.ci_low, spec.ci_high)]
    return axis_around(answer.measure, [spec.estimate for spec in specs], ends)


def _frame(ax: Axes, axis: Axis, sheet: Sheet) -> None:
    """Turn the effect axis upright: ratios stay on a log scale."""
    if axis.log:
        ax.set_yscale("log")
    ax.set_ylim(axis.low, axis.high)
    ax.set_yticks(axis.ticks, axis.labels, minor=False)
    ax.set_yticks([], minor=True)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(sheet.theme.rule)
    tick_style(ax, sheet.theme)


def _draw_estimate(
    ax: Axes, axis: Axis, sheet: Sheet, i: int, spec: Specification, dot: float
) -> None:
    theme = sheet.theme
    color = theme.pooled if spec.primary else theme.data
    ends = (max(spec.ci_low, axis.low), min(spec.ci_high, axis.high))
    line = theme.pooled if spec.primary else theme.rule
    ax.plot((i, i), ends, color=line, linewidth=1.8 if spec.primary else 1.0, zorder=2)
    beyond = ((axis.low, "v", spec.ci_low < axis.low), (axis.high, "^", spec.ci_high > axis.high))
    for end, arrow, passes in beyond:
        if passes:
            head = ax.plot([i], [end], arrow, color=line, markersize=dot, clip_on=False)
            head[0].set_gid("beyond")
    ax.plot(
        [i],
        [spec.estimate],
        marker="D" if spec.primary else "o",
        markersize=8 if spec.primary else dot,
        markerfacecolor=color,
        markeredgewidth=0,
        linestyle="none",
        zorder=4 if spec.primary else 3,
        clip_on=False,
        gid="primary" if spec.primary else "specification",
    )


def specification_words(answer: Answer, curve: SpecificationCurve) -> str:
    """Return what the curve shows, in words."""
    specs, measure = curve.specifications, answer.measure
    if not specs:
        return answer.reason
    low, high = specs[0].estimate, specs[-1].estimate
    text = (
        f"{len(specs)} analyses of the same question: {measure.name.lower()} from "
        f"{numbers.interval_words(low, high, measure)}."
    )
    if curve.excluding_null is not None:
        text += f" The interval excludes no difference in {curve.excluding_null} of them."
    return f"{text} Diamond: the analysis planned beforehand."
