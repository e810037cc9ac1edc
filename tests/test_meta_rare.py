"""Mantel–Haenszel and Peto: equal to metafor, and plain about what cannot be estimated."""

from __future__ import annotations

import numpy as np
import pytest
from reference_cases import IDS, assert_close, floats, inputs, result
from tolerances import CLOSED_FORM, REFITS

from analysis.meta.errors import InputError
from analysis.meta.rare import RareFit, mantel_haenszel, mantel_haenszel_rates, peto

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
        # metafor finds the expected cells by root search, to about 1e-4 of a count
        tolerance = 1e-5 if statistic in ("BD", "TA") else CLOSED_FORM
        assert test is not None
        assert_close([test.statistic, test.pvalue], [theirs[statistic], theirs[pvalue]], tolerance)


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
