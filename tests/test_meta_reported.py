"""Reported estimates: the same effect by every route a paper may offer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.errors import InputError
from analysis.meta.reported import reported_estimates, smcc_from_test, smd_from_test
from reference_cases import assert_close, inputs
from tolerances import CLOSED_FORM


def _risk_ratios():
    data = inputs("bcg")
    return effect_sizes("RR", **{name: data[name] for name in ("ai", "bi", "ci", "di")})


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_ratios_with_intervals_give_back_the_log_effects(level: float) -> None:
    es = _risk_ratios()
    half = stats.norm.ppf((1 + level) / 2) * es.sei
    back = reported_estimates(
        "RR",
        estimate=np.exp(es.yi),
        ci_low=np.exp(es.yi - half),
        ci_high=np.exp(es.yi + half),
        level=level,
    )
    assert_close(back.yi, es.yi, CLOSED_FORM)
    assert_close(back.vi, es.vi, CLOSED_FORM)
    assert back.scale.is_ratio
    assert set(back.notes) == {
        f"Row {row}: variance from the reported confidence interval." for row in range(13)
    }


def test_every_source_gives_the_same_variance_and_the_surest_is_used() -> None:
    estimate, se, df = 1.5, 0.6, 20
    t = estimate / se
    half = stats.t.ppf(0.975, df) * se
    p = 2 * stats.t.sf(t, df)
    nan = np.nan
    es = reported_estimates(
        "MD",
        estimate=[estimate] * 6,
        se=[se, nan, nan, nan, nan, nan],
        ci_low=[-9, estimate - half, nan, nan, nan, nan],
        ci_high=[9, estimate + half, nan, nan, nan, nan],
        t=[nan, nan, -t, nan, nan, nan],
        f=[nan, nan, nan, t**2, nan, nan],
        pvalue=[nan, nan, nan, nan, p, nan],
        df=df,
    )
    np.testing.assert_allclose(es.vi[:5], se**2, rtol=1e-9)
    assert np.isnan(es.yi[5])
    words = ("standard error", "confidence interval", "t statistic", "F statistic", "p-value")
    for row, word in enumerate(words):
        assert es.notes[row] == f"Row {row}: variance from the reported {word}."
    assert es.notes[5].startswith("Row 5: not computed, for no standard error")


def test_an_estimate_off_the_centre_of_its_interval_is_remarked_upon() -> None:
    es = reported_estimates("OR", estimate=[2, 2], ci_low=[1, 1], ci_high=[4, 6])
    assert len(es.notes) == 3
    assert es.notes[2].startswith("Row 1: the estimate lies 23% of the half-width away")


@pytest.mark.parametrize("kind", ["t", "F", "p"])
def test_g_from_a_test_is_g_from_the_means(kind: str) -> None:
    columns = {"m1i": 3.0, "sd1i": 2.0, "n1i": 14, "m2i": 4.5, "sd2i": 2.5, "n2i": 11}
    direct = effect_sizes("SMD", **columns)
    test = stats.ttest_ind_from_stats(3.0, 2.0, 14, 4.5, 2.5, 11)
    value = {"t": test.statistic, "F": test.statistic**2, "p": test.pvalue}[kind]
    sign = 1 if kind == "t" else -1
    es = smd_from_test(kind, value, n1i=14, n2i=11, sign=sign)
    np.testing.assert_allclose([es.yi[0], es.vi[0]], [direct.yi[0], direct.vi[0]], rtol=1e-9)


@pytest.mark.parametrize("kind", ["t", "F", "p"])
def test_paired_change_from_a_test_is_that_from_the_measurements(kind: str) -> None:
    first, second = np.random.default_rng(5).normal([[1.0], [0.2]], 1, size=(2, 18))
    test = stats.ttest_rel(first, second)
    direct = effect_sizes(
        "SMCC",
        m1i=first.mean(),
        sd1i=first.std(ddof=1),
        m2i=second.mean(),
        sd2i=second.std(ddof=1),
        ni=18,
        ri=np.corrcoef(first, second)[0, 1],
    )
    value = {"t": test.statistic, "F": test.statistic**2, "p": test.pvalue}[kind]
    es = smcc_from_test(kind, value, ni=18, sign=1)
    np.testing.assert_allclose([es.yi[0], es.vi[0]], [direct.yi[0], direct.vi[0]], rtol=1e-8)


def test_a_missing_test_is_named() -> None:
    es = smd_from_test("t", [np.nan, 2.0], n1i=9, n2i=9)
    assert np.isnan(es.yi[0])
    assert es.notes == ("Row 0: not computed, for a value is missing or the sample too small.",)


@pytest.mark.parametrize(
    ("measure", "columns", "message"),
    [
        ("RR", {"estimate": 0, "se": 1}, r"estimate\[0\] is 0\.0, but RR must be greater than 0"),
        ("RR", {"estimate": 2, "ci_low": 3, "ci_high": 4}, r"ci_low\[0\] is 3, but must not ex"),
        ("MD", {"estimate": 2, "ci_low": 0, "ci_high": 1}, r"ci_high\[0\] is 1, but must not be"),
        ("PR", {"estimate": 40, "se": 1}, r"estimate\[0\] is 40\.0, but PR must lie between"),
        ("MD", {"estimate": 2, "se": -1}, r"se\[0\] is -1\.0, but must not be negative"),
        ("MD", {"estimate": 2, "pvalue": 1.2}, r"pvalue\[0\] is 1\.2, but must be an exact"),
        ("PFT", {"estimate": 0.2, "se": 0.1}, "PFT is not reported in papers"),
        ("XX", {"estimate": 1, "se": 1}, "measure must be one of"),
    ],
)
def test_impossible_reports_are_named(measure: str, columns: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        reported_estimates(measure, **columns)


def test_impossible_tests_are_named() -> None:
    with pytest.raises(InputError, match="kind must be one of t, F, p"):
        smd_from_test("z", 1, n1i=9, n2i=9)
    with pytest.raises(InputError, match=r"sign\[0\] is 2\.0, but must be 1 or -1"):
        smd_from_test("F", 1, n1i=9, n2i=9, sign=2)
    with pytest.raises(InputError, match="too few people"):
        smcc_from_test("t", 1, ni=1)
