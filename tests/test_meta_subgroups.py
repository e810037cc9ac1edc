"""Subgroup results against metafor, and the two tests against each other."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.errors import InputError
from analysis.meta.pooling import pool
from analysis.meta.subgroups import subgroups
from meta_cases import column, primary
from reference_cases import IDS, assert_close, result
from tolerances import CLOSED_FORM, ITERATIVE

CASES = [(case, name) for case in IDS for name in result(case).get("subgroups_of_primary", {})]


def _rows(case: str, name: str):
    stored = result(case)["subgroups_of_primary"][name]
    rows = np.array(stored["rows_used_1based"]) - 1
    yi, vi = primary(case)
    values = column(case, name)[rows]
    if values.dtype.kind == "f":
        values = np.array([f"{value:g}" for value in values])
    return stored, yi[rows], vi[rows], values


def test_no_reference_case_went_missing():
    assert len(CASES) == 11


@pytest.mark.parametrize(("case", "name"), CASES)
@pytest.mark.parametrize("method", ["FE", "DL", "REML"])
def test_separate_groups_agree_with_metafor(case, name, method):
    stored, yi, vi, groups = _rows(case, name)
    expected = stored[method]
    ours = subgroups(yi, vi, groups, method="EE" if method == "FE" else method, ci="z")
    tolerance = ITERATIVE if method == "REML" else CLOSED_FORM
    assert list(ours.levels) == list(np.atleast_1d(stored["levels"]))
    assert_close(ours.k, expected["k"], 0)
    for key, value in {
        "mu": ours.estimate,
        "se": ours.se,
        "ci_lb": ours.ci[:, 0],
        "ci_ub": ours.ci[:, 1],
        "tau2": np.nan_to_num(ours.tau2),
        "Q_between_separate_tau2": ours.between.statistic,
        "Q_between_df": ours.between.df,
        "Q_between_p": ours.between.pvalue,
    }.items():
        assert_close(value, expected[key], tolerance)
    many = ours.k > 1
    q = np.array([fit.q if fit.q is not None else 0 for fit in ours.fits])
    assert_close(q[many], np.array(expected["Q"])[many], tolerance)


@pytest.mark.parametrize(("case", "name"), CASES)
def test_common_heterogeneity_agrees_with_metafor(case, name):
    stored, yi, vi, groups = _rows(case, name)
    expected = stored["common_tau2_REML"]
    if "error" in expected:
        pytest.fail(f"reference holds no result: {expected['error']}")
    ours = subgroups(yi, vi, groups, common_tau2=True, ci="z")
    assert_close(ours.tau2, np.full(len(ours.levels), expected["tau2"]), ITERATIVE)
    assert_close(ours.between.statistic, expected["QM"], ITERATIVE)
    assert_close(ours.between.df, expected["QM_df"], 0)
    assert_close(ours.between.pvalue, expected["QM_p"], ITERATIVE)


def test_common_effect_groups_add_up_to_the_total_q():
    _, yi, vi, groups = _rows("bcg", "alloc")
    ours = subgroups(yi, vi, groups, method="EE")
    within = sum(fit.q for fit in ours.fits)
    assert within + ours.between.statistic == pytest.approx(pool(yi, vi, method="EE").q)


def test_groups_of_one_study_are_shown_and_said():
    ours = subgroups([0.1, 0.4, 0.5], [0.1, 0.1, 0.2], ["a", "b", "b"])
    assert ours.estimate[0] == pytest.approx(0.1)
    assert any("'a' has one study" in note for note in ours.notes)


@pytest.mark.parametrize(
    ("groups", "said"), [(["a", "a", "a"], "only 'a'"), (["a", "b"], "groups has 2 entries")]
)
def test_groups_that_cannot_be_compared_are_refused(groups, said):
    with pytest.raises(InputError, match=said):
        subgroups([0.1, 0.4, 0.5], [0.1, 0.1, 0.2], groups)
