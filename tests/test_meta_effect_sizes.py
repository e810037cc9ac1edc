"""Effect sizes: equal to metafor's escalc, honest about rows that cannot be computed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.meta.effect_sizes import MEASURES, effect_sizes, over_correlations
from analysis.meta.errors import InputError
from analysis.meta.pooling import pool
from reference_cases import FOLDER, IDS, assert_close, floats, inputs, result
from tolerances import CLOSED_FORM, ITERATIVE

BINARY = ("ai", "bi", "ci", "di")
MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
COLUMNS = {
    **dict.fromkeys(("RR", "OR", "RD", "PETO", "AS", "MPRD", "MPRR", "MPOR"), BINARY),
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM"), MEANS),
    **dict.fromkeys(("MC", "SMCC", "SMCR"), ("m1i", "sd1i", "m2i", "sd2i", "ni", "ri")),
    **dict.fromkeys(("PR", "PLN", "PLO", "PAS", "PFT"), ("xi", "ni")),
    **dict.fromkeys(("COR", "ZCOR"), ("ri", "ni")),
    **dict.fromkeys(("IRR", "IRD", "IRSD"), ("x1i", "t1i", "x2i", "t2i")),
}
OPTIONS = {
    "addall": {"to": "all"},
    "if0all": {"to": "if0all"},
    "none": {"to": "none"},
    "drop00": {"drop00": True},
    **{vtype: {"vtype": vtype} for vtype in ("HO", "UB", "AV", "LS2")},
}

#: metafor's measures that this engine leaves out, and why.
LEFT_OUT = {
    "GEN": "not a measure: yi and vi as published, read straight into the pool",
    "PHI": "an association in one table, not an effect of a treatment",
    "YUQ": "an association in one table, not an effect of a treatment",
    "YUY": "an association in one table, not an effect of a treatment",
    "OR2D": "a conversion: conversions.smd_from_log_odds_ratio (tested there)",
    "D2OR": "a conversion: conversions.log_odds_ratio_from_smd (tested there)",
    "D2ORN": "a conversion: conversions.log_odds_ratio_from_smd (tested there)",
    "PBIT": "a probit conversion that no synthesis of this field reports",
    "RPB": "a correlation recoded from two means; the review compares means directly",
    "RBIS": "a correlation recoded from two means; the review compares means directly",
    "CVR": "compares variability, not level",
    "VR": "compares variability, not level",
    "CVRC": "compares variability, not level",
    "VRC": "compares variability, not level",
    "SMD1": "standardises by one arm only (Glass); SMD and SMDH cover the question",
    "SMD1H": "standardises by one arm only (Glass); SMD and SMDH cover the question",
    "SMCRH": "SMCR with a heteroscedastic variance; SMCR is the one named in the plan",
    "ROMC": "ratio of paired means; MC and SMCC are the ones named in the plan",
    "MPORC": "conditional matched odds ratio; MPOR is the marginal one that can be pooled "
    "with parallel trials",
    "MPPETO": "Peto's approximation of MPORC",
    "UCOR": "bias-corrected correlation; ZCOR is the one that is pooled",
}

CASES = [(case, key) for case in IDS for key in result(case)["effect_sizes"]]
TESTED = [(case, key) for case, key in CASES if key.split("_")[0] not in LEFT_OUT]


@pytest.mark.parametrize(("case", "key"), TESTED)
def test_equals_metafor(case: str, key: str) -> None:
    measure, _, option = key.partition("_")
    data = inputs(case)
    columns = {name: data[name] for name in COLUMNS[measure]}
    ours = effect_sizes(measure, **OPTIONS.get(option, {}), **columns)
    theirs = {name: floats(result(case)["effect_sizes"][key][name]) for name in ("yi", "vi")}
    # metafor leaves a variance beside a missing effect for vtype AV; ours are missing together
    theirs["vi"][np.isnan(theirs["yi"])] = np.nan
    assert_close(ours.yi, theirs["yi"], CLOSED_FORM)
    assert_close(ours.vi, theirs["vi"], CLOSED_FORM)


def test_no_reference_case_has_been_lost() -> None:
    assert len(CASES) >= 262
    assert len(TESTED) >= 187
    assert {key.split("_")[0] for _, key in TESTED} == set(MEASURES)


def test_left_out_measures_each_have_a_reason_and_are_refused() -> None:
    assert not set(LEFT_OUT) & set(MEASURES)
    for measure, reason in LEFT_OUT.items():
        assert len(reason) > 20
        with pytest.raises(InputError, match="measure must be one of"):
            effect_sizes(measure, yi=0.1, vi=0.1)


EDGES = json.loads((FOLDER / "effect_size_edges.json").read_text(encoding="utf-8"))["cases"]


def test_no_edge_case_has_been_lost() -> None:
    assert len(EDGES) >= 201


@pytest.mark.parametrize("case", EDGES, ids=lambda case: f"{case['measure']}-{case['options']}")
def test_edges_equal_metafor(case: dict) -> None:
    data = {name: floats(column) for name, column in case["data"].items()}
    ours = effect_sizes(case["measure"], **case["options"], **data)
    yi, vi = floats(case["yi"]), floats(case["vi"])
    # metafor may give an effect without a variance or the other way round; ours go together
    incomplete = np.isnan(yi) | np.isnan(vi)
    assert_close(ours.yi, np.where(incomplete, np.nan, yi), CLOSED_FORM)
    assert_close(ours.vi, np.where(incomplete, np.nan, vi), CLOSED_FORM)
    for row in np.flatnonzero(np.isnan(ours.yi)):
        assert any(note.startswith(f"Row {row}: ") for note in ours.notes)


def test_every_row_that_is_left_out_or_corrected_is_named() -> None:
    events = {"ai": [1, 0, np.nan, 0], "ci": [2, 3, 1, 0]}
    es = effect_sizes("RR", bi=9, di=9, drop00=True, **events)
    assert es.notes == (
        "Row 3: left out, for it has no events or only events (drop00).",
        "Row 1: 0.5 was added to every cell.",
        "Row 2: not computed, for ai is missing.",
    )
    np.testing.assert_array_equal(es.usable, [True, True, False, False])
    none = effect_sizes("RR", to="none", ai=[0], bi=[9], ci=[3], di=[6])
    assert none.notes == (
        "Row 0: not computed, for RR or its variance is not finite at "
        "ai = 0, bi = 9, ci = 3, di = 6.",
    )
    zero = effect_sizes("RD", to="none", ai=[0], bi=[9], ci=[0], di=[6])
    assert "its variance is 0" in zero.notes[0]
    assert not zero.usable.any()


def test_results_cannot_be_changed() -> None:
    es = effect_sizes("PLO", xi=[3], ni=[9])
    with pytest.raises(ValueError, match="read-only"):
        es.yi[0] = 1
    with pytest.raises(AttributeError):
        es.measure = "PR"


@pytest.mark.parametrize(
    ("measure", "data", "message"),
    [
        ("RR", {"ai": [1, -2], "bi": 1, "ci": 1, "di": 1}, r"ai\[1\] is -2\.0, but must not be"),
        ("OR", {"ai": [5], "n1i": [4], "ci": [1], "n2i": [4]}, r"ai\[0\] is 5, but must not"),
        ("RR", {"ai": [1], "bi": [1], "ci": [1]}, "RR needs exactly ai bi ci di or ai n1i ci n2i"),
        ("RR", {"ai": [1], "bi": [1], "ci": [1], "di": [1], "ri": 0.5}, "RR needs exactly"),
        ("MD", {"m1i": 1, "sd1i": -1, "n1i": 9, "m2i": 1, "sd2i": 1, "n2i": 9}, r"sd1i\[0\] is"),
        ("MD", {"m1i": 1, "sd1i": 1, "n1i": 0, "m2i": 1, "sd2i": 1, "n2i": 9}, r"n1i\[0\] is 0"),
        ("ZCOR", {"ri": [0.2, 1.2], "ni": 9}, r"ri\[1\] is 1\.2, but must lie between -1 and 1"),
        ("PLO", {"xi": ["three"], "ni": [9]}, r"xi\[0\] is 'three', but must be a number"),
        ("PLO", {"xi": [1, 2], "ni": [9, 9, 9]}, "xi has 2, ni has 3"),
        ("PLO", {"xi": [], "ni": []}, "xi is empty"),
        ("PLO", {"xi": [[1]], "ni": [9]}, r"xi must be one-dimensional, but has shape \(1, 1\)"),
        ("PLO", {"xi": [np.inf], "ni": [9]}, r"xi\[0\] is inf, but must be finite"),
        ("IRR", {"x1i": 1, "t1i": 0, "x2i": 1, "t2i": 4}, r"t1i\[0\] is 0\.0, but must be gr"),
    ],
)
def test_bad_input_names_the_element(measure: str, data: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        effect_sizes(measure, **data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "some"}, "to must be one of only0, all, if0all, none"),
        ({"add": -1}, "add must be a finite number"),
        ({"vtype": "HO"}, "vtype of RR must be one of LS"),
    ],
)
def test_bad_options_say_what_is_allowed(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        effect_sizes("RR", ai=1, bi=2, ci=3, di=4, **options)


def test_a_variance_estimator_of_another_measure_is_refused() -> None:
    columns = {"m1i": 1, "sd1i": 1, "n1i": 9, "m2i": 1, "sd2i": 1, "n2i": 9}
    with pytest.raises(InputError, match="vtype of SMD must be one of LS, LS2, UB, AV"):
        effect_sizes("SMD", vtype="HO", **columns)


def test_back_transformation_returns_the_observed_value() -> None:
    x, n = np.array([1, 4, 9]), np.array([9, 20, 10])
    for measure in ("PR", "PLN", "PLO", "PAS", "PFT"):
        es = effect_sizes(measure, xi=x, ni=n)
        np.testing.assert_allclose(es.back_rows(), x / n, rtol=1e-12)
    ends = effect_sizes("PFT", xi=[0, 10], ni=[10, 10])
    np.testing.assert_allclose(ends.back_rows(), [0, 1], atol=1e-12)
    ratio = effect_sizes("RR", ai=[4], n1i=[20], ci=[2], n2i=[20])
    np.testing.assert_allclose(ratio.back_rows(), [2])
    np.testing.assert_allclose(effect_sizes("ZCOR", ri=[0.4], ni=[9]).back_rows(), [0.4])


@pytest.mark.parametrize("case", ["pritz1997", "debruin2009"])
@pytest.mark.parametrize("measure", ["PLO", "PAS", "PFT"])
def test_pooled_proportions_go_back_as_metafors(case: str, measure: str) -> None:
    data, theirs = inputs(case), result(case)["backtransformed_REML"][measure]
    es = effect_sizes(measure, xi=data["xi"], ni=data["ni"])
    fit = pool(es.yi, es.vi, method="REML", ci="z")
    limits = fit.predict("z")
    ours = es.back([fit.estimate, *fit.ci, limits.low, limits.high])
    names = ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")
    assert_close(ours, [theirs[name] for name in names], ITERATIVE)


def test_pooled_correlation_goes_back_as_metafors() -> None:
    data, theirs = inputs("cohen1981"), result("cohen1981")["backtransformed_REML"]
    es = effect_sizes("ZCOR", ri=data["ri"], ni=data["ni"])
    fit = pool(es.yi, es.vi, method="REML", ci="z")
    ours = es.back([fit.estimate, *fit.ci])
    assert_close(ours, [theirs[name] for name in ("pred", "ci_lb", "ci_ub")], ITERATIVE)


def test_a_correlation_can_be_varied_where_it_is_not_known() -> None:
    columns = {"m1i": [5, 6], "sd1i": [2, 3], "m2i": [4, 4], "sd2i": [2, 2], "ni": [12, 20]}
    several = over_correlations("MC", (0.3, 0.5, 0.8), **columns)
    assert list(several) == [0.3, 0.5, 0.8]
    np.testing.assert_array_equal(several[0.3].yi, several[0.8].yi)
    assert (several[0.3].vi > several[0.8].vi).all()
    with pytest.raises(InputError, match="measure must be one of MC, SMCC, SMCR"):
        over_correlations("RR", (0.5,), **columns)


counts = st.integers(1, 200)
numbers = st.floats(-50, 50)
spreads = st.floats(0.1, 30)
sizes = st.integers(3, 500)


@given(counts, counts, counts, counts, st.sampled_from(["RR", "OR", "RD", "PETO", "AS"]))
def test_swapping_the_arms_flips_the_sign_of_events(a, b, c, d, measure) -> None:
    one = effect_sizes(measure, ai=a, bi=b, ci=c, di=d)
    two = effect_sizes(measure, ai=c, bi=d, ci=a, di=b)
    np.testing.assert_allclose(two.yi, -one.yi, atol=1e-9)
    np.testing.assert_allclose(two.vi, one.vi, rtol=1e-9)


@given(counts, counts, counts, counts)
def test_counting_the_other_outcome_flips_the_log_odds_ratio(a, b, c, d) -> None:
    one = effect_sizes("OR", ai=a, bi=b, ci=c, di=d)
    two = effect_sizes("OR", ai=b, bi=a, ci=d, di=c)
    np.testing.assert_allclose(two.yi, -one.yi, atol=1e-12)


@given(numbers, spreads, sizes, numbers, spreads, sizes, st.sampled_from(["MD", "SMD", "SMDH"]))
def test_swapping_the_arms_flips_the_sign_of_means(m1, s1, n1, m2, s2, n2, measure) -> None:
    one = effect_sizes(measure, m1i=m1, sd1i=s1, n1i=n1, m2i=m2, sd2i=s2, n2i=n2)
    two = effect_sizes(measure, m1i=m2, sd1i=s2, n1i=n2, m2i=m1, sd2i=s1, n2i=n1)
    np.testing.assert_allclose(two.yi, -one.yi, atol=1e-9)
    np.testing.assert_allclose(two.vi, one.vi, rtol=1e-9)


@given(numbers, spreads, sizes, numbers, spreads, sizes, st.floats(0.01, 100), numbers)
def test_units_do_not_matter_to_a_standardised_mean_difference(
    m1, s1, n1, m2, s2, n2, factor, shift
) -> None:
    assume(m1 == m2 or abs(m1 - m2) > 1e-6)
    one = effect_sizes("SMD", m1i=m1, sd1i=s1, n1i=n1, m2i=m2, sd2i=s2, n2i=n2)
    two = effect_sizes(
        "SMD",
        m1i=factor * m1 + shift,
        sd1i=factor * s1,
        n1i=n1,
        m2i=factor * m2 + shift,
        sd2i=factor * s2,
        n2i=n2,
    )
    np.testing.assert_allclose(two.yi, one.yi, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(two.vi, one.vi, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 60), st.integers(1, 60))
def test_back_transformed_proportions_stay_within_zero_and_one(x: int, n: int) -> None:
    assume(x <= n)
    for measure in ("PLO", "PAS", "PFT"):
        es = effect_sizes(measure, xi=[x], ni=[n])
        for side in (-5, 0, 5):
            assert 0 <= es.back_rows(es.yi + side * es.sei)[0] <= 1


def test_correlations_of_three_pairs_or_fewer_have_no_variance():
    """metafor 3.8-1: escalc("COR", ri = 0.5, ni = 2:5) gives NA, NA, 0.1875, 0.1406."""
    for measure in ("COR", "ZCOR"):
        es = effect_sizes(measure, ri=0.5, ni=[2, 3, 4, 5])
        assert np.isnan(es.vi).tolist() == [True, True, False, False]
        assert len(es.notes) == 2
    np.testing.assert_allclose(effect_sizes("COR", ri=0.5, ni=[4, 5]).vi, [0.1875, 0.140625])


@pytest.mark.parametrize("measure", ["MPRD", "MPRR", "MPOR"])
def test_without_discordant_pairs_the_variance_is_zero_and_said_so(measure: str) -> None:
    # metafor 3.8-1, escalc(measure, ai=10, bi=0, ci=0, di=7, to="none"): yi 0, vi 0
    es = effect_sizes(measure, ai=10, bi=0, ci=0, di=7, to="none")
    assert (es.yi[0], es.vi[0]) == (0, 0)
    assert not es.usable[0]
    assert "its variance is 0 at ai = 10, bi = 0, ci = 0, di = 7" in es.notes[0]
