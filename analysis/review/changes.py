"""The record of what changed between two versions: one for report, chapter and feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.review.results import Answer


@dataclass(frozen=True)
class CellChange:
    """One cell before and after."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class RowChange:
    """One line of a table that was added, changed or withdrawn.

    Attributes
    ----------
    table : str
        ``studies``, ``risk_of_bias`` or ``certainty``.
    kind : {"added", "corrected", "described", "withdrawn", "restored", "re-rated", "deleted"}
        ``corrected`` moved a number or what it is about; ``described`` only the words around
        it. Rows should never be deleted; where one was, it is said.
    row_id, study_id : str
        Which line, and the study or question it belongs to.
    label : str
        Name for readers.
    reason : str
        The status reason or the reason of the rating, where one is given.
    cells : tuple of CellChange
        What differs; empty for added and deleted lines.
    """

    table: str
    kind: str
    row_id: str
    study_id: str
    label: str
    reason: str
    cells: tuple[CellChange, ...] = ()

    @property
    def values(self) -> tuple[CellChange, ...]:
        """The cells that differ, without those that only say why and when."""
        return tuple(c for c in self.cells if c.column not in ("status_reason", "status_on"))


@dataclass(frozen=True)
class Snapshot:
    """A question's answer at one moment, in the few numbers that a reader compares.

    Attributes
    ----------
    k, people : int, float
        Studies and people the answer rests on.
    level : str
        Level of the small-k policy.
    pooled : bool
        Whether the estimate is a pooled one; otherwise it is that of the only study.
    estimate, ci_low, ci_high, prediction_low, prediction_high : float or None
        On the display scale.
    tau2 : float or None
        On the scale of pooling.
    fingerprint : str
        Of the rows' numbers: it also moves where rows are drawn and nothing is pooled.
    certainty : str
        The overall rating, empty where there is none.
    reason : str
        Why nothing is pooled.
    """

    k: int
    people: float
    level: str
    pooled: bool
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    prediction_low: float | None
    prediction_high: float | None
    tau2: float | None
    fingerprint: str
    certainty: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One part of the way from the old answer to the new one.

    Attributes
    ----------
    cause : {"software", "question", "data"}
        What was changed in this step.
    rows : tuple of str
        Lines of ``studies.csv`` put in place in this step; empty but for data.
    label : str
        The step in words.
    before, after : Snapshot
        The answer before and after this step.
    """

    cause: str
    rows: tuple[str, ...]
    label: str
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True)
class Flip:
    """A conclusion that is no longer the same.

    Attributes
    ----------
    kind : {"answer", "direction", "null", "important difference", "certainty"}
        What flipped.
    sentence : str
        The flip in words.
    """

    kind: str
    sentence: str


@dataclass(frozen=True)
class QuestionChange:
    """One question before and after; ``before`` or ``after`` is None where it did not exist."""

    id: str
    title: str
    measure: str
    before: Snapshot | None
    after: Snapshot | None
    steps: tuple[Step, ...]
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that differs between two versions of the review.

    Attributes
    ----------
    old, new : str
        Names of the versions as asked for.
    rows : tuple of RowChange
        Lines that differ, of all compared tables.
    questions : tuple of QuestionChange
        Questions whose answer differs in any number that a reader compares.
    unchanged : tuple of str
        Ids of the questions whose answer is the same.
    software : mapping of str to CellChange
        Packages, Python and lock file that differ, by name.
    notes : tuple of str
        What the comparison could not see.
    """

    old: str
    new: str
    rows: tuple[RowChange, ...]
    questions: tuple[QuestionChange, ...]
    unchanged: tuple[str, ...]
    software: Mapping[str, CellChange]
    notes: tuple[str, ...]


_UNANSWERED = Snapshot(0, 0.0, "", False, None, None, None, None, None, None, "", "", "")


def snapshot(answered: Answer | str) -> Snapshot:
    """Return the numbers of an answer that readers compare; a text is why there is none."""
    if isinstance(answered, str):
        return replace(_UNANSWERED, reason=answered)
    pooled = answered.pooled
    shown = pooled or answered.only_row
    prediction = pooled.prediction if pooled else None
    return Snapshot(
        k=answered.k,
        people=answered.n_treat + answered.n_control,
        level=answered.policy.level,
        pooled=pooled is not None,
        estimate=shown.estimate if shown else None,
        ci_low=shown.ci_low if shown else None,
        ci_high=shown.ci_high if shown else None,
        prediction_low=prediction.low if prediction else None,
        prediction_high=prediction.high if prediction else None,
        tau2=pooled.tau2 if pooled else None,
        fingerprint=answered.fingerprint,
        certainty="",
        reason=answered.reason,
    )
