"""Maximum likelihood and restricted maximum likelihood, at the global maximum.

The likelihood of tau2 can have two maxima (a mean difference with one very precise,
discrepant study is enough), and an iteration from one start finds either. Instead of a
grid on every fit, a cheap certificate says which fits cannot have a second maximum.

With ``P`` the usual residual projection, the score is ``(A - B)/2`` where ``A = y'PPy``
and ``B = tr(P)`` (REML) or ``tr(W)`` (ML). Write ``a = y'PPPy/A`` and ``b = -B'/B``, so that
``log(A/B)`` has slope ``b - 2a``. By the Cauchy-Schwarz inequality ``1/a`` and ``1/b`` each
grow at least as fast as tau2 itself; hence the *effective variances*

    alpha(t) = 1/a(t) - t        beta(t) = 1/b(t) - t

never fall, and both stay between the smallest and the largest sampling variance. On an
interval [s, t] they bound the slope of ``log(A/B)`` from the values at its ends: past
``u = alpha(t) - 2 beta(s)`` it falls, and if it cannot change sign between s and u, the
interval holds one maximum at most. Past ``max(vi) - 2 min(vi)`` it always falls.

Two or three evaluations settle most fits in this way; for the rest, intervals are cut
until each is settled, which isolates every maximum, and the highest is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, CommonEffect, Floats, Mean, common_effect, traces, weighted_mean

#: Two steps whose product, relative to ``(tau2 + min(vi))**2``, is as small as this leave an
#: error of its square.
_STEPS = 1e-7
#: Below this Q no tau2 above zero is likelier than zero, whatever the variances.
_ALIKE = 1e-120
#: Halvings of an interval; the last is far below rounding, so only exact ties reach it.
_HALVINGS = 60
_ITERATIONS = 200
#: Evaluations that take no longer than what each round costs anyway; few intervals are cut
#: into more pieces, up to four, so that fewer rounds are needed.
_ROUND = 1000
_PIECES = 4
#: Stands for a slope of zero, so that the step leads out of every bracket.
_FLAT = 1e-50
#: Settled fits are dropped once fewer than this share is still moving: copying costs too.
_THIN = 0.6


class Score(NamedTuple):
    """``B/A - 1``, the effective variances and Newton's step, for each fit."""

    gap: Floats
    alpha: Floats
    beta: Floats
    step: Floats

    def take(self, which: NDArray) -> Score:
        """Return some of the fits."""
        return Score(*(part[which] for part in self))


class Unsure(NamedTuple):
    """Fits whose likelihood may have several maxima, and what is known of them.

    All of these lie between zero, where the score is ``origin``, and ``far``, where it is
    ``end``.
    """

    fit: NDArray[np.intp]
    far: Floats
    origin: Score
    end: Score

    def of(self, which: NDArray[np.intp]) -> Unsure:
        """Return the same where the fits are those at ``which`` of a larger set."""
        return self._replace(fit=which[self.fit])


_NOTHING = np.empty(0)
#: No fit is unsure.
SURE = Unsure(_NOTHING.astype(np.intp), _NOTHING, Score(*[_NOTHING] * 4), Score(*[_NOTHING] * 4))


def gathered(parts: list[Unsure]) -> Unsure:
    """Put several sets of fits one after the other."""
    fit, far, *scores = zip(*parts, strict=True)
    origin, end = (Score(*map(np.concatenate, zip(*each, strict=True))) for each in scores)
    return Unsure(np.concatenate(fit), np.concatenate(far), origin, end)


