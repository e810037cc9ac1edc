"""The evidence map: pathways by level of evidence, findings for, against and mixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes

from analysis.figures.layout import LEADING, Sheet, balanced, text_width, wrap
from analysis.figures.names import first_upper
from analysis.figures.plate import MARGIN
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, Theme, theme_named

#: From the strongest level of evidence to the weakest.
LEVELS = ("human RCT", "human observational", "animal", "in vitro", "opinion")
#: Direction -> its words in the legend, in the order of the marks.
DIRECTIONS = {"supports": "for", "contradicts": "against", "mixed": "mixed"}
#: How often a pathway, a level and a direction occur together.
Findings = Counter[tuple[str, str, str]]
COLUMN = 84.0
ROW = 26.0
#: Half the side of a mark, and the width of one mark with its count.
HALF, SLOT = 4.5, 26.0
LABEL_WIDEST = 150.0
#: On a phone: height of a line, and where its marks start.
LINE, MARKS_FROM = 16.0, 130.0


def evidence_map(
    findings: Iterable[Mapping[str, str]], *, theme: str = "light", narrow: bool = False
) -> Axes:
    """Draw how many findings speak for, against and either way, per pathway and level.

    Parameters
    ----------
    findings : iterable of mappings
        Rows of ``mechanisms.csv`` with ``pathway``, ``level`` and
        ``direction``. Pathways keep the order in which they first occur.
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright: the levels of a pathway below its name.

    Returns
    -------
    Axes
        Invisible: the figure consists of marks and words.

    Raises
    ------
    ValueError
        If there is no finding, or a level or direction is unknown.
    """
    counts = count_findings(findings)
    pathways = list(dict.fromkeys(pathway for pathway, _, _ in counts))
    if narrow:
        return _one_below_another(counts, pathways, theme)
    labels = {pathway: wrap(first_upper(pathway), LABEL_WIDEST) for pathway in pathways}
    label_width = max(text_width(line) for lines in labels.values() for line in lines)
    heads = [balanced(first_upper(level), COLUMN - 6, weight="bold") for level in LEVELS]
    left = MARGIN + label_width + 12
    width = left + COLUMN * len(LEVELS) + MARGIN
    head_height = LEADING * BODY * max(map(len, heads))
    top = MARGIN + head_height + 6
    rows = [max(ROW, LEADING * BODY * len(labels[p]) + 10) for p in pathways]
    height = top + sum(rows) + 8 + LEADING * SMALL + MARGIN
    sheet = Sheet(width, height, theme_named(theme))
    sheet.text(MARGIN, top - 6 - LEADING * BODY / 2, "Pathway", weight="bold")
    for i, head in enumerate(heads):
        first = top - 6 - LEADING * BODY * (len(head) - 0.5)
        middle = left + COLUMN * (i + 0.5)
        sheet.lines(middle, first, head, weight="bold", align="center")
    sheet.rule(MARGIN, width - MARGIN, top - 2)
    y = top
    for i, (pathway, room) in enumerate(zip(pathways, rows, strict=True)):
        if i % 2:
            span, fill = width - 2 * MARGIN, sheet.theme.zebra
            sheet.rectangle(MARGIN, y, span, room, fill=fill, below=True)
        middle, gid = y + room / 2, f"row:{pathway}"
        first = middle - LEADING * BODY * (len(labels[pathway]) - 1) / 2
        sheet.lines(MARGIN, first, labels[pathway], gid=gid)
        for j, level in enumerate(LEVELS):
            cell = _cell(counts, pathway, level)
            _draw_cell(sheet, cell, left + COLUMN * (j + 0.5), middle, gid)
        y += room
    _draw_legend(sheet, y + 8 + SMALL / 2)
    return sheet.no_axes()


def _cell(counts: Findings, pathway: str, level: str) -> dict[str, int]:
    return {d: counts[pathway, level, d] for d in DIRECTIONS if counts[pathway, level, d]}


def _one_below_another(counts: Findings, pathways: Sequence[str], theme: str) -> Axes:
    """Draw each pathway as a heading, and below it a line per level that has findings."""
    blocks = [
        (pathway, [(level, cell) for level in LEVELS if (cell := _cell(counts, pathway, level))])
        for pathway in pathways
    ]
    lines = sum(1 + len(levels) for _, levels in blocks)
    height = 2 * MARGIN + LINE * lines + 8 * len(blocks) + LEADING * SMALL
    sheet = Sheet(NARROW_WIDTH, height, theme_named(theme))
    y = MARGIN + LINE / 2
    for pathway, levels in blocks:
        gid = f"row:{pathway}"
        sheet.text(MARGIN, y, first_upper(pathway), weight="bold", gid=gid)
        y += LINE
        for level, cell in levels:
            sheet.text(MARGIN + 8, y, first_upper(level), gid=gid)
            _draw_cell(sheet, cell, MARKS_FROM + SLOT * len(cell) / 2, y, gid)
            y += LINE
        y += 8
    _draw_legend(sheet, y - LINE / 2 + SMALL / 2)
    return sheet.no_axes()


def count_findings(findings: Iterable[Mapping[str, str]]) -> Findings:
    """Return how often each pathway, level and direction occur together.

    Raises
    ------
    ValueError
        If there is no finding, or a level or direction is unknown.
    """
    counts: Findings = Counter()
    for finding in findings:
        for key, allowed in (("level", LEVELS), ("direction", tuple(DIRECTIONS))):
            if finding[key] not in allowed:
                raise ValueError(
                    f"{finding['pathway']}: {key} must be one of {', '.join(allowed)}, "
                    f"not {finding[key]!r}."
                )
        counts[finding["pathway"], finding["level"], finding["direction"]] += 1
    if not counts:
        raise ValueError("There is no finding to draw.")
    return counts


def _draw_cell(sheet: Sheet, cell: Mapping[str, int], x: float, y: float, gid: str) -> None:
    """Draw the marks of one cell side by side, each with its count."""
    start = x - SLOT * len(cell) / 2
    for i, (direction, n) in enumerate(cell.items()):
        left = start + SLOT * i
        draw_direction(sheet, direction, left + HALF + 2, y, gid)
        sheet.text(left + 2 * HALF + 5, y, str(n), gid=gid)


def draw_direction(sheet: Sheet, direction: str, x: float, y: float, gid: str | None) -> None:
    """Draw a finding: triangle up (for), triangle down (against), diamond (mixed)."""
    shapes: dict[str, list[tuple[float, float]]] = {
        "supports": [(0, -1), (1, 0.8), (-1, 0.8)],
        "contradicts": [(0, 1), (1, -0.8), (-1, -0.8)],
        "mixed": [(0, -1), (1, 0), (0, 1), (-1, 0)],
    }
    corners = [(x + HALF * dx, y + HALF * dy) for dx, dy in shapes[direction]]
    sheet.polygon(corners, fill=_color(sheet.theme, direction), gid=gid)


def _color(theme: Theme, direction: str) -> str:
    return {"supports": theme.data, "contradicts": theme.pooled, "mixed": theme.muted}[direction]


def _draw_legend(sheet: Sheet, y: float) -> None:
    x: float = MARGIN
    for direction, word in DIRECTIONS.items():
        draw_direction(sheet, direction, x + HALF, y, None)
        sheet.text(x + 2 * HALF + 5, y, word, size=SMALL)
        x += 2 * HALF + 5 + text_width(word, SMALL) + 16
    sheet.text(x, y, "numbers count findings", size=SMALL, color=sheet.theme.muted)


def evidence_map_words(findings: Iterable[Mapping[str, str]]) -> str:
    """Return the map in words, pathway by pathway."""
    counts = count_findings(findings)
    parts = []
    for pathway in dict.fromkeys(pathway for pathway, _, _ in counts):
        cells = [
            f"{level}: "
            + ", ".join(
                f"{counts[pathway, level, d]} {word}"
                for d, word in DIRECTIONS.items()
                if counts[pathway, level, d]
            )
            for level in LEVELS
            if any(counts[pathway, level, d] for d in DIRECTIONS)
        ]
        parts.append(f"{first_upper(pathway)} – {'; '.join(cells)}.")
    return " ".join(["Findings for, against and mixed by pathway.", *parts])
