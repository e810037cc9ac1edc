"""Log-likelihoods of one study's counts, with the derivatives quadrature needs.

A kernel takes the effect theta and the level alpha, each of shape (k, q).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from ._marginal import Array, Derivatives, Kernel


def log_choose(n: Array, x: Array) -> Array:
    """Return the log of the number of ways to choose x of n."""
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


def binomial(x: Array, n: Array, offset: Array | float = 0.0) -> Kernel:
    """Return the kernel of x events among n with log odds ``theta + offset``."""
    x, n = x[:, None], n[:, None]
    shift = np.broadcast_to(offset, x.shape[:1])[:, None]
    constant = log_choose(n, x)

    def kernel(theta: Array, alpha: Array) -> Derivatives:
        eta = theta + shift
        risk = expit(eta)
        value = constant + x * eta - n * np.logaddexp(0, eta)
        none = np.zeros_like(value)
        return Derivatives(value, x - n * risk, -n * risk * expit(-eta), none, none, none)

    return kernel


def two_binomials(a: Array, n1: Array, c: Array, n2: Array) -> Kernel:
    """Return the kernel of two arms with log odds ``alpha + theta/2`` and ``alpha - theta/2``."""
    first, second = binomial(a, n1), binomial(c, n2)

    def kernel(theta: Array, alpha: Array) -> Derivatives:
        one, two = first(alpha + theta / 2, alpha), second(alpha - theta / 2, alpha)
        curvature = one.theta2 + two.theta2
        return Derivatives(
            one.value + two.value,
            (one.theta - two.theta) / 2,
            curvature / 4,
            one.theta + two.theta,
            curvature,
            (one.theta2 - two.theta2) / 2,
        )

    return kernel


def noncentral_hypergeometric(a: Array, n1: Array, c: Array, n2: Array) -> Kernel:
    """Return the kernel of a events in arm 1 given the total of both arms.

    Fisher's noncentral hypergeometric distribution with log odds ratio theta; each study's
    support is padded to the longest with probability 0.
    """
    total = a + c
    lowest, highest = np.maximum(0, total - n2), np.minimum(n1, total)
    support = lowest[:, None] + np.arange(int((highest - lowest).max()) + 1, dtype=float)
    inside = support <= highest[:, None]
    ways = np.full(support.shape, -np.inf)
    rows, _ = np.nonzero(inside)
    held = support[inside]
    ways[inside] = log_choose(n1[rows], held) + log_choose(n2[rows], total[rows] - held)
    # measured from the observed count, the exponents stay small where the likelihood is not
    distance = (support - a[:, None])[:, None, :]
    observed = ways[np.arange(len(a)), (a - lowest).astype(int)]
    relative = (ways - observed[:, None])[:, None, :]

    def kernel(theta: Array, alpha: Array) -> Derivatives:
        exponents = relative + distance * theta[..., None]
        normaliser = logsumexp(exponents, axis=-1)
        probability = np.exp(exponents - normaliser[..., None])
        excess = (probability * distance).sum(axis=-1)
        spread = (probability * distance**2).sum(axis=-1) - excess**2
        none = np.zeros_like(normaliser)
        return Derivatives(-normaliser, -excess, -spread, none, none, none)

    return kernel
