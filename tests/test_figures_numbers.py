"""Numbers as they are printed."""

from __future__ import annotations

import pytest

from analysis.figures import numbers
from factories import DIFFERENCE, PROPORTION, RATIO


def test_minus_is_the_true_minus_sign_and_zero_has_none():
    assert numbers.number(-0.714) == "\u22120.71"
    assert numbers.number(-0.004) == "0.00"


def test_what_does_not_exist_prints_as_a_dash_never_as_zero():
    assert numbers.number(None) == numbers.number(float("nan")) == "\u2013"


def test_counts_have_neither_separators_nor_decimals():
    assert numbers.count(12345.0) == "12345"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0000001, "< 0.001"),
        (0.00099, "< 0.001"),
        (0.0042, "= 0.004"),
        (0.031, "= 0.03"),
        (0.0497, "= 0.050"),
        (0.0512, "= 0.051"),
        (0.2, "= 0.20"),
        (0.9999, "> 0.99"),
    ],
)
def test_p_values_are_never_zero_and_never_hide_their_side_of_five_percent(p, text):
    assert numbers.p_value(p) == text


def test_an_effect_reads_estimate_low_high():
    assert numbers.interval(0.714, 0.561, 0.902, RATIO) == "0.71 [0.56, 0.90]"
    assert numbers.interval(-1.6, -1.974, 0.0, DIFFERENCE) == "−1.60 [−1.97, 0.00]"


def test_proportions_print_in_percent_without_decimals():
    assert numbers.interval(0.5934, 0.4241, 0.7429, PROPORTION) == "59 [42, 74]"
    assert numbers.interval_words(0.4241, 0.7429, PROPORTION) == "42 to 74%"


def test_intervals_in_sentences_use_to_because_a_dash_reads_as_minus():
    assert numbers.interval_words(-1.974, -0.2, DIFFERENCE) == "−1.97 to −0.20 points"


def test_a_ratio_is_never_printed_as_zero_and_huge_ones_not_to_the_cent():
    assert numbers.effect(0.0000222, RATIO) == "<0.01"
    assert numbers.effect(4730285.78, RATIO) == ">1000"
    assert numbers.effect(0.006, RATIO) == "0.01"
    assert numbers.effect(999.99, RATIO) == "999.99"


def test_a_column_gets_the_fewest_decimals_that_lose_nothing():
    assert numbers.decimals_needed([4.0, 5.0, None]) == 0
    assert numbers.decimals_needed([4.1, 5.0]) == 1
    assert numbers.decimals_needed([4.123]) == 2


def test_levels_print_as_percent():
    assert numbers.level(0.95) == "95%"
    assert numbers.level(0.975) == "97.5%"


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("k = 0, N = 12", "k~=~0, N~=~12"),
        ("df = 3, P < 0.001", "df~=~3, P~<~0.001"),
        ("a difference < −0.5", "a difference~<~−0.5"),
        ("H² > -2", "H²~>~-2"),
        ("upper limit = ∞", "upper limit~=~∞"),
        ("P = .03", "P~=~.03"),
        ("95% CI (HKSJ) and 51 % (95 % CI)", "95%~CI (HKSJ) and 51~% (95~%~CI)"),
        ("this = that, 4 trials of 95% power", "this = that, 4 trials of 95% power"),
    ],
)
def test_no_line_ends_within_a_number_and_what_it_belongs_to(text, bound):
    assert numbers.unbroken(text).replace(numbers.NO_BREAK, "~") == bound
    assert numbers.unbroken(numbers.unbroken(text)) == numbers.unbroken(text)
