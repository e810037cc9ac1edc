"""The PRISMA 2020 flow diagram, from counted boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from analysis.evidence.flow import Box, Flow
from analysis.figures import numbers
from analysis.figures.layout import LEADING, Sheet, wrap
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, theme_named

MARGIN = 8.0
WIDTH = 480.0
MAIN, SIDE = 200.0, 232.0
#: Inside a box, and between two boxes.
PADDING, GAP = 7.0, 18.0
ARROW = 5.0
#: On a phone, from the left edge of a main box to the line down, and to the boxes beside it.
TRUNK, INDENT = 12.0, 30.0


@dataclass(frozen=True)
class _Placed:
    box: Box
    lines: tuple[str, ...]
    details: tuple[str, ...]

    @property
    def height(self) -> float:
        return 2 * PADDING + LEADING * BODY * len(self.lines) + LEADING * SMALL * len(self.details)


def flow_diagram(flow: Flow, *, theme: str = "light", narrow: bool = False) -> Axes:
    """Draw the study flow: what went on, and beside it what left and why.

    Parameters
    ----------
    flow : Flow
        Counted and checked boxes (:func:`analysis.evidence.flow.study_flow`).
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright: what left stands below, indented.

    Returns
    -------
    Axes
        Invisible: the figure consists of boxes and words.
    """
    steps = [
        (flow.identified, [flow.duplicates]),
        (flow.screened, [flow.excluded, flow.waiting]),
        (flow.sought, [flow.not_retrieved]),
        (flow.assessed, [flow.excluded_full_text]),
        (flow.included, []),
        (flow.synthesised, []),
    ]
    if narrow:
        return _one_below_another(flow.title, steps, theme)
    placed = [(_place(main, MAIN), [_place(box, SIDE) for box in side]) for main, side in steps]
    heights = [
        max(main.height, sum(s.height for s in side) + GAP / 2 * max(len(side) - 1, 0))
        for main, side in placed
    ]
    height = 2 * MARGIN + LEADING * BODY + 6 + sum(heights) + GAP * (len(heights) - 1)
    sheet = Sheet(WIDTH, height, theme_named(theme))
    sheet.text(MARGIN, MARGIN + BODY / 2, flow.title, weight="bold")
    y = MARGIN + LEADING * BODY + 6
    centre, right = MARGIN + MAIN / 2, WIDTH - MARGIN - SIDE
    for i, ((main, side), room) in enumerate(zip(placed, heights, strict=True)):
        _draw(sheet, main, MARGIN, y, MAIN, strong=True)
        middle = y + main.height / 2
        beside = y
        for each in side:
            _draw(sheet, each, right, beside, SIDE, strong=False)
            target = min(max(middle, beside + PADDING), beside + each.height - PADDING)
            # Below its box the arrow leaves the way down instead.
            start = MARGIN + MAIN if target < y + main.height else centre
            _arrow(sheet, start, right, target)
            beside += each.height + GAP / 2
        if i < len(placed) - 1:
            bottom = y + room + GAP
            sheet.rule(centre, centre, y + main.height, y1=bottom - ARROW)
            _head(sheet, centre, bottom, down=True)
        y += room + GAP
    return sheet.no_axes()


def _one_below_another(title: str, steps: Sequence[tuple[Box, Sequence[Box]]], theme: str) -> Axes:
    """Draw every box below the one before; the line down passes left of what left."""
    width = NARROW_WIDTH - 2 * MARGIN
    placed = [
        (_place(main, width), [_place(box, width - INDENT) for box in side])
        for main, side in steps
    ]
    boxes = [box for main, side in placed for box in (main, *side)]
    height = 2 * MARGIN + LEADING * BODY + 6 + sum(box.height + GAP for box in boxes) - GAP
    sheet = Sheet(NARROW_WIDTH, height, theme_named(theme))
    sheet.text(MARGIN, MARGIN + BODY / 2, title, weight="bold")
    y, trunk = MARGIN + LEADING * BODY + 6, MARGIN + TRUNK
    for i, (main, side) in enumerate(placed):
        _draw(sheet, main, MARGIN, y, width, strong=True)
        y += main.height
        start = y
        for each in side:
            y += GAP
            _draw(sheet, each, MARGIN + INDENT, y, width - INDENT, strong=False)
            _arrow(sheet, trunk, MARGIN + INDENT, y + PADDING + LEADING * BODY / 2)
            y += each.height
        y += GAP
        if i < len(placed) - 1:
            sheet.rule(trunk, trunk, start, y1=y - ARROW)
            _head(sheet, trunk, y, down=True)
    return sheet.no_axes()


def _place(box: Box, width: float) -> _Placed:
    title = f"{box.label} (n\u00a0=\u00a0{numbers.count(box.count)})"
    details = [
        line
        for name, count in box.parts
        for line in wrap(f"{name}: {numbers.count(count)}", width - 2 * PADDING, size=SMALL)
    ]
    return _Placed(box, tuple(wrap(title, width - 2 * PADDING, weight="bold")), tuple(details))


def _draw(
    sheet: Sheet, placed: _Placed, x: float, y: float, width: float, *, strong: bool
) -> None:
    theme, gid = sheet.theme, f"row:{placed.box.id}"
    edge = theme.ink if strong else theme.rule
    sheet.rectangle(x, y, width, placed.height, fill=theme.zebra, edge=edge, gid=gid)
    first = y + PADDING + LEADING * BODY / 2
    below = sheet.lines(x + PADDING, first, list(placed.lines), weight="bold", gid=gid)
    below += LEADING * (SMALL - BODY) / 2
    sheet.lines(x + PADDING, below, list(placed.details), size=SMALL, gid=gid)


def _arrow(sheet: Sheet, start: float, end: float, y: float) -> None:
    sheet.rule(start, end - ARROW, y)
    _head(sheet, end, y, down=False)


def _head(sheet: Sheet, x: float, y: float, *, down: bool) -> None:
    half = ARROW * 0.6
    corners = [(x, y), (x - half, y - ARROW), (x + half, y - ARROW)]
    if not down:
        corners = [(x, y), (x - ARROW, y - half), (x - ARROW, y + half)]
    sheet.polygon(corners, fill=sheet.theme.rule)


def flow_words(flow: Flow) -> str:
    """Return the diagram in words, box by box."""
    parts = []
    for box in flow.boxes:
        detail = ", ".join(f"{name} {numbers.count(n)}" for name, n in box.parts)
        parts.append(f"{box.label}: {numbers.count(box.count)}{f' ({detail})' if detail else ''}.")
    return " ".join([f"{flow.title}.", *parts])
