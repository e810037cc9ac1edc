"""The forest plot of one answer."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from analysis.figures import names, numbers, words
from analysis.figures.axis import Axis, effect_axis
from analysis.figures.columns import Group, Line, Table, cell_positions, table_of
from analysis.figures.layout import LEADING, Sheet, wrap
from analysis.figures.marks import SQUARE_HOLLOW, Marks, square_side
from analysis.figures.theme import BODY, SMALL, TARGET_WIDTH, theme_named
from analysis.review.results import Answer

MARGIN = 8.0
#: Between the plot and the columns beside it, wide enough for half a tick label.
PLOT_GAP = 16.0
PLOT_NARROWEST, PLOT_WIDEST = 150.0, 230.0

@dataclass(frozen=True)
class _Plot:
    """Where things are: shared by the drawing steps."""

    answer: Answer
    table: Table
    axis: Axis
    sheet: Sheet
    marks: Marks
    left: float
    width: float


def forest(answer: Answer, *, axis: Axis | None = None, theme: str = "light") -> Axes:
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
        return _sentence_only(answer, theme)
    axis = axis or effect_axis([answer])
    table = table_of(answer)
    columns = table.label_width + sum(g.width for g in (*table.left, *table.right))
    free = TARGET_WIDTH - columns - 2 * MARGIN - 2 * PLOT_GAP
    plot_width = min(max(free, PLOT_NARROWEST), PLOT_WIDEST)
    width = columns + plot_width + 2 * MARGIN + 2 * PLOT_GAP
    left = MARGIN + table.label_width + sum(g.width for g in table.left) + PLOT_GAP
    heading = _heading(answer, plot_width)
    banner = _banner(answer, width)
    footer = _footer(answer, table, width)
    favours = _favours(answer, left, plot_width, width)

    head = LEADING * BODY * max(len(heading), *(len(g.title) + 1 for g in _groups(table)))
    top = MARGIN + _banner_height(banner) + head + 6
    bottom = top + sum(line.height for line in table.lines) + 6
    favours_height = LEADING * SMALL * max(map(len, favours), default=0)
    notes = bottom + 26 + favours_height
    height = notes + LEADING * SMALL * len(footer) + MARGIN

    sheet = Sheet(width, height, theme_named(theme))
    ax = sheet.axes(left, top, plot_width, bottom - top)
    marks = Marks(ax, axis, sheet.theme)
    plot = _Plot(answer, table, axis, sheet, marks, left, plot_width)
    _draw_banner(plot, banner)
    _draw_axis(plot)
    _draw_heads(plot, heading, top)
    _draw_lines(plot, top)
    _draw_favours(plot, favours, bottom + 26)
    sheet.lines(MARGIN, notes + SMALL / 2, footer, size=SMALL, color=sheet.theme.muted)
    return ax


def _groups(table: Table) -> tuple[Group, ...]:
    return (*table.left, *table.right)


def _sentence_only(answer: Answer, theme: str) -> Axes:
    lines = wrap(answer.reason, TARGET_WIDTH - 2 * MARGIN)
    sheet = Sheet(TARGET_WIDTH, 2 * MARGIN + LEADING * BODY * len(lines), theme_named(theme))
    sheet.lines(MARGIN, MARGIN + LEADING * BODY / 2, lines)
    ax = sheet.axes(MARGIN, MARGIN, TARGET_WIDTH - 2 * MARGIN, 1)
    ax.set_xticks([])
    ax.set_axis_off()
    return ax


def _heading(answer: Answer, width: float) -> list[str]:
    """Return what the plot shows, in words: measure, model, interval."""
    name = answer.measure.name
    if answer.measure.unit and not numbers.is_proportion(answer.measure):
        name = f"{name} ({answer.measure.unit})"
    if answer.pooled is None:
        methods = {row.ci_method for row in answer.rows if row.ci_method}
        method = names.CI_WORDS.get(next(iter(methods)), next(iter(methods))) if methods else ""
        text = f"{name}, 95% CI" + (f" ({method})" if len(methods) == 1 else "")
    else:
        model, ci = names.model_name(answer.pooled), names.ci_name(answer.pooled)
        text = f"{name}, {model}, {ci}"
    return wrap(text, width, weight="bold")


def _banner(answer: Answer, width: float) -> list[str]:
    if not names.is_uncontrolled(answer):
        return []
    return wrap(names.DESIGN_SENTENCE, width - 2 * MARGIN - 16, size=SMALL)


def _banner_height(sentences: list[str]) -> float:
    return 30 + LEADING * SMALL * len(sentences) if sentences else 0.0


def _draw_banner(plot: _Plot, sentences: list[str]) -> None:
    if not sentences:
        return
    sheet = plot.sheet
    height = _banner_height(sentences) - 10
    warn = sheet.theme.warn
    sheet.rectangle(MARGIN, MARGIN, sheet.width - 2 * MARGIN, height, edge=warn, line=1.4)
    sheet.text(MARGIN + 8, MARGIN + 12, names.DESIGN_BANNER, weight="bold", color=warn)
    sheet.lines(MARGIN + 8, MARGIN + 25, sentences, size=SMALL)


def _draw_axis(plot: _Plot) -> None:
    marks, answer = plot.marks, plot.answer
    marks.frame()
    _draw_band(plot)
    marks.null_line(answer.measure.null)
    if answer.pooled is not None:
        marks.reference_line(answer.pooled.estimate)


def _draw_band(plot: _Plot) -> None:
    """Shade what is smaller than the smallest important difference."""
    important, null = plot.answer.important_difference, plot.answer.measure.null
    if important is None or null is None:
        return
    size = abs(important)
    ends = (null - size, null + size)
    if plot.axis.log:
        ends = (min(size, 1 / size), max(size, 1 / size))
    ends = (max(ends[0], plot.axis.low), min(ends[1], plot.axis.high))
    color = plot.sheet.theme.band
    band = plot.marks.ax.axvspan(*ends, facecolor=color, edgecolor="none", zorder=0.5)
    band.set_gid("important-difference")


def _draw_heads(plot: _Plot, heading: list[str], top: float) -> None:
    sheet = plot.sheet
    base = top - 6 - LEADING * BODY / 2
    sheet.text(MARGIN, base, "Study", weight="bold")
    middle = plot.left + plot.width / 2
    y = base - LEADING * BODY * (len(heading) - 1)
    sheet.lines(middle, y, heading, weight="bold", align="center")
    for groups, x in _sides(plot):
        places = cell_positions(groups, x)
        for group in groups:
            start = places[group.columns[0].key][0]
            end = places[group.columns[-1].key][0] + group.columns[-1].width
            y = base - LEADING * BODY * len(group.title)
            sheet.lines((start + end) / 2, y, list(group.title), weight="bold", align="center")
            for column in group.columns:
                left, _ = places[column.key]
                if column.key == "high":
                    sheet.text((start + end) / 2, base, column.head, weight="bold", align="center")
                else:
                    sheet.text(
                        *_anchor(left, column.width, column.align, base),
                        column.head,
                        weight="bold" if column.align == "right" else "normal",
                        align=column.align,
                        size=BODY if column.align == "right" else SMALL,
                    )
    sheet.rule(MARGIN, sheet.width - MARGIN, top - 3)


def _sides(plot: _Plot) -> list[tuple[tuple[Group, ...], float]]:
    return [
        (plot.table.left, MARGIN + plot.table.label_width),
        (plot.table.right, plot.left + plot.width + PLOT_GAP - 14),
    ]


def _anchor(left: float, width: float, align: str, y: float) -> tuple[float, float]:
    return left + {"left": 0.0, "center": width / 2, "right": width}[align], y


def _draw_lines(plot: _Plot, top: float) -> None:
    sheet, y = plot.sheet, top
    weights = [row.weight for row in plot.answer.rows if row.pooled and row.weight]
    heaviest = max(weights, default=1.0)
    ruled = False
    for i, line in enumerate(plot.table.lines):
        if line.kind != "study" and not ruled:
            sheet.rule(MARGIN, sheet.width - MARGIN, y)
            ruled = True
        elif line.kind == "study" and i % 2:
            _zebra(plot, y, line.height)
        middle = y + line.height / 2
        _draw_text(plot, line, middle)
        _draw_marks(plot.marks, line, middle, heaviest)
        y += line.height


def _draw_marks(marks: Marks, line: Line, y: float, heaviest: float) -> None:
    row, pooled, prediction, gid = line.row, line.pooled, line.prediction, _gid(line)
    if row is not None and row.estimate is not None:
        if row.ci_low is not None and row.ci_high is not None:
            marks.interval(row.ci_low, row.ci_high, y, gid)
        weighted = row.pooled and bool(row.weight)
        side = square_side(row.weight, heaviest) if weighted and row.weight else SQUARE_HOLLOW
        marks.square(row.estimate, y, side, gid, filled=weighted)
    if pooled is not None:
        marks.diamond(pooled.estimate, pooled.ci_low, pooled.ci_high, y, gid)
    if prediction is not None:
        marks.bar(prediction.low, prediction.high, y, gid)


def _zebra(plot: _Plot, y: float, height: float) -> None:
    sheet = plot.sheet
    sheet.rectangle(
        MARGIN, y, sheet.width - 2 * MARGIN, height, fill=sheet.theme.zebra, below=True
    )


def _draw_text(plot: _Plot, line: Line, y: float) -> None:
    sheet, gid = plot.sheet, _gid(line)
    first = y - LEADING * BODY * (len(line.label) - 1) / 2
    sheet.lines(MARGIN, first, list(line.label), weight=line.weight, gid=gid)
    for groups, x in _sides(plot):
        for key, (left, column) in cell_positions(groups, x).items():
            if key.startswith("rob:"):
                _draw_judgement(plot, line, key, left + column.width / 2, y)
                continue
            words_ = line.cells.get(key, "")
            right = left + column.width
            if key == "estimate" and line.row is not None and not line.cells.get("low"):
                sheet.text(left, y, words_, gid=gid, color=sheet.theme.muted)
            else:
                sheet.text(right, y, words_, weight=line.weight, align="right", gid=gid)


def _gid(line: Line) -> str:
    return f"row:{line.id}"


def _draw_judgement(plot: _Plot, line: Line, key: str, x: float, y: float) -> None:
    if line.row is None:
        return
    judgement = line.row.risk_of_bias.get(key.removeprefix("rob:"), "no information")
    draw_judgement(plot.sheet, judgement, x, y, gid=_gid(line))


def draw_judgement(sheet: Sheet, judgement: str, x: float, y: float, gid: str | None) -> None:
    """Draw a risk-of-bias judgement as a circle with its symbol."""
    theme = sheet.theme
    sheet.circle(x, y, 6.2, fill=theme.risk_of_bias(judgement), edge=theme.ink, gid=gid)
    symbol = names.RISK_OF_BIAS_WORDS[judgement][0]
    sheet.text(x, y, symbol, weight="bold", align="center", color=theme.rob_ink, gid=gid)


def _favours(answer: Answer, left: float, plot_width: float, width: float) -> list[list[str]]:
    """Return the wrapped words for both sides of the null, or nothing without a null."""
    if answer.measure.null is None or not (answer.favours_low and answer.favours_high):
        return []
    middle = left + plot_width / 2
    rooms = (middle - MARGIN - 6, width - MARGIN - middle - 6)
    limit = plot_width / 2 + 60
    return [
        wrap(f"← {answer.favours_low}", min(rooms[0], limit), size=SMALL),
        wrap(f"{answer.favours_high} →", min(rooms[1], limit), size=SMALL),
    ]


def _draw_favours(plot: _Plot, favours: list[list[str]], y: float) -> None:
    null = plot.answer.measure.null
    if not favours or null is None:
        return
    x = plot.left + plot.width * plot.axis.position(null)
    plot.sheet.lines(x - 6, y, favours[0], size=SMALL, align="right", gid="favours-low")
    plot.sheet.lines(x + 6, y, favours[1], size=SMALL, gid="favours-high")


def _footer(answer: Answer, table: Table, width: float) -> list[str]:
    """Return every sentence under the plot, wrapped."""
    sentences: list[str] = []
    if answer.pooled is None:
        sentences.append(names.first_upper(answer.reason))
    else:
        sentences += words.heterogeneity(answer.pooled)
        sentences.append(words.withheld_prediction(answer))
    sentences += table.notes
    if answer.important_difference is not None and answer.measure.null is not None:
        value = numbers.effect(answer.important_difference, answer.measure)
        sentences.append(
            f"Shaded: smaller than the smallest important difference "
            f"({value}{numbers.unit_of(answer.measure)})."
        )
    if names.judgements(answer):
        sentences += words.risk_of_bias_legend(answer)
    return [
        line
        for sentence in sentences
        if sentence
        for line in wrap(sentence, width - 2 * MARGIN, size=SMALL)
    ]
