"""One fit at a time against every model metafor fitted to the reference inputs."""

import doctest
from collections import Counter
from importlib import import_module
from statistics import NormalDist

import numpy as np
import pytest

from analysis import meta
from reference_cases import assert_close, model_blocks, pooled_data, result
from tolerances import CLOSED_FORM, ITERATIVE

BLOCKS = model_blocks()
INTERVALS = {"z": "z", "knha": "hksj", "knha_adhoc": "hksj_floor", "t_plain": "t"}
SPREAD = {
    "tau2": "tau2",
    "se_tau2": "tau2_se",
    "Q": "q",
    "Q_df": "q_df",
    "Q_p": "q_pvalue",
    "I2": "i2",
    "H2": "h2",
    "I2_from_Q": "i2_q",
}
PREDICTIONS = {
    "metafor_default_z": ("z", "z"),
    "metafor_default_knha": ("hksj", "k-1"),
    "t_km2_se_z": ("z", "k-2"),
    "t_km2_se_knha": ("hksj", "k-2"),
    "t_km1_se_z": ("z", "k-1"),
    "t_km1_se_knha": ("hksj", "k-1"),
}


def fit_of(case, measure, method, ci):
    yi, vi = pooled_data(case, measure)
    return meta.pool(yi, vi, method="EE" if method == "FE" else method, ci=ci)


def tolerance(method):
    return ITERATIVE if method in ("ML", "REML", "EB", "PM") else CLOSED_FORM


def number(value):
    return np.nan if value is None else value


def test_the_number_of_reference_models_has_not_shrunk():
    assert Counter(method for _, _, method in BLOCKS) == dict.fromkeys(
        ["FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"], 70
    )


@pytest.mark.parametrize(("case", "measure", "method"), BLOCKS)
def test_estimates_and_every_interval_equal_metafor(case, measure, method):
    block = result(case)["models"][measure][method]
    for name in INTERVALS.keys() & block.keys():
        fit, reference = fit_of(case, measure, method, INTERVALS[name]), block[name]
        assert_close(
            [fit.estimate, fit.se, *fit.ci, fit.statistic, fit.pvalue, number(fit.df)],
            [
                number(reference[key])
                for key in ("mu", "se", "ci_lb", "ci_ub", "stat", "pval", "df")
            ],
            tolerance(method),
        )


@pytest.mark.parametrize(("case", "measure", "method"), BLOCKS)
def test_heterogeneity_and_weights_equal_metafor(case, measure, method):
    block = result(case)["models"][measure][method]
    fit = fit_of(case, measure, method, "z")
    for key, name in SPREAD.items():
        assert_close(number(getattr(fit, name)), number(block[key]), tolerance(method))
    assert_close(fit.weights, block["weights_pct"], tolerance(method))
    # metafor's tau is the root of a tau2 that may be 1e-16 instead of 0.
    assert_close(fit.tau, np.sqrt(fit.tau2), CLOSED_FORM)


@pytest.mark.parametrize(
    ("case", "measure", "method"), [block for block in BLOCKS if block[2] != "FE"]
)
def test_prediction_intervals_equal_metafor_under_every_convention(case, measure, method):
    block = result(case)["models"][measure][method]["prediction_interval"]
    for name, (ci, rule) in PREDICTIONS.items():
        interval = fit_of(case, measure, method, ci).predict(rule)
        limits = (np.nan, np.nan) if interval is None else interval[:2]
        assert_close(limits, [number(value) for value in block[name]], tolerance(method))


def test_two_likelihood_maxima_are_noted_and_the_higher_one_is_taken():
    fit = fit_of("gibson2002", "MD", "REML", "z")
    assert any("2 maxima" in note for note in fit.notes)
    block = result("gibson2002")["models"]["MD"]["REML"]
    assert_close(fit.tau2, block["tau2"], ITERATIVE)


def test_the_prediction_interval_names_its_rule():
    fit = fit_of("bcg", "RR", "REML", "hksj")
    assert fit.pi == fit.predict("k-2")
    assert [fit.predict(rule).rule for rule in ("k-2", "k-1", "z")] == ["k-2", "k-1", "z"]


