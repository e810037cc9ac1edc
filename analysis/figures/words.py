"""Words for figures, written from the numbers: alternatives, captions, tables.

Nothing here is typed by hand twice: a reader who cannot see a figure gets the
same numbers, through the same formatting, as one who can.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.figures import numbers
from analysis.review.results import Answer, Pooled, Row

#: Judgement -> symbol in the circle and words in the legend.
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
    "overall": "overall",
}
#: Names of models, estimators and intervals as a reader knows them.
MODEL_WORDS = {
    "random": "random effects",
    "random-effects": "random effects",
    "common": "common effect",
    "common-effect": "common effect",
    "EE": "common effect",
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
}
ORDER_WORDS = {
    "year": "year of publication",
    "effect": "size of the effect",
    "estimate": "size of the effect",
    "precision": "precision",
    "weight": "weight",
}
DESIGN_BANNER = "Uncontrolled: not an effect"
DESIGN_SENTENCE = (
    "People treated with ketamine were not compared with anyone. "
    "These proportions include placebo response and natural course."
)


def first_upper(text: str) -> str:
    """Return ``text`` with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def is_uncontrolled(answer: Answer) -> bool:
    """Return whether no row of the answer has a comparison group."""
    return bool(answer.rows) and all(row.comparator_type == "none" for row in answer.rows)


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


def favours(words: str) -> str:
    """Return the words for one side of the axis, as ``"Favours …"``."""
    return first_upper(words) if words.lower().startswith("favours") else f"Favours {words}"


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


def heterogeneity(pooled: Pooled) -> list[str]:
    """Return the heterogeneity line and the test line under a forest plot."""
    parts = []
    if pooled.tau2 is not None:
        ci = ""
        if pooled.tau2_ci is not None:
            low, high = (numbers.number(v, numbers.DECIMALS["tau2"]) for v in pooled.tau2_ci)
            ci = f" [{low}, {high}]"
        tau = numbers.number(pooled.tau2**0.5, numbers.DECIMALS["tau2"])
        tau2 = numbers.number(pooled.tau2, numbers.DECIMALS["tau2"])
        parts.append(f"τ² = {tau2}{ci}, τ = {tau}")
    if pooled.i2 is not None:
        definition = f" ({pooled.i2_definition})" if pooled.i2_definition else ""
        parts.append(f"I² = {numbers.number(pooled.i2, numbers.DECIMALS['i2'])}%{definition}")
    if pooled.q is not None and pooled.q_df is not None and pooled.q_pvalue is not None:
        parts.append(
            f"Q = {numbers.number(pooled.q)}, df = {pooled.q_df}, "
            f"P {numbers.p_value(pooled.q_pvalue)}"
        )
    lines = [f"Heterogeneity: {'; '.join(parts)}"] if parts else []
    if pooled.pvalue is not None:
        lines.append(f"Test for overall effect: P {numbers.p_value(pooled.pvalue)}")
    return lines


def withheld_prediction(answer: Answer) -> str:
    """Return why no prediction interval is shown, empty when one is."""
    if answer.pooled is None or answer.pooled.prediction is not None:
        return ""
    for item, reason in answer.policy.withheld.items():
        if "prediction" in item:
            return f"No prediction interval: {reason}"
    return ""


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
        if alternative.pooled is not None and set(alternative.rows) == pooled_rows
    ]


def judgements(answer: Answer) -> list[str]:
    """Return the risk-of-bias domains that any row of the answer was judged on."""
    seen = {domain for row in answer.rows for domain in row.risk_of_bias}
    known = [domain for domain in DOMAIN_WORDS if domain in seen]
    return known + sorted(seen - set(known))


def table_of_rows(answer: Answer) -> list[Mapping[str, str]]:
    """Return the figure as a table: one record of formatted cells per row.

    Returns
    -------
    list of mapping
        Study, group data, effect with interval, weight and reason; the pooled
        row and its prediction interval last.
    """
    measure = answer.measure
    records: list[Mapping[str, str]] = []
    for label, row in zip(unique_labels(answer.rows), answer.rows, strict=True):
        records.append(
            {
                "study": label,
                "ketamine": _group(row.events_treat, row.n_treat, row.mean_treat, row.sd_treat),
                "comparator": _group(
                    row.events_control, row.n_control, row.mean_control, row.sd_control
                ),
                "effect": numbers.interval(row.estimate, row.ci_low, row.ci_high, measure),
                "weight": numbers.number(row.weight, numbers.DECIMALS["weight"]),
                "note": row.reason_not_pooled,
            }
        )
    return records


def _group(
    events: float | None, n: float | None, mean: float | None, sd: float | None
) -> str:
    if events is not None and n is not None:
        return f"{numbers.count(events)}/{numbers.count(n)}"
    if mean is not None and sd is not None:
        return f"{numbers.number(mean)} (SD {numbers.number(sd)}), n = {numbers.count(n)}"
    return f"n = {numbers.count(n)}" if n is not None else ""


def risk_of_bias_legend(answer: Answer) -> list[str]:
    """Return what the symbols and the domains of the risk-of-bias columns mean."""
    symbols = ", ".join(f"{symbol} {name}" for symbol, name in RISK_OF_BIAS_WORDS.values())
    domains = "; ".join(
        f"{'All' if domain == 'overall' else domain} {DOMAIN_WORDS[domain]}"
        for domain in judgements(answer)
        if domain in DOMAIN_WORDS
    )
    return [f"Risk of bias: {symbols}.", f"{domains}."]
