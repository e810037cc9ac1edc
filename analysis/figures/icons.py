"""Icon array: how many of a hundred people have an event, without and with treatment."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.figures import numbers
from analysis.figures.layout import LEADING, Sheet, wrap
from analysis.figures.names import arm_title, first_upper
from analysis.figures.plate import MARGIN
from analysis.figures.theme import BODY, SMALL, theme_named
from analysis.review.results import Absolute, Answer

PEOPLE, PER_ROW = 100, 10
STEP, RADIUS = 11.0, 4.1
BETWEEN = 16.0
#: Room between the name of the event and the two groups.
BELOW_NAME = 5.0


def of_hundred(per_1000: float) -> int:
    """Return a rate per 1,000 as whole people of a hundred."""
    return min(PEOPLE, max(0, round(per_1000 / (1000 / PEOPLE))))


def icon_array(answer: Answer, *, theme: str = "light") -> Axes:
    """Draw two groups of a hundred people, those with the event filled.

    Parameters
    ----------
    answer : Answer
        An answer with absolute effects.
    theme : {"light", "dark"}
        Colours.

    Returns
    -------
    Axes
        Invisible: the figure consists of icons and words.

    Raises
    ------
    ValueError
        If the answer has no absolute effect.
    """
    absolute = _absolute(answer)
    groups = [
        (answer.comparator, absolute.baseline_per_1000),
        (answer.intervention, absolute.baseline_per_1000 + absolute.difference_per_1000),
    ]
    block = STEP * PER_ROW
    width = 2 * MARGIN + 2 * block + BETWEEN
    titles = [wrap(arm_title(name), block) for name, _ in groups]
    counts = [f"{of_hundred(rate)} of {PEOPLE} people" for _, rate in groups]
    top = MARGIN + LEADING * BODY * (max(map(len, titles)) + 2) + BELOW_NAME + 4
    notes = wrap(_footnote(absolute), width - 2 * MARGIN, size=SMALL)
    bottom = top + STEP * PEOPLE / PER_ROW + 8
    sheet = Sheet(width, bottom + LEADING * SMALL * len(notes) + MARGIN, theme_named(theme))
    sheet.text(MARGIN, MARGIN + BODY / 2, first_upper(answer.outcome), weight="bold")
    for i, ((_, rate), title, count) in enumerate(zip(groups, titles, counts, strict=True)):
        x = MARGIN + i * (block + BETWEEN)
        y = top - 4 - LEADING * BODY * (len(title) + 0.5)
        y = sheet.lines(x, y, title)
        sheet.text(x, y, count, weight="bold")
        _draw_people(sheet, of_hundred(rate), x, top)
    sheet.lines(MARGIN, bottom + SMALL / 2, notes, size=SMALL, color=sheet.theme.muted)
    return sheet.no_axes()


def _draw_people(sheet: Sheet, affected: int, x: float, y: float) -> None:
    theme = sheet.theme
    for i in range(PEOPLE):
        row, column = divmod(i, PER_ROW)
        centre = (x + STEP * (column + 0.5), y + STEP * (row + 0.5))
        fill = theme.pooled if i < affected else theme.ground
        edge = theme.pooled if i < affected else theme.rule
        sheet.circle(*centre, RADIUS, fill=fill, edge=edge)


def _absolute(answer: Answer) -> Absolute:
    if answer.absolute is None:
        raise ValueError(f"{answer.id}: the answer has no absolute effect to draw.")
    return answer.absolute


def _footnote(absolute: Absolute) -> str:
    low, high = absolute.ci_low_per_1000, absolute.ci_high_per_1000
    return (
        f"Difference per 1,000 people: {numbers.count(absolute.difference_per_1000)} "
        f"[{numbers.count(low)}, {numbers.count(high)}]. "
        f"Rate without the drug: {absolute.baseline_source.rstrip('.')}."
    )


def icon_words(answer: Answer) -> str:
    """Return the icon array in words."""
    absolute = _absolute(answer)
    with_drug = absolute.baseline_per_1000 + absolute.difference_per_1000
    return (
        f"{first_upper(answer.outcome)}: "
        f"{of_hundred(absolute.baseline_per_1000)} of {PEOPLE} people with "
        f"“{arm_title(answer.comparator)}”, {of_hundred(with_drug)} of {PEOPLE} with "
        f"“{arm_title(answer.intervention)}”. "
        f"{_footnote(absolute)}"
    )
