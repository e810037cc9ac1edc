"""Draws a table of effects around an axis: the body of every plot of effects."""

from __future__ import annotations

from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from analysis.figures import names
from analysis.figures.axis import Axis
from analysis.figures.layout import LEADING, Sheet, balanced, text_width, wrap
from analysis.figures.marks import Marks
from analysis.figures.table import (
    GROUP_GAP,
    PITCH,
    Column,
    Group,
    Line,
    Mark,
    Table,
    cell_positions,
)
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, TARGET_WIDTH, theme_named

MARGIN = 4.0
#: Between the plot and the columns beside it, wide enough for half a tick label.
PLOT_GAP = 12.0
PLOT_NARROWEST, PLOT_WIDEST = 116.0, 230.0
PLOT_PHONE = 90.0
#: Room for the ticks and their labels.
TICKS = 26.0


@dataclass(frozen=True)
class Plate:
    """A plot of effects, complete but for its ink.

    Attributes
    ----------
    table : Table
        Lines and columns.
    axis : Axis
        Limits and ticks.
    heading : str
        Bold words over the plot.
    null : float or None
        Line of no effect, on the display scale.
    sides : tuple of str
        Words under the axis, left and right of the null.
    reference : float or None
        Where a thin dotted line goes (the pooled estimate).
    band : tuple of float or None
        Shaded from, to (the smallest important difference).
    banner, banner_text : str
        A framed warning above everything, and the sentence in it.
    footer : tuple of str
        Sentences below.
    narrow : bool
        Whether to aim at the width of a phone: no columns, so the heading
        takes the full width.
    """

    table: Table
    axis: Axis
    heading: str
    null: float | None
    sides: tuple[str, str]
    reference: float | None = None
    band: tuple[float, float] | None = None
    banner: str = ""
    banner_text: str = ""
    footer: tuple[str, ...] = ()
    narrow: bool = False


@dataclass(frozen=True)
class _Places:
    """Where things are on the sheet, in points."""

    sheet: Sheet
    marks: Marks
    left: float
    width: float


