"""Absolute effects: per 1,000, and a number needed whose interval may pass infinity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.meta.absolute import absolute_difference, number_needed
from analysis.meta.errors import InputError

risks = st.floats(0.001, 0.999)


def test_altmans_example_runs_through_infinity() -> None:
    # Altman 1998, BMJ 317:1309: a risk reduction of 10% (-5% to 25%) is an NNTB of 10, with an
    # interval from NNTB 4 through infinity to NNTH 20
    result = number_needed(-0.10, (-0.25, 0.05), event="bad")
    assert str(result) == "NNTB 10 (NNTB 4 to ∞ to NNTH 20)"
    assert result.spans_infinity
    assert str(number_needed(0.10, (-0.05, 0.25), event="good")) == str(result)


def test_an_interval_on_one_side_is_a_plain_range() -> None:
    assert str(number_needed(0.10, (0.05, 0.25), event="bad")) == "NNTH 10 (NNTH 20 to NNTH 4)"
    assert str(number_needed(0.10, (0.05, 0.25), event="good")) == "NNTB 10 (NNTB 4 to NNTB 20)"
    assert str(number_needed(0.0, (0.0, 0.25), event="good")) == "∞ (NNTB 4 to ∞)"
    assert not number_needed(0.1, (0.0, 0.25), event="good").spans_infinity


@given(st.floats(-0.9, 0.9), st.floats(0, 0.1), st.floats(0, 0.1))
def test_good_and_bad_events_mirror_each_other(middle: float, below: float, above: float) -> None:
    good = number_needed(middle, (middle - below, middle + above), event="good")
    bad = number_needed(-middle, (-middle - above, -middle + below), event="bad")
    assert str(good) == str(bad)


@given(risks, st.floats(-2, 2), st.floats(0, 1), st.sampled_from(["RR", "OR"]))
def test_events_per_thousand_stay_between_none_and_all(
    baseline: float, log_effect: float, half: float, measure: str
) -> None:
    ci = (log_effect - half, log_effect + half)
    effect = absolute_difference(measure, log_effect, ci, baseline)
    low, high = effect.ci
    assert -1000 <= low <= effect.difference <= high <= 1000
    assert 0 <= effect.treated <= 1000
    assert effect.difference == pytest.approx(effect.treated - effect.baseline)


@given(risks)
def test_no_relative_effect_is_no_absolute_effect(baseline: float) -> None:
    for measure in ("RR", "OR"):
        effect = absolute_difference(measure, 0.0, (0.0, 0.0), baseline)
        assert effect.difference == pytest.approx(0, abs=1e-9)


def test_the_odds_ratio_of_two_risks_leads_from_one_to_the_other() -> None:
    log_odds = float(np.log(0.3 / 0.7) - np.log(0.1 / 0.9))
    effect = absolute_difference("OR", log_odds, (log_odds, log_odds), 0.1)
    assert effect.treated == pytest.approx(300)
    ratio = absolute_difference("RR", np.log(3), (np.log(3), np.log(3)), 0.1, per=100)
    assert (ratio.per, ratio.difference) == (100, pytest.approx(20))


def test_a_risk_above_one_is_cut_and_said() -> None:
    effect = absolute_difference("RR", np.log(3), (np.log(2), np.log(4)), 0.4)
    assert effect.treated == 1000
    assert effect.ci == (pytest.approx(400), pytest.approx(600))
    assert any("cut at 1" in note for note in effect.notes)
    assert "taken as known" in effect.notes[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: absolute_difference("RR", 0, (0, 0), 0), "baseline_risk must lie between"),
        (lambda: absolute_difference("RD", 0, (0, 0), 0.1), "measure must be one of RR, OR"),
        (lambda: absolute_difference("RR", 1, (2, 3), 0.1), "ci must hold the estimate"),
        (lambda: number_needed(0.1, (0.2, 0.3), event="bad"), "must lie within its limits"),
        (lambda: number_needed(0.1, (0.0, 0.3), event="ugly"), "event must be one of good, bad"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
