"""Binomial-normal models: against rma.glmm and an independent integration, kept as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import integrate as quad
from scipy import special, stats

from analysis.meta.errors import InputError
from analysis.meta.glmm import glmm
from reference_cases import FOLDER, assert_close
from tolerances import OPTIMISED

CASES = json.loads((FOLDER / "glmm.json").read_text(encoding="utf-8"))["cases"]
#: Where metafor's own answer is at fault, and why.
NOT_COMPARED = {
    "OR_CM.EL_ML_hahn2001": "tau2 is 0, but metafor stops at 1.5e-4 with a lower likelihood and "
    "inverts a Hessian that is singular there",
    "OR_CM.EL_EE_egger2001": "metafor's numerical Hessian fails: no standard error",
}
COMPARED = [key for key in CASES if key not in NOT_COMPARED]
PRECISE = [key for key, case in CASES.items() if case["precise"]]


def _fit(key: str):
    case = CASES[key]
    return glmm(case["measure"], model=case["model"], method=case["method"], **case["input"])


def test_no_reference_case_has_been_lost() -> None:
    assert len(COMPARED) >= 42
    assert all("error" not in case["metafor"] for case in CASES.values())
    assert len(PRECISE) >= 5


@pytest.mark.parametrize("key", COMPARED)
def test_equals_metafor(key: str) -> None:
    fit, theirs = _fit(key), CASES[key]["metafor"]
    assert (fit.k, fit.q_df) == (theirs["k"], theirs["q_df"])
    # metafor has only the Laplace approximation for UM.RS; the rest it integrates by 7 nodes
    # and stops early: 5e-4 covers what the precise values below show to be its distance
    laplace = CASES[key]["model"] == "UM.RS"
    tolerance = 5e-3 if laplace else 5e-4 if fit.method == "ML" else OPTIMISED
    assert_close([fit.estimate, fit.se], [theirs["estimate"], theirs["se"]], tolerance)
    assert_close(fit.ci, [theirs["ci_low"], theirs["ci_high"]], 2 * tolerance)
    if fit.tau2 is not None:
        assert_close(fit.tau2, theirs["tau2"], tolerance)
    if not laplace:
        ours = [fit.q, fit.q_pvalue]
        assert_close(ours, [theirs["q_lrt"], theirs["q_lrt_pvalue"]], OPTIMISED)


def test_where_metafor_is_not_followed_ours_is_likelier() -> None:
    for key in NOT_COMPARED:
        assert _fit(key).log_likelihood >= CASES[key]["metafor"]["log_likelihood"] - 1e-9


@pytest.mark.parametrize("key", PRECISE)
def test_equals_an_independent_integration_and_maximisation(key: str) -> None:
    fit, theirs = _fit(key), CASES[key]["precise"]
    ours = [fit.log_likelihood, fit.estimate, fit.se, fit.tau2]
    names = ("log_likelihood", "estimate", "se", "tau2")
    assert_close(ours, [theirs[name] for name in names], 1e-6)


def _log_likelihood_on_a_grid(cells, mu: float, tau: float, level: float, sigma: float) -> float:
    """Integrate both random effects on a fine even grid, nothing adaptive about it."""
    z = np.linspace(-8, 8, 401)
    density = stats.norm.pdf(z) * (z[1] - z[0])
    theta, alpha = mu + tau * z[:, None], level + sigma * z[None, :]
    total = 0.0
    for a, b, c, d in zip(*cells, strict=True):
        first = stats.binom.pmf(a, a + b, special.expit(alpha + theta / 2))
        second = stats.binom.pmf(c, c + d, special.expit(alpha - theta / 2))
        total += np.log(density @ (first * second) @ density)
    return total


def test_random_levels_are_integrated_and_maximised_exactly() -> None:
    cells = ([4, 6, 9, 3], [30, 20, 40, 9], [8, 9, 20, 9], [25, 22, 33, 4])
    fit = glmm("OR", model="UM.RS", **dict(zip(("ai", "bi", "ci", "di"), cells, strict=True)))
    tau, sigma = np.sqrt(fit.tau2), np.sqrt(fit.level_variance)
    around = np.linspace(-1.2, -0.2, 11)
    values = [_log_likelihood_on_a_grid(cells, fit.estimate, tau, x, sigma) for x in around]
    level = around[int(np.argmax(values))]
    here = max(
        _log_likelihood_on_a_grid(cells, fit.estimate, tau, x, sigma)
        for x in np.linspace(level - 0.1, level + 0.1, 201)
    )
    assert here == pytest.approx(fit.log_likelihood, abs=1e-5)


def test_a_study_alone_gives_its_own_log_odds() -> None:
    fit = glmm("PLO", xi=[7], ni=[20])
    assert fit.estimate == pytest.approx(np.log(7 / 13))
    assert fit.se == pytest.approx(np.sqrt(1 / 7 + 1 / 13))
    assert fit.tau2 == 0


def test_a_start_at_the_very_maximum_is_no_trouble() -> None:
    assert glmm("PLO", xi=[10, 20], ni=[20, 40]).estimate == 0


def test_equal_studies_have_no_heterogeneity() -> None:
    fit = glmm("OR", ai=[4, 4, 4], n1i=[40, 40, 40], ci=[9, 9, 9], n2i=[40, 40, 40])
    assert fit.tau2 == 0
    assert fit.q == pytest.approx(0, abs=1e-8)
    assert fit.q_pvalue == pytest.approx(1)


@pytest.mark.parametrize("model", ["CM.EL", "UM.FS", "UM.RS"])
def test_swapping_the_arms_flips_the_sign(model: str) -> None:
    a, b, c, d = [3, 8, 2, 9], [40, 30, 33, 21], [9, 9, 6, 20], [35, 28, 30, 15]
    one = glmm("OR", model=model, ai=a, bi=b, ci=c, di=d)
    two = glmm("OR", model=model, ai=c, bi=d, ci=a, di=b)
    assert two.estimate == pytest.approx(-one.estimate, abs=1e-7)
    assert two.tau2 == pytest.approx(one.tau2, abs=1e-7)


def test_a_marginal_likelihood_is_what_quad_makes_it() -> None:
    fit = glmm("PLO", xi=[1, 9, 4], ni=[12, 11, 15])

    def one(x: int, n: int) -> float:
        def integrand(z: float) -> float:
            risk = special.expit(fit.estimate + fit.tau * z)
            return float(stats.binom.pmf(x, n, risk) * stats.norm.pdf(z))

        return float(np.log(quad.quad(integrand, -12, 12, epsabs=1e-14)[0]))

    total = one(1, 12) + one(9, 11) + one(4, 15)
    assert fit.log_likelihood == pytest.approx(total, abs=1e-9)


def test_tables_without_information_are_named_and_left_out() -> None:
    fit = glmm("OR", ai=[0, 4, 3], n1i=[9, 30, 30], ci=[0, 2, 1], n2i=[9, 30, 30])
    assert fit.k == 2
    assert fit.notes == ("Row 0: left out, for it has no events, or only events.",)


def test_an_effect_without_maximum_is_said_to_be_not_estimable() -> None:
    for fit in (
        glmm("OR", ai=[3, 4], n1i=[9, 9], ci=[0, 0], n2i=[9, 9]),
        glmm("PLO", xi=[0, 0], ni=[9, 9]),
        glmm("PLO", xi=[0, 9], ni=[9, 9]),
        glmm("OR", ai=[0], n1i=[9], ci=[0], n2i=[9]),
        glmm("IRR", x1i=[0], t1i=[9], x2i=[0], t2i=[9]),
        glmm("OR", ai=[17, 6, 29], n1i=[17, 6, 30], ci=[52, 46, 45], n2i=[57, 48, 45]),
    ):
        assert np.isnan(fit.estimate)
        assert fit.tau2 is None
        assert fit.predict("z") is None
        assert "Not estimable" in fit.notes[-1]


def test_prediction_and_t_intervals_use_the_named_degrees_of_freedom() -> None:
    fit = glmm("PLO", xi=[1, 9, 4, 7], ni=[12, 11, 15, 20], interval="t")
    half = stats.t.ppf(0.975, 3) * fit.se
    assert fit.ci == pytest.approx((fit.estimate - half, fit.estimate + half))
    spread = np.sqrt(fit.tau2 + fit.se**2)
    for rule, quantile in (("k-2", stats.t.ppf(0.975, 2)), ("z", stats.norm.ppf(0.975))):
        interval = fit.predict(rule)
        assert interval.high - fit.estimate == pytest.approx(quantile * spread)
    assert glmm("PLO", xi=[3, 4], ni=[9, 9]).pi is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"xi": [1.5], "ni": [4]}, r"xi\[0\] is 1\.5, but a likelihood needs whole counts"),
        ({"xi": [5], "ni": [4]}, r"xi\[0\] is 5, but must not exceed ni\[0\], which is 4"),
        ({"xi": [1]}, "PLO needs exactly xi ni, but got xi"),
        ({"xi": [1], "ni": [4], "nodes": 1}, "nodes must be a whole number from 7 to 300"),
    ],
)
def test_bad_input_is_named(call: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        glmm("PLO", **call)
