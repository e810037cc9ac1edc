"""All subsets against metafor's, and the bootstrap and permutation tests beside them."""

from fractions import Fraction

import numpy as np
import pytest

from analysis import meta
from reference_cases import IDS, assert_close, floats, pooled_data, result
from tolerances import REFITS

CASES = [(case, method) for case in IDS for method in result(case).get("gosh_of_primary", {})]
SUBSET = {"mask": "mask_bit0_is_row1", "k": "k", "q": "QE", "i2": "I2", "tau2": "tau2"}
SUBSET |= {"estimate": "estimate", "h2": "H2"}


def fit_of(case, method, ci="z"):
    yi, vi = pooled_data(case, result(case)["primary_measure"])
    return meta.pool(yi, vi, method="EE" if method == "FE" else method, ci=ci)


def test_the_number_of_reference_subsets_has_not_shrunk():
    sizes = [result(case)["gosh_of_primary"][method]["n_subsets"] for case, method in CASES]
    assert sorted(sizes) == [15, 15, 15, 511, 511]


@pytest.mark.parametrize(("case", "method"), CASES)
def test_every_subset_equals_metafor(case, method):
    reference, table = result(case)["gosh_of_primary"][method], meta.gosh(fit_of(case, method))
    assert table.attrs["complete"]
    for ours, theirs in SUBSET.items():
        if (ours, method) != ("h2", "DL"):  # metafor's gosh gives DL the H2 of FE
            assert_close(table[ours], floats(reference[f"subset_{theirs}"]), REFITS)


def study_set(k):
    random = np.random.default_rng(4)
    vi = 10.0 ** random.uniform(-2, 0, k)
    return random.normal(0.3, np.sqrt(vi + 0.1)), vi


