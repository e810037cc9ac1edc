"""The marks of an effect: square, interval, diamond, prediction bar, arrow.

Every plot of effects draws with these, so the same thing looks the same in
the forest, cumulative, leave-one-out and overview plots. Horizontal positions
are data values, vertical ones points on the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.path import Path

from analysis.figures.axis import Axis
from analysis.figures.theme import FONT, SMALL, Theme
from analysis.review.results import Answer

#: Side of the square of the heaviest study, and the smallest visible side.
SQUARE, SQUARE_SMALLEST = 12.0, 3.0
#: Side of a square that carries no weight: not pooled, or nothing to pool.
SQUARE_HOLLOW = 6.0
#: Half the height of every diamond.
DIAMOND = 5.5
#: Thickness of the bar of a prediction interval, and of its end caps.
BAR, BAR_CAP = 2.6, 8.0
#: Length of an arrow; a diamond's is longer, so that it is wider than the diamond.
ARROW, BARB = 7.0, 13.0
#: Triangles whose tip is the anchor, so the tip lies exactly on the axis limit.
ARROW_RIGHT = Path([(0, 0), (-1, 0.6), (-1, -0.6), (0, 0)])
ARROW_LEFT = Path([(0, 0), (1, 0.6), (1, -0.6), (0, 0)])


def square_side(weight: float, heaviest: float) -> float:
    """Return the side of a square whose area is proportional to its weight."""
    return max(SQUARE * (weight / heaviest) ** 0.5, SQUARE_SMALLEST)


def rescaled(answer: Answer) -> bool:
    """Return whether a square had to be enlarged to stay visible."""
    weights = [row.weight for row in answer.rows if row.pooled and row.weight]
    return bool(weights) and SQUARE * (min(weights) / max(weights)) ** 0.5 < SQUARE_SMALLEST


def tick_style(ax: Axes, theme: Theme) -> None:
    """Give ticks and their labels the size and colours of every figure."""
    ax.tick_params(
        labelsize=SMALL,
        labelcolor=theme.ink,
        labelfontfamily=FONT,
        color=theme.rule,
        length=3,
        width=0.8,
    )


@dataclass(frozen=True)
class Marks:
    """Draws marks on one effect axis in one theme."""

    ax: Axes
    axis: Axis
    theme: Theme

    def frame(self) -> None:
        """Set scale, limits, ticks and tick labels."""
        if self.axis.log:
            self.ax.set_xscale("log")
        self.ax.set_xlim(self.axis.low, self.axis.high)
        self.ax.set_xticks(self.axis.ticks, self.axis.labels, minor=False)
        self.ax.set_xticks([], minor=True)
        tick_style(self.ax, self.theme)

    def null_line(self, value: float | None) -> None:
        """Draw the line of no effect behind the data; nothing where there is none."""
        if value is not None:
            self._upright(value, self.theme.rule, 0.9, "solid", "null")

    def reference_line(self, value: float) -> None:
        """Draw the thin dotted line at a pooled estimate."""
        self._upright(value, self.theme.pooled, 0.7, (0, (1, 2.5)), "pooled-line")

    def _upright(self, x: float, color: str, width: float, dash: object, gid: str) -> None:
        bottom, top = self.ax.get_ylim()
        self.ax.plot(
            (x, x), (top, bottom), color=color, linewidth=width, linestyle=dash, zorder=1, gid=gid
        )

    def interval(
        self, low: float, high: float, y: float, gid: str | None, *, pooled: bool = False
    ) -> None:
        """Draw an interval as a line, with arrows where it passes the axis."""
        color = self.theme.pooled if pooled else self.theme.ink
        ends = (max(low, self.axis.low), min(high, self.axis.high))
        self.ax.plot(
            ends,
            (y, y),
            color=color,
            linewidth=1.1,
            solid_capstyle="butt",
            zorder=2,
            clip_on=False,
            gid=gid,
        )
        self.arrows(low, high, y, color, gid)

    def square(
        self, x: float, y: float, side: float, gid: str | None, *, filled: bool = True
    ) -> None:
        """Draw a square of ``side`` points; hollow where it carries no weight."""
        self.ax.scatter(
            [x],
            [y],
            s=side**2,
            marker="s",
            facecolor=self.theme.data if filled else self.theme.ground,
            edgecolor=self.theme.data,
            linewidth=0.0 if filled else 1.2,
            zorder=3,
            clip_on=False,
            gid=gid,
        )

    def diamond(self, estimate: float, low: float, high: float, y: float, gid: str | None) -> None:
        """Draw a diamond whose tips are exactly the limits of the interval."""
        corners = [(low, y), (estimate, y - DIAMOND), (high, y), (estimate, y + DIAMOND)]
        patch = Polygon(corners, closed=True, facecolor=self.theme.pooled, edgecolor="none")
        patch.set(zorder=3, gid=gid)
        self.ax.add_patch(patch)
        self._cut(patch, low, high)
        self.arrows(low, high, y, self.theme.pooled, gid, BARB)

    def _cut(self, patch: Polygon, low: float, high: float) -> None:
        """Cut a diamond where its arrows begin, so that their barbs stand out."""
        width = self.ax.bbox.width / self.ax.figure.dpi * 72
        left = BARB / width if low < self.axis.low else 0.0
        right = BARB / width if high > self.axis.high else 0.0
        if left or right:
            window = Rectangle((left, 0), 1 - left - right, 1, transform=self.ax.transAxes)
            patch.set_clip_path(window)

    def bar(self, low: float, high: float, y: float, gid: str | None) -> None:
        """Draw a prediction interval: a thin bar with end caps, never a diamond."""
        left, right = max(low, self.axis.low), min(high, self.axis.high)
        bar = Rectangle((left, y - BAR / 2), right - left, BAR, facecolor=self.theme.pooled)
        bar.set(zorder=3, gid=gid)
        self.ax.add_patch(bar)
        for end, inside in ((left, low >= left), (right, high <= right)):
            if inside:
                caps = (y - BAR_CAP / 2, y + BAR_CAP / 2)
                self.ax.plot(
                    (end, end), caps, color=self.theme.pooled, linewidth=1.2, zorder=3, gid=gid
                )
        self.arrows(low, high, y, self.theme.pooled, gid)

    def missing(self, y: float, gid: str | None) -> None:
        """Draw a dotted line across the plot: here is no estimate."""
        self.ax.plot(
            (self.axis.low, self.axis.high),
            (y, y),
            color=self.theme.rule,
            linewidth=0.8,
            linestyle=(0, (1, 3)),
            zorder=1,
            gid=gid,
        )

    def arrows(
        self,
        low: float,
        high: float,
        y: float,
        color: str,
        gid: str | None,
        length: float = ARROW,
    ) -> None:
        """End what passes the axis in a filled arrow whose tip is at the limit."""
        for passes, limit, marker in (
            (low < self.axis.low, self.axis.low, ARROW_LEFT),
            (high > self.axis.high, self.axis.high, ARROW_RIGHT),
        ):
            if passes:
                self.ax.plot(
                    [limit],
                    [y],
                    marker=marker,
                    markersize=2 * length,
                    markerfacecolor=color,
                    markeredgewidth=0,
                    linestyle="none",
                    zorder=4,
                    clip_on=False,
                    gid=gid,
                )
