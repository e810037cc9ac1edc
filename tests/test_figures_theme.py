"""The palette: contrast, greyscale and colour-blind distance are computed, not believed."""

from __future__ import annotations

import itertools
from dataclasses import asdict

import numpy as np
import pytest

from analysis.figures import theme
from analysis.figures.names import RISK_OF_BIAS_WORDS

THEMES = pytest.mark.parametrize("colours", theme.THEMES.values(), ids=theme.THEMES)

#: Linear RGB as a person with complete deuteranopia sees it
#: (Machado, Oliveira and Fernandes 2009, IEEE TVCG 15:1291, severity 1.0).
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(rgb: np.ndarray) -> float:
    return float(rgb @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    """Contrast ratio of WCAG 2.2."""
    low, high = sorted((luminance(linear(a)), luminance(linear(b))))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@THEMES
@pytest.mark.parametrize("role", ["ink", "muted", "warn"])
@pytest.mark.parametrize("ground", ["ground", "zebra"])
def test_text_reaches_a_contrast_of_four_and_a_half(colours, role, ground):
    assert contrast(getattr(colours, role), getattr(colours, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("role", ["data", "pooled", "rule"])
@pytest.mark.parametrize("ground", ["ground", "zebra", "band"])
def test_marks_reach_a_contrast_of_three(colours, role, ground):
    assert contrast(getattr(colours, role), getattr(colours, ground)) >= 3


@THEMES
@pytest.mark.parametrize("judgement", RISK_OF_BIAS_WORDS)
def test_symbols_in_circles_reach_a_contrast_of_four_and_a_half(colours, judgement):
    assert contrast(colours.rob_ink, colours.risk_of_bias(judgement)) >= 4.5


def test_every_judgement_has_its_own_symbol_so_that_colour_is_never_alone():
    symbols = [symbol for symbol, _ in RISK_OF_BIAS_WORDS.values()]
    assert len(set(symbols)) == len(symbols) == 4


@THEMES
def test_data_and_pooled_stay_apart_in_greyscale(colours):
    grey = [lab(np.full(3, luminance(linear(c))))[0] for c in (colours.data, colours.pooled)]
    assert abs(grey[0] - grey[1]) >= 18


@THEMES
def test_data_and_pooled_stay_apart_under_deuteranopia(colours):
    seen = [lab(DEUTERANOPIA @ linear(c)) for c in (colours.data, colours.pooled)]
    assert np.linalg.norm(seen[0] - seen[1]) >= 40


@THEMES
def test_zebra_rows_are_at_most_four_percent_darker_or_lighter(colours):
    ground, zebra = (
        np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        for c in (colours.ground, colours.zebra)
    )
    assert np.abs(ground - zebra).max() <= 0.04


def test_no_two_roles_share_a_colour_so_that_each_can_become_a_variable():
    for colours in theme.THEMES.values():
        values = list(asdict(colours).values())
        assert len(set(values)) == len(values)
    pairs = itertools.product(asdict(theme.LIGHT).items(), asdict(theme.DARK).items())
    assert not [(a, b) for a, b in pairs if a[1] == b[1] and a[0] != b[0]]


def test_the_style_sheet_defines_every_role_in_both_themes():
    sheet = theme.css()
    for role in asdict(theme.LIGHT):
        assert sheet.count(f"{theme.variable(role)}:") == 4  # light, dark twice, print


def test_text_sizes_are_at_least_seven_points():
    assert min(theme.BODY, theme.SMALL) >= 7
