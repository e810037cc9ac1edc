"""Tests for small-study effects and trim and fill, against metafor and published formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.meta.errors import InputError
from analysis.meta.pooling import pool
from analysis.meta.small_study import egger, harbord, pet_peese, peters, rank_test
from analysis.meta.trim_and_fill import trim_and_fill
from meta_cases import column, sample_sizes, usable, usable_rows
from reference_cases import IDS, assert_close, inputs, result
from tolerances import CLOSED_FORM, ITERATIVE

PRIMARY = {case: result(case).get("analysis_of_primary", {}) for case in IDS}
EGGER = [(c, key) for c in IDS for key in PRIMARY[c].get("regtest", {})]
BINARY = [c for c in IDS if "regtest_binary_own_formula" in PRIMARY[c]]
RANK = [c for c in IDS if "ranktest" in PRIMARY[c]]
FILL = [
    (c, method, estimator)
    for c in IDS
    for method, stored in PRIMARY[c].get("trimfill", {}).items()
    for estimator in stored
]
#: trimfill() refits with metafor's own stopping rule, |change of tau2| < 1e-5.
METAFOR_STOPPED_EARLY = 1e-5
#: metafor calls this design rank deficient, because a predictor near 1e-4 meets a constant of 1;
#: in other units it is not (tested below).
METAFOR_REFUSED = {("cannon2006", "rma_ninv")}


def test_no_reference_case_went_missing():
    assert (len(EGGER), len(BINARY), len(RANK), len(FILL)) == (200, 8, 20, 120)


@pytest.mark.parametrize(("case", "key"), [one for one in EGGER if one not in METAFOR_REFUSED])
def test_egger_agrees_with_metafor_for_every_predictor(case, key):
    expected = PRIMARY[case]["regtest"][key]
    model, predictor = key.split("_")
    form = {"lm": "regression", "rma": "model"}[model]
    yi, vi = usable(case)
    fit = pool(yi, vi, method="REML", ci="z")
    ni = sample_sizes(case) if "n" in predictor else None
    if fit.k == 2:
        with pytest.raises(InputError, match="cannot be computed"):
            egger(fit, predictor=predictor, model=form, ni=ni, force=True)
        return
    ours = egger(fit, predictor=predictor, model=form, ni=ni, force=True)
    tolerance = CLOSED_FORM if model == "lm" else ITERATIVE
    assert_close(ours.statistic, expected["stat"], tolerance)
    assert_close(ours.pvalue, expected["pval"], tolerance)
    assert ours.df == expected["df"]
    assert_close(ours.coef, expected["b"], tolerance)
    assert_close(ours.se, expected["se"], tolerance)
    if model == "rma":
        assert_close(ours.tau2, expected["tau2"], tolerance)
    if expected["limit_est"] == []:
        assert ours.limit is None
    else:
        assert_close(ours.limit, expected["limit_est"], tolerance)
        assert_close(ours.limit_ci, expected["limit_ci"], tolerance)


@pytest.mark.parametrize(("case", "key"), sorted(METAFOR_REFUSED))
def test_a_predictor_in_small_units_gives_the_same_answer_in_large_ones(case, key):
    assert "full rank" in PRIMARY[case]["regtest"][key]["error"]
    fit, ni = pool(*usable(case), ci="z"), sample_sizes(case)
    ours = egger(fit, predictor="ninv", model="model", ni=ni, force=True)
    rescaled = egger(fit, predictor=1e4 / ni, model="model", force=True)
    assert ours.statistic == pytest.approx(rescaled.statistic, rel=1e-9)


@pytest.mark.parametrize("case", BINARY)
def test_peters_and_harbord_agree_with_the_published_formulas(case):
    expected = PRIMARY[case]["regtest_binary_own_formula"]
    cells = tables(case)
    if "error" in expected or len(expected["rows_1based"]) < 3:
        with pytest.raises(InputError, match="cannot be computed"):
            peters(*cells, force=True)
        return
    ours = peters(*cells, force=True)
    assert ours.k == len(expected["rows_1based"])
    assert_close(ours.coef, expected["peters"]["b"], CLOSED_FORM)
    assert_close(ours.se, expected["peters"]["se"], CLOSED_FORM)
    assert_close(ours.statistic, expected["peters"]["t"], CLOSED_FORM)
    assert_close(ours.pvalue, expected["peters"]["pval"], CLOSED_FORM)
    ours = harbord(*cells, force=True)
    assert_close(ours.coef[0], expected["harbord"]["intercept"], CLOSED_FORM)
    assert_close(ours.se[0], expected["harbord"]["se"], CLOSED_FORM)
    assert_close(ours.statistic, expected["harbord"]["t"], CLOSED_FORM)
    assert_close(ours.pvalue, expected["harbord"]["pval"], CLOSED_FORM)
    assert ours.df == expected["harbord"]["df"]


def tables(case: str) -> tuple[np.ndarray, ...]:
    """Return the 2x2 tables of the rows used."""
    rows, data = usable_rows(case), inputs(case)
    a, c = data["ai"][rows], data["ci"][rows]
    b = data["bi"][rows] if "bi" in data else data["n1i"][rows] - a
    d = data["di"][rows] if "di" in data else data["n2i"][rows] - c
    return a, b, c, d


@pytest.mark.parametrize("case", RANK)
def test_rank_test_agrees_with_metafor(case):
    expected = PRIMARY[case]["ranktest"]
    fit = pool(*usable(case))
    if fit.k < 3:
        with pytest.raises(InputError, match="cannot be computed"):
            rank_test(fit, force=True)
        return
    ours = rank_test(fit, force=True)
    assert_close(ours.tau, expected["tau"], CLOSED_FORM)
    assert_close(ours.pvalue, expected["pval"], CLOSED_FORM)
    assert any("ties" in note for note in ours.notes) == ("warnings" in expected)


@pytest.mark.parametrize(("case", "method", "estimator"), FILL)
def test_trim_and_fill_agrees_with_metafor(case, method, estimator):
    expected = PRIMARY[case]["trimfill"][method][estimator]
    fit = pool(*usable(case), method={"FE": "EE"}.get(method, method), ci="z")
    if "error" in expected or fit.k < 3:
        with pytest.raises(InputError):
            trim_and_fill(fit, estimator=estimator, force=True)
        return
    ours = trim_and_fill(fit, estimator=estimator, force=True)
    tolerance = CLOSED_FORM if method == "FE" else METAFOR_STOPPED_EARLY
    assert (ours.side, ours.k0) == (expected["side"], expected["k0"])
    assert_close(ours.k0_se, expected["se_k0"], tolerance)
    if expected["p_k0"] is None:
        assert ours.k0_pvalue is None
    else:
        assert_close(ours.k0_pvalue, expected["p_k0"], tolerance)
    for name, value in {
        "mu": ours.fit.estimate,
        "se": ours.fit.se,
        "ci_lb": ours.fit.ci[0],
        "ci_ub": ours.fit.ci[1],
        "tau2": ours.fit.tau2,
        "Q": ours.fit.q,
    }.items():
        assert_close(value, expected[name], tolerance)
    # In percent, so a hundred times as far from metafor's as tau2 over the typical variance is.
    typical = ours.fit.tau2 / (ours.fit.h2 - 1) if ours.fit.tau2 else np.inf
    assert_close(ours.fit.i2, expected["I2"], tolerance * max(1, 100 / typical))
    order = np.lexsort((ours.filled_vi, ours.filled_yi))
    filled_yi, filled_vi = (np.atleast_1d(expected[name]) for name in ("filled_yi", "filled_vi"))
    theirs = np.lexsort((filled_vi, filled_yi))
    assert_close(ours.filled_yi[order], filled_yi[theirs], tolerance)
    assert_close(ours.filled_vi[order], filled_vi[theirs], tolerance)


def restricted_log_likelihood(yi: np.ndarray, vi: np.ndarray, tau2: float) -> float:
    """Return the restricted log likelihood of tau2, up to a constant."""
    w = 1 / (vi + tau2)
    mean = (w * yi).sum() / w.sum()
    return 0.5 * float(np.log(w).sum() - np.log(w.sum()) - (w * (yi - mean) ** 2).sum())


@pytest.mark.parametrize("case", sorted({case for case, _, _ in FILL} - {"bcg_k2"}))
def test_filled_in_restricted_likelihood_is_at_least_as_high_as_metafors(case):
    fit = pool(*usable(case))
    expected = PRIMARY[case]["trimfill"]["REML"]["L0"]
    ours = trim_and_fill(fit, force=True).fit
    best = restricted_log_likelihood(ours.yi, ours.vi, ours.tau2)
    assert best >= restricted_log_likelihood(ours.yi, ours.vi, expected["tau2"]) - 1e-12


@pytest.mark.parametrize("case", ["bcg", "egger2001", "baskerville2012", "damico2009"])
def test_pet_and_peese_are_the_two_regression_limits(case):
    stored = PRIMARY[case]["regtest"]
    ours = pet_peese(pool(*usable(case)))
    assert_close(ours.pet.limit, stored["lm_sei"]["limit_est"], CLOSED_FORM)
    assert_close(ours.peese.limit, stored["lm_vi"]["limit_est"], CLOSED_FORM)
    taken = "lm_vi" if ours.pet_pvalue < 0.10 else "lm_sei"
    assert ours.chosen == {"lm_vi": "PEESE", "lm_sei": "PET"}[taken]
    assert_close(ours.estimate, stored[taken]["limit_est"], CLOSED_FORM)
    assert_close(ours.ci, stored[taken]["limit_ci"], CLOSED_FORM)


def test_pet_peese_takes_peese_where_an_effect_is_beyond_doubt():
    rng = np.random.default_rng(3)
    vi = rng.uniform(0.01, 0.2, 30)
    strong = pet_peese(pool(rng.normal(2.0, np.sqrt(vi)), vi))
    none = pet_peese(pool(rng.normal(0.0, np.sqrt(vi)), vi))
    assert (strong.chosen, none.chosen) == ("PEESE", "PET")


def test_eggers_slope_is_the_constant_of_his_own_regression():
    yi, vi = usable("egger2001")
    ours = egger(pool(yi, vi))
    design = np.column_stack([np.ones_like(vi), 1 / np.sqrt(vi)])
    constant = np.linalg.lstsq(design, yi / np.sqrt(vi), rcond=None)[0][0]
    assert ours.coef[1] == pytest.approx(constant)


def test_an_own_predictor_is_used_and_promises_no_limit():
    yi, vi = usable("bcg")
    named = egger(pool(yi, vi), predictor="sei")
    own = egger(pool(yi, vi), predictor=np.sqrt(vi))
    assert own.pvalue == pytest.approx(named.pvalue)
    assert own.limit is None


@pytest.mark.parametrize(
    "run",
    [
        egger,
        rank_test,
        pet_peese,
        trim_and_fill,
        lambda fit, **options: peters(*np.full((4, fit.k), 9.0) + np.arange(fit.k), **options),
        lambda fit, **options: harbord(*np.full((4, fit.k), 9.0) + np.arange(fit.k), **options),
    ],
)
def test_below_ten_studies_every_method_refuses_unless_forced_and_then_says_so(run):
    rng = np.random.default_rng(5)
    fit = pool(rng.normal(0, 0.5, 9), rng.uniform(0.05, 0.4, 9))
    with pytest.raises(InputError, match=r"9 studies are too few .* fewer than ten"):
        run(fit)
    if run in (egger, rank_test, pet_peese, trim_and_fill):
        assert any("Forced with 9 studies" in note for note in run(fit, force=True).notes)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"predictor": "ni"}, "needs the sample sizes"),
        ({"predictor": "ni", "ni": [10.0]}, "ni has 1 entries"),
        ({"predictor": "ni", "ni": [0.0] * 13}, r"ni\[0\] is 0.0"),
        ({"predictor": [1.0, 2.0]}, "predictor has 2 entries"),
        ({"predictor": "size"}, "predictor must be one of"),
        ({"model": "loess"}, "model must be one of"),
    ],
)
def test_unusable_predictors_are_named(options, said):
    with pytest.raises(InputError, match=said):
        egger(pool(*usable("bcg")), **options)


def test_tables_must_agree_in_length_and_hold_no_negative_count():
    a, b, c, d = tables("bcg")
    with pytest.raises(InputError, match="di has 12"):
        peters(a, b, c, d[1:])
    with pytest.raises(InputError, match=r"bi\[0\] is -1"):
        harbord(a, np.concatenate([[-1.0], b[1:]]), c, d)


def test_trials_without_information_on_the_odds_ratio_are_left_out_and_said():
    ours = harbord(*tables("anand1999"), force=True)
    assert any("1 trials with no event" in note for note in ours.notes)


@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
def test_trim_and_fill_of_equal_effects_is_refused_and_does_not_rank_rounding(estimator):
    fit = pool([0.3] * 4, [0.1, 0.7, 0.03, 0.2], ci="hksj_floor")
    with pytest.raises(InputError, match="all effects are equal"):
        trim_and_fill(fit, estimator=estimator, force=True)


def test_trim_and_fill_mirrors_when_the_effects_change_sign():
    yi, vi = usable("egger2001")
    one, other = trim_and_fill(pool(yi, vi)), trim_and_fill(pool(-yi, vi))
    assert {one.side, other.side} == {"left", "right"}
    assert one.k0 == other.k0 > 0
    assert one.fit.estimate == pytest.approx(-other.fit.estimate)


def test_year_of_publication_may_be_the_predictor():
    yi, vi = usable("bcg")
    assert egger(pool(yi, vi), predictor=column("bcg", "year"), model="model").tau2 is not None


EQUAL = np.full(12, 0.2)


@pytest.mark.parametrize(
    ("run", "yi", "vi", "said"),
    [
        (egger, np.arange(12.0), EQUAL, "constant"),
        (egger, EQUAL, np.linspace(0.1, 1, 12), "exactly on a line"),
        (rank_test, np.arange(12.0), EQUAL, "no rank order"),
        (pet_peese, np.arange(12.0), EQUAL, "constant"),
        (trim_and_fill, np.arange(12.0), EQUAL, "constant"),
    ],
)
def test_data_without_spread_are_refused_in_words(run, yi, vi, said):
    with pytest.raises(InputError, match=said):
        run(pool(yi, vi))


def test_one_enormous_study_leaves_the_rank_test_finite():
    vi = np.array([1e-12, *np.linspace(0.1, 2, 11)])
    ours = rank_test(pool(np.sin(np.arange(12.0)), vi))
    assert np.isfinite([ours.tau, ours.pvalue]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_asymmetry_results_do_not_depend_on_order_origin_or_unit(seed, shift, scale):
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.02, 0.5, 14)
    yi = rng.normal(0, np.sqrt(vi + 0.1))
    order = rng.permutation(14)
    one = pool(yi, vi)
    other = pool(scale * (yi[order] + shift), scale**2 * vi[order])
    assert egger(other).pvalue == pytest.approx(egger(one).pvalue, rel=1e-6, abs=1e-9)
    assert rank_test(other).tau == pytest.approx(rank_test(one).tau)
    fills = trim_and_fill(one), trim_and_fill(other)
    assert fills[0].k0 == fills[1].k0
    assert fills[1].fit.estimate == pytest.approx(
        scale * (fills[0].fit.estimate + shift), rel=1e-5, abs=1e-6 * scale
    )


def test_studies_alike_in_effect_and_variance_stay_tied():
    # metafor 3.8-1, ranktest(yi, vi); studies 2 and 7 are the same, which a sum over the others
    # in another order for each would undo in its last digit
    yi = [-0.7, -1.3, -0.6, 0.0, -2.3, -0.2, -1.3, -0.7]
    vi = [0.34, 0.17, 0.07, 0.06, 0.42, 0.46, 0.17, 0.38]
    ours = rank_test(pool(yi, vi), force=True)
    expected = [-0.18518518518518517, 0.52993595015662009]
    assert_close([ours.tau, ours.pvalue], expected, CLOSED_FORM)