def draw(plate: Plate, theme: str) -> Axes:
    """Draw a plate and return the axes of its plot.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    table = plate.table
    beside = sum(group.width for group in (*table.left, *table.right))
    fixed = table.label_width + beside + 2 * MARGIN + 2 * PLOT_GAP
    fixed -= GROUP_GAP if table.right else 0.0  # the first group brings its own
    target, least = (NARROW_WIDTH, PLOT_PHONE) if plate.narrow else (TARGET_WIDTH, PLOT_NARROWEST)
    plot_width = min(max(target - fixed, least), PLOT_WIDEST)
    width = fixed + plot_width
    plate = replace(plate, axis=_legible(plate.axis, plot_width))
    left = MARGIN + table.label_width + sum(g.width for g in table.left) + PLOT_GAP
    room = width - 2 * MARGIN

    heading = balanced(plate.heading, room if plate.narrow else plot_width, weight="bold")
    warning = wrap(plate.banner_text, room - 16, size=SMALL) if plate.banner else []
    footer = [line for text in plate.footer if text for line in wrap(text, room, size=SMALL)]
    sides = _sides(plate, left, plot_width, width)

    titles = [len(group.title) + 1 for group in (*table.left, *table.right)]
    tallest = max([len(heading), *titles])
    top = MARGIN + _banner_height(warning) + LEADING * BODY * tallest + 6
    bottom = top + sum(line.height for line in table.lines) + PITCH * _headings(table) + 6
    below = bottom + TICKS
    notes = below + LEADING * SMALL * max(map(len, sides))
    sheet = Sheet(width, notes + LEADING * SMALL * len(footer) + MARGIN, theme_named(theme))
    ax = sheet.axes(left, top, plot_width, bottom - top)
    places = _Places(sheet, Marks(ax, plate.axis, sheet.theme), left, plot_width)

    _draw_banner(sheet, plate.banner, warning)
    _draw_axis(plate, places)
    _draw_heads(plate, places, heading, top)
    _draw_lines(plate, places, top)
    _draw_sides(plate, places, sides, below)
    sheet.lines(MARGIN, notes + SMALL / 2, footer, size=SMALL, color=sheet.theme.muted)
    return ax


def _legible(axis: Axis, width: float) -> Axis:
    """Return the axis with fewer ticks where the labels of all would not fit beside each other."""
    middles = [width * axis.position(tick) for tick in axis.ticks]
    rooms = [text_width(label, SMALL) + 4 for label in axis.labels]
    pairs = zip(middles, middles[1:], rooms, rooms[1:], strict=False)
    fits = all(right - left >= (one + other) / 2 for left, right, one, other in pairs)
    return axis if fits else axis.thinned()


def sentence(text: str, theme: str) -> Axes:
    """Return a sheet that holds sentences, one per line, with invisible axes."""
    room = TARGET_WIDTH - 2 * MARGIN
    lines = [line for part in text.split("\n") for line in wrap(part, room)]
    sheet = Sheet(TARGET_WIDTH, 2 * MARGIN + LEADING * BODY * len(lines), theme_named(theme))
    sheet.lines(MARGIN, MARGIN + LEADING * BODY / 2, lines)
    return sheet.no_axes()


def _headings(table: Table) -> int:
    return sum(_starts(table, i) for i in range(len(table.lines)))


def _starts(table: Table, i: int) -> bool:
    """Return whether line ``i`` is the first under its heading."""
    heading = table.lines[i].heading
    return bool(heading) and (i == 0 or table.lines[i - 1].heading != heading)


def _banner_height(warning: list[str]) -> float:
    return 34 + LEADING * SMALL * len(warning) if warning else 0.0


def _draw_banner(sheet: Sheet, title: str, warning: list[str]) -> None:
    if not warning:
        return
    height, color = _banner_height(warning) - 10, sheet.theme.warn
    sheet.rectangle(MARGIN, MARGIN, sheet.width - 2 * MARGIN, height, edge=color, line=1.4)
    sheet.text(MARGIN + 8, MARGIN + 12, title, weight="bold", color=color)
    sheet.lines(MARGIN + 8, MARGIN + 25, warning, size=SMALL)


def _draw_axis(plate: Plate, places: _Places) -> None:
    marks = places.marks
    marks.frame()
    if plate.band is not None:
        low, high = plate.band
        ends = (max(low, plate.axis.low), min(high, plate.axis.high))
        color = places.sheet.theme.band
        band = marks.ax.axvspan(*ends, facecolor=color, edgecolor="none", zorder=0.5)
        band.set_gid("important-difference")
    marks.null_line(plate.null)
    if plate.reference is not None:
        marks.reference_line(plate.reference)


def _draw_heads(plate: Plate, places: _Places, heading: list[str], top: float) -> None:
    sheet = places.sheet
    base = top - 6 - LEADING * BODY / 2
    first = base - LEADING * BODY * (len(heading) - 1)
    if plate.narrow:
        sheet.lines(MARGIN, first, heading, weight="bold")
    else:
        middle = places.left + places.width / 2
        sheet.text(MARGIN, base, plate.table.head, weight="bold")
        sheet.lines(middle, first, heading, weight="bold", align="center")
    for groups, x in _both(plate, places):
        positions = cell_positions(groups, x)
        for group in groups:
            _draw_group_head(sheet, group, positions, base)
    sheet.rule(MARGIN, sheet.width - MARGIN, top - 3)


def _draw_group_head(
    sheet: Sheet, group: Group, positions: dict[str, tuple[float, Column]], base: float
) -> None:
    """Centre the title over its columns; the interval's own head is centred too."""
    start = positions[group.columns[0].key][0]
    end = positions[group.columns[-1].key][0] + group.columns[-1].width
    middle = (start + end) / 2
    first = base - LEADING * BODY * len(group.title)
    sheet.lines(middle, first, list(group.title), weight="bold", align="center")
    for column in group.columns:
        left = positions[column.key][0]
        if column.key == "high":
            sheet.text(middle, base, column.head, weight="bold", align="center")
            continue
        small = column.align == "center"
        sheet.text(
            left + {"left": 0.0, "center": column.width / 2, "right": column.width}[column.align],
            base,
            column.head,
            align=column.align,
            weight="normal" if small else "bold",
            size=SMALL if small else BODY,
        )


def _both(plate: Plate, places: _Places) -> list[tuple[tuple[Group, ...], float]]:
    """Return the groups of both sides with the x from which each is laid out."""
    right = places.left + places.width + PLOT_GAP - GROUP_GAP
    return [(plate.table.left, MARGIN + plate.table.label_width), (plate.table.right, right)]


