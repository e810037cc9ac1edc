"""From a relative effect to what it means for people: per 1,000, and number needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import InputError, as_count, as_number, check_option

RELATIVE_MEASURES = ("RR", "OR")

#: No ratio is so large; its exponential still is a float.
_LARGEST_LOG = 300.0


@dataclass(frozen=True)
class AbsoluteEffect:
    """Events with and without treatment, in a group of ``per`` people.

    Parameters
    ----------
    per : int
        Size of the group.
    baseline : float
        Events expected among ``per`` people without treatment.
    treated : float
        Events expected with it.
    difference : float
        ``treated - baseline``.
    ci : tuple of float
        Limits of the difference, lower first, at the level of the relative effect's interval.
    notes : tuple of str
        What a reader must know.
    """

    per: int
    baseline: float
    treated: float
    difference: float
    ci: tuple[float, float]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NumberNeeded:
    """People to treat for one event more or fewer.

    Parameters
    ----------
    kind : {"benefit", "harm", "none"}
        What the point estimate is a number needed for.
    value : float
        The number; infinite where the risk difference is 0.
    limits : tuple of (kind, number)
        Both ends of the interval, the most favourable first, each with its own kind.
    spans_infinity : bool
        Whether the interval runs through "no difference", that is from a number needed to
        benefit up to infinity and down to a number needed to harm.
    """

    kind: str
    value: float
    limits: tuple[tuple[str, float], tuple[str, float]]
    spans_infinity: bool

    def __str__(self) -> str:
        """Return the sentence Altman proposed, for example ``NNTB 10 (NNTB 4 to inf to NNTH 20)``.

        Numbers are rounded up, away from overstating the effect.
        """
        first, last = (_words(*limit) for limit in self.limits)
        middle = " to ∞ to " if self.spans_infinity else " to "
        return f"{_words(self.kind, self.value)} ({first}{middle}{last})"


def absolute_difference(
    measure: str,
    estimate: float,
    ci: tuple[float, float],
    baseline_risk: float,
    *,
    per: int = 1000,
) -> AbsoluteEffect:
    """Return the difference in events that a relative effect makes at a given baseline risk.

    Parameters
    ----------
    measure : {"RR", "OR"}
        The relative effect.
    estimate : float
        Its log, as pooled.
    ci : tuple of float
        Lower and upper limit of the log.
    baseline_risk : float
        Risk without treatment, between 0 and 1.
    per : int, default 1000
        Size of the group.

    Returns
    -------
    AbsoluteEffect

    Raises
    ------
    InputError
        If the baseline risk is not inside (0, 1), or the limits do not hold the estimate.

    Notes
    -----
    Cochrane Handbook 6.5, chapter 15; GRADE guidelines 12, Guyatt et al. 2013, J Clin
    Epidemiol 66:158. The baseline risk is taken as known: the interval carries the uncertainty
    of the relative effect only.
    """
    check_option(measure, RELATIVE_MEASURES, "measure")
    _check_risk(baseline_risk)
    low, high = _limits(ci)
    if not low <= as_number(estimate, "estimate") <= high:
        raise InputError(f"ci must hold the estimate, but {estimate!r} is not within {ci!r}.")
    per = as_count(per, "per", 1)
    risks = [_treated_risk(measure, value, baseline_risk) for value in (estimate, low, high)]
    notes = [
        f"The baseline risk, {per * baseline_risk:.3g} in {per:,}, is taken as known; the "
        "interval carries the uncertainty of the relative effect only."
    ]
    if max(risks) > 1:
        notes.append(
            "At this baseline risk the risk ratio would mean a risk above 1; it is cut at 1."
        )
    treated, low_risk, high_risk = (per * min(risk, 1.0) for risk in risks)
    baseline = per * baseline_risk
    return AbsoluteEffect(
        per,
        baseline,
        treated,
        treated - baseline,
        (low_risk - baseline, high_risk - baseline),
        tuple(notes),
    )


def number_needed(risk_difference: float, ci: tuple[float, float], *, event: str) -> NumberNeeded:
    """Return the number needed to treat, with an interval that may pass through infinity.

    Parameters
    ----------
    risk_difference : float
        Risk with treatment minus risk without, between -1 and 1.
    ci : tuple of float
        Its limits, lower first.
    event : {"good", "bad"}
        Whether the event is wanted, such as a response, or not, such as nausea.

    Returns
    -------
    NumberNeeded

    Raises
    ------
    InputError
        If the limits do not hold the estimate or lie outside [-1, 1].

    Notes
    -----
    Altman 1998, BMJ 317:1309. Where the interval of the risk difference includes 0, that of
    the number needed is two pieces joined at infinity, never a single range of numbers.
    """
    check_option(event, ("good", "bad"), "event")
    low, high = _limits(ci)
    as_number(risk_difference, "risk_difference")
    if not -1 <= low <= risk_difference <= high <= 1:
        raise InputError(
            "The risk difference must lie within its limits and all of them between -1 and 1, "
            f"but {risk_difference!r} with {ci!r} was given."
        )
    best, worst = (high, low) if event == "good" else (low, high)
    gain = 1.0 if event == "good" else -1.0
    kind, value = _needed(gain * risk_difference)
    return NumberNeeded(
        kind,
        value,
        (_needed(gain * best), _needed(gain * worst)),
        low < 0 < high,
    )


def _needed(gain: float) -> tuple[str, float]:
    number = 1 / abs(gain) if gain else np.inf
    if np.isinf(number):
        return "none", np.inf
    return ("benefit" if gain > 0 else "harm"), number


def _words(kind: str, value: float) -> str:
    if kind == "none":
        return "∞"
    # a number that is whole but for rounding error is not rounded up to the next
    return f"NNT{kind[0].upper()} {int(np.ceil(value - 1e-9 * value)):,}"


def _treated_risk(measure: str, log_effect: float, baseline: float) -> float:
    ratio = float(np.exp(log_effect))
    if measure == "RR":
        return ratio * baseline
    return ratio * baseline / (1 - baseline + ratio * baseline)


def _limits(ci: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(ci, Sequence | np.ndarray) or isinstance(ci, str) or len(ci) != 2:
        raise InputError(f"ci must hold a lower and an upper limit, but {ci!r} was given.")
    low, high = (
        as_number(limit, f"ci[{i}]", "must be a limit on the scale of analysis", _is_sane)
        for i, limit in enumerate(ci)
    )
    return low, high


def _is_sane(limit: float) -> bool:
    """Return whether a log ratio or a difference still is a number on its natural scale."""
    return abs(limit) <= _LARGEST_LOG


def _check_risk(risk: float) -> None:
    as_number(risk, "baseline_risk", "must lie between 0 and 1", lambda x: 0 < x < 1)
