"""A sheet measured in points, and text whose size is known before it is drawn.

Every figure is laid out the same way: measure the words, give each column the
room it needs, then draw. Widths are advance widths of unhinted DejaVu Sans at
its nominal size - what a browser uses too - so a layout does not depend on the
resolution or the machine.
"""

from __future__ import annotations

from functools import lru_cache

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from analysis.figures.numbers import unbroken
from analysis.figures.theme import BODY, FONT, Theme, style

#: Baseline below the middle of a line, as a share of the text size: half the
#: height of a capital in DejaVu Sans.
HALF_CAPITAL = 0.365
#: Room beyond the measured width: rounding to pixels makes text in a PNG a
#: little wider, and Verdana's letters differ from DejaVu's by about as much.
TOLERANCE = 1.025
#: Distance of two baselines, as a share of the text size.
LEADING = 1.3


@lru_cache(maxsize=8192)
def text_width(text: str, size: float = BODY, weight: str = "normal") -> float:
    """Return the room one line of text needs, in points."""
    if not text:
        return 0.0
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width) * TOLERANCE


def wrap(text: str, width: float, size: float = BODY, weight: str = "normal") -> list[str]:
    """Break text at spaces into lines no wider than ``width`` points.

    A single word that is wider than a line is cut, so that nothing ever
    leaves its column. A no-break space keeps its neighbours together.
    """
    lines: list[str] = []
    line = ""
    for word in unbroken(text.replace("\n", " ")).split(" "):
        longer = f"{line} {word}".strip()
        if text_width(longer, size, weight) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while text_width(word, size, weight) > width and len(word) > 1:
            fits = max(
                (n for n in range(1, len(word)) if text_width(word[:n], size, weight) <= width),
                default=1,
            )
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line or not lines else lines


def balanced(text: str, width: float, size: float = BODY, weight: str = "normal") -> list[str]:
    """Break text as :func:`wrap` does, with lines of about the same length.

    A word that fits on a line is never cut to make the lines equal.
    """
    lines = wrap(text, width, size, weight)
    longest = max(text_width(word, size, weight) for word in text.split(" "))
    while len(lines) > 1 and (width := width * 0.95) >= longest:
        tighter = wrap(text, width, size, weight)
        if len(tighter) > len(lines):
            break
        lines = tighter
    return lines


class Sheet:
    """A figure whose origin is the top left corner and whose unit is the point.

    Parameters
    ----------
    width, height : float
        Size in points.
    theme : Theme
        Colours.
    """

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        with style():
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=100)
            FigureCanvasAgg(self.figure)
        self.width, self.height, self.theme = width, height, theme
        self.figure.patch.set_facecolor(theme.ground)
        self.points = (
            Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72)
            + self.figure.dpi_scale_trans
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = BODY,
        align: str = "left",
        weight: str = "normal",
        color: str | None = None,
        gid: str | None = None,
    ) -> Text | None:
        """Write one line, vertically centred on ``y``; nothing for no words."""
        if not words:
            return None
        # Each setting by name, and not from a context of settings: there are thousands of texts.
        text = self.figure.text(
            x,
            y + HALF_CAPITAL * size,
            words,
            transform=self.points,
            family=FONT,
            size=size,
            ha=align,
            va="baseline",
            weight=weight,
            color=color or self.theme.ink,
            parse_math=False,
            usetex=False,
        )
        text.set_gid(gid)
        return text

    def lines(self, x: float, y: float, words: list[str], **options: object) -> float:
        """Write lines from ``y`` (middle of the first) down; return the next y."""
        size = float(options.get("size", BODY))  # type: ignore[arg-type]
        for line in words:
            self.text(x, y, line, **options)  # type: ignore[arg-type]
            y += LEADING * size
        return y

    def rule(
        self,
        x0: float,
        x1: float,
        y: float,
        *,
        color: str | None = None,
        width: float = 0.8,
        y1: float | None = None,
    ) -> None:
        """Draw a straight line, horizontal unless ``y1`` is given."""
        self.figure.add_artist(
            Line2D(
                (x0, x1),
                (y, y if y1 is None else y1),
                color=color or self.theme.rule,
                linewidth=width,
                transform=self.points,
                solid_capstyle="butt",
            )
        )

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        edge: str = "none",
        line: float = 0.8,
        gid: str | None = None,
        below: bool = False,
    ) -> Rectangle:
        """Draw a rectangle from its top left corner."""
        patch = Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge, linewidth=line)
        self._add(patch, gid, -1.0 if below else 1.0)
        return patch

    def circle(
        self, x: float, y: float, radius: float, *, fill: str, edge: str, gid: str | None = None
    ) -> Circle:
        """Draw a circle from its centre."""
        patch = Circle((x, y), radius, facecolor=fill, edgecolor=edge, linewidth=0.6)
        self._add(patch, gid, 1.0)
        return patch

    def polygon(
        self, corners: list[tuple[float, float]], *, fill: str, gid: str | None = None
    ) -> Polygon:
        """Draw a closed, filled shape."""
        patch = Polygon(corners, closed=True, facecolor=fill, edgecolor="none")
        self._add(patch, gid, 1.0)
        return patch

    def _add(self, patch: Patch, gid: str | None, order: float) -> None:
        patch.set_transform(self.points)
        patch.set_gid(gid)
        patch.set_zorder(order)
        self.figure.add_artist(patch)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return bare axes whose vertical unit is the sheet's own y in points."""
        with style():
            ax = self.figure.add_axes(
                (
                    x / self.width,
                    1 - (y + height) / self.height,
                    width / self.width,
                    height / self.height,
                )
            )
        ax.set_ylim(y + height, y)
        ax.patch.set_visible(False)
        for side in ("left", "right", "top"):
            ax.spines[side].set_visible(False)
        ax.spines["bottom"].set_color(self.theme.rule)
        ax.set_yticks([])
        return ax

    def no_axes(self) -> Axes:
        """Return invisible axes, for figures that have none to return."""
        ax = self.axes(0, 0, self.width, self.height)
        ax.set_xticks([])
        ax.set_axis_off()
        return ax
