"""The bootstrap and the sign-flip permutation test, each one call of the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .batch import Batch
from .errors import InputError, as_count, check_kind
from .kernel import pool_many
from .pooling import Fit

#: Relative slack with which a permuted statistic counts as equal to the observed one.
_TIE = 1e-8

#: More samples than this are a slip of the keyboard, and would fill the memory.
MOST_SAMPLES = 10_000_000


def generator(seed: int) -> np.random.Generator:
    """Return the random numbers of a seed, the same each time."""
    return np.random.default_rng(as_count(seed, "seed", 0))


def bootstrap(fit: Fit, samples: int = 1000, *, seed: int = 1) -> Batch:
    """Refit samples of the studies drawn with replacement.

    Returns
    -------
    Batch
        ``samples`` fits by the same method; for a percentile interval take quantiles of
        ``.estimate``. With few studies many samples hold one study several times over, and
        the interval is too narrow.
    """
    check_kind(fit, Fit, "fit")
    samples = as_count(samples, "samples", 1, MOST_SAMPLES)
    drawn = generator(seed).integers(0, fit.k, (samples, fit.k))
    return pool_many(
        fit.yi[drawn], fit.vi[drawn], method=fit.method, ci=fit.batch.ci_method, level=fit.level
    )


@dataclass(frozen=True)
class PermutationTest:
    """A permutation test's p-value and how it was reached.

    Attributes
    ----------
    pvalue : float
        Share of sign patterns with a statistic at least as far from zero.
    permutations : int
        Patterns looked at, the observed one included.
    exact : bool
        Whether that was all of them.
    smallest : float
        Smallest p-value the test could have given.
    """

    pvalue: float
    permutations: int
    exact: bool
    smallest: float


def permutation_test(fit: Fit, samples: int = 1 << 14, *, seed: int = 1) -> PermutationTest:
    """Test a mean effect of zero by flipping the signs of the estimates.

    Follmann and Proschan (1999), Biometrics 55:732,
    https://doi.org/10.1111/j.0006-341x.1999.00732.x: under no effect each estimate is as
    likely with either sign. All ``2**k`` patterns if no more than ``samples``, else a
    random sample to which the observed pattern is added.

    Raises
    ------
    InputError
        For one study, whose two patterns can tell nothing, or a zero standard error.
    """
    check_kind(fit, Fit, "fit")
    samples = as_count(samples, "samples", 1, MOST_SAMPLES)
    if fit.k == 1 or fit.statistic is None:
        raise InputError(
            "a permutation test needs two or more studies whose estimates are not all equal "
            f"(k = {fit.k}, se = {fit.se})."
        )
    exact = fit.k <= 62 and 1 << fit.k <= samples
    if exact:
        signs = 1 - 2 * ((np.arange(1 << fit.k)[:, None] >> np.arange(fit.k)) & 1)
    else:
        signs = generator(seed).choice([-1, 1], (samples, fit.k))
        signs[0] = 1
    flipped = pool_many(signs * fit.yi, fit.vi, method=fit.method, ci=fit.batch.ci_method)
    reached = np.abs(flipped.statistic) >= abs(fit.statistic) * (1.0 - _TIE)
    # Equal estimates leave a Hartung-Knapp error of zero: as extreme as can be.
    extreme = int((reached | np.isnan(flipped.statistic)).sum())
    count = len(signs)
    return PermutationTest(extreme / count, count, exact, (2.0 if exact else 1.0) / count)