def climb_from_zero(data: Columns, fixed: CommonEffect, restricted: bool) -> tuple[Floats, Unsure]:
    """Return tau2 at a maximum of the (restricted) likelihood, and where it may not be alone.

    Parameters
    ----------
    data : Columns
        Analyses of at least two studies each.
    fixed : CommonEffect
        What they are at tau2 = 0.
    restricted : bool
        REML if true, ML if false.

    Returns
    -------
    tau2 : ndarray of shape (B,)
    unsure : Unsure
        The fits that were not certified to have one maximum.
    """
    tau2 = np.zeros(data.count.size)
    alike = fixed.q < _ALIKE
    if alike.any():
        varied = np.flatnonzero(~alike)
        if varied.size == 0:
            return tau2, SURE
        part = data.take(varied)
        tau2[varied], unsure = climb_from_zero(part, common_effect(part), restricted)
        return tau2, unsure.of(varied)

    far = furthest(data)
    origin, end = _score(data, tau2, fixed.mean, restricted), score(data, far, restricted)
    up, down = origin.gap < 0.0, end.gap >= 0.0
    single = settled(tau2, origin, far, end) & (down | up)
    rising = up.nonzero()[0]
    if rising.size:
        some, start, stop, last_possible, falls = data, origin, end, far, down
        if rising.size < tau2.size:
            some, start, stop = data.take(rising), origin.take(rising), end.take(rising)
            last_possible, falls = far[rising], down[rising]
        nought, high = np.zeros(rising.size), np.where(falls, last_possible, np.inf)
        guess = _guess(start, last_possible, stop, falls)
        tau2[rising], last, there = climb(some, restricted, guess, nought, start, high)
        if not single.all():
            single[rising] |= settled(nought, start, last, there) & (
                (last >= last_possible) | (falls & settled(last, there, last_possible, stop))
            )
    left = (~single).nonzero()[0]
    if left.size == 0:
        return tau2, SURE
    return tau2, Unsure(left, far[left], origin.take(left), end.take(left))


def _guess(origin: Score, far: Floats, end: Score, down: NDArray[np.bool_]) -> Floats:
    """Return where ``B/A`` may pass one, for fits that rise at zero.

    On the parabola through its value and slope at zero and its value at ``far``, which is
    the average of Newton's and the secant's root; from zero alone where it passes later.
    """
    share = origin.gap / (origin.gap - np.where(down, end.gap, np.inf))
    guess = (1.0 - share) * origin.step + share * share * far
    return np.where(guess > 0.0, guess, far)


def furthest(data: Columns) -> Floats:
    """Return the tau2 past which the score only falls."""
    return np.maximum(data.widest() - 2.0 * data.v[0], 0.0)


def settled(low: Floats, at_low: Score, high: Floats, at_high: Score) -> NDArray[np.bool_]:
    """Tell which intervals are sure to hold no more than one maximum or minimum.

    With more than one, the score would change sign more than once.
    """
    positive = at_low.gap < 0.0
    turn = np.minimum(np.maximum(at_high.alpha - 2.0 * at_low.beta, low), high)
    alpha = np.where(positive, at_low.alpha, at_high.alpha)
    beta = np.where(positive, at_high.beta, at_low.beta)
    sure = (_change(alpha, beta, low, turn) > 1.0 + at_low.gap) == positive
    trough = (~(sure | positive) & (at_high.gap < 0.0)).nonzero()[0]
    if trough.size:  # rises up to ``turn``, and stays positive from there on?
        first, last = at_low.take(trough), at_high.take(trough)
        start, stop = low[trough], high[trough]
        turn = np.clip(first.alpha - 2.0 * last.beta, start, stop)
        sure[trough] = (1.0 + last.gap) * _change(last.alpha, first.beta, turn, stop) < 1.0
    return sure


def _change(alpha: Floats, beta: Floats, start: Floats, stop: Floats) -> Floats:
    """Return the factor by which ``A/B`` would change if the effective variances did not."""
    return ((alpha + start) / (alpha + stop)) ** 2 * ((beta + stop) / (beta + start))


def score(data: Columns, tau2: Floats, restricted: bool) -> Score:
    """Evaluate ``A``, ``B``, ``alpha``, ``beta`` and Newton's step on ``B/A = 1``.

    ``B/A`` is linear in tau2 when all variances agree, so that Newton's method is exact
    there and needs few steps elsewhere.
    """
    return _score(data, tau2, weighted_mean(data, tau2), restricted)


