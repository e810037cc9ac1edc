"""What the book's own functions say of a reader's selection, for tests of the panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analysis.figures import numbers, words
from analysis.meta.small_k import small_k_policy
from analysis.review import selections
from analysis.review.pooling import Plan, try_to_pool
from analysis.review.results import Answer, Policy

Asked = dict[str, Any]
TOO_FEW = (
    "No study is chosen, so there is nothing to pool.",
    "Nothing is pooled: one study cannot be pooled with itself; its own result is shown instead.",
)


def allowed(answer: Answer) -> list[list[int]]:
    """Return every selection of rows that share nobody, as positions."""
    rows = selections.selectable(answer)
    people = [set(row.participants_id.split(";")) for row in rows]
    found = []
    for bits in range(2 ** len(rows)):
        chosen = [i for i in range(len(rows)) if bits >> i & 1]
        counted = [who for i in chosen for who in people[i]]
        if len(counted) == len(set(counted)):
            found.append(chosen)
    return found


def in_python(answer: Answer, asked: Asked) -> dict[str, Any]:
    """Return what the book's own functions say of a selection."""
    rows = [selections.selectable(answer)[i] for i in asked["chosen"]]
    plan = Plan(method=asked["method"], ci=asked["ci"])
    pooled, reason = try_to_pool(rows, answer.measure, plan)
    reason = TOO_FEW[len(rows)] if len(rows) < 2 else reason
    rule = small_k_policy(len(rows))
    policy = Policy(len(rows), rule.level, rule.shown, dict(rule.withheld), dict(rule.caution))
    own = replace(answer, pooled=pooled, reason=reason, policy=policy)
    people = sum((row.n_treat or 0) + (row.n_control or 0) for row in rows)
    said: dict[str, Any] = {
        "sentence": words.pooled_sentence(own),
        "direction": words.direction(own),
        "heterogeneity": words.heterogeneity(own),
        "interval": None,
        "weights": None,
        "people": numbers.count(people),
    }
    if pooled is not None:
        limits = (pooled.estimate, pooled.ci_low, pooled.ci_high)
        said["interval"] = numbers.interval(*limits, answer.measure)
        said["weights"] = [numbers.number(pooled.weights[row.row_id], 1) for row in rows]
    if about := words.about_prediction(own):
        said["about"] = about
    return said
