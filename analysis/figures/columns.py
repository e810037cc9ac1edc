"""What a forest plot says: its lines, its columns, its notes. No drawing here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.figures import names, numbers
from analysis.figures.layout import LEADING, text_width, wrap
from analysis.figures.theme import BODY
from analysis.review.results import Answer, Measure, Pooled, Prediction, Row

#: Distance of two one-line rows: 0.25 in.
PITCH = 18.0
LABEL_NARROWEST, LABEL_WIDEST = 112.0, 200.0
#: Between groups of columns, and between the columns of one group.
GROUP_GAP, GAP = 14.0, 8.0
#: One space, between the three parts of "0.71 [0.56, 0.90]".
SPACE = 4.0
#: A heading takes at most this many lines, and at least this width.
TITLE_LINES, TITLE_NARROWEST = 3, 62.0
#: Marks for rows that are shown but not pooled. No star: a star reads as
#: significance. No letter: a letter reads as part of the study's name.
MARKS = ("†", "‡", "§", "¶")


@dataclass(frozen=True)
class Line:
    """One line of the plot: a study, a pooled result or a prediction interval."""

    kind: str
    id: str
    label: tuple[str, ...]
    cells: dict[str, str]
    row: Row | None = None
    pooled: Pooled | None = None
    prediction: Prediction | None = None

    @property
    def weight(self) -> str:
        """Weight of the font."""
        return "bold" if self.kind == "pooled" else "normal"

    @property
    def height(self) -> float:
        """Room in points; every wrapped line of the label adds to the pitch."""
        return PITCH + LEADING * BODY * (len(self.label) - 1)


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
    """The text of a forest plot, measured: lines, and groups beside the plot."""

    lines: tuple[Line, ...]
    label_width: float
    left: tuple[Group, ...]
    right: tuple[Group, ...]
    notes: tuple[str, ...] = field(default=())


def table_of(answer: Answer) -> Table:
    """Return the lines and measured columns of an answer's forest plot."""
    marks = _marks(answer)
    lines = [*_study_lines(answer, marks), *_pooled_lines(answer)]
    widest = max(
        text_width(label, weight=line.weight) for line in lines for label in line.label
    )
    label_width = min(max(widest, LABEL_NARROWEST), LABEL_WIDEST)
    wrapped = tuple(
        Line(
            line.kind,
            line.id,
            tuple(wrap(" ".join(line.label), label_width, weight=line.weight)),
            line.cells,
            line.row,
            line.pooled,
            line.prediction,
        )
        for line in lines
    )
    notes = tuple(f"{mark} Not pooled: {reason}" for reason, mark in marks.items())
    return Table(
        wrapped, label_width, _left(answer, wrapped), _right(answer, wrapped), notes
    )


