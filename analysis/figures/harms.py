"""Every harm at once: one pooled ratio per event, with what it means per 1,000 people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from analysis.figures import names, numbers
from analysis.figures.axis import axis_around
from analysis.figures.plate import Plate, draw
from analysis.figures.table import (
    LABEL_PHONE,
    Line,
    Mark,
    Table,
    effect_cells,
    effect_group,
    group,
    wrap_labels,
)
from analysis.review.results import Answer

#: Pooled limits beyond these are drawn with an arrow: they say "anything is possible", and a
#: thousandfold axis would flatten the events that are known.
WIDEST = 20.0


def ordered(answers: Sequence[Answer]) -> list[Answer]:
    """Return the pooled answers, the largest absolute difference first."""
    pooled = [answer for answer in answers if answer.pooled is not None]
    return sorted(
        pooled,
        key=lambda a: a.absolute.difference_per_1000 if a.absolute else float("-inf"),
        reverse=True,
    )


def harms(answers: Sequence[Answer], *, theme: str = "light", narrow: bool = False) -> Axes:
    """Draw one diamond per event, ordered by how many more people have it.

    Parameters
    ----------
    answers : sequence of Answer
        Pooled answers of one measure and one comparison.
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        For a phone held upright: the numbers stand below each event.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing is pooled, or the measures differ.
    """
    shown = ordered(answers)
    measures = {answer.measure for answer in shown}
    if len(measures) != 1:
        codes = sorted(measure.code for measure in measures)
        raise ValueError(f"Harms share one measure; these have {codes or 'nothing pooled'}.")
    measure = measures.pop()
    table = _narrow_table(shown) if narrow else _table(shown)
    inside = [
        limit
        for answer in shown
        if answer.pooled is not None
        for limit in (answer.pooled.ci_low, answer.pooled.ci_high)
        if 1 / WIDEST <= limit <= WIDEST
    ]
    points = [answer.pooled.estimate for answer in shown if answer.pooled is not None]
    axis = axis_around(measure, points, inside)
    first = shown[0]
    plate = Plate(
        table=table,
        axis=axis.thinned() if narrow else axis,
        heading=f"{measure.name}, pooled",
        null=measure.null,
        sides=(names.favours(first.favours_low), names.favours(first.favours_high)),
        footer=("Per 1,000: how many more people have the event; the rows are in its order.",),
        narrow=narrow,
    )
    return draw(plate, theme)


def _table(shown: Sequence[Answer]) -> Table:
    lines, width = wrap_labels([_line(answer) for answer in shown])
    groups = (
        effect_group(shown[0].measure, "95%", lines),
        group("", [("more", "Per 1,000")], lines),
        group("", [("certainty", "Certainty")], lines),
    )
    return Table("Event", lines, width, (), groups)


def _narrow_table(shown: Sequence[Answer]) -> Table:
    """Return the events without columns: each label carries its ratio."""
    lines = []
    for answer in shown:
        line = _line(answer)
        effect = " ".join(line.cells[key] for key in ("estimate", "low", "high"))
        lines.append(replace(line, label=(*line.label, effect), cells={}))
    wrapped, width = wrap_labels(lines, LABEL_PHONE)
    return Table("", wrapped, width, (), ())


def _line(answer: Answer) -> Line:
    pooled = answer.pooled
    if pooled is None:
        raise ValueError(f"{answer.id}: nothing is pooled, so there is no diamond to draw.")
    cells = effect_cells(pooled.estimate, pooled.ci_low, pooled.ci_high, answer.measure)
    cells["more"] = numbers.ABSENT
    if answer.absolute is not None:
        cells["more"] = numbers.count(answer.absolute.difference_per_1000)
    cells["certainty"] = answer.certainty.overall if answer.certainty else numbers.ABSENT
    mark = Mark("diamond", pooled.estimate, pooled.ci_low, pooled.ci_high)
    return Line(answer.id, (names.first_upper(answer.outcome),), cells, mark)


def harm_sentence(answer: Answer) -> str:
    """Return one event in words: ratio, difference per 1,000, certainty."""
    pooled, measure = answer.pooled, answer.measure
    if pooled is None:
        return f"{names.first_upper(answer.outcome)}: {answer.reason}"
    interval = numbers.interval_words(pooled.ci_low, pooled.ci_high, measure)
    parts = [
        f"{names.first_upper(answer.outcome)}: {measure.name.lower()} "
        f"{numbers.effect(pooled.estimate, measure)} (95% CI {interval})"
    ]
    if answer.absolute is not None:
        low, high = answer.absolute.ci_low_per_1000, answer.absolute.ci_high_per_1000
        parts.append(
            f"{numbers.count(answer.absolute.difference_per_1000)} more per 1,000 "
            f"({numbers.count(low)} to {numbers.count(high)})"
        )
    if answer.certainty is not None:
        parts.append(f"certainty {answer.certainty.overall}")
    return f"{', '.join(parts)}."


def harms_words(answers: Sequence[Answer]) -> str:
    """Return the alternative text: how many events, and which are clearly more common."""
    shown = ordered(answers)
    clear = [
        answer.outcome
        for answer in shown
        if answer.pooled is not None
        and answer.measure.null is not None
        and answer.pooled.ci_low > answer.measure.null
    ]
    which = ", ".join(clear) if clear else "none"
    return (
        f"Pooled {shown[0].measure.name.lower()} of {len(shown)} adverse events. "
        f"Clearly more common with {names.arm_title(shown[0].intervention).lower()}: {which}."
    )
