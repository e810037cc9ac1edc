"""Plots with one effect per line: overview, leave-one-out, alternatives, cumulative.

They share the marks and the axis of the forest plot, so that an estimate can
be followed from one figure to the next. A line without an estimate stays in
the figure, marked, with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from analysis.figures import names, numbers
from analysis.figures.axis import Axis, axis_around, effect_axis
from analysis.figures.marks import SQUARE_HOLLOW
from analysis.figures.plate import Plate, draw, sentence
from analysis.figures.table import (
    Line,
    Mark,
    Table,
    effect_cells,
    effect_group,
    note_group,
    stacked,
    wrap_labels,
    wrap_notes,
)
from analysis.review.results import Alternative, Answer, Measure

if TYPE_CHECKING:  # a figure draws what was computed, and needs no engine
    from analysis.review.specifications import Cumulative

#: Alternatives whose id starts with this leave one study out.
WITHOUT = "without-"


@dataclass(frozen=True)
class EffectLine:
    """One line of an overview: an effect on the display scale, or why there is none.

    Attributes
    ----------
    id : str
        Row id in the saved SVG, for links and titles.
    label : str
        Study.
    heading : str
        Bold line above the first of several neighbours that share it
        (the condition).
    estimate, ci_low, ci_high : float or None
        None together when nothing could be computed.
    note : str
        Words beside the effect; the reason where there is no estimate.
    """

    id: str
    label: str
    heading: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    note: str


def overview(
    lines: Sequence[EffectLine],
    measure: Measure,
    *,
    favours_low: str,
    favours_high: str,
    footer: Sequence[str] = (),
    axis: Axis | None = None,
    theme: str = "light",
    narrow: bool = False,
) -> Axes:
    """Draw studies under headings, without any diamond across them.

    Parameters
    ----------
    lines : sequence of EffectLine
        Neighbours of one heading together; at least one with an estimate.
    measure : Measure
        Measure of every estimate.
    favours_low, favours_high : str
        Which arm each side of the null favours.
    footer : sequence of str
        Sentences below.
    axis : Axis, optional
        Shared axis.
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright, without columns.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no line has an estimate.
    """
    made = []
    for line in lines:
        cells = effect_cells(line.estimate, line.ci_low, line.ci_high, measure)
        mark = Mark("missing")
        if line.estimate is not None:
            mark = Mark("square", line.estimate, line.ci_low, line.ci_high, SQUARE_HOLLOW)
        cells["note"] = line.note
        made.append(Line(line.id, (line.label,), cells, mark, heading=line.heading))
    return _draw(
        made,
        measure,
        head="Study",
        note_head="Comparison, or reason",
        heading=f"{measure.name}, 95% CI",
        sides=(names.favours(favours_low), names.favours(favours_high)),
        footer=tuple(footer),
        axis=axis,
        theme=theme,
        narrow=narrow,
    )


def leave_one_out(answer: Answer, *, axis: Axis | None = None, theme: str = "light") -> Axes:
    """Draw what the pooled value would be without each study.

    An answer whose policy withholds the analysis gives the reason as a
    sentence and invisible axes.
    """
    steps = [alt for alt in answer.alternatives if alt.id.startswith(WITHOUT)]
    reason = answer.policy.withheld.get("leave_one_out", answer.reason)
    if answer.pooled is None or not steps:
        return sentence(f"Leave-one-out is not shown: {reason}", theme)
    return _analyses(answer, steps, "Analysis", axis or effect_axis([answer]), theme)


def alternatives(answer: Answer, *, axis: Axis | None = None, theme: str = "light") -> Axes:
    """Draw the planned sensitivity analyses in their order, above the main one.

    Analyses that gave no result keep a marked row with their reason. An
    answer without a pooled result gives its reason as a sentence.
    """
    others = [alt for alt in answer.alternatives if not alt.id.startswith(WITHOUT)]
    if answer.pooled is None or not others:
        return sentence(answer.reason or "No other analysis was planned.", theme)
    return _analyses(answer, others, "Analysis", axis or effect_axis([answer]), theme)


def cumulative(
    answer: Answer,
    steps: Sequence[Cumulative],
    *,
    axis: Axis | None = None,
    theme: str = "light",
    narrow: bool = False,
) -> Axes:
    """Draw how the answer moved as studies, or versions of the review, were added.

    Parameters
    ----------
    answer : Answer
        The answer as it stands; its axis is the forest plot's.
    steps : sequence of Cumulative
        The answer after each addition, oldest first
        (:func:`analysis.review.specifications.cumulative`).
    axis : Axis, optional
        Axis shared with the forest plot (``effect_axis([answer])`` by default).
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright, without columns.

    Returns
    -------
    Axes
        No step at all gives the answer's reason and invisible axes.
    """
    if not steps:
        return sentence(answer.reason, theme)
    measure, lines = answer.measure, []
    for i, step in enumerate(steps):
        cells = effect_cells(step.estimate, step.ci_low, step.ci_high, measure)
        cells["note"] = f"k = {step.k}"
        mark = Mark("square", step.estimate, step.ci_low, step.ci_high, SQUARE_HOLLOW)
        lines.append(Line(f"step-{i}", (step.label,), cells, mark))
    return _with_main(answer, lines, "Added", axis or effect_axis([answer]), theme, narrow)


def _analyses(
    answer: Answer, steps: Sequence[Alternative], head: str, axis: Axis, theme: str
) -> Axes:
    lines = []
    for step in steps:
        if step.pooled is None:
            cells = effect_cells(None, None, None, answer.measure) | {"note": step.reason}
            lines.append(Line(step.id, (step.label,), cells, Mark("missing")))
            continue
        fit = step.pooled
        cells = effect_cells(fit.estimate, fit.ci_low, fit.ci_high, answer.measure)
        cells["note"] = f"k = {fit.k}"
        mark = Mark("square", fit.estimate, fit.ci_low, fit.ci_high, SQUARE_HOLLOW)
        lines.append(Line(step.id, (step.label,), cells, mark))
    return _with_main(answer, lines, head, axis, theme)


def _with_main(
    answer: Answer, lines: list[Line], head: str, axis: Axis, theme: str, narrow: bool = False
) -> Axes:
    """Draw lines above the planned result of the answer."""
    main = answer.pooled
    if main is not None:
        cells = effect_cells(main.estimate, main.ci_low, main.ci_high, answer.measure)
        cells["note"] = f"k = {main.k}"
        diamond = Mark("diamond", main.estimate, main.ci_low, main.ci_high)
        label = (f"As planned: {names.model_name(main)}",)
        lines.append(Line("pooled-0", label, cells, diamond, "summary", bold=True))
    level = numbers.level(main.level if main is not None else 0.95)
    return _draw(
        lines,
        answer.measure,
        head=head,
        note_head="Studies",
        heading=f"{answer.measure.name}, {level} interval",
        sides=(names.favours(answer.favours_low), names.favours(answer.favours_high)),
        reference=main.estimate if main is not None else None,
        axis=axis,
        theme=theme,
        narrow=narrow,
        banner=names.is_uncontrolled(answer),
    )


def _draw(
    lines: Sequence[Line],
    measure: Measure,
    *,
    head: str,
    note_head: str,
    heading: str,
    sides: tuple[str, str],
    axis: Axis | None,
    theme: str,
    footer: tuple[str, ...] = (),
    reference: float | None = None,
    banner: bool = False,
    narrow: bool = False,
) -> Axes:
    marks = [line.mark for line in lines if line.mark is not None and line.mark.kind != "missing"]
    if not marks:
        raise ValueError("No line has an estimate: write the reason instead of a figure.")
    ends = [end for mark in marks for end in (mark.low, mark.high) if end is not None]
    axis = axis or axis_around(measure, [mark.estimate for mark in marks], ends)
    plate = Plate(
        table=stacked(lines, measure) if narrow else _beside(lines, measure, head, note_head),
        axis=axis.thinned() if narrow else axis,
        heading=heading,
        null=measure.null,
        sides=sides,
        reference=reference,
        banner=names.DESIGN_BANNER if banner else "",
        banner_text=names.DESIGN_SENTENCE if banner else "",
        footer=footer,
        narrow=narrow,
    )
    return draw(plate, theme)


def _beside(lines: Sequence[Line], measure: Measure, head: str, note_head: str) -> Table:
    """Return the lines with the effect and the note in columns."""
    wrapped, width = wrap_labels(wrap_notes(lines))
    groups = (effect_group(measure, "95%", wrapped), note_group(note_head, wrapped))
    return Table(head, wrapped, width, (), groups)
