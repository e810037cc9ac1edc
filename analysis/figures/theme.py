"""One look for every figure: palette, two text sizes, and the page's variables.

Colours are named by what they mean, never by what they look like. They start
from the palette of Okabe and Ito (2008) and are darkened or lightened until
(a) every mark reaches a contrast of 3:1 and every text 4.5:1 with its ground
and (b) the data colour and the pooled colour differ by about 20 L* units, so
that they stay apart in greyscale print and for people with deuteranopia.
``tests/test_figures_theme.py`` computes both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import matplotlib as mpl

from analysis.figures.names import RISK_OF_BIAS_WORDS

#: Points, at full size.
BODY = 9.0
SMALL = 8.0
#: A figure wider than its box shrinks until its small text is this big; one
#: that is wider still scrolls inside its box.
LEAST = 7.0

#: Width every layout aims at, in points (746 CSS pixels: the text column of
#: the book on a desk).
TARGET_WIDTH = 560.0
#: The same for the narrow variant: 346 CSS pixels, a phone held upright.
NARROW_WIDTH = 260.0

#: DejaVu Sans ships with matplotlib, so text is measured with the same metrics
#: on every machine. It is also the widest of this stack (Verdana equals it
#: within 1 %, the others are 8-15 % narrower): whichever of these fonts a
#: reader has, text never needs more room than was measured.
FONT = "DejaVu Sans"
FONT_STACK = f"'{FONT}', Verdana, 'Bitstream Vera Sans', 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Theme:
    """Colours by meaning, as ``#rrggbb``; no two roles of a theme share one."""

    ground: str
    ink: str
    muted: str
    rule: str
    zebra: str
    band: str
    data: str
    pooled: str
    warn: str
    rob_low: str
    rob_some: str
    rob_high: str
    rob_none: str
    rob_ink: str

    def risk_of_bias(self, judgement: str) -> str:
        """Return the fill of a judgement (``low``, ``some_concerns``, ``high``…)."""
        roles = dict(
            zip(
                RISK_OF_BIAS_WORDS,
                (self.rob_low, self.rob_some, self.rob_high, self.rob_none),
                strict=True,
            )
        )
        return roles[judgement]


LIGHT = Theme(
    ground="#ffffff",
    ink="#1a1a1a",
    muted="#595959",
    rule="#767676",
    zebra="#f7f7f7",
    band="#e6eff6",
    data="#2f88c6",
    pooled="#8f3300",
    warn="#a3004f",
    rob_low="#009e73",
    rob_some="#e69f00",
    rob_high="#d55e00",
    rob_none="#bdbdbd",
    rob_ink="#0a0a0a",
)
DARK = Theme(
    ground="#121212",  # the pages' own: words have it behind them where lines would cross them
    ink="#e8e8e8",
    muted="#a9adb3",
    rule="#8a9099",
    zebra="#191a1c",
    band="#1f3140",
    data="#3f97d1",
    pooled="#ffc04d",
    warn="#ff8fbf",
    rob_low="#00a67a",
    rob_some="#eba80a",
    rob_high="#e0690f",
    rob_none="#b8b8b8",
    rob_ink="#0a0a0a",
)
THEMES = {"light": LIGHT, "dark": DARK}


def theme_named(name: str) -> Theme:
    """Return the theme called ``name``.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    if name not in THEMES:
        raise ValueError(f"theme must be one of {sorted(THEMES)}, but {name!r} was passed.")
    return THEMES[name]


def variable(role: str) -> str:
    """Return the CSS variable that carries a colour role."""
    return f"--fig-{role.replace('_', '-')}"


def css() -> str:
    """Return the page's style sheet for the figures: both themes as variables.

    A saved SVG names its colours by these variables, so one file follows the
    reader's choice of theme.
    """

    def block(theme: Theme) -> str:
        return "".join(f"{variable(role)}:{value};" for role, value in asdict(theme).items())

    return (
        f":root{{{block(LIGHT)}}}\n"
        f"html[data-theme=dark]{{{block(DARK)}}}\n"
        # Without scripts nobody makes light or dark of "auto".
        f"@media(prefers-color-scheme:dark){{html[data-theme=auto]{{{block(DARK)}}}}}\n"
        ".figure-box{overflow-x:auto;max-width:100%}\n"
        ".figure-box svg{max-width:100%;height:auto;display:block;margin:0 auto}\n"
        ".figure-narrow{display:none}\n"
        "@media(max-width:720px){.figure-wide{display:none}.figure-narrow{display:block}}\n"
        ".figure-box a:hover text,.figure-box a:focus text{text-decoration:underline}\n"
        f"@media print{{:root,html[data-theme]{{{block(LIGHT)}}}}}\n"
    )


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Set the few matplotlib settings a reproducible figure depends on.

    A fixed hash salt and no date make the SVG identical on every run; text
    stays text; the font is the one that ships with matplotlib, unhinted, so
    that a PNG is spaced as the SVG is.
    """
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "ketamine-review",
        "font.family": [FONT],
        "font.size": BODY,
        "text.usetex": False,
        "text.hinting": "none",
        "axes.unicode_minus": True,
        "path.simplify": False,
        "pdf.fonttype": 42,
        "savefig.dpi": 300,
    }
    with mpl.rc_context(settings):
        yield
