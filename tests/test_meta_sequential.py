"""Sequential boundaries against published values, integration and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize_scalar

from analysis.meta.errors import InputError
from analysis.meta.sequential import (
    information_needed,
    mixture_margin,
    obrien_fleming_spending,
    sequential,
    spending_boundary,
)


def test_one_sided_boundaries_are_those_of_a_published_program():
    # The example in the README of SeqBounds.jl, https://github.com/PharmCat/SeqBounds.jl:
    # four equal looks, O'Brien-Fleming-type spending, one-sided error 0.05.
    looks = [0.25, 0.5, 0.75, 1.0]
    spent = obrien_fleming_spending(np.array(looks), 0.05)
    np.testing.assert_allclose(spent, [8.85754e-5, 0.0055746, 0.0236251, 0.05], rtol=2e-5)
    ours = spending_boundary(looks, 0.05, two_sided=False)
    np.testing.assert_allclose(ours, [3.74955, 2.53993, 2.01604, 1.72014], atol=2e-4)


def brownian(looks: np.ndarray) -> np.ndarray:
    """Return the correlations of z statistics at given information fractions."""
    looks = np.asarray(looks)
    return np.sqrt(np.minimum.outer(looks, looks) / np.maximum.outer(looks, looks))


@pytest.mark.parametrize(
    "looks", [[1.0], [0.3, 1.0], [0.2, 0.4, 0.6, 0.8, 1.0], [0.45, 0.5, 0.97, 1.0]]
)
def test_two_sided_boundaries_spend_what_they_should_by_multivariate_normal_integration(looks):
    edges = spending_boundary(looks, 0.025)
    for count in range(1, len(looks) + 1):
        inside = stats.multivariate_normal.cdf(
            edges[:count],
            np.zeros(count),
            brownian(looks[:count]),
            lower_limit=-edges[:count],
            maxpts=500_000,
            abseps=1e-7,
        )
        spent = 2 * obrien_fleming_spending(np.array(looks[count - 1]), 0.025)
        assert 1 - inside == pytest.approx(float(spent), abs=2e-5)


def test_a_single_final_look_is_the_ordinary_test():
    assert spending_boundary([1.0], 0.025)[0] == pytest.approx(stats.norm.ppf(0.975))


def test_many_narrow_looks_keep_the_error_in_simulation():
    looks = np.linspace(0.02, 1, 50)
    edges = spending_boundary(looks, 0.025)
    rng = np.random.default_rng(4)
    paths = np.cumsum(rng.standard_normal((40_000, 50)) * np.sqrt(0.02), axis=1) / np.sqrt(looks)
    crossed = (np.abs(paths) >= edges).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 40_000))
    # What an ordinary test at every look would do.
    assert (np.abs(paths) >= 1.96).any(axis=1).mean() > 0.25


def test_anytime_interval_covers_at_all_looks_at_once():
    rng = np.random.default_rng(6)
    gains = rng.uniform(0.2, 2.0, 200)
    information = np.cumsum(gains)
    sums = np.cumsum(rng.standard_normal((5_000, 200)) * np.sqrt(gains), axis=1)
    errors = np.abs(sums / information)
    margin = mixture_margin(information, 50.0, 0.05)
    assert (errors <= margin).all(axis=1).mean() >= 0.95
    assert (errors <= 1.96 / np.sqrt(information)).all(axis=1).mean() < 0.8


def test_anytime_interval_is_narrowest_where_it_was_planned_to_be():
    def width(log_rho2: float) -> float:
        grown = 1 + np.exp(log_rho2) * 30.0
        return np.sqrt(grown * np.log(grown / 0.05**2) / np.exp(log_rho2)) / 30.0

    best = minimize_scalar(width, bounds=(-10, 5), method="bounded", options={"xatol": 1e-10})
    assert mixture_margin(np.array([30.0]), 30.0, 0.05)[0] == pytest.approx(best.fun, rel=1e-9)


def test_information_needed_gives_the_power_asked_for():
    needed = information_needed(0.3, level=0.95, power=0.8)
    assert stats.norm.cdf(0.3 * np.sqrt(needed) - stats.norm.ppf(0.975)) == pytest.approx(0.8)


def test_a_result_that_an_ordinary_interval_calls_early_is_not_called_by_either_remedy():
    ours = sequential([0.5, 0.3], [0.24, 0.15], information_needed=information_needed(0.3))
    assert ours.ordinary_ci[0, 0] > 0
    assert not ours.crossed[0]
    assert ours.anytime_ci[0, 0] < 0
    assert ours.sequential_ci[0, 0] < ours.ordinary_ci[0, 0]
    assert any("of the information planned for" in note for note in ours.notes)


def test_a_large_effect_crosses_and_every_interval_agrees():
    needed = information_needed(0.3)
    ours = sequential([1.0, 1.0], [0.2, 1 / np.sqrt(needed)], information_needed=needed)
    assert ours.crossed.all()
    assert (ours.sequential_ci[:, 0] > 0).all()
    assert (ours.anytime_ci[:, 0] > 0).all()
    assert ours.spent[-1] == pytest.approx(0.05)


def test_looks_without_new_information_spend_nothing_and_say_so():
    ours = sequential([0.5, 0.5, 0.5], [0.3, 0.2, 0.25], information_needed=50.0)
    assert np.isinf(ours.boundary[2])
    assert not ours.crossed[2]
    assert ours.spent[1] == ours.spent[2]
    assert any("Information fell" in note for note in ours.notes)
    assert any("no error left" in note for note in ours.notes)


def test_looks_after_the_plan_is_reached_have_no_boundary():
    ours = sequential([0.5, 0.5], [0.1, 0.05], information_needed=50.0)
    assert ours.boundary[0] == pytest.approx(1.959963984540054)
    assert np.isinf(ours.boundary[1])
    assert np.isfinite(ours.anytime_ci).all()


def test_the_null_may_be_any_value():
    one = sequential([0.5], [0.2], information_needed=50.0)
    other = sequential([1.5], [0.2], information_needed=50.0, null=1.0)
    assert one.z == pytest.approx(other.z)
    assert one.boundary == pytest.approx(other.boundary)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda: sequential([0.1], [0.0], information_needed=1.0), r"ses\[0\] is 0.0"),
        (lambda: sequential([0.1, 0.2], [0.1], information_needed=1.0), "ses has 1"),
        (lambda: sequential([0.1], [0.1], information_needed=0.0), "information_needed must"),
        (lambda: sequential([0.1], [0.1], information_needed=1.0, level=1.0), "level must"),
        (lambda: spending_boundary([0.5, 0.4], 0.025), r"fraction\[1\] is 0.4"),
        (lambda: spending_boundary([0.5, 1.4], 0.025), r"fraction\[1\] is 1.4"),
        (lambda: information_needed(0.0), "effect must"),
        (lambda: information_needed(0.1, power=1.0), "power must"),
    ],
)
def test_looks_that_make_no_sense_are_named(run, said):
    with pytest.raises(InputError, match=said):
        run()
