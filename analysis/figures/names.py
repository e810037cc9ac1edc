"""What things are called: models, intervals, judgements, rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analysis.figures import numbers
from analysis.review.results import Answer, Pooled, Row

#: Judgement, as the table codes it -> symbol in the circle and words in the legend.
RISK_OF_BIAS_WORDS = {
    "low": ("+", "low"),
    "some_concerns": ("!", "some concerns"),
    "high": ("×", "high"),
    "no_information": ("?", "no information"),
}
#: Domains of RoB 2 (Sterne et al. 2019) in words.
DOMAIN_WORDS = {
    "D1": "randomisation process",
    "D2": "deviations from intended interventions",
    "D3": "missing outcome data",
    "D4": "measurement of the outcome",
    "D5": "selection of the reported result",
    "S": "period and carry-over effects",
    "overall": "overall",
}
#: Names of models, estimators and intervals as a reader knows them.
MODEL_WORDS = {
    "random-effects": "random effects",
    "common-effect": "common effect",
    "bayes": "Bayesian random effects",
}
CI_WORDS = {
    "z": "Wald",
    "t": "t distribution",
    "hksj": "HKSJ",
    "hksj_floor": "HKSJ with floor",
    "credible": "credible interval",
}
PREDICTION_WORDS = {
    "k-2": "t distribution with k − 2 degrees of freedom",
    "k-1": "t distribution with k − 1 degrees of freedom",
    "z": "normal distribution",
    "predictive": "posterior predictive distribution",
}
#: Conditions whose name is more than its code without underscores.
CONDITION_WORDS = {
    "me_cfs": "ME/CFS",
    "mixed_chronic_illness": "several chronic illnesses, ME/CFS among them",
    "long_covid": "long COVID",
    "treatment_resistant_depression": "treatment-resistant depression",
}
ORDER_WORDS = {
    "year": "year of publication",
    "effect": "size of the effect",
    "precision": "precision",
    "time": "time after treatment",
    "condition": "condition, from the most direct evidence to the least",
}
#: Measures made of means, not of counts.
MEAN_DIFFERENCES = {"MD", "SMD", "SMDH", "MC", "SMCC", "SMCR"}
#: Models that the policy for two studies puts beside the random-effects result.
SIDE_BY_SIDE = ("common-effect", "bayes")
DESIGN_BANNER = "Uncontrolled: not an effect"
DESIGN_SENTENCE = (
    "People treated with ketamine were not compared with anyone. "
    "These proportions include placebo response and natural course."
)


def first_upper(text: str) -> str:
    """Return ``text`` with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def first_lower(text: str) -> str:
    """Return ``text`` to follow a colon: ``"Only one"`` lowered, ``"ME/CFS"`` kept."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def is_uncontrolled(answer: Answer) -> bool:
    """Return whether the answer looks at one treated group only."""
    return answer.design == "single_arm"


def model_name(pooled: Pooled) -> str:
    """Return ``"random effects (REML)"``."""
    name = MODEL_WORDS.get(pooled.model, pooled.model)
    if not pooled.method or pooled.method in {"EE", "FE"}:
        return name
    return f"{name} ({pooled.method})"


def ci_name(pooled: Pooled) -> str:
    """Return ``"95% CI (HKSJ)"``, or ``"95% credible interval"``."""
    method = CI_WORDS.get(pooled.ci_method, pooled.ci_method)
    if method == "credible interval":
        return f"{numbers.level(pooled.level)} credible interval"
    return f"{numbers.level(pooled.level)} CI ({method})" if method else "95% CI"


def people(answer: Answer) -> float:
    """Return the participants of the pooled rows, both groups together."""
    return answer.n_treat + answer.n_control


def unique_labels(rows: tuple[Row, ...]) -> list[str]:
    """Return one label per row, none twice.

    Rows of one study differ first by time point, then by a letter, so that no
    row hides behind another (``"Smith 2019a"``).
    """
    labels = [row.label for row in rows]
    labels = [
        f"{label}, {row.timepoint}" if labels.count(label) > 1 and row.timepoint else label
        for label, row in zip(labels, rows, strict=True)
    ]
    letters: dict[str, int] = {}
    unique = []
    for label in labels:
        if labels.count(label) > 1:
            letters[label] = letters.get(label, 0) + 1
            label = f"{label}{_letter(letters[label])}"
        unique.append(label)
    return unique


def _letter(position: int) -> str:
    first, last = divmod(position - 1, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)


def arm_title(text: str) -> str:
    """Return the name of an arm without what follows its first comma.

    A heading names the arm; the caption says the rest.
    """
    return first_upper(text.split(",")[0])


def arm_titles(answer: Answer) -> tuple[str, ...]:
    """Return the names of the treated and, where there is one, the control group.

    A controlled answer names its groups shortly under its axis: the side that
    is better for people is the treated group's.
    """
    if is_uncontrolled(answer):
        return (arm_title(answer.intervention),)
    low, high = answer.favours_low, answer.favours_high
    if not (low and high):
        low, high = answer.intervention, answer.comparator
    elif answer.better == "higher":
        low, high = high, low
    return arm_title(low), arm_title(high)


def condition(code: str) -> str:
    """Return the name of a condition (``"long COVID"`` for ``long_covid``)."""
    return CONDITION_WORDS.get(code, code.replace("_", " "))


def favours(side: str) -> str:
    """Return the words for one side of the axis: ``"Favours ketamine"``."""
    return f"Favours {side}" if side else ""


def short_domain(domain: str) -> str:
    """Return the head of a risk-of-bias column."""
    return "All" if domain == "overall" else domain


def prediction_name(rule: str) -> str:
    """Return the method of a prediction interval in words."""
    return PREDICTION_WORDS.get(rule, rule)


def same_rows_alternatives(answer: Answer) -> list[tuple[str, Pooled]]:
    """Return the other analyses that belong beside the pooled result.

    With two studies no single model can be defended, so the policy shows the
    alternatives on the same rows side by side. Larger answers keep theirs for
    the specification curve.
    """
    if answer.k != 2:
        return []
    pooled_rows = {row.row_id for row in answer.rows if row.pooled}
    return [
        (alternative.label, alternative.pooled)
        for alternative in answer.alternatives
        if alternative.pooled is not None
        and alternative.pooled.model in SIDE_BY_SIDE
        and set(alternative.rows) == pooled_rows
    ]


def judgements(answer: Answer) -> list[str]:
    """Return the risk-of-bias domains that any row of the answer was judged on."""
    return domains_of(row.risk_of_bias for row in answer.rows)


def own_reason(answer: Answer, row: Row) -> str:
    """Return why this row is not pooled, unless the answer as a whole says it."""
    shared = row.reason_not_pooled == answer.reason
    return "" if row.pooled or shared else row.reason_not_pooled


def domains_of(judged: Iterable[Mapping[str, str]]) -> list[str]:
    """Return every judged domain once, in the order of the tool."""
    seen = {domain for judgements_of_one in judged for domain in judgements_of_one}
    known = [domain for domain in DOMAIN_WORDS if domain in seen]
    return known + sorted(seen - set(known))
