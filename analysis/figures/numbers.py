"""How numbers are printed: the only place that turns a result into digits.

Figures, tables, captions and sentences all format through these functions, so
the same result reads the same everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from analysis.review.results import Measure

#: True minus sign: as wide as the plus and the digits, and never a line break.
MINUS = "\u2212"
#: A space at which no line ends.
NO_BREAK = "\u00a0"
_SIGN = re.compile(r" ([=<>≤≥]) (?=[−-]?[\d.∞])")
#: Printed where a number does not exist (never 0, never an empty cell).
ABSENT = "\u2013"

#: Ratios beyond these are printed as beyond them.
SMALLEST_RATIO, LARGEST_RATIO = 0.01, 1000

#: Decimals by kind of number; the same in every row of a column.
DECIMALS = {"effect": 2, "percent": 0, "weight": 1, "i2": 0, "tau2": 2}


def number(value: float | None, decimals: int = 2) -> str:
    """Format a number with a fixed count of decimals and a true minus sign.

    Parameters
    ----------
    value : float or None
        The number; None and NaN print as an en dash.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
    """
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")  # a rounded −0.00 would claim a direction
    return text.replace("-", MINUS)


def count(value: float | None) -> str:
    """Format a count of people or events: whole, without separators."""
    return number(value, 0)


def decimals_needed(values: Iterable[float | None], most: int = 2) -> int:
    """Return the fewest decimals, up to ``most``, that lose nothing in a column."""
    seen = [value for value in values if value is not None]
    return next(
        (d for d in range(most) if all(abs(v - round(v, d)) < 1e-9 for v in seen)),
        most,
    )


def is_proportion(measure: Measure) -> bool:
    """Return whether the measure is a proportion of one group (0 to 1)."""
    return measure.scale == "logit" or measure.code in {"PR", "PLO", "PFT", "PAS", "PLN"}


def factor(measure: Measure) -> float:
    """Return what a displayed value is multiplied by: 100 for proportions."""
    return 100.0 if is_proportion(measure) else 1.0


def decimals_of(measure: Measure) -> int:
    """Return the decimals of an effect: 0 for percentages, otherwise 2."""
    return DECIMALS["percent" if is_proportion(measure) else "effect"]


def unit_of(measure: Measure) -> str:
    """Return the unit that follows a value in a sentence, with its space."""
    if is_proportion(measure):
        return "%"
    return f" {measure.unit}" if measure.unit else ""


def effect(value: float | None, measure: Measure) -> str:
    """Format an effect on the display scale, without its unit.

    A ratio that would round to 0.00, which no ratio can be, prints as "<0.01";
    one of a thousand or more, where decimals would pretend, as ">1000".
    """
    if value is not None and measure.scale == "log":
        if value < SMALLEST_RATIO / 2:
            return f"<{SMALLEST_RATIO}"
        if value >= LARGEST_RATIO:
            return f">{LARGEST_RATIO}"
    return number(None if value is None else value * factor(measure), decimals_of(measure))


def effect_parts(
    estimate: float | None, low: float | None, high: float | None, measure: Measure
) -> tuple[str, str, str]:
    """Return ``("0.71", "[0.56,", "0.90]")``: three cells whose points align."""
    if low is None or high is None:
        return effect(estimate, measure), "", ""
    return effect(estimate, measure), f"[{effect(low, measure)},", f"{effect(high, measure)}]"


def interval(estimate: float | None, low: float | None, high: float | None, m: Measure) -> str:
    """Return ``"0.71 [0.56, 0.90]"``, the form used in figures and tables."""
    return " ".join(part for part in effect_parts(estimate, low, high, m) if part)


def interval_words(low: float, high: float, measure: Measure) -> str:
    """Return ``"0.56 to 0.90"`` with the unit, the form used in sentences."""
    return f"{effect(low, measure)} to {effect(high, measure)}{unit_of(measure)}"


def p_value(p: float) -> str:
    """Return ``"= 0.03"`` or ``"< 0.001"``: never 0.000, never a star.

    Two decimals, three below 0.01 and wherever two would hide on which side
    of 0.05 the value lies.
    """
    if p < 0.001:
        return "< 0.001"
    if p < 0.01 or 0.045 <= p < 0.055:
        return f"= {p:.3f}"
    return "> 0.99" if p > 0.99 else f"= {p:.2f}"


def level(value: float) -> str:
    """Return ``"95%"`` for 0.95, ``"97.5%"`` for 0.975."""
    return f"{value * 100:g}%"


def unbroken(text: str) -> str:
    """Return a text in which ``"k = 4"``, ``"P < 0.001"`` and ``"95% CI"`` stay on one line."""
    signs = _SIGN.sub(rf"{NO_BREAK}\1{NO_BREAK}", text)
    return signs.replace(" %", f"{NO_BREAK}%").replace("% CI", f"%{NO_BREAK}CI")
