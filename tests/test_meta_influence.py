"""Leave-one-out, cumulative, deletion diagnostics and shrinkage against metafor."""

import numpy as np
import pytest

from analysis import meta
from reference_cases import assert_close, floats, pooled_data, primaries, result
from tolerances import REFITS

CASES = primaries()
FITS = {"FE": ("EE", "z"), "DL": ("DL", "z"), "REML": ("REML", "z"), "REML_knha": ("REML", "hksj")}
TABLE = {
    "estimate": "estimate",
    "se": "se",
    "zval": "statistic",
    "tval": "statistic",
    "pval": "pvalue",
    "ci_lb": "ci_low",
    "ci_ub": "ci_high",
    "Q": "q",
    "Qp": "q_pvalue",
    "tau2": "tau2",
    "I2": "i2",
    "H2": "h2",
}
DIAGNOSTICS = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cook_d": "cook_d",
    "cov_r": "cov_r",
    "tau2_del": "tau2_del",
    "QE_del": "q_del",
    "hat": "hat",
    "weight_pct": "weight",
    "dfbetas": "dfbetas",
}


def analysis(case):
    return result(case)["analysis_of_primary"]


def fit_of(case, name):
    method, ci = FITS[name]
    return meta.pool(*pooled_data(case, analysis(case)["measure"]), method=method, ci=ci)


def assert_columns_close(table, reference, names):
    compared = names.keys() & reference.keys()
    assert len(compared) >= 9
    for key in compared:
        assert_close(table[names[key]], floats(reference[key]), REFITS)


def test_the_number_of_reference_analyses_has_not_shrunk():
    assert len(CASES) == 20


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("case", CASES)
def test_leave_one_out_equals_metafor(case, name):
    table = meta.leave_one_out(fit_of(case, name))
    assert_columns_close(table, analysis(case)["leave1out"][name], TABLE)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("case", CASES)
def test_cumulative_equals_metafor(case, name):
    reference = analysis(case)["cumul"][name]
    order = np.array(reference["order_1based"]) - 1
    table = meta.cumulative(fit_of(case, name), order)
    assert_columns_close(table, reference, TABLE)
    np.testing.assert_array_equal(table.index, order)
    np.testing.assert_array_equal(table["k"], np.arange(1, len(order) + 1))


@pytest.mark.parametrize("name", ["FE", "DL", "REML"])
@pytest.mark.parametrize("case", CASES)
def test_deletion_diagnostics_equal_metafor(case, name):
    reference = analysis(case)["influence"][name]
    table = meta.influence(fit_of(case, name))
    assert_columns_close(table, reference, DIAGNOSTICS)
    np.testing.assert_array_equal(table["flagged"], reference["is_influential"])


@pytest.mark.parametrize("case", CASES)
def test_standardised_residuals_equal_metafor(case):
    table = meta.influence(fit_of(case, "REML"))
    assert_close(table["rstandard"], floats(analysis(case)["rstandard_REML"]["z"]), REFITS)


@pytest.mark.parametrize("name", ["FE", "REML"])
@pytest.mark.parametrize("case", CASES)
def test_baujat_coordinates_equal_metafor(case, name):
    table, reference = meta.influence(fit_of(case, name)), analysis(case)[f"baujat_{name}"]
    assert_close(table["baujat_x"], floats(reference["x"]), REFITS)
    assert_close(table["baujat_y"], floats(reference["y"]), REFITS)


@pytest.mark.parametrize("case", CASES)
def test_shrunken_effects_equal_metafor(case):
    table, reference = meta.shrinkage(fit_of(case, "REML")), analysis(case)["blup_REML"]
    for ours, key in (("estimate", "pred"), ("se", "se"), ("low", "pi_lb"), ("high", "pi_ub")):
        assert_close(table[ours], floats(reference[key]), REFITS)


def test_hartung_knapp_residuals_equal_metafor():
    """Printed by metafor 3.8-1: influence(rma(yi, vi, test="knha"))$inf$rstudent."""
    yi, vi = pooled_data("raudenbush1985", "GEN")
    table = meta.influence(meta.pool(yi, vi, ci="hksj"))
    known = [-0.260947850508, 0.124842841558, -0.888705132792]
    np.testing.assert_allclose(table["rstudent"][:3], known, rtol=1e-10)


@pytest.mark.parametrize("ci", ["z", "hksj"])
def test_leaving_one_out_of_two_leaves_the_other_study_itself(ci):
    table = meta.leave_one_out(meta.pool([0.2, 0.8], [0.04, 0.09], ci=ci))
    np.testing.assert_allclose(table["estimate"], [0.8, 0.2])
    np.testing.assert_allclose(table["se"], [0.3, 0.2])
    assert not table.isna().to_numpy().any()


def test_a_single_study_cannot_be_left_out():
    for function in (meta.leave_one_out, meta.influence):
        with pytest.raises(meta.InputError, match="k = 1"):
            function(meta.pool([0.2], [0.04]))


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [1, 2, 3], [1999, 2004, 2001]])
def test_an_order_that_is_not_a_permutation_is_refused(order):
    with pytest.raises(meta.InputError, match="each position from 0 to 2 once"):
        meta.cumulative(meta.pool([0.1, 0.2, 0.3], [1, 1, 1]), order)


def test_equal_estimates_give_no_infinite_diagnostics():
    table = meta.influence(meta.pool([0.5] * 4, [0.1, 0.2, 0.3, 0.4], ci="hksj"))
    assert not np.isinf(table.to_numpy(dtype=float)).any()
    assert not table["flagged"].any()
