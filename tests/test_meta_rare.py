"""Mantel–Haenszel and Peto: equal to metafor, and plain about what cannot be estimated."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.errors import InputError
from analysis.meta.rare import RareFit, mantel_haenszel, mantel_haenszel_rates, peto
from reference_cases import IDS, assert_close, floats, inputs, result
from tolerances import CLOSED_FORM, REFITS

CASES = [(case, key) for case in IDS for key in result(case).get("mh_peto", {})]


def _fit(case: str, key: str, **options: bool) -> RareFit:
    data = inputs(case)
    cells = tuple(data[name] for name in ("ai", "bi", "ci", "di"))
    if key == "PETO":
        return peto(*cells)
    return mantel_haenszel(*cells, measure=key[3:5], drop00=not key.endswith("FALSE"), **options)


def test_no_reference_case_has_been_lost() -> None:
    assert len(CASES) >= 56


@pytest.mark.parametrize(("case", "key"), CASES)
def test_equals_metafor(case: str, key: str) -> None:
    fit, theirs = _fit(case, key), result(case)["mh_peto"][key]
    ours = [fit.estimate, fit.se, fit.statistic, fit.pvalue, *fit.ci, fit.q, fit.q_pvalue]
    names = ("mu", "se", "zval", "pval", "ci_lb", "ci_ub", "Q", "Q_p")
    assert_close(ours, [theirs[name] for name in names], CLOSED_FORM)
    assert_close([fit.k, fit.i2, fit.h2], [theirs[n] for n in ("k", "I2", "H2")], CLOSED_FORM)
    if theirs["k_pos"] is not None:
        assert fit.k_informative == theirs["k_pos"]


@pytest.mark.parametrize(("case", "key"), CASES)
def test_leave_one_out_equals_metafor(case: str, key: str) -> None:
    frame, theirs = _fit(case, key).leave_one_out(), result(case)["mh_peto"][key]["leave1out"]
    assert_close(frame["estimate"], floats(theirs["estimate"]), REFITS)
    assert_close(frame["se"], floats(theirs["se"]), REFITS)


@pytest.mark.parametrize(("case", "key"), [pair for pair in CASES if "_OR" in pair[1]])
def test_tests_of_association_and_homogeneity_equal_metafor(case: str, key: str) -> None:
    theirs = result(case)["mh_peto"][key]
    fit, plain = _fit(case, key), _fit(case, key, correct=False)
    pairs = [
        (fit.cmh, "CMH_corrected", "CMH_p"),
        (plain.cmh, "CMH_uncorrected", "CMH_uncorrected_p"),
        (fit.breslow_day, "BD", "BD_p"),
        (fit.tarone, "TA", "TA_p"),
    ]
    for test, statistic, pvalue in pairs:
        assert test is not None
        assert_close(
            [test.statistic, test.pvalue], [theirs[statistic], theirs[pvalue]], CLOSED_FORM
        )


@pytest.mark.parametrize("measure", ["IRR", "IRD"])
def test_rates_equal_metafor(measure: str) -> None:
    data, theirs = inputs("hart1999"), result("hart1999")["mh"][measure]
    columns = {name: data[name] for name in ("x1i", "t1i", "x2i", "t2i")}
    fit = mantel_haenszel_rates(**columns, measure=measure)
    ours = [fit.estimate, fit.se, *fit.ci, fit.q, fit.q_pvalue]
    names = ("mu", "se", "ci_lb", "ci_ub", "Q", "Q_p")
    assert_close(ours, [theirs[name] for name in names], CLOSED_FORM)
    if fit.cmh is None:
        assert theirs["MH"] is None
    else:
        assert_close([fit.cmh.statistic, fit.cmh.pvalue], [theirs["MH"], theirs["MH_p"]], 1e-10)


def test_double_zero_tables_do_not_change_a_ratio_but_a_difference() -> None:
    cells = {"ai": [3, 0], "bi": [20, 25], "ci": [6, 0], "di": [18, 25]}
    for measure in ("RR", "OR"):
        with_it, without = (
            mantel_haenszel(**cells, measure=measure, drop00=drop) for drop in (False, True)
        )
        assert with_it.estimate == pytest.approx(without.estimate)
    kept = mantel_haenszel(**cells, measure="RD", drop00=False)
    dropped = mantel_haenszel(**cells, measure="RD")
    assert abs(kept.estimate) < abs(dropped.estimate)
    assert dropped.notes == (
        "Row 1: left out, for it has no events or only events.",
        "Heterogeneity: not defined, for fewer than two rows have their own effect.",
    )
    np.testing.assert_allclose(dropped.weights, [100, 0])


def test_an_arm_without_events_has_no_ratio_and_it_is_said() -> None:
    fit = mantel_haenszel([2, 3], [9, 9], [0, 0], [9, 9])
    assert np.isnan([fit.estimate, fit.se, *fit.ci]).all()
    assert "not estimable, for one arm has no events" in fit.notes[0]
    assert mantel_haenszel([2, 3], [9, 9], [0, 0], [9, 9], measure="RD").estimate > 0
    assert peto([2, 3], [9, 9], [0, 0], [9, 9]).estimate > 0


def test_nothing_at_all_to_pool_is_said() -> None:
    for fit in (
        mantel_haenszel([0], [9], [0], [9]),
        peto([0], [9], [0], [9]),
        mantel_haenszel_rates([0], [9], [0], [9]),
    ):
        assert np.isnan(fit.estimate)
        assert fit.notes


def test_one_table_gives_its_own_ratio() -> None:
    fit = mantel_haenszel([4], [16], [2], [18])
    assert fit.scale.back(fit.estimate) == pytest.approx(2)
    assert (fit.q, fit.q_pvalue, fit.i2, fit.h2) == (None, None, None, None)
    (why,) = fit.notes
    assert why.startswith("Heterogeneity: not defined")
    assert np.isnan(fit.leave_one_out()["estimate"]).all()


def test_swapping_the_arms_flips_the_sign() -> None:
    a, b, c, d = [3, 8, 2], [40, 30, 33], [9, 9, 6], [35, 28, 30]
    for measure in ("RR", "OR", "RD"):
        one, two = (
            mantel_haenszel(*cells, measure=measure) for cells in ((a, b, c, d), (c, d, a, b))
        )
        assert two.estimate == pytest.approx(-one.estimate)
        assert two.se == pytest.approx(one.se)
    assert peto(c, d, a, b).estimate == pytest.approx(-peto(a, b, c, d).estimate)


def test_homogeneity_tests_hold_at_a_common_odds_ratio_of_one() -> None:
    fit = mantel_haenszel([5, 10], [5, 10], [7, 3], [7, 3], measure="OR")
    assert fit.breslow_day.statistic == pytest.approx(0, abs=1e-12)
    assert fit.tarone.pvalue == pytest.approx(1)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (([1], [2], [3], [np.nan]), r"di\[0\] is nan, but must be a number"),
        (([1], [2], [-3], [4]), r"ci\[0\] is -3\.0, but must not be negative"),
        (([0], [0], [3], [4]), r"ai \+ bi\[0\] is 0\.0, but an arm needs at least one person"),
        (([1, 2], [2], [3], [4]), "All columns need the same number of rows"),
    ],
)
def test_bad_input_is_named(cells: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        mantel_haenszel(*cells)
