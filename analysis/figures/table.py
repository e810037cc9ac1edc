"""The text of a plot of effects, measured: lines, columns under headings, marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.figures import numbers
from analysis.figures.layout import LEADING, balanced, text_width, wrap
from analysis.figures.theme import BODY
from analysis.review.results import Measure

#: Distance of two one-line rows: 0.25 in.
PITCH = 18.0
LABEL_NARROWEST, LABEL_WIDEST = 100.0, 200.0
NOTE_WIDEST = 150.0
#: Widest label of the variant for a phone.
LABEL_PHONE = 116.0
#: Before a group of columns, and between the columns of one group.
GROUP_GAP, GAP = 10.0, 8.0
#: One space, between the three parts of "0.71 [0.56, 0.90]".
SPACE = 5.0
#: A heading takes at most this many lines, and at least this width.
TITLE_LINES, TITLE_NARROWEST = 3, 78.0


@dataclass(frozen=True)
class Mark:
    """What is drawn for a line, on the display scale of the axis.

    ``kind`` is ``square``, ``diamond``, ``bar`` or ``missing``; ``side`` (in
    points) and ``filled`` belong to squares.
    """

    kind: str
    estimate: float = 0.0
    low: float | None = None
    high: float | None = None
    side: float = 0.0
    filled: bool = True


@dataclass(frozen=True)
class Line:
    """One line of the plot: its label, its cells by column, its mark.

    ``part`` is ``study`` or ``summary`` (below the rule); a ``heading`` stands
    bold above the first of several neighbours that share it.
    """

    id: str
    label: tuple[str, ...]
    cells: dict[str, str]
    mark: Mark | None
    part: str = "study"
    bold: bool = False
    heading: str = ""

    @property
    def weight(self) -> str:
        """Weight of the font."""
        return "bold" if self.bold else "normal"

    @property
    def height(self) -> float:
        """Room in points; every wrapped line adds to the pitch."""
        lines = max(len(self.label), len(self.cells.get("note", "").split("\n")))
        return PITCH + LEADING * BODY * (lines - 1)


@dataclass(frozen=True)
class Column:
    """One column of cells; ``gap`` is the space before it, in points."""

    key: str
    head: str
    width: float
    gap: float
    align: str = "right"


@dataclass(frozen=True)
class Group:
    """Neighbouring columns under one heading."""

    title: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def width(self) -> float:
        """Width in points, with the space before its first column."""
        return sum(column.gap + column.width for column in self.columns)


@dataclass(frozen=True)
class Table:
    """The lines of a plot and the groups of columns left and right of it."""

    head: str
    lines: tuple[Line, ...]
    label_width: float
    left: tuple[Group, ...]
    right: tuple[Group, ...]


def wrap_labels(
    lines: Sequence[Line], widest: float = LABEL_WIDEST
) -> tuple[tuple[Line, ...], float]:
    """Return the lines with labels wrapped to one column, and its width."""
    needed = max(text_width(text, weight=line.weight) for line in lines for text in line.label)
    width = min(max(needed, LABEL_NARROWEST), widest)

    def wrapped(line: Line) -> Line:
        parts = [part for text in line.label for part in wrap(text, width, weight=line.weight)]
        return replace(line, label=tuple(parts))

    return tuple(map(wrapped, lines)), width


def stacked(lines: Sequence[Line], measure: Measure) -> Table:
    """Return a table without columns, for a phone: each label carries numbers and note."""
    made = []
    for line in lines:
        cells = [line.cells.get(key, "") for key in ("estimate", "low", "high")]
        effect = " ".join(cell for cell in cells if cell)
        percent = "%" if numbers.is_proportion(measure) and cells[1] else ""
        below = [f"{effect}{percent}", line.cells.get("note", "")]
        if line.mark is not None and line.mark.kind == "missing":
            below = below[1:]
        label = (*line.label, *(text for text in below if text))
        made.append(replace(line, label=label, cells={}))
    wrapped, width = wrap_labels(made, LABEL_PHONE)
    return Table("", wrapped, width, (), ())


def wrap_notes(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines with the cells of the note column wrapped."""
    return tuple(
        replace(
            line,
            cells=line.cells | {"note": "\n".join(wrap(line.cells.get("note", ""), NOTE_WIDEST))},
        )
        for line in lines
    )


def effect_cells(
    estimate: float | None, low: float | None, high: float | None, measure: Measure
) -> dict[str, str]:
    """Return the three cells of an effect, so that each part aligns in its column."""
    parts = numbers.effect_parts(estimate, low, high, measure)
    return dict(zip(("estimate", "low", "high"), parts, strict=True))


def group(
    title: str, keys: Sequence[tuple[str, str]], lines: Sequence[Line], gap: float = GAP
) -> Group:
    """Measure the columns of a group, then widen the first to fit the title."""
    widths = [
        max(
            text_width(head, weight="bold"),
            *(text_width(line.cells.get(key, ""), weight=line.weight) for line in lines),
        )
        for key, head in keys
    ]
    return _titled(title, keys, widths, gap)


def effect_group(measure: Measure, level: str, lines: Sequence[Line]) -> Group:
    """Measure the group of the effect and its interval; a lone word may span it."""
    keys = [("estimate", ""), ("low", ""), ("high", f"[{level} CI]")]
    whole = [line for line in lines if line.cells.get("low")]
    widths = [
        max((text_width(line.cells.get(key, ""), weight=line.weight) for line in whole), default=0)
        for key, _ in keys
    ]
    alone = max(
        (text_width(line.cells.get("estimate", "")) for line in lines if line not in whole),
        default=0.0,
    )
    title = f"{measure.name}, %" if numbers.is_proportion(measure) else measure.name
    widths[0] += max(0.0, alone - sum(widths) - 2 * SPACE)
    return _titled(title, keys, widths, SPACE)


def note_group(title: str, lines: Sequence[Line]) -> Group:
    """Measure the column of notes, aligned left."""
    widest = max(text_width(part) for line in lines for part in line.cells["note"].split("\n"))
    width = max(widest, text_width(title, weight="bold"))
    return Group((), (Column("note", title, width, GROUP_GAP, "left"),))


def _titled(title: str, keys: Sequence[tuple[str, str]], widths: list[float], gap: float) -> Group:
    inner = sum(widths) + gap * (len(keys) - 1)
    lines = _wrap_title(title, max(inner, TITLE_NARROWEST if len(keys) > 1 else 0.0))
    needed = max(text_width(line, weight="bold") for line in lines)
    widths[0] += max(0.0, needed - inner)
    gaps = [GROUP_GAP] + [gap] * (len(keys) - 1)
    columns = tuple(
        Column(key, head, width, before)
        for (key, head), width, before in zip(keys, widths, gaps, strict=True)
    )
    return Group(lines, columns)


def _wrap_title(title: str, room: float) -> tuple[str, ...]:
    """Break a heading into at most three lines, widening the room if it must."""
    longest = max((text_width(word, weight="bold") for word in title.split()), default=0.0)
    room = max(room, longest)
    while len(wrap(title, room, weight="bold")) > TITLE_LINES:
        room *= 1.1
    return tuple(balanced(title, room, weight="bold"))


def cell_positions(groups: Sequence[Group], x: float) -> dict[str, tuple[float, Column]]:
    """Return key -> (left edge, column) for groups laid out from ``x`` on."""
    places: dict[str, tuple[float, Column]] = {}
    for each in groups:
        for column in each.columns:
            x += column.gap
            places[column.key] = (x, column)
            x += column.width
    return places