def test_one_study_is_passed_through_and_says_so():
    fit = meta.pool([0.4], [0.09])
    assert (fit.k, fit.estimate, fit.ci_method) == (1, 0.4, "z")
    half = NormalDist().inv_cdf(0.975) * 0.3
    np.testing.assert_allclose(fit.ci, (0.4 - half, 0.4 + half), rtol=1e-14)
    for name in ("tau2", "tau", "tau2_se", "tau2_ci", "i2", "i2_q", "h2", "q", "q_pvalue", "pi"):
        assert getattr(fit, name) is None
    assert "One study" in fit.notes[0]


def test_two_studies_have_no_prediction_interval_and_say_so():
    fit = meta.pool([0.1, 0.9], [0.04, 0.05])
    assert fit.pi is None
    assert "k - 2 = 0" in " ".join(fit.notes)
    assert fit.predict("k-1") is not None


def test_equal_estimates_leave_hartung_knapp_without_a_test_and_say_so():
    fit = meta.pool([0.5, 0.5, 0.5], [0.04, 0.05, 0.06])
    assert fit.se == 0.0
    assert fit.statistic is None
    assert fit.pvalue is None
    assert "hksj_floor" in " ".join(fit.notes)
    assert meta.pool([0.5, 0.5, 0.5], [0.04, 0.05, 0.06], ci="hksj_floor").pvalue is not None


def test_a_common_effect_fit_predicts_nothing_and_says_so():
    fit = meta.pool([0.1, 0.5, 0.4], [0.04, 0.05, 0.06], method="EE", ci="z")
    assert fit.tau2 == 0.0
    assert fit.pi is None
    assert fit.tau2_ci is None
    assert "one true effect" in fit.notes[0]


def test_the_example_in_the_documentation_is_true():
    assert doctest.testmod(import_module("analysis.meta.pooling")) == (0, 3)


def test_a_fit_prints_its_result():
    fit = meta.pool([0.1, 0.3, 0.5], [0.04, 0.05, 0.02], method="DL", ci="z")
    assert f"estimate={fit.estimate:.4g}, ci=({fit.ci[0]:.4g}, {fit.ci[1]:.4g})" in repr(fit)


def test_a_fit_cannot_be_changed():
    fit = meta.pool([0.1, 0.5], [0.04, 0.05])
    with pytest.raises(AttributeError):
        fit.batch = None
    with pytest.raises(ValueError, match="read-only"):
        fit.yi[0] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        fit.batch.tau2[0] = 3.0
    yi = np.array([0.1, 0.5])
    fit = meta.pool(yi, [0.04, 0.05])
    yi[0] = 3.0
    assert fit.yi[0] == 0.1


@pytest.mark.parametrize(
    ("yi", "vi", "options", "message"),
    [
        ([], [], {}, "yi is empty"),
        ([0.1, float("nan")], [1, 1], {}, r"yi\[1\] is nan"),
        ([0.1, 0.2], [1, -0.5], {}, r"vi\[1\] is -0.5"),
        ([0.1, 0.2], [0, 1], {}, r"vi\[0\] is 0.0"),
        ([0.1, 0.2], [1, float("inf")], {}, r"vi\[1\] is inf"),
        ([0.1, 0.2], [1], {}, "yi has 2 entries, but vi has 1"),
        ([0.1, "0.2"], [1, 1], {}, r"yi\[1\] is '0.2'"),
        ([0.1, None], [1, 1], {}, r"yi\[1\] is None"),
        ([0.1, 0.2], [True, True], {}, r"vi\[0\] is True"),
        ([[0.1, 0.2]], [1, 1], {}, "one-dimensional"),
        ([0.1, 0.2], [1, 1], {"method": "reml"}, "method must be one of"),
        ([0.1, 0.2], [1, 1], {"ci": "wald"}, "ci must be one of"),
        ([0.1, 0.2], [1, 1], {"level": 95}, "level must lie between 0 and 1"),
        ([0.1, 0.2], [1, 1], {"level": "0.95"}, "level must lie between 0 and 1"),
    ],
)
def test_bad_input_is_refused_with_the_element_named(yi, vi, options, message):
    with pytest.raises(meta.InputError, match=message):
        meta.pool(yi, vi, **options)
