"""Whether a conclusion is still the same: direction, no effect, what matters, certainty."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.review.changes import Flip, Snapshot
from analysis.review.results import Measure


def flips(
    before: Snapshot, after: Snapshot, measure: Measure, important: float | None
) -> tuple[Flip, ...]:
    """Return every conclusion that differs between two answers of one question.

    Parameters
    ----------
    before, after : Snapshot
        The answers.
    measure : Measure
        Gives the value of no effect.
    important : float or None
        Smallest important difference on the display scale, where the question has one.
    """
    found = []
    if before.pooled != after.pooled:
        found.append(
            Flip(
                "answer",
                "There is a pooled result now."
                if after.pooled
                else f"There is no pooled result any more. {after.reason}".strip(),
            )
        )
    elif (before.estimate is None) != (after.estimate is None):
        found.append(
            Flip(
                "answer",
                f"There is no result any more. {after.reason}".strip()
                if after.estimate is None
                else "There is a first result now, of one study.",
            )
        )
    if before.estimate is not None and after.estimate is not None:
        found += _of_estimates(before, after, measure, important)
    if before.certainty != after.certainty:
        found.append(
            Flip(
                "certainty",
                f"Certainty was {before.certainty or 'not rated'} and is "
                f"{after.certainty or 'not rated'}.",
            )
        )
    return tuple(found)


def _of_estimates(
    before: Snapshot, after: Snapshot, measure: Measure, important: float | None
) -> Iterator[Flip]:
    null = measure.null
    if null is None:
        return
    old, new = (_side(s.estimate, null) for s in (before, after))
    if old != new:
        yield Flip("direction", "The estimate lies on the other side of no effect.")
    excluded, excludes = (_beyond(s, null) for s in (before, after))
    if excluded != excludes:
        yield Flip(
            "null",
            "The interval now excludes no effect."
            if excludes
            else "The interval now includes no effect.",
        )
    if important is None:
        return
    was, now = (
        _distance(s.estimate, null, measure) >= _distance(important, null, measure)
        for s in (before, after)
    )
    if was != now:
        yield Flip(
            "important difference",
            "The estimate now reaches the smallest important difference."
            if now
            else "The estimate no longer reaches the smallest important difference.",
        )


def _side(value: float | None, null: float) -> int:
    return 0 if value is None or value == null else 1 if value > null else -1


def _beyond(snapshot: Snapshot, null: float) -> int:
    """Return the side of no effect on which the whole interval lies; 0 where it holds it."""
    low, high = _side(snapshot.ci_low, null), _side(snapshot.ci_high, null)
    return low if low == high else 0


def _distance(value: float | None, null: float, measure: Measure) -> float:
    """Return how far a value is from no effect, on the scale of pooling for ratios.

    An important difference is given as a size (4 points) or as a ratio (1.25, or 0.8).
    """
    if value is None:
        return 0.0
    return abs(math.log(value)) if measure.scale == "log" else abs(value - null)
