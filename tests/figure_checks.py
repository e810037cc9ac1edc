"""What every figure must satisfy, read from its artists."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.figures.theme import style


def texts(ax: Axes) -> list:
    """Every text of the figure that is not empty, drawn."""
    with style():
        ax.figure.canvas.draw()
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
    return [text for text in (*ax.figure.texts, *ticks) if text.get_text()]


def printed(ax: Axes) -> list[str]:
    return [text.get_text() for text in texts(ax)]


def artists_of(ax: Axes, gid: str, kind: type) -> list:
    return [a for a in ax.get_children() if a.get_gid() == gid and isinstance(a, kind)]


def assert_tidy(ax: Axes, *, words_on_plot: bool = False) -> None:
    """Boxes of all texts are disjoint, inside the canvas, and off the plot."""
    with style():
        found = [(text.get_text(), text.get_window_extent()) for text in texts(ax)]
    canvas, plot = ax.figure.bbox, ax.get_window_extent()
    for text, box in found:
        assert box.x0 >= 0, text
        assert box.x1 <= canvas.x1, text
        assert box.y0 >= 0, text
        assert box.y1 <= canvas.y1, text
        off_plot = (
            box.x0 >= plot.x1 - 0.5
            or box.x1 <= plot.x0 + 0.5
            or box.y0 >= plot.y1 - 0.5
            or box.y1 <= plot.y0 + 0.5
        )
        assert off_plot or words_on_plot or not ax.axison, text
    x0, y0, x1, y1 = np.array([box.extents for _, box in found]).T
    touch = (
        (x0[:, None] < x1) & (x0 < x1[:, None]) & (y0[:, None] < y1 - 1) & (y0 < y1[:, None] - 1)
    )
    np.fill_diagonal(touch, False)
    assert not touch.any(), [(found[i][0], found[j][0]) for i, j in np.argwhere(touch)][:5]
