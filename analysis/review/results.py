"""The results object: everything the book prints, and nothing else does.

Figures, tables, sentences, alternative texts and ``results.json`` are all
written from these records. They hold numbers and words, no behaviour beyond
turning themselves into JSON and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Level of every interval of the review.
LEVEL = 0.95


@dataclass(frozen=True)
class Measure:
    """How an effect is expressed.

    Attributes
    ----------
    code : str
        Name used by ``analysis.meta`` (``"RR"``, ``"MD"``, ``"PLO"``).
    name : str
        Name in words (``"Risk ratio"``).
    scale : {"identity", "log", "logit"}
        Scale on which studies are pooled; estimates in the records below are
        already on the display scale.
    null : float or None
        Value of no effect on the display scale; None where there is none
        (a proportion has no null).
    unit : str
        Unit of the display scale, empty for ratios.
    """

    code: str
    name: str
    scale: str
    null: float | None
    unit: str = ""


@dataclass(frozen=True)
class Source:
    """Where a row's numbers were seen, and how well."""

    citation_key: str
    source_location: str
    extraction: str
    doi: str = ""
    pmid: str = ""
    registry_id: str = ""
    url: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a forest plot: one study's independent contribution.

    Estimates and limits are on the display scale, ``yi`` and ``vi`` on the
    scale of pooling; all are None where a study gives no usable number.
    ``weight`` is in percent of the drawn model, None where the row is not
    pooled; ``reason_not_pooled`` then says why. ``row_id`` is the row's
    identity in ``studies.csv`` (five columns joined by " | ");
    ``risk_of_bias`` holds judgements by domain (``low``, ``some_concerns``,
    ``high``, ``no_information``).
    """

    row_id: str
    study_id: str
    label: str
    year: int
    participants_id: str
    condition: str
    route: str
    comparator: str
    comparator_type: str
    timepoint: str
    n_treat: float | None
    n_control: float | None
    events_treat: float | None
    events_control: float | None
    mean_treat: float | None
    sd_treat: float | None
    mean_control: float | None
    sd_control: float | None
    yi: float | None
    vi: float | None
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    ci_method: str
    weight: float | None
    pooled: bool
    reason_not_pooled: str
    source: Source
    risk_of_bias: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    comparison: str = ""
    instrument: str = ""
    drug: str = ""


@dataclass(frozen=True)
class Prediction:
    """A prediction interval on the display scale, with the rule it follows."""

    low: float
    high: float
    rule: str


@dataclass(frozen=True)
class Pooled:
    """A pooled answer on the display scale.

    ``tau2``, ``tau2_ci`` and ``se`` are on the scale of pooling. ``i2`` is in
    percent; ``i2_definition`` says which of the two definitions it follows.
    """

    model: str
    method: str
    ci_method: str
    level: float
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    pvalue: float | None
    tau2: float | None
    tau2_ci: tuple[float, float] | None
    i2: float | None
    i2_definition: str
    h2: float | None
    q: float | None
    q_df: int | None
    q_pvalue: float | None
    prediction: Prediction | None
    weights: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alternative:
    """Another analysis of the same question, and why it is shown."""

    id: str
    label: str
    why: str
    rows: tuple[str, ...]
    pooled: Pooled | None
    reason: str = ""


@dataclass(frozen=True)
class Absolute:
    """What a relative effect means per 1,000 people, at a stated base rate."""

    baseline_per_1000: float
    baseline_source: str
    difference_per_1000: float
    ci_low_per_1000: float
    ci_high_per_1000: float
    nnh: float | None
    nnh_low: float | None
    nnh_high: float | None
    note: str = ""


@dataclass(frozen=True)
class Policy:
    """What the small-k policy shows and withholds for this many studies.

    ``caution`` names what is shown with a warning, and the warning.
    """

    k: int
    level: str
    shown: tuple[str, ...]
    withheld: Mapping[str, str]
    caution: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GradeInputs:
    """What a rating of certainty can be held against, computed from the answer.

    Attributes
    ----------
    people : float
        People behind the answer.
    events : float or None
        Events in both groups, where events were counted.
    includes_null, includes_important : bool or None
        Whether the 95 % interval includes no effect, and the smallest important difference on
        the good side; None where the answer or the question has no such value.
    prediction_includes_null : bool or None
        The same of the prediction interval.
    i2, tau2 : float or None
        Heterogeneity, where the policy shows it.
    bias : mapping of str to float
        Share of the weight in percent by the worst judgement of each study: ``high``,
        ``some_concerns``, ``no_information``, ``low`` or ``not_assessed``.
    conditions : mapping of str to float
        Share of the weight in percent by condition.
    asymmetry_testable : bool
        Whether there are enough studies for tests of small-study effects.
    """

    people: float
    events: float | None
    includes_null: bool | None
    includes_important: bool | None
    prediction_includes_null: bool | None
    i2: float | None
    tau2: float | None
    bias: Mapping[str, float]
    conditions: Mapping[str, float]
    asymmetry_testable: bool


@dataclass(frozen=True)
class Rating:
    """One human judgement of certainty, with its reason."""

    domain: str
    judgement: str
    reason: str
    rated_on: str
    rated_by: str
    stale: bool


@dataclass(frozen=True)
class Certainty:
    """How sure the answer is, after GRADE.

    ``stale`` says that the numbers moved after at least one of the ratings was made.
    """

    overall: str
    ratings: tuple[Rating, ...]
    stale: bool


@dataclass(frozen=True)
class Answer:
    """The answer to one pre-specified question, or the reason there is none.

    ``rows`` holds every row that any analysis of the question uses; the totals
    (``k``, participants, events) count only what the answer rests on.
    ``fingerprint`` changes when, and only when, the numbers it rests on do.
    """

    id: str
    title: str
    question: str
    chapter: str
    role: str
    design: str
    population: str
    intervention: str
    comparator: str
    outcome: str
    timepoint: str
    measure: Measure
    better: str
    favours_low: str
    favours_high: str
    important_difference: float | None
    order: str
    rows: tuple[Row, ...]
    k: int
    n_treat: float
    n_control: float
    events_treat: float | None
    events_control: float | None
    policy: Policy
    pooled: Pooled | None
    reason: str
    alternatives: tuple[Alternative, ...] = ()
    absolute: Absolute | None = None
    caveats: tuple[str, ...] = ()
    important_difference_source: str = ""
    fingerprint: str = ""
    grade_inputs: GradeInputs | None = None
    certainty: Certainty | None = None

    @property
    def only_row(self) -> Row | None:
        """The row that stands for the answer where one study alone has a usable number."""
        # Rows that were kept out, such as a retracted one, have a reason of their own.
        rows = [
            r for r in self.rows if r.estimate is not None and r.reason_not_pooled == self.reason
        ]
        return rows[0] if self.k == len(rows) == 1 else None


@dataclass(frozen=True)
class Results:
    """All answers of one data version, with what they were made from."""

    version: str
    manifest: Mapping[str, object]
    status: Mapping[str, object]
    answers: Mapping[str, Answer]