def _marks(answer: Answer) -> dict[str, str]:
    """Return reason -> mark; none when nothing is pooled (one sentence says it)."""
    if answer.pooled is None:
        return {}
    reasons = list(
        dict.fromkeys(row.reason_not_pooled for row in answer.rows if not row.pooled)
    )
    return {
        reason: MARKS[i % len(MARKS)] * (i // len(MARKS) + 1) for i, reason in enumerate(reasons)
    }


def _study_lines(answer: Answer, marks: dict[str, str]) -> list[Line]:
    decimals = {
        stem: numbers.decimals_needed(
            getattr(row, f"{stem}_{arm}") for row in answer.rows for arm in ("treat", "control")
        )
        for stem in ("mean", "sd")
    }
    lines = []
    for label, row in zip(names.unique_labels(answer.rows), answer.rows, strict=True):
        mark = "" if row.pooled else marks.get(row.reason_not_pooled, "")
        cells = _effect_cells(row.estimate, row.ci_low, row.ci_high, answer.measure)
        if row.estimate is None:
            cells = {"estimate": "not estimable"}
        cells["weight"] = numbers.number(row.weight, numbers.DECIMALS["weight"])
        for arm in ("treat", "control"):
            cells[f"events_{arm}"] = numbers.count(getattr(row, f"events_{arm}"))
            cells[f"n_{arm}"] = numbers.count(getattr(row, f"n_{arm}"))
            for stem in ("mean", "sd"):
                cells[f"{stem}_{arm}"] = numbers.number(
                    getattr(row, f"{stem}_{arm}"), decimals[stem]
                )
        lines.append(Line("study", row.row_id, (f"{label}{mark}",), cells, row=row))
    return lines


def _effect_cells(
    estimate: float | None, low: float | None, high: float | None, measure: Measure
) -> dict[str, str]:
    parts = numbers.effect_parts(estimate, low, high, measure)
    return dict(zip(("estimate", "low", "high"), parts, strict=True))


def _pooled_lines(answer: Answer) -> list[Line]:
    if answer.pooled is None:
        return []
    lines = []
    analyses = [(names.first_upper(names.model_name(answer.pooled)), answer.pooled)]
    analyses += names.same_rows_alternatives(answer)
    for i, (name, pooled) in enumerate(analyses):
        cells = _effect_cells(pooled.estimate, pooled.ci_low, pooled.ci_high, answer.measure)
        if i == 0:
            cells |= _totals(answer)
        label = (f"{name},", f"k = {pooled.k}")
        kind = "alternative" if i else "pooled"
        lines.append(Line(kind, f"pooled-{i}", label, cells, pooled=pooled))
        if pooled.prediction is not None:
            low, high = pooled.prediction.low, pooled.prediction.high
            cells = _effect_cells(None, low, high, answer.measure) | {"estimate": ""}
            lines.append(
                Line(
                    "prediction",
                    f"prediction-{i}",
                    (f"{numbers.level(pooled.level)} prediction interval",),
                    cells,
                    prediction=pooled.prediction,
                )
            )
    return lines


def _totals(answer: Answer) -> dict[str, str]:
    weights = [row.weight for row in answer.rows if row.pooled and row.weight is not None]
    return {
        "events_treat": numbers.count(answer.events_treat),
        "events_control": numbers.count(answer.events_control),
        "n_treat": numbers.count(answer.n_treat),
        "n_control": numbers.count(answer.n_control),
        "weight": numbers.number(sum(weights), numbers.DECIMALS["weight"]) if weights else "",
    }


def _left(answer: Answer, lines: tuple[Line, ...]) -> tuple[Group, ...]:
    """Return the group data: what each arm contributed, as the rows give it."""

    def known(stem: str) -> bool:
        return any(
            getattr(row, f"{stem}_{arm}") is not None
            for row in answer.rows
            for arm in ("treat", "control")
        )

    heads = [("events", "Events"), ("mean", "Mean"), ("sd", "SD"), ("n", "Total")]
    present = [(stem, head) for stem, head in heads if known(stem)]
    arms = [("treat", answer.intervention)]
    if not names.is_uncontrolled(answer):
        arms.append(("control", answer.comparator))
    return tuple(
        _group(_arm_title(title), [(f"{stem}_{arm}", head) for stem, head in present], lines)
        for arm, title in arms
        if present
    )


def _arm_title(text: str) -> str:
    """Return the name of an arm without what follows its first comma.

    A heading names the arm; the caption says the rest.
    """
    return names.first_upper(text.split(",")[0])


def _right(answer: Answer, lines: tuple[Line, ...]) -> tuple[Group, ...]:
    percent = ", %" if numbers.is_proportion(answer.measure) else ""
    effect = _group(
        f"{answer.measure.name}{percent}",
        [("estimate", ""), ("low", ""), ("high", f"[{_level(answer)} CI]")],
        lines,
        gap=SPACE,
    )
    groups = [effect]
    if answer.pooled is not None and any(row.weight is not None for row in answer.rows):
        groups.append(_group("Weight", [("weight", "(%)")], lines))
    domains = names.judgements(answer)
    if domains:
        columns = tuple(
            Column(f"rob:{domain}", "All" if domain == "overall" else domain, 13.0, 2.0, "center")
            for domain in domains
        )
        groups.append(
            Group(("Risk of bias",), (_with_gap(columns[0], GROUP_GAP), *columns[1:]))
        )
    return tuple(groups)


def _level(answer: Answer) -> str:
    return numbers.level(answer.pooled.level if answer.pooled else 0.95)


def _with_gap(column: Column, gap: float) -> Column:
    return Column(column.key, column.head, column.width, gap, column.align)


def _group(
    title: str, keys: Sequence[tuple[str, str]], lines: tuple[Line, ...], gap: float = GAP
) -> Group:
    """Measure the columns of a group, then widen the first to fit the title."""
    joint = keys[0][0] == "estimate"
    widths = []
    for key, head in keys:
        cells = [text_width(line.cells.get(key, ""), weight=line.weight) for line in lines]
        if joint and key == "estimate":
            cells = [
                text_width(line.cells.get(key, ""), weight=line.weight)
                for line in lines
                if line.cells.get("low")
            ]
        widths.append(max([*cells, 0.0 if joint else text_width(head, weight="bold")]))
    inner = sum(widths) + gap * (len(keys) - 1)
    wrapped = _wrap_title(title, max(inner, TITLE_NARROWEST if len(keys) > 1 else 0.0))
    needed = max(text_width(line, weight="bold") for line in wrapped)
    if joint:
        needed = max([needed, *(_whole_effect(line) for line in lines)])
    widths[0] += max(0.0, needed - inner)
    columns = [
        Column(key, head, width, gap)
        for (key, head), width in zip(keys, widths, strict=True)
    ]
    return Group(wrapped, (_with_gap(columns[0], GROUP_GAP), *columns[1:]))


def _wrap_title(title: str, room: float) -> tuple[str, ...]:
    """Break a heading into as few as three lines, widening the room if it must."""
    longest = max((text_width(word, weight="bold") for word in title.split()), default=0.0)
    room = max(room, longest)
    while len(lines := wrap(title, room, weight="bold")) > TITLE_LINES:
        room *= 1.1
    return tuple(lines)


def _whole_effect(line: Line) -> float:
    if line.cells.get("low"):
        return 0.0
    return text_width(line.cells.get("estimate", ""), weight=line.weight)


def cell_positions(groups: Sequence[Group], x: float) -> dict[str, tuple[float, Column]]:
    """Return key -> (left edge, column) for groups laid out from ``x`` on."""
    places: dict[str, tuple[float, Column]] = {}
    for group in groups:
        for column in group.columns:
            x += column.gap
            places[column.key] = (x, column)
            x += column.width
    return places


