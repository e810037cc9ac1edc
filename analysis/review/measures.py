"""The effect measures that questions may use, as the results object describes them."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.meta.scales import SCALES
from analysis.review.results import Measure

_UNITS: Mapping[str, str] = {
    "RR": "",
    "OR": "",
    "RD": "",
    "MD": "points",
    "SMD": "standard deviations",
    "PLO": "of people",
}

MEASURES: Mapping[str, Measure] = {
    code: Measure(
        code, SCALES[code].words.capitalize(), SCALES[code].link, SCALES[code].null, unit
    )
    for code, unit in _UNITS.items()
}
"""Measures by the name the engine and ``data/questions.toml`` give them."""


def to_display(value: float, measure: Measure) -> float:
    """Turn a value on the scale of pooling into one on the display scale."""
    return float(SCALES[measure.code].back(value))
