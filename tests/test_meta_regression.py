"""Meta-regression against metafor, exact arithmetic and its own special cases."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.meta.errors import InputError
from analysis.meta.kernel import CI_METHODS, pool_many
from analysis.meta.regression import regression
from analysis.meta.tau2 import METHODS
from meta_cases import column, dummies, primary, usable
from reference_cases import IDS, assert_close, result
from tolerances import CLOSED_FORM, ITERATIVE

CASES = [
    (case, formula, method)
    for case in IDS
    for formula, stored in result(case).get("metareg_of_primary", {}).items()
    for method in stored["methods"]
]
#: With calendar years as moderators metafor's QE is away from exact rational arithmetic (tested
#: below), and what is computed from it follows; the value is the tolerance that allows for.
INEXACT_IN_METAFOR = {("egger2001", "~year"): 2e-7, ("bcg", "~ablat+year"): ITERATIVE}


def moderators(case: str, formula: str) -> np.ndarray:
    """Return the design of an R formula without its constant."""
    columns = []
    for term in formula.removeprefix("~").split("+"):
        name = term.strip().removeprefix("factor(").removesuffix(")")
        values = column(case, name)
        categorical = values.dtype.kind == "U" or "factor" in term
        columns.append(dummies(values) if categorical else values[:, None])
    return np.hstack(columns)


def test_no_reference_case_went_missing():
    assert len(CASES) == 110


@pytest.mark.parametrize(("case", "formula", "method"), CASES)
def test_regression_agrees_with_metafor(case, formula, method):
    stored = result(case)["metareg_of_primary"][formula]
    rows = np.array(stored["rows_used_1based"]) - 1
    yi, vi = primary(case)
    x = moderators(case, formula)[rows]
    expected = stored["methods"][method]
    tolerance = CLOSED_FORM if method in ("FE", "DL", "SJ") else ITERATIVE
    tolerance = INEXACT_IN_METAFOR.get((case, formula), tolerance)
    for ci, test in (("z", "z"), ("hksj", "knha")):
        if test not in expected:
            continue
        ours = "EE" if method == "FE" else method
        fit = regression(yi[rows], vi[rows], x, method=ours, ci=ci)
        for name, value in {
            "tau2": fit.tau2,
            "I2": fit.i2,
            "H2": fit.h2,
            "QE": fit.qe,
            "QE_p": fit.qe_pvalue,
            "logLik": fit.log_likelihood,
            "AICc": fit.aicc,
        }.items():
            assert_close(value, expected[name], tolerance)
        if expected["se_tau2"] is not None:
            assert_close(fit.tau2_se, expected["se_tau2"], tolerance)
        assert (fit.r2 is None) == (expected["R2"] is None)
        if fit.r2 is not None:
            assert_close(fit.r2, expected["R2"], tolerance)
        inference = expected[test]
        for name, value in {
            "b": fit.coef,
            "se": fit.se,
            "stat": fit.statistic,
            "pval": fit.pvalue,
            "ci_lb": fit.ci[:, 0],
            "ci_ub": fit.ci[:, 1],
            "vcov": fit.vcov,
            "QM": fit.qm.statistic,
            "QM_p": fit.qm.pvalue,
        }.items():
            assert_close(value, inference[name], tolerance)


def exact_residual_q(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> float:
    """Solve the normal equations in rational numbers and return the weighted residual sum."""
    rows = [[Fraction(1), *map(Fraction, row)] for row in x.tolist()]
    weights, target = [1 / Fraction(one) for one in v.tolist()], [Fraction(a) for a in y.tolist()]
    p = len(rows[0])
    triples = list(zip(weights, rows, target, strict=True))
    system = [
        [sum(w * r[i] * r[j] for w, r, _ in triples) for j in range(p)]
        + [sum(w * r[i] * b for w, r, b in triples)]
        for i in range(p)
    ]
    for i in range(p):
        system[i] = [value / system[i][i] for value in system[i]]
        for j in range(p):
            if j != i:
                factor = system[j][i]
                system[j] = [a - factor * b for a, b in zip(system[j], system[i], strict=True)]
    coef = [row[-1] for row in system]
    fitted = [sum(b * a for b, a in zip(coef, row, strict=True)) for row in rows]
    return float(sum(w * (b - f) ** 2 for (w, _, b), f in zip(triples, fitted, strict=True)))


@pytest.mark.parametrize(("case", "formula"), INEXACT_IN_METAFOR)
def test_residual_q_is_exact_where_metafor_loses_digits(case, formula):
    stored = result(case)["metareg_of_primary"][formula]
    rows = np.array(stored["rows_used_1based"]) - 1
    yi, vi = (values[rows] for values in primary(case))
    x = moderators(case, formula)[rows]
    exact = exact_residual_q(yi, vi, x)
    assert regression(yi, vi, x, method="EE").qe == pytest.approx(exact, rel=1e-13)
    theirs = stored["methods"]["FE"]["QE"]
    assert abs(theirs - exact) > 1e-11 * exact


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", CI_METHODS)
@pytest.mark.parametrize("case", ["bcg", "gibson2002", "hahn2001"])
def test_without_moderators_regression_is_the_pooled_mean(case, method, ci):
    yi, vi = usable(case)
    fit = regression(yi, vi, None, method=method, ci=ci)
    one = pool_many([yi], [vi], method=method, ci=ci)
    for ours, theirs in (
        (fit.coef[0], one.estimate[0]),
        (fit.se[0], one.se[0]),
        (fit.ci[0], one.ci[0]),
        (fit.tau2, one.tau2[0]),
        (fit.qe, one.q[0]),
        (fit.i2, one.i2[0]),
        (fit.h2, one.h2[0]),
    ):
        assert_close(ours, theirs, ITERATIVE)
    if method != "EE":
        assert_close(fit.tau2_se, one.tau2_se[0], ITERATIVE)


def test_prediction_at_the_data_follows_the_line_and_widens_with_tau2():
    yi, vi = usable("bcg")
    latitude = column("bcg", "ablat")
    fit = regression(yi, vi, latitude, ci="z")
    at = fit.predict([[20.0], [40.0]])
    np.testing.assert_allclose(at.estimate, fit.coef[0] + fit.coef[1] * np.array([20.0, 40.0]))
    # Moving the origin to the new value makes the constant the prediction itself.
    moved = regression(yi, vi, latitude - 20, ci="z")
    assert at.se[0] == pytest.approx(moved.se[0])
    np.testing.assert_allclose(at.ci[0], moved.ci[0])
    half = (at.pi[:, 1] - at.pi[:, 0]) / 2
    np.testing.assert_allclose(half, 1.959963984540054 * np.sqrt(at.se**2 + fit.tau2))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(0.01, 4), st.floats(-5, 5)),
        min_size=4,
        max_size=9,
        unique_by=lambda row: round(row[2], 1),
    ),
    st.sampled_from(METHODS),
    st.floats(0.1, 10),
)
def test_regression_scales_with_the_data_and_ignores_order_and_origin(rows, method, scale):
    y, v, x = np.array(rows).T
    fit = regression(y, v, x, method=method, ci="hksj_floor")
    assert fit.tau2 >= 0
    other = regression(scale * y[::-1] + 1, scale**2 * v[::-1], x[::-1] + 3, method=method)
    spread = scale * fit.se[1]
    assert abs(other.coef[1] - scale * fit.coef[1]) <= 1e-6 * (spread + abs(other.coef[1]))
    plain = regression(y, v, x, method="EE", ci="z")
    assert fit.se[1] >= plain.se[1] * (1 - 1e-9)


@pytest.mark.parametrize(
    ("x", "options", "said"),
    [
        ([1.0, 1, 1, 1], {}, "'x1' is constant or determined"),
        ([[1.0, 2], [2, 4], [3, 6], [5, 10]], {"names": ["dose", "twice"]}, "'twice'"),
        ([1.0, 2, 3], {}, "one row per study"),
        ([1.0, np.inf, 3, 4], {}, r"X\[1, 0\] is inf"),
        (["a", "b", "c", "d"], {}, r"X\[0\] is 'a', but must be a number"),
        ([1.0, 2, 3, 4], {"names": ["a", "b"]}, "names has 2 entries"),
        ([1.0, 2, 3, 4], {"method": "XX"}, "method must be one of"),
        ([1.0, 2, 3, 4], {"ci": "XX"}, "ci must be one of"),
        (np.eye(4)[:, :3], {}, "4 coefficients need at least 5"),
        (np.eye(4), {}, "too many"),
        (None, {"intercept": False}, "nothing to fit"),
    ],
)
def test_bad_designs_are_named(x, options, said):
    with pytest.raises(InputError, match=said):
        regression([0.1, 0.2, 0.4, 0.3], [0.1] * 4, x, **options)


def test_prediction_with_the_wrong_number_of_moderators_is_refused():
    fit = regression(*usable("bcg"), column("bcg", "ablat"))
    with pytest.raises(InputError, match="must have 1 columns"):
        fit.predict([[1.0, 2.0]])


def test_few_studies_per_moderator_are_said():
    yi, vi = usable("bcg")
    fit = regression(yi, vi, np.column_stack([column("bcg", "ablat"), column("bcg", "year")]))
    assert any("fewer than ten studies per moderator" in note for note in fit.notes)


def test_a_perfect_fit_has_no_test_and_says_why():
    x = np.array([1.0, 2.0, 3.0, 4.0, 7.0])
    fit = regression(0.3 + 0.1 * x, np.full(5, 0.2), x)
    assert fit.tau2 == 0
    assert (fit.se == 0).all()
    assert np.isnan(fit.pvalue).all()
    assert fit.qm.pvalue is None
    assert any("fits every study exactly" in note for note in fit.notes)
    assert (regression(0.3 + 0.1 * x, np.full(5, 0.2), x, ci="hksj_floor").se > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_variances_over_twelve_orders_of_magnitude_give_finite_answers(method):
    rng = np.random.default_rng(8)
    v = np.logspace(-8, 4, 13)
    fit = regression(rng.normal(size=13), v, rng.normal(size=13), method=method)
    values = [*fit.coef, *fit.se, *fit.pvalue, fit.tau2, fit.i2, fit.h2, fit.qe, fit.aicc]
    assert np.isfinite(values).all()


def test_two_maxima_of_the_likelihood_are_told_apart():
    yi, vi = (
        np.array(result("gibson2002")["effect_sizes"]["MD"][name], float) for name in ("yi", "vi")
    )
    usable_rows = np.isfinite(yi)
    expected = result("gibson2002")["models"]["MD"]["REML"]
    fit = regression(yi[usable_rows], vi[usable_rows], None, ci="z")
    assert_close(fit.tau2, expected["tau2"], ITERATIVE)