def _draw_lines(plate: Plate, places: _Places, y: float) -> None:
    sheet, table = places.sheet, plate.table
    room = sheet.width - 2 * MARGIN
    for i, line in enumerate(table.lines):
        if line.part == "summary" and i and table.lines[i - 1].part == "study":
            sheet.rule(MARGIN, sheet.width - MARGIN, y)
        if _starts(table, i):
            width = text_width(line.heading, weight="bold")
            if MARGIN + width > places.left:  # the line of no effect passes behind the words
                ground = sheet.theme.ground
                sheet.rectangle(MARGIN, y + 2, width + 2, PITCH - 4, fill=ground)
            sheet.text(MARGIN, y + PITCH / 2, line.heading, weight="bold")
            y += PITCH
        if line.part == "study" and i % 2:
            fill = sheet.theme.zebra
            sheet.rectangle(MARGIN, y, room, line.height, fill=fill, below=True)
        # Unseen: what a finger or a mouse hits where the row is a link (analysis.figures.svg).
        gid = f"row:{line.id}"
        sheet.rectangle(MARGIN, y, room, line.height, gid=gid)
        middle = y + line.height / 2
        _draw_text(plate, places, line, middle)
        if line.mark is not None:
            _draw_mark(places, line.mark, middle, gid)
        y += line.height


def _draw_text(plate: Plate, places: _Places, line: Line, y: float) -> None:
    sheet, gid = places.sheet, f"row:{line.id}"
    first = y - LEADING * BODY * (len(line.label) - 1) / 2
    sheet.lines(MARGIN, first, list(line.label), weight=line.weight, gid=gid)
    for groups, x in _both(plate, places):
        for key, (left, column) in cell_positions(groups, x).items():
            cell, right = line.cells.get(key, ""), left + column.width
            if not cell:
                continue
            if key.startswith("rob:"):
                draw_judgement(sheet, cell, left + column.width / 2, y, gid)
            elif column.align == "left":
                parts = cell.split("\n")
                first = y - LEADING * BODY * (len(parts) - 1) / 2
                sheet.lines(left, first, parts, gid=gid)
            elif key == "estimate" and not line.cells.get("low") and line.part == "study":
                sheet.text(left, y, cell, gid=gid, color=sheet.theme.muted)
            else:
                sheet.text(right, y, cell, weight=line.weight, align="right", gid=gid)


def draw_judgement(sheet: Sheet, judgement: str, x: float, y: float, gid: str | None) -> None:
    """Draw a risk-of-bias judgement as a circle with its symbol."""
    theme = sheet.theme
    sheet.circle(x, y, 5.5, fill=theme.risk_of_bias(judgement), edge=theme.ink, gid=gid)
    symbol = names.RISK_OF_BIAS_WORDS[judgement][0]
    sheet.text(x, y, symbol, weight="bold", align="center", color=theme.rob_ink, gid=gid)


def _draw_mark(places: _Places, mark: Mark, y: float, gid: str) -> None:
    marks, low, high = places.marks, mark.low, mark.high
    if mark.kind == "missing":
        marks.missing(y, gid)
    elif mark.kind == "square":
        if low is not None and high is not None:
            marks.interval(low, high, y, gid)
        marks.square(mark.estimate, y, mark.side, gid, filled=mark.filled)
    elif low is not None and high is not None:
        if mark.kind == "diamond":
            marks.diamond(mark.estimate, low, high, y, gid)
        else:
            marks.bar(low, high, y, gid)


def _sides(plate: Plate, left: float, plot: float, width: float) -> tuple[list[str], list[str]]:
    """Return the wrapped words for both sides of the null; none without a null."""
    if plate.null is None or not all(plate.sides):
        return [], []
    x = left + plot * plate.axis.position(plate.null)
    limit = plot / 2 + 60
    right = f"→ {plate.sides[1]}" if plate.narrow else f"{plate.sides[1]} →"
    return (
        wrap(f"← {plate.sides[0]}", min(x - MARGIN - 6, limit), size=SMALL),
        wrap(right, min(width - MARGIN - x - 6, limit), size=SMALL),
    )


def _draw_sides(
    plate: Plate, places: _Places, sides: tuple[list[str], list[str]], y: float
) -> None:
    if plate.null is None:
        return
    x = places.left + places.width * plate.axis.position(plate.null)
    places.sheet.lines(x - 6, y, sides[0], size=SMALL, align="right", gid="favours-low")
    places.sheet.lines(x + 6, y, sides[1], size=SMALL, gid="favours-high")
