"""Maximum likelihood and restricted maximum likelihood, at the global maximum.

The likelihood of tau2 can have two maxima (a mean difference with one very precise,
discrepant study is enough), and an iteration from one start finds either. Instead of a
grid on every fit, a cheap certificate says which fits cannot have a second maximum.

With ``P`` the usual residual projection, the score is ``(A - B)/2`` where ``A = y'PPy``
and ``B = tr(P)`` (REML) or ``tr(W)`` (ML). Write ``a = y'PPPy/A`` and ``b = -B'/B``, so that
``log(A/B)`` has slope ``b - 2a``. By the Cauchy-Schwarz inequality ``1/a`` and ``1/b`` each
grow at least as fast as tau2 itself; hence the *effective variances*

    alpha(t) = 1/a(t) - t        beta(t) = 1/b(t) - t

never fall, and both stay between the smallest and the largest sampling variance. Between
two points s < t the ratio ``A/B`` therefore

* falls throughout if ``alpha(t) < 2 beta(s) + s``,
* rises throughout if ``alpha(s) > 2 beta(t) + t``,
* stays above one if ``A(t) > B(s)`` and below one if ``A(s) < B(t)`` (both decrease).

Past ``max(vi) - 2 min(vi)`` it always falls. Two or three evaluations settle almost every
fit; for the rest, intervals are halved until each is one of the above, which isolates
every maximum, and the highest is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

from .columns import Columns, Floats, trace, trace_squared, weighted_mean

#: A Newton step this small relative to ``tau2 + min(vi)`` leaves an error of its square.
_STEP = 1e-9
#: Halvings of an interval; the last is far below rounding, so only exact ties reach it.
_HALVINGS = 60
_ITERATIONS = 200


class Score(NamedTuple):
    """The score's two parts, the effective variances and Newton's step, per fit."""

    up: Floats
    down: Floats
    alpha: Floats
    beta: Floats
    step: Floats

    def take(self, which: NDArray) -> Score:
        """Return some of the fits."""
        return Score(*(part[which] for part in self))


class Candidates(NamedTuple):
    """Intervals that hold one maximum each, and the fit they belong to."""

    fit: NDArray[np.intp]
    low: Floats
    high: Floats


def maximise(data: Columns, restricted: bool) -> tuple[Floats, NDArray[np.intp]]:
    """Return tau2 at the highest maximum of the (restricted) likelihood.

    Parameters
    ----------
    data : Columns
        Analyses of at least two studies each.
    restricted : bool
        REML if true, ML if false.

    Returns
    -------
    tau2 : ndarray of shape (B,)
    maxima : ndarray of shape (B,)
        How many maxima the likelihood has on tau2 >= 0.
    """
    tau2, maxima = np.zeros(data.count.size), np.ones(data.count.size, dtype=np.intp)
    alike = ~data.y.any(axis=0)
    if alike.any():
        if not alike.all():
            tau2[~alike], maxima[~alike] = maximise(data.take(~alike), restricted)
        return tau2, maxima

    origin = score(data, tau2, restricted)
    least = data.v[0]
    far = np.maximum(data.widest() - 2.0 * least, 0.0)
    end = score(data, far, restricted)
    single = (end.alpha < 2.0 * origin.beta) | (far == 0.0) | (origin.up < end.down)

    rising = np.flatnonzero(origin.up > origin.down)
    if rising.size:
        part = data if rising.size == tau2.size else data.take(rising)
        first, last, stop = origin.take(rising), end.take(rising), far[rising]
        guess = np.where(first.step > 0.0, first.step, stop)
        high = np.where(last.up > last.down, np.inf, stop)
        root, there = climb(part, restricted, guess, np.zeros(rising.size), high)
        tau2[rising] = root
        single[rising] |= (there.alpha < 2.0 * first.beta) & (
            (root >= stop) | (last.alpha < 2.0 * there.beta + root)
        )
    unsure = np.flatnonzero(~single)
    if unsure.size:
        tau2[unsure], maxima[unsure] = _highest(
            data.take(unsure), restricted, far[unsure], origin.take(unsure), end.take(unsure)
        )
    return tau2, maxima


def score(data: Columns, tau2: Floats, restricted: bool) -> Score:
    """Evaluate ``A``, ``B``, ``alpha``, ``beta`` and Newton's step on ``B/A = 1``.

    ``B/A`` is linear in tau2 when all variances agree, so that Newton's method is exact
    there and needs few steps elsewhere.
    """
    weight, total, _, residual = weighted_mean(data, tau2)
    scaled = np.multiply(weight, residual, out=residual)
    up = np.einsum("kb,kb->b", scaled, scaled)
    scaled -= np.einsum("kb,kb->b", weight, scaled) / total
    third = np.einsum("kb,kb,kb->b", weight, scaled, scaled)
    if restricted:
        down, fall = trace(weight, total), trace_squared(weight, total)
    else:
        down, fall = total, np.einsum("kb,kb->b", weight, weight)
    slope = 2.0 * third / up - fall / down
    slope[slope == 0.0] = np.inf
    return Score(up, down, up / third - tau2, down / fall - tau2, (up / down - 1.0) / slope)


def climb(
    data: Columns, restricted: bool, guess: Floats, low: Floats, high: Floats
) -> tuple[Floats, Score]:
    """Find the maximum between ``low`` and ``high`` by Newton's method kept in brackets.

    Returns
    -------
    tau2 : ndarray of shape (B,)
    there : Score
        The score next to it, no further off than the last step.
    """
    tau2, low, high = guess.copy(), low.copy(), high.copy()
    least = data.v[0]
    for _ in range(_ITERATIONS):
        there = score(data, tau2, restricted)
        below = there.up > there.down
        low, high = np.where(below, tau2, low), np.where(below, high, tau2)
        new = tau2 + there.step
        lost = ~((new > low) & (new < high))
        if lost.any():
            half = np.sqrt((low + least) * (np.minimum(high, 100.0 * (low + least)) + least))
            new = np.where(lost, half - least, new)
        done = np.abs(new - tau2) <= _STEP * (tau2 + least)
        tau2 = new
        if done.all():
            break
    return tau2, there


def _highest(
    data: Columns, restricted: bool, far: Floats, origin: Score, end: Score
) -> tuple[Floats, NDArray[np.intp]]:
    """Isolate every maximum, climb each, and keep the highest of every fit."""
    peaks = _isolate(data, restricted, far, origin, end)
    part = data.take(peaks.fit)
    bounded = np.isfinite(peaks.high)
    guess = np.where(bounded, 0.5 * (peaks.low + peaks.high), 2.0 * peaks.low)
    inside = peaks.high > 0.0
    root = np.zeros(peaks.fit.size)
    if inside.any():
        chosen = part.take(inside)
        low, high = peaks.low[inside], peaks.high[inside]
        root[inside] = climb(chosen, restricted, guess[inside], low, high)[0]
    height = log_likelihood(part, root, restricted)
    order = np.lexsort((height, peaks.fit))
    last = np.append(np.diff(peaks.fit[order]) > 0, True)
    return root[order][last], np.bincount(peaks.fit, minlength=data.count.size)


def _isolate(
    data: Columns, restricted: bool, far: Floats, origin: Score, end: Score
) -> Candidates:
    """Halve ``[0, far]`` until each part is monotone or of one sign, and keep the peaks."""
    falling, beyond = np.flatnonzero(origin.up <= origin.down), np.flatnonzero(end.up > end.down)
    nothing = np.zeros(falling.size)
    found = [
        Candidates(falling, nothing, nothing),
        Candidates(beyond, far[beyond], np.full(beyond.size, np.inf)),
    ]
    fit, low, high = np.arange(far.size), np.zeros(far.size), far
    at_low, at_high = origin, end
    for _ in range(_HALVINGS):
        peak = (at_low.up > at_low.down) & (at_high.up <= at_high.down)
        falls = at_high.alpha < 2.0 * at_low.beta + low
        rises = at_low.alpha > 2.0 * at_high.beta + high
        same_sign = (at_high.up > at_low.down) | (at_low.up < at_high.down)
        keep = peak & falls
        found.append(Candidates(fit[keep], low[keep], high[keep]))
        open_ = np.flatnonzero(~(falls | rises | same_sign))
        if open_.size == 0:
            break
        fit, low, high = fit[open_], low[open_], high[open_]
        at_low, at_high = at_low.take(open_), at_high.take(open_)
        part = data.take(fit)
        least = part.v[0]
        middle = np.sqrt((low + least) * (high + least)) - least
        at_middle = score(part, middle, restricted)
        fit = np.concatenate([fit, fit])
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        at_low = Score(*map(np.concatenate, zip(at_low, at_middle, strict=True)))
        at_high = Score(*map(np.concatenate, zip(at_middle, at_high, strict=True)))
    return Candidates(*map(np.concatenate, zip(*found, strict=True)))


def log_likelihood(data: Columns, tau2: Floats, restricted: bool) -> Floats:
    """Return the (restricted) log-likelihood of tau2, the mean profiled out.

    Viechtbauer (2005), J Educ Behav Stat 30:261, equations 9 (ML) and 11 (REML), with the
    constant that metafor reports.
    """
    mean = weighted_mean(data, tau2)
    logs = np.log(mean.weight, where=mean.weight > 0.0, out=np.zeros_like(mean.weight))
    value = logs.sum(axis=0) - mean.q
    free = data.count
    if restricted:
        value += np.log(data.count) - np.log(mean.total)
        free = data.count - 1.0
    return 0.5 * (value - free * np.log(2.0 * np.pi))
