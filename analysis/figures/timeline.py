"""The timeline of registered trials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from analysis.figures.layout import LEADING, Sheet, text_width, wrap
from analysis.figures.marks import tick_style
from analysis.figures.names import condition
from analysis.figures.plate import MARGIN
from analysis.figures.table import PITCH
from analysis.figures.theme import BODY, SMALL, theme_named

PLOT = 260.0
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


def timeline(trials: Sequence[Mapping[str, str]], *, theme: str = "light") -> Axes:
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
    first, last = int(min(dated)), int(max(dated)) + 1
    columns = [
        ("Trial", [trial_label(trial) for trial in ordered]),
        ("Condition", [condition(trial["condition"]) for trial in ordered]),
        ("People", [_people(trial) for trial in ordered]),
    ]
    after = ("Status (seen)", [_status(trial) for trial in ordered])
    widths = [
        max(text_width(head, weight="bold"), *(text_width(cell) for cell in cells))
        for head, cells in (*columns, after)
    ]
    left = MARGIN + sum(widths[:3]) + GAP * 3
    width = left + PLOT + GAP + widths[3] + MARGIN
    top = MARGIN + LEADING * BODY + 6
    bottom = top + PITCH * len(ordered) + 4
    legend = wrap(LEGEND, width - 2 * MARGIN, size=SMALL)
    sheet = Sheet(width, bottom + 26 + LEADING * SMALL * len(legend) + MARGIN, theme_named(theme))
    ax = sheet.axes(left, top, PLOT, bottom - top)
    ax.set_xlim(first, last)
    step = max(1, -(-(last - first) // 6))
    ax.set_xticks(range(first, last + 1, step), [str(y) for y in range(first, last + 1, step)])
    tick_style(ax, sheet.theme)
    starts = [MARGIN, MARGIN + widths[0] + GAP, MARGIN + sum(widths[:2]) + 2 * GAP]
    for (head, cells), x, room in zip(columns, starts, widths, strict=False):
        align = "right" if head == "People" else "left"
        edge = x + room if align == "right" else x
        sheet.text(edge, MARGIN + BODY / 2, head, weight="bold", align=align)
        for i, cell in enumerate(cells):
            sheet.text(edge, top + PITCH * (i + 0.5), cell, align=align, gid=_gid(ordered[i]))
    sheet.text(left + PLOT + GAP, MARGIN + BODY / 2, after[0], weight="bold")
    sheet.rule(MARGIN, width - MARGIN, top - 2)
    for i, trial in enumerate(ordered):
        y = top + PITCH * (i + 0.5)
        if i % 2:
            span, fill = width - 2 * MARGIN, sheet.theme.zebra
            sheet.rectangle(MARGIN, y - PITCH / 2, span, PITCH, fill=fill, below=True)
        sheet.text(left + PLOT + GAP, y, after[1][i], gid=_gid(trial))
        _draw_bar(sheet, ax, trial, left, y, (first, last))
    sheet.lines(MARGIN, bottom + 26 + SMALL / 2, legend, size=SMALL, color=sheet.theme.muted)
    return ax


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


def _gid(trial: Mapping[str, str]) -> str:
    return f"row:{trial['trial_id']}"


def _people(trial: Mapping[str, str]) -> str:
    if not trial["n"]:
        return "–"
    return f"{trial['n']} planned" if trial["n_is"] == "planned" else trial["n"]


def _status(trial: Mapping[str, str]) -> str:
    seen = f" ({trial['status_seen_on'][:7]})" if trial["status_seen_on"] else ""
    return f"{trial['status'].replace('_', ' ')}{seen}"


def _draw_bar(
    sheet: Sheet,
    ax: Axes,
    trial: Mapping[str, str],
    left: float,
    y: float,
    span: tuple[int, int],
) -> None:
    """Draw one trial from start to end; words where there is no start."""
    if trial["status"] not in STYLE:
        allowed = ", ".join(STYLE)
        raise ValueError(
            f"{trial['trial_id']}: status must be one of {allowed}, not {trial['status']!r}."
        )
    start, end = _start(trial), year_of(trial["primary_completion"])
    if start is None:
        sheet.text(
            left + 4, y, "no start date on record", size=SMALL, color=sheet.theme.muted,
            gid=_gid(trial),
        )
        return
    scale = PLOT / (span[1] - span[0])
    x0 = left + (start - span[0]) * scale
    seen = year_of(trial["status_seen_on"][:10])
    last = end or max(start + 0.5, min(seen or start + 0.5, span[1]))
    x1 = max(left + (last - span[0]) * scale, x0 + 6)
    half = BAR / 2
    tip = [(x1, y)] if end is None else []
    body = x1 - half if end is None else x1
    corners = [(x0, y - half), (body, y - half), *tip, (body, y + half), (x0, y + half)]
    patch = sheet.polygon(corners, fill=sheet.theme.data, gid=_gid(trial))
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