def _score(data: Columns, tau2: Floats, mean: Mean, restricted: bool) -> Score:
    weight, total, _, residual = mean
    scaled = weight * residual
    up = np.einsum("kb,kb->b", scaled, scaled)
    scaled -= np.einsum("kb,kb->b", weight, scaled) / total
    third = np.einsum("kb,kb,kb->b", weight, scaled, scaled)
    if restricted:
        down, fall = traces(weight, total)
    else:
        down, fall = total, np.einsum("kb,kb->b", weight, weight)
    along, across = up / third, down / fall
    slope = 2.0 / along - 1.0 / across
    slope[slope == 0.0] = _FLAT
    ratio = down / up
    # Rounding may push an effective variance below the least variance, and to zero.
    least = data.v[0]
    alpha, beta = np.maximum(along - tau2, least), np.maximum(across - tau2, least)
    return Score(ratio - 1.0, alpha, beta, (1.0 / ratio - 1.0) / slope)


def climb(
    data: Columns,
    restricted: bool,
    guess: Floats,
    low: Floats,
    at_low: Score,
    high: Floats,
) -> tuple[Floats, Floats, Score]:
    """Find a maximum between ``low`` and ``high`` by interpolation kept in brackets.

    Returns
    -------
    root : ndarray of shape (B,)
    last : ndarray of shape (B,)
        The tau2 evaluated last, next to it.
    there : Score
        The score at ``last``.
    """
    found = np.empty((2 + len(Score._fields), guess.size))
    fit, tau2, least = np.arange(guess.size), guess, data.v[0]
    before, at_before = low, at_low
    for _ in range(_ITERATIONS):
        there = score(data, tau2, restricted)
        below = there.gap < 0.0
        low, high = np.where(below, tau2, low), np.where(below, high, tau2)
        new = tau2 + interpolated(before, at_before, tau2, there)
        scale, step = tau2 + least, np.abs(tau2 - before)
        lost = ~((new >= low) & (new <= high))
        if np.count_nonzero(lost):  # quicker than .any() for one small fit
            # A halving is as near as its bracket is narrow: it alone must be small enough.
            half = np.sqrt((low + least) * (np.minimum(high, 100.0 * (low + least)) + least))
            new, step = np.where(lost, half - least, new), np.where(lost, 100.0 * scale, step)
        moved = np.abs(new - tau2)
        moving = moved * np.maximum(moved, step) > _STEPS * scale**2
        left = np.count_nonzero(moving)
        if left < _THIN * fit.size:
            found[:, fit] = new, tau2, *there
            if left == 0:
                break
            rest = moving.nonzero()[0]
            fit, tau2, low, high, least, new = (
                part[rest] for part in (fit, tau2, low, high, least, new)
            )
            data, there = data.take(rest), there.take(rest)
        before, at_before, tau2 = tau2, there, new
    return found[0], found[1], Score(*found[2:])


def interpolated(before: Floats, at_before: Score, tau2: Floats, there: Score) -> Floats:
    """Return the step from ``tau2`` to where ``B/A`` passes one, by both points and slopes.

    Hermite's cubic for tau2 as a function of ``B/A - 1``, read at zero. Its error is of the
    order of both distances squared. Newton's step where the last one led no nearer.
    """
    nearer = np.abs(there.gap) < np.abs(at_before.gap)
    quotient = there.gap / np.where(nearer, at_before.gap, np.inf)
    share = quotient / (quotient - 1.0)
    return there.step * (1.0 - share) ** 2 + share * share * (
        (before - tau2) * (3.0 - 2.0 * share) + at_before.step
    )


