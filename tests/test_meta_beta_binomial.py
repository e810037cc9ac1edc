"""The beta-binomial model: against glmmTMB's stored values and scipy's own distribution."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.meta.beta_binomial import BetaBinomialFit, beta_binomial
from analysis.meta.errors import InputError
from reference_cases import FOLDER, inputs

REFERENCE = json.loads((FOLDER / "glmm.json").read_text(encoding="utf-8"))["beta_binomial"]


def _columns(case: str, measure: str) -> dict[str, np.ndarray]:
    data = inputs(case)
    names = ("xi", "ni") if measure == "PLO" else ("ai", "bi", "ci", "di")
    return {name: data[name] for name in names}


def _fit(case: str, measure: str) -> BetaBinomialFit:
    return beta_binomial(measure, **_columns(case, measure))


def test_no_reference_case_has_been_lost() -> None:
    assert len(REFERENCE) >= 12


@pytest.mark.parametrize("key", REFERENCE)
def test_equals_glmmtmb(key: str) -> None:
    theirs = REFERENCE[key]
    fit = _fit(theirs["id"], theirs["measure"])
    assert fit.log_likelihood >= theirs["log_likelihood"] - 1e-7
    # glmmTMB stops at a gradient of about 1e-4, which bounds how close it comes
    for ours, reference in (
        (fit.estimate, theirs["estimate"]),
        (fit.se, theirs["se"]),
        (fit.rho, theirs["rho"]),
    ):
        assert ours == pytest.approx(reference, abs=2e-4)


def test_no_other_parameters_are_likelier_by_scipys_distribution() -> None:
    data = inputs("pritz1997")
    fit = _fit("pritz1997", "PLO")

    def loss(parameters: np.ndarray) -> float:
        mean, theta = 1 / (1 + np.exp(-parameters[0])), np.exp(parameters[1])
        model = stats.betabinom(data["ni"], mean / theta, (1 - mean) / theta)
        return -float(model.logpmf(data["xi"]).sum())

    best = optimize.minimize(loss, [0.0, -1.0], method="Nelder-Mead", options={"xatol": 1e-9})
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    assert fit.estimate == pytest.approx(best.x[0], abs=1e-5)


@pytest.mark.parametrize("case", ["hahn2001", "anand1999", "egger2001"])
def test_odds_and_risk_ratio_describe_one_and_the_same_model(case: str) -> None:
    odds, risk = _fit(case, "OR"), _fit(case, "RR")
    assert odds.log_likelihood == pytest.approx(risk.log_likelihood, abs=1e-7)
    assert odds.rho == pytest.approx(risk.rho, rel=1e-5)


def test_without_extra_variation_it_is_the_binomial_model() -> None:
    fit = beta_binomial("OR", ai=[5, 10], n1i=[50, 100], ci=[10, 20], n2i=[50, 100])
    assert fit.rho == 0
    assert fit.estimate == pytest.approx(np.log((15 / 135) / (30 / 120)))
    assert fit.se == pytest.approx(np.sqrt(1 / 15 + 1 / 135 + 1 / 30 + 1 / 120))
    assert "binomial" in fit.notes[0]


def test_studies_without_events_still_count() -> None:
    some = beta_binomial("RR", ai=[4, 6], n1i=[50, 60], ci=[1, 2], n2i=[50, 60])
    more = beta_binomial("RR", ai=[4, 6, 0], n1i=[50, 60, 40], ci=[1, 2, 0], n2i=[50, 60, 40])
    assert more.k == 3
    assert more.log_likelihood < some.log_likelihood


def test_an_arm_without_any_event_is_said_to_be_not_estimable() -> None:
    fit = beta_binomial("OR", ai=[0, 0], n1i=[9, 9], ci=[1, 2], n2i=[9, 9])
    assert np.isnan(fit.estimate)
    assert "Not estimable" in fit.notes[0]


def test_fractions_of_people_are_refused_by_element() -> None:
    with pytest.raises(InputError, match=r"xi\[1\] is 2\.5, but a likelihood needs whole counts"):
        beta_binomial("PLO", xi=[1, 2.5], ni=[4, 5])
