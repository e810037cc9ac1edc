"""The timeline of registered trials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from analysis.figures.layout import LEADING, Sheet, text_width, wrap
from analysis.figures.marks import tick_style
from analysis.figures.names import condition
from analysis.figures.plate import MARGIN
from analysis.figures.table import PITCH
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, TARGET_WIDTH, theme_named

#: Narrowest room for the years, and widest name of a condition.
PLOT, LABEL = 90.0, 130.0
BAR = 8.0
GAP = 14.0
#: Status -> how its bar is drawn: filled (ended), hollow (planned or going on),
#: dotted outline (not known).
STYLE = {
    "completed": "filled",
    "terminated": "filled",
    "withdrawn": "filled",
    "not_yet_recruiting": "hollow",
    "recruiting": "hollow",
    "enrolling_by_invitation": "hollow",
    "active_not_recruiting": "hollow",
    "suspended": "hollow",
    "unknown": "dotted",
}
LEGEND = (
    "Filled: ended. Hollow: planned or going on when last seen. Dotted: status not known. "
    "A bar that ends in a point has no end date on record."
)


def timeline(
    trials: Sequence[Mapping[str, str]], *, theme: str = "light", narrow: bool = False
) -> Axes:
    """Draw registered trials from their start to their primary completion.

    Parameters
    ----------
    trials : sequence of mappings
        Rows of ``trials.csv`` as text: ``registry_id``, ``acronym``,
        ``condition``, ``n``, ``n_is``, ``status``, ``status_seen_on``,
        ``start``, ``primary_completion`` (ISO dates, possibly a year or month
        only; empty where not seen).
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright: people and status below the name.

    Returns
    -------
    Axes
        Horizontal unit the calendar year.

    Raises
    ------
    ValueError
        If no trial has a date, or a status is unknown.
    """
    ordered = sorted(trials, key=lambda trial: (_start(trial) or 9999.0, trial["registry_id"]))
    dated = [year for trial in ordered for year in _dates(trial)]
    if not dated:
        raise ValueError("No trial has a date: write a table instead of a timeline.")
    span = (int(min(dated)), int(max(dated)) + 1)
    named = _Column("Trial, condition", [_names(trial, stacked=narrow) for trial in ordered])
    before, after = [named], []
    if not narrow:
        before.append(_Column("People", [[_people(trial)] for trial in ordered]))
        after.append(_Column("Status (seen)", [[_status(trial)] for trial in ordered]))
    heights = [PITCH + LEADING * BODY * (len(lines) - 1) for lines in named.cells]
    left = MARGIN + sum(column.width + GAP for column in before)
    beside = sum(GAP + column.width for column in after) + GAP + MARGIN
    plot = max((NARROW_WIDTH if narrow else TARGET_WIDTH) - left - beside, PLOT)
    width = left + plot + beside
    top = MARGIN + LEADING * BODY + 6
    bottom = top + sum(heights) + 4
    legend = wrap(LEGEND, width - 2 * MARGIN, size=SMALL)
    sheet = Sheet(width, bottom + 26 + LEADING * SMALL * len(legend) + MARGIN, theme_named(theme))
    ax = sheet.axes(left, top, plot, bottom - top)
    _draw_years(ax, sheet, span, most=2 if narrow else 5)
    tops = [top + sum(heights[:i]) for i in range(len(heights))]
    for i, (y, height) in enumerate(zip(tops, heights, strict=True)):
        if i % 2:
            room, fill = width - 2 * MARGIN, sheet.theme.zebra
            sheet.rectangle(MARGIN, y, room, height, fill=fill, below=True)
    gids = [f"row:{trial['trial_id']}" for trial in ordered]
    x = MARGIN
    for column in before:
        _draw_column(sheet, column, x, tops, gids)
        x += column.width + GAP
    for column in after:
        _draw_column(sheet, column, left + plot + GAP, tops, gids)
    sheet.rule(MARGIN, width - MARGIN, top - 2)
    for trial, y in zip(ordered, tops, strict=True):
        _draw_bar(sheet, trial, (left, plot), y + PITCH / 2, span)
    sheet.lines(MARGIN, bottom + 26 + SMALL / 2, legend, size=SMALL, color=sheet.theme.muted)
    return ax


@dataclass(frozen=True)
class _Column:
    """A heading and, for each trial, its lines; the first is in ink, the others muted."""

    head: str
    cells: Sequence[Sequence[str]]

    @property
    def width(self) -> float:
        lines = [text_width(line) for cell in self.cells for line in cell]
        return max(text_width(self.head, weight="bold"), *lines)


def _draw_column(
    sheet: Sheet, column: _Column, x: float, tops: Sequence[float], gids: Sequence[str]
) -> None:
    sheet.text(x, MARGIN + BODY / 2, column.head, weight="bold")
    for cell, y, gid in zip(column.cells, tops, gids, strict=True):
        name, *rest = cell
        sheet.text(x, y + PITCH / 2, name, gid=gid)
        below = y + PITCH / 2 + LEADING * BODY
        sheet.lines(x, below, rest, gid=gid, color=sheet.theme.muted)


def _draw_years(ax: Axes, sheet: Sheet, span: tuple[int, int], *, most: int) -> None:
    """Mark whole years, at most ``most`` steps of them."""
    first, last = span
    step = max(1, -(-(last - first) // most))
    years = range(first, last + 1, step)
    ax.set_xlim(first, last)
    ax.set_xticks(years, [str(year) for year in years])
    tick_style(ax, sheet.theme)


def _names(trial: Mapping[str, str], *, stacked: bool) -> list[str]:
    """Return the lines under the name of a trial."""
    lines = [trial_label(trial), *wrap(condition(trial["condition"]), LABEL)]
    if stacked:
        number, _, planned = _people(trial).partition(" ")
        known = [f"{number} people {planned}".strip()] if trial["n"] else []
        lines += [*known, *wrap(_status(trial), LABEL)]
    return lines


def trial_label(trial: Mapping[str, str]) -> str:
    """Return the shortest name a reader can look a trial up by."""
    study = trial["study_id"] or trial["trial_id"]
    author_year = re.sub(r"^([a-z]+)(\d{4}).*$", lambda m: f"{m[1].title()} {m[2]}", study)
    return trial["acronym"] or trial["registry_id"] or author_year


def year_of(date: str) -> float | None:
    """Return an ISO date (year, month or day) as a decimal year; None for empty.

    A year alone is placed in its middle, a month alone in the middle of the
    month.
    """
    if not date:
        return None
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    day = parts[2] if len(parts) == 3 else 15
    return parts[0] + (parts[1] - 1 + (day - 1) / 31) / 12


def _start(trial: Mapping[str, str]) -> float | None:
    return year_of(trial["start"])


def _dates(trial: Mapping[str, str]) -> list[float]:
    years = (_start(trial), year_of(trial["primary_completion"]))
    return [year for year in years if year is not None]


def _people(trial: Mapping[str, str]) -> str:
    if not trial["n"]:
        return "–"
    return f"{trial['n']} planned" if trial["n_is"] == "planned" else trial["n"]


def _status(trial: Mapping[str, str]) -> str:
    seen = f" ({trial['status_seen_on'][:7]})" if trial["status_seen_on"] else ""
    return f"{trial['status'].replace('_', ' ')}{seen}"


def _draw_bar(
    sheet: Sheet,
    trial: Mapping[str, str],
    room: tuple[float, float],
    y: float,
    span: tuple[int, int],
) -> None:
    """Draw one trial from start to end; words where there is no start.

    ``room`` is the left edge and the width of the plot, ``span`` its years.
    """
    (left, width), gid = room, f"row:{trial['trial_id']}"
    if trial["status"] not in STYLE:
        allowed = ", ".join(STYLE)
        raise ValueError(
            f"{trial['trial_id']}: status must be one of {allowed}, not {trial['status']!r}."
        )
    start, end = _start(trial), year_of(trial["primary_completion"])
    if start is None:
        sheet.text(left + 4, y, "no start date", size=SMALL, color=sheet.theme.muted, gid=gid)
        return
    scale = width / (span[1] - span[0])
    x0 = left + (start - span[0]) * scale
    seen = year_of(trial["status_seen_on"][:10])
    last = end or max(start + 0.5, min(seen or start + 0.5, span[1]))
    x1 = max(left + (last - span[0]) * scale, x0 + 6)
    half = BAR / 2
    tip = [(x1, y)] if end is None else []
    body = x1 - half if end is None else x1
    corners = [(x0, y - half), (body, y - half), *tip, (body, y + half), (x0, y + half)]
    patch = sheet.polygon(corners, fill=sheet.theme.data, gid=gid)
    kind = STYLE[trial["status"]]
    if kind != "filled":
        patch.set(facecolor=sheet.theme.ground, edgecolor=sheet.theme.data, linewidth=1.2)
    if kind == "dotted":
        patch.set_linestyle((0, (1.5, 1.5)))


def timeline_words(trials: Sequence[Mapping[str, str]]) -> str:
    """Return the timeline in words, trial by trial."""
    parts = []
    for trial in sorted(trials, key=lambda t: (_start(t) or 9999.0, t["registry_id"])):
        begun = f"started {trial['start']}" if trial["start"] else "no start date on record"
        ended = trial["primary_completion"]
        until = f", primary completion {ended}" if ended else ""
        parts.append(
            f"{trial_label(trial)} ({condition(trial['condition'])}, "
            f"{_people(trial)} people): {begun}{until}; {_status(trial)}."
        )
    return " ".join([f"Timeline of {len(trials)} trials.", *parts])