def highest(
    data: Columns, unsure: Unsure, tau2: Floats, restricted: bool
) -> tuple[Floats, NDArray[np.intp]]:
    """Find every maximum of the (restricted) likelihood and return the highest.

    Parameters
    ----------
    data : Columns
        Analyses of at least two studies each.
    unsure : Unsure
        What is known of them.
    tau2 : ndarray of shape (B,)
        A maximum of each, kept where it turns out to be the only one.
    restricted : bool
        REML if true, ML if false.

    Returns
    -------
    tau2 : ndarray of shape (B,)
    maxima : ndarray of shape (B,)
        How many maxima the likelihood has on tau2 >= 0.
    """
    peaks = _isolate(data, unsure, restricted)
    maxima = np.bincount(peaks.fit, minlength=tau2.size)
    several = maxima[peaks.fit] > 1
    if not several.any():
        return tau2, maxima
    fit, low, high = peaks.fit[several], peaks.low[several], peaks.high[several]
    order = np.argsort(fit, kind="stable")
    fit, low, high = fit[order], low[order], high[order]
    part, root = data.take(fit), np.zeros(fit.size)
    inside = np.flatnonzero(high > 0.0)
    guess = np.where(np.isinf(high), 2.0 * low, 0.5 * (low + high))[inside]
    varied, low, high = part.take(inside), low[inside], high[inside]
    at_low = score(varied, low, restricted)
    root[inside] = climb(varied, restricted, guess, low, at_low, high)[0]
    height = log_likelihood(part, root, restricted)
    best = np.lexsort((height, fit))[np.append(np.diff(fit) > 0, True)]
    chosen = tau2.copy()
    chosen[fit[best]] = root[best]
    return chosen, maxima


class Peaks(NamedTuple):
    """Intervals that hold one maximum each, and the fit they belong to."""

    fit: NDArray[np.intp]
    low: Floats
    high: Floats


def _isolate(data: Columns, unsure: Unsure, restricted: bool) -> Peaks:
    """Cut ``[0, far]`` until each part is settled, and keep the parts with a maximum."""
    _, high, at_low, at_high = unsure
    fit, low = np.arange(high.size), np.zeros(high.size)
    falling, beyond = np.flatnonzero(at_low.gap >= 0.0), np.flatnonzero(at_high.gap < 0.0)
    found = [
        Peaks(falling, low[falling], low[falling]),
        Peaks(beyond, high[beyond], np.full(beyond.size, np.inf)),
    ]
    for _ in range(_HALVINGS):
        sure = settled(low, at_low, high, at_high)
        keep = sure & (at_low.gap < 0.0) & (at_high.gap >= 0.0)
        found.append(Peaks(fit[keep], low[keep], high[keep]))
        rest = np.flatnonzero(~sure)
        if rest.size == 0:
            break
        fit, low, high = fit[rest], low[rest], high[rest]
        at_low, at_high = at_low.take(rest), at_high.take(rest)
        least = data.v[0, fit]
        turn = np.clip(at_high.alpha - 2.0 * at_low.beta, low, high)
        pieces = min(max(_ROUND // rest.size, 2), _PIECES)
        share = np.arange(1, pieces)[:, None] / pieces
        cuts = ((low + least) ** (1.0 - share) * (turn + least) ** share - least).ravel()
        at_cuts = score(data.take(np.tile(fit, pieces - 1)), cuts, restricted)
        fit = np.tile(fit, pieces)
        low, high = np.concatenate([low, cuts]), np.concatenate([cuts, high])
        at_low = Score(*map(np.concatenate, zip(at_low, at_cuts, strict=True)))
        at_high = Score(*map(np.concatenate, zip(at_cuts, at_high, strict=True)))
    return Peaks(*map(np.concatenate, zip(*found, strict=True)))


def log_likelihood(data: Columns, tau2: Floats, restricted: bool) -> Floats:
    """Return the (restricted) log-likelihood of tau2, the mean profiled out.

    Harville (1977), https://doi.org/10.2307/2286796, for a mean without moderators, with
    the constants that metafor reports.
    """
    mean = weighted_mean(data, tau2)
    logs = np.log(mean.weight, where=mean.weight > 0.0, out=np.zeros_like(mean.weight))
    value = logs.sum(axis=0) - mean.q
    free = data.count
    if restricted:
        value += np.log(data.count) - np.log(mean.total)
        free = data.count - 1.0
    return 0.5 * (value - free * np.log(2.0 * np.pi))