def assert_fits_of_their_studies(rows, yi, vi, method):
    for row in rows.itertuples():
        chosen = (row.mask >> np.arange(yi.size)) & 1 == 1
        alone = meta.pool_many(yi[chosen], vi[chosen], method=method)
        for name in ("k", "estimate", "tau2", "q", "i2", "h2"):
            known = getattr(alone, name)[0]
            np.testing.assert_allclose(getattr(row, name), known, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("method", ["EE", "DL", "HE", "SJ", "PM", "ML", "REML"])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_every_subset_is_the_fit_of_its_studies(method, k):
    yi, vi = study_set(k)
    table = meta.gosh(meta.pool(yi, vi, method=method))
    assert table["mask"].tolist() == list(range(1, 1 << k))
    assert_fits_of_their_studies(table, yi, vi, method)


@pytest.mark.parametrize("method", ["EE", "DL"])
def test_q_of_every_subset_holds_where_precision_spans_twelve_orders_of_magnitude(method):
    random = np.random.default_rng(0)
    for _ in range(20):
        vi = 10.0 ** random.uniform(-6, 6, 7)
        yi = random.normal(size=7) * 10.0 ** random.uniform(-3, 3, 7)
        for row in meta.gosh(meta.pool(yi, vi, method=method)).itertuples():
            chosen = np.flatnonzero((row.mask >> np.arange(7)) & 1)
            np.testing.assert_allclose(row.q, exact_q(yi[chosen], vi[chosen]), 1e-10, 1e-10)


def exact_q(yi, vi):
    """By rational arithmetic."""
    y, w = [Fraction(each) for each in yi], [1 / Fraction(each) for each in vi]
    mean = sum(each * of for each, of in zip(y, w, strict=True)) / sum(w)
    return float(sum(of * (each - mean) ** 2 for each, of in zip(y, w, strict=True)))


@pytest.mark.parametrize("method", ["DL", "REML"])
def test_more_subsets_than_are_laid_out_at_once_are_the_fits_of_their_studies(method):
    yi, vi = study_set(18)
    table = meta.gosh(meta.pool(yi, vi, method=method))
    assert table["mask"].tolist() == list(range(1, 1 << 18))
    single = table[table["k"] == 1]
    some = table.sample(200, random_state=1)
    assert_fits_of_their_studies(single, yi, vi, method)
    assert_fits_of_their_studies(some, yi, vi, method)


@pytest.mark.parametrize("method", ["EE", "REML"])
@pytest.mark.parametrize("limit", [20, 1])
def test_a_table_of_subsets_is_its_owners_to_change(method, limit):
    table = meta.gosh(meta.pool(*study_set(4), method=method), limit=limit, samples=5)
    for column in table:
        table.loc[0, column] = 0
        assert table.loc[0, column] == 0
    table.columns.name = "mine"
    assert meta.gosh(meta.pool(*study_set(4))).columns.name is None


def test_above_the_limit_subsets_are_drawn_and_the_seed_repeats_them():
    random = np.random.default_rng(1)
    fit = meta.pool(random.normal(size=70), np.full(70, 0.5))
    table = meta.gosh(fit, samples=300, seed=9)
    assert not table.attrs["complete"]
    assert table.equals(meta.gosh(fit, samples=300, seed=9))
    assert not table.equals(meta.gosh(fit, samples=300, seed=10))
    for row in table.head(5).itertuples():
        chosen = [bool(row.mask >> i & 1) for i in range(70)]
        assert sum(chosen) == row.k
        alone = meta.pool(fit.yi[chosen], fit.vi[chosen])
        np.testing.assert_allclose(row.estimate, alone.estimate, rtol=1e-9)


def test_no_drawn_subset_is_empty():
    table = meta.gosh(meta.pool([0.1, 0.2], [1, 1]), limit=1, samples=500)
    assert set(table["mask"]) == {1, 2, 3}


def test_a_bootstrap_sample_is_the_fit_of_the_studies_drawn():
    fit = meta.pool([0.1, 0.4, 0.9], [0.04, 0.05, 0.02])
    batch = meta.bootstrap(fit, 200, seed=3)
    assert len(batch.k) == 200
    for row in range(5):
        assert set(batch.yi[row]) <= set(fit.yi)
        alone = meta.pool(batch.yi[row], batch.vi[row])
        np.testing.assert_allclose(batch.estimate[row], alone.estimate)
    assert meta.bootstrap(fit, 200, seed=3).estimate.tolist() == batch.estimate.tolist()


@pytest.mark.parametrize(
    ("method", "ci", "pvalue"),
    [("REML", "z", 0.9375), ("REML", "hksj", 0.9375), ("DL", "z", 0.7890625), ("EE", "z", 0.9375)],
)
def test_the_exact_permutation_test_equals_metafor(method, ci, pvalue):
    """Printed by metafor 3.8-1: permutest(rma(yi, vi, ...), exact=TRUE) on the first 8 rows."""
    yi, vi = pooled_data("raudenbush1985", "GEN")
    test = meta.permutation_test(meta.pool(yi[:8], vi[:8], method=method, ci=ci))
    assert (test.pvalue, test.permutations, test.exact) == (pvalue, 256, True)


def test_a_sampled_permutation_test_comes_close_to_the_exact_one():
    yi, vi = pooled_data("bcg", "RR")
    fit = meta.pool(yi, vi)
    exact, drawn = meta.permutation_test(fit), meta.permutation_test(fit, 4000, seed=2)
    assert exact.exact
    assert not drawn.exact
    assert abs(exact.pvalue - drawn.pvalue) < 4 * np.sqrt(exact.pvalue / 4000)


def test_few_studies_cannot_be_significant_by_permutation_and_the_result_says_so():
    test = meta.permutation_test(meta.pool([0.9, 1.0, 1.1], [0.01, 0.01, 0.02]))
    assert test.pvalue == test.smallest == 0.25


def test_resampling_nothing_is_refused():
    fit = meta.pool([0.1, 0.2], [1, 1])
    for function in (meta.bootstrap, meta.gosh):
        with pytest.raises(meta.InputError, match="samples must be a whole number from 1 to"):
            function(fit, samples=0)
    with pytest.raises(meta.InputError, match="two or more"):
        meta.permutation_test(meta.pool([0.1], [1]))
