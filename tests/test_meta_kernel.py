"""The batched path goes through the same reference cases as single fits."""

import numpy as np
import pytest

from analysis import meta
from reference_cases import assert_close, floats, model_blocks, pooled_data, result
from tolerances import CLOSED_FORM, ITERATIVE

CASES = sorted({(case, measure) for case, measure, _ in model_blocks()})
METHODS = ("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
INTERVALS = {"z": "z", "hksj": "knha", "hksj_floor": "knha_adhoc", "t": "t_plain"}


def ragged():
    """Lay all reference data sets in one masked batch; what lies under the mask is absurd."""
    data = [pooled_data(*case) for case in CASES]
    shape = (len(data), max(len(yi) for yi, _ in data))
    yi, vi, mask = np.full(shape, np.nan), np.full(shape, -1.0), np.zeros(shape, bool)
    for row, (y, v) in enumerate(data):
        # Neither the order of the studies nor the gaps between them may matter.
        at = np.sort(np.random.default_rng(row).permutation(shape[1])[: len(y)])
        yi[row, at], vi[row, at], mask[row, at] = y, v, True
    return yi, vi, mask


BATCH = ragged()


def reference(method, *path):
    values = []
    for case, measure in CASES:
        value = result(case)["models"][measure]["FE" if method == "EE" else method]
        for key in path:
            value = value[key]
        values.append(value)
    return floats(values)


@pytest.mark.parametrize(
    ("method", "ci"),
    [("EE", "z")] + [(method, ci) for method in METHODS[1:] for ci in INTERVALS],
)
def test_one_masked_call_equals_metafor_on_every_data_set(method, ci):
    batch = meta.pool_many(*BATCH, method=method, ci=ci)
    allowed = ITERATIVE if method in ("ML", "REML", "EB", "PM") else CLOSED_FORM
    name = INTERVALS[ci]
    assert len(batch.k) == 70
    for ours, path in (
        (batch.estimate, (name, "mu")),
        (batch.se, (name, "se")),
        (batch.ci[:, 0], (name, "ci_lb")),
        (batch.ci[:, 1], (name, "ci_ub")),
        (batch.pvalue, (name, "pval")),
        (batch.tau2, ("tau2",)),
        (batch.tau2_se, ("se_tau2",)),
        (batch.q, ("Q",)),
        (batch.q_pvalue, ("Q_p",)),
        (batch.i2, ("I2",)),
        (batch.h2, ("H2",)),
        (batch.i2_q, ("I2_from_Q",)),
    ):
        assert_close(ours, reference(method, *path), allowed)


def test_weights_of_a_masked_batch_are_in_their_places():
    weights = meta.pool_many(*BATCH).weights
    for row, (case, measure) in enumerate(CASES):
        known = result(case)["models"][measure]["REML"]["weights_pct"]
        assert_close(weights[row, BATCH[2][row]], known, ITERATIVE)
        assert not weights[row, ~BATCH[2][row]].any()


def test_a_batch_larger_than_a_block_equals_its_rows_one_by_one():
    random = np.random.default_rng(3)
    vi = 10.0 ** random.uniform(-3, 1, (9000, 7))
    yi = random.normal(0, np.sqrt(vi + 0.05))
    batch = meta.pool_many(yi, vi)
    for row in range(0, 9000, 450):
        alone = meta.pool(yi[row], vi[row])
        np.testing.assert_allclose(
            [batch.estimate[row], batch.se[row], batch.tau2[row]],
            [alone.estimate, alone.se, alone.tau2],
            rtol=1e-9,
            atol=1e-12,
        )


def test_one_row_of_data_serves_every_row_of_a_mask():
    yi, vi = pooled_data("bcg", "RR")
    mask = np.random.default_rng(5).random((50, len(yi))) < 0.6
    shared = meta.pool_many(yi, vi, mask)
    repeated = meta.pool_many(np.tile(yi, (50, 1)), np.tile(vi, (50, 1)), mask)
    np.testing.assert_array_equal(shared.estimate, repeated.estimate)


@pytest.mark.parametrize("restricted", [False, True])
def test_the_maximum_is_the_global_one_on_data_made_to_have_two(restricted):
    """A dense grid over the likelihood never finds anything higher."""
    random = np.random.default_rng(11)
    # One very precise study far from scattered, imprecise ones: the recipe for two maxima.
    vi = 10.0 ** random.uniform(-4, 1.5, (4000, 5))
    yi = random.normal(0, np.sqrt(vi)) + random.choice([0.0, 0.6], (4000, 5))
    batch = meta.pool_many(yi, vi, method="REML" if restricted else "ML")
    assert (batch.maxima > 1).sum() > 20
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 600)])
    best = np.full(len(yi), -np.inf)
    for tau2 in grid:
        best = np.maximum(best, log_likelihood(yi, vi, tau2, restricted))
    reached = log_likelihood(yi, vi, batch.tau2[:, None], restricted)
    assert (reached >= best - 1e-9).all()


