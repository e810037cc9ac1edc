"""The forest plot of one answer."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.axes import Axes

from analysis.figures import names, numbers, words
from analysis.figures.axis import Axis, effect_axis
from analysis.figures.marks import SQUARE_HOLLOW, square_side
from analysis.figures.plate import Plate, draw, sentence
from analysis.figures.table import (
    GROUP_GAP,
    Column,
    Group,
    Line,
    Mark,
    Table,
    effect_cells,
    effect_group,
    group,
    stacked,
    wrap_labels,
)
from analysis.review.results import Answer, Pooled, Row

#: Marks for rows that are shown but not pooled. No star: a star reads as
#: significance. No letter: a letter reads as part of the study's name.
SIGNS = ("†", "‡", "§", "¶")
#: Widest label beside columns: a study's name; models and time points wrap.
LABEL_BESIDE = 104.0
#: Pitch of the risk-of-bias columns and the space between two of them.
JUDGEMENT, BETWEEN = 12.0, 1.5
#: What an arm contributes -> the head of its column. Events and people share one.
_STEMS = {"events": "Events/N", "mean": "Mean", "sd": "SD", "n": "N"}


def forest(
    answer: Answer, *, axis: Axis | None = None, theme: str = "light", narrow: bool = False
) -> Axes:
    """Draw the forest plot of an answer.

    Parameters
    ----------
    answer : Answer
        The answer; nothing is computed from it, everything is shown.
    axis : Axis, optional
        Limits and ticks shared with other figures (``effect_axis`` of several
        answers); by default those of this answer alone.
    theme : {"light", "dark"}
        Colours. A saved SVG follows the page's theme whichever is chosen.
    narrow : bool
        The variant for a phone held upright: the numbers of a study under its
        name, no columns, the same marks. Group data and risk of bias are then
        in the table beside the figure only.

    Returns
    -------
    Axes
        The plot between the columns, its horizontal unit the display scale.
        Its figure carries the columns; it is neither shown nor saved. An
        answer without any estimate gives a sentence and invisible axes.

    See Also
    --------
    analysis.figures.svg.save_svg : turn the figure into accessible SVG.
    """
    if not any(row.estimate is not None for row in answer.rows):
        return sentence(words.no_estimate(answer), theme)
    signs = _signs(answer)
    uncontrolled = names.is_uncontrolled(answer)
    axis = axis or effect_axis([answer])
    lines = [*_study_lines(answer, signs), *_summary_lines(answer)]
    plate = Plate(
        table=stacked(lines, answer.measure) if narrow else _table(answer, lines),
        axis=axis.thinned() if narrow else axis,
        heading=_heading(answer),
        null=answer.measure.null,
        sides=(names.favours(answer.favours_low), names.favours(answer.favours_high)),
        reference=answer.pooled.estimate if answer.pooled is not None else None,
        band=_band(answer),
        banner=names.DESIGN_BANNER if uncontrolled else "",
        banner_text=names.DESIGN_SENTENCE if uncontrolled else "",
        footer=_footer(answer, signs, judged=not narrow),
        narrow=narrow,
    )
    return draw(plate, theme)


def _signs(answer: Answer) -> dict[str, str]:
    """Return the sign of each reason that is not the whole answer's."""
    reasons = filter(None, dict.fromkeys(names.own_reason(answer, row) for row in answer.rows))
    return {
        reason: SIGNS[i % len(SIGNS)] * (i // len(SIGNS) + 1) for i, reason in enumerate(reasons)
    }


def _table(answer: Answer, made: list[Line]) -> Table:
    lines, label_width = wrap_labels(made, LABEL_BESIDE)
    return Table("Study", lines, label_width, _left(answer, lines), _right(answer, lines))


def _study_lines(answer: Answer, signs: dict[str, str]) -> list[Line]:
    decimals = {
        stem: numbers.decimals_needed(
            getattr(row, f"{stem}_{arm}") for row in answer.rows for arm in ("treat", "control")
        )
        for stem in ("mean", "sd")
    }
    weights = [row.weight for row in answer.rows if row.pooled and row.weight]
    heaviest = max(weights, default=1.0)
    domains = names.judgements(answer)
    lines = []
    for label, row in zip(names.unique_labels(answer.rows), answer.rows, strict=True):
        sign = signs.get(names.own_reason(answer, row), "")
        cells = effect_cells(row.estimate, row.ci_low, row.ci_high, answer.measure)
        if row.estimate is None:
            cells["estimate"] = "not estimable"
        cells["weight"] = numbers.number(row.weight, numbers.DECIMALS["weight"])
        for arm in ("treat", "control"):
            people = getattr(row, f"n_{arm}")
            cells[f"events_{arm}"] = _share(getattr(row, f"events_{arm}"), people)
            cells[f"n_{arm}"] = numbers.count(people)
            for stem in ("mean", "sd"):
                value = getattr(row, f"{stem}_{arm}")
                cells[f"{stem}_{arm}"] = numbers.number(value, decimals[stem])
        for domain in domains:
            cells[f"rob:{domain}"] = row.risk_of_bias.get(domain, "")
        # Ordered by condition, the rows stand under the name of theirs.
        heading = names.first_upper(names.condition(row.condition)) * (answer.order == "condition")
        square = _square(row, heaviest)
        lines.append(Line(row.row_id, (f"{label}{sign}",), cells, square, heading=heading))
    return lines


def _square(row: Row, heaviest: float) -> Mark | None:
    if row.estimate is None:
        return None
    if row.pooled and row.weight:
        side, filled = square_side(row.weight, heaviest), True
    else:
        side, filled = SQUARE_HOLLOW, False
    return Mark("square", row.estimate, row.ci_low, row.ci_high, side, filled)


def _summary_lines(answer: Answer) -> list[Line]:
    """Return the pooled result, its prediction interval, and alternatives beside it."""
    if answer.pooled is None:
        return []
    first = names.first_upper(names.model_name(answer.pooled))
    lines = []
    for i, (name, pooled) in enumerate(
        [(first, answer.pooled), *names.same_rows_alternatives(answer)]
    ):
        cells = effect_cells(pooled.estimate, pooled.ci_low, pooled.ci_high, answer.measure)
        if i == 0:
            cells |= _totals(answer)
        diamond = Mark("diamond", pooled.estimate, pooled.ci_low, pooled.ci_high)
        label = (f"{name}, k\u00a0=\u00a0{pooled.k}",)
        lines.append(Line(f"pooled-{i}", label, cells, diamond, "summary", bold=i == 0))
        lines += _prediction_lines(answer, pooled, i)
    return lines


def _prediction_lines(answer: Answer, pooled: Pooled, i: int) -> list[Line]:
    prediction = pooled.prediction
    if prediction is None:
        return []
    cells = effect_cells(None, prediction.low, prediction.high, answer.measure)
    label = (f"{numbers.level(pooled.level)} prediction interval",)
    bar = Mark("bar", low=prediction.low, high=prediction.high)
    return [Line(f"prediction-{i}", label, cells | {"estimate": ""}, bar, "summary")]


def _totals(answer: Answer) -> dict[str, str]:
    weights = [row.weight for row in answer.rows if row.pooled and row.weight is not None]
    return {
        "events_treat": _share(answer.events_treat, answer.n_treat),
        "events_control": _share(answer.events_control, answer.n_control),
        "n_treat": numbers.count(answer.n_treat),
        "n_control": numbers.count(answer.n_control),
        "weight": numbers.number(sum(weights), numbers.DECIMALS["weight"]) if weights else "",
    }


def _share(events: float | None, people: float | None) -> str:
    """Return ``"14/60"``; nothing where either is unknown."""
    if events is None or people is None:
        return ""
    return f"{numbers.count(events)}/{numbers.count(people)}"


def _left(answer: Answer, lines: tuple[Line, ...]) -> tuple[Group, ...]:
    """Return the group data: what each arm contributed, as the rows give it."""
    arms = list(zip(("treat", "control"), names.arm_titles(answer), strict=False))
    # A difference of means is not made of counts, even where one row was converted from them.
    counts = answer.measure.code not in names.MEAN_DIFFERENCES
    stems = ("events",) if counts else ("mean", "sd", "n")

    def given(stem: str) -> bool:
        cells = [f"{stem}_{arm}" for arm, _ in arms]
        return any(getattr(row, cell) is not None for row in answer.rows for cell in cells)

    present = [(stem, _STEMS[stem]) for stem in stems if given(stem)]
    return tuple(
        group(title, [(f"{stem}_{arm}", head) for stem, head in present], lines)
        for arm, title in arms
        if present
    )


def _right(answer: Answer, lines: tuple[Line, ...]) -> tuple[Group, ...]:
    level = numbers.level(answer.pooled.level if answer.pooled is not None else 0.95)
    groups = [effect_group(answer.measure, level, lines)]
    if answer.pooled is not None and any(row.weight is not None for row in answer.rows):
        groups.append(group("Weight", [("weight", "(%)")], lines))
    domains = names.judgements(answer)
    if domains:
        columns = [
            Column(f"rob:{domain}", names.short_domain(domain), JUDGEMENT, BETWEEN, "center")
            for domain in domains
        ]
        groups.append(Group(("Risk of bias",), (replace(columns[0], gap=GROUP_GAP), *columns[1:])))
    return tuple(groups)


def _heading(answer: Answer) -> str:
    """Return what the plot shows, in words: measure, model, interval."""
    name = answer.measure.name
    if answer.measure.unit and not numbers.is_proportion(answer.measure):
        name = f"{name} ({answer.measure.unit})"
    if answer.pooled is not None:
        return f"{name}, {names.model_name(answer.pooled)}, {names.ci_name(answer.pooled)}"
    methods = {names.CI_WORDS.get(r.ci_method, r.ci_method) for r in answer.rows if r.ci_method}
    return f"{name}, 95% CI" + (f" ({methods.pop()})" if len(methods) == 1 else "")


def _band(answer: Answer) -> tuple[float, float] | None:
    """Return from where to where a difference is smaller than the smallest that matters."""
    size, null = answer.important_difference, answer.measure.null
    if size is None or null is None:
        return None
    if answer.measure.scale == "log":
        return min(size, 1 / size), max(size, 1 / size)
    return null - abs(size), null + abs(size)


def _footer(answer: Answer, signs: dict[str, str], *, judged: bool) -> tuple[str, ...]:
    if answer.pooled is None:
        sentences = [names.first_upper(answer.reason)]
    else:
        sentences = [*words.heterogeneity(answer), words.about_prediction(answer)]
    sentences += [
        f"{sign} {'Not pooled. ' if answer.pooled else ''}{names.first_upper(reason)}"
        for reason, sign in signs.items()
    ]
    if _band(answer) is not None:
        value = numbers.effect(answer.important_difference, answer.measure)
        unit = numbers.unit_of(answer.measure)
        sentences.append(
            f"Shaded: smaller than the smallest important difference ({value}{unit})."
        )
    if judged and names.judgements(answer):
        sentences += words.risk_of_bias_legend(names.judgements(answer))
    return tuple(sentences)