def log_likelihood(yi, vi, tau2, restricted):
    weight = 1.0 / (vi + tau2)
    total = weight.sum(axis=1)
    mean = (weight * yi).sum(axis=1) / total
    spread = (weight * (yi - mean[:, None]) ** 2).sum(axis=1)
    height = np.log(weight).sum(axis=1) - spread
    return 0.5 * (height - np.log(total) if restricted else height)


def test_single_fits_search_as_thoroughly_as_batches():
    random = np.random.default_rng(12)
    vi = 10.0 ** random.uniform(-4, 1.5, (3000, 4))
    yi = random.normal(0, np.sqrt(vi)) + random.choice([0.0, 0.6], (3000, 4))
    batch = meta.pool_many(yi, vi)
    several = np.flatnonzero(batch.maxima > 1)
    assert several.size > 10
    for row in several:
        fit = meta.pool(yi[row], vi[row])
        np.testing.assert_allclose(fit.tau2, batch.tau2[row], rtol=1e-8, atol=1e-14)
        assert any("maxima" in note for note in fit.notes)


@pytest.mark.parametrize("method", METHODS)
def test_fifty_orders_of_magnitude_bring_no_overflow_and_no_warning(method):
    random = np.random.default_rng(6)
    for k in (2, 3, 8):
        vi = 10.0 ** random.uniform(-25, 25, (300, k))
        yi = random.choice([-1.0, 1.0], (300, k)) * 10.0 ** random.uniform(-25, 25, (300, k))
        batch = meta.pool_many(yi, vi, method=method, ci="hksj_floor")
        for values in (batch.ci, batch.tau2, batch.i2, batch.h2, batch.weights, batch.pvalue):
            assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("yi", "vi", "mask", "message"),
    [
        ([[0.1, 0.2], [0.3, np.nan]], np.ones((2, 2)), None, r"yi\[1, 1\] is nan"),
        (np.zeros((2, 2)), [[1, 1], [-1, 1]], None, r"vi\[1, 0\] is -1.0"),
        (np.zeros((2, 2)), np.ones((2, 3)), None, r"\(2, 2\) and \(2, 3\)"),
        (np.zeros((2, 2)), np.ones((2, 2)), np.ones((3, 2), bool), r"\(3, 2\)"),
        (np.zeros((2, 2)), np.ones((2, 2)), [[True, False], [False, False]], r"mask\[1\]"),
        (np.zeros((0, 2)), np.ones((0, 2)), None, "empty"),
        ([["a", 0.2]], np.ones((1, 2)), None, r"yi\[0, 0\] is 'a'"),
        ([0.0, np.inf], [1, 1], [[True, True], [True, False]], r"yi\[0, 1\] is inf"),
        ([[0.1, 0.2], [0.3]], np.ones((2, 2)), None, "rows of one length"),
    ],
)
def test_bad_input_is_refused_with_the_element_named(yi, vi, mask, message):
    with pytest.raises(meta.InputError, match=message):
        meta.pool_many(yi, vi, mask)
