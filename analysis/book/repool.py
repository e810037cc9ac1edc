"""Re-pooling in the page: what the panel under a forest plot is given.

The panel is made by a script when the reader opens it; without scripts the figure and its
table remain as they are. The script pools nothing as long as there are few rows: it looks the
reader's selection up among all selections, which the engine computed when the book was built.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from markupsafe import Markup
from scipy.special import chdtri, ndtri, stdtrit

from analysis.book.html import fill
from analysis.figures import names, numbers, words
from analysis.figures.axis import effect_axis
from analysis.meta.small_k import SmallKPolicy, small_k_policy
from analysis.review import selections
from analysis.review.results import LEVEL, Answer, Policy, Pooled, Prediction, Row
from analysis.review.selection import participants

_INTERVAL_WORDS = {"hksj_floor": "Hartung–Knapp, with floor", "z": "Wald (normal)"}
_METHOD_WORDS = {
    "REML": "Random effects, REML",
    "DL": "Random effects, DerSimonian–Laird",
    "EE": "Common effect",
}


def offered(answer: Answer) -> bool:
    """Return whether a panel can start from this answer: pooled, in a way that can be chosen."""
    pooled = answer.pooled
    return (
        pooled is not None
        and pooled.method in selections.METHODS
        and pooled.ci_method in selections.INTERVALS
    )


def panel(answer: Answer) -> Markup:
    """Return the closed panel of an answer; nothing where there is nothing to choose.

    It stays hidden until a script shows it, because without the script it would do nothing.
    """
    if not offered(answer):
        return Markup("")
    return fill(
        '<details class="repool" id="repool-{id}" data-question="{id}" hidden>'
        "<summary>Choose the studies and the model yourself</summary></details>",
        id=answer.id,
    )


def script(answer: Answer, version: str) -> str:
    """Return the file that the panel of an answer loads when it is opened.

    A script and not JSON: a page opened from a folder on disk may load scripts only.
    """
    text = json.dumps(payload(answer, version), ensure_ascii=False, allow_nan=False)
    return f"repool.receive({text});\n"


def payload(answer: Answer, version: str) -> dict[str, Any]:
    """Return everything the panel of an answer shows or needs, as plain values.

    Parameters
    ----------
    answer : Answer
        An answer for which :func:`offered` holds.
    version : str
        Version of the data, kept in shared links.
    """
    pooled = answer.pooled
    if pooled is None:
        raise ValueError(f"question {answer.id!r} is not pooled, so it has no panel")
    rows = selections.selectable(answer)
    measure = answer.measure
    return {
        "id": answer.id,
        "title": answer.title,
        "version": version,
        "measure": {
            "name": measure.name,
            "scale": measure.scale,
            "null": measure.null,
            "factor": numbers.factor(measure),
            "decimals": numbers.decimals_of(measure),
            "unit": numbers.unit_of(measure),
            "smallest": numbers.SMALLEST_RATIO,
            "largest": numbers.LARGEST_RATIO,
        },
        "level": numbers.level(LEVEL),
        "banner": _banner(answer),
        "favours": [answer.favours_low, answer.favours_high],
        "axis": asdict(effect_axis([answer])),
        "methods": {
            method: {"label": _METHOD_WORDS[method], "name": names.model_name(_as(pooled, method))}
            for method in selections.METHODS
        },
        "intervals": {
            ci: {
                "label": _INTERVAL_WORDS[ci],
                "name": names.ci_name(replace(pooled, ci_method=ci)),
            }
            for ci in selections.INTERVALS
        },
        "i2": {
            method: "from Q" if method == "EE" else "τ²-based" for method in selections.METHODS
        },
        "review": {
            "method": pooled.method,
            "ci": pooled.ci_method,
            "effect": numbers.interval(pooled.estimate, pooled.ci_low, pooled.ci_high, measure),
            "limits": [pooled.estimate, pooled.ci_low, pooled.ci_high],
        },
        "rows": [_row(answer, row, key) for row, key in zip(rows, _keys(rows), strict=True)],
        "others": _others(answer, rows),
        "keep": _keep(rows),
        "policy": [_policy(answer, pooled, k) for k in range(len(rows) + 1)],
        "quantiles": quantiles(len(rows)),
        "table": table(rows) if len(rows) <= selections.LIMIT else None,
    }


def _banner(answer: Answer) -> str:
    """Return the warning that goes wherever an uncontrolled result goes."""
    if not names.is_uncontrolled(answer):
        return ""
    return f"{names.DESIGN_BANNER}. {names.DESIGN_SENTENCE}"


def _as(pooled: Pooled, method: str) -> Pooled:
    model = "common-effect" if method == "EE" else "random-effects"
    return replace(pooled, model=model, method=method)


def _row(answer: Answer, row: Row, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "label": row.label,
        "people": sorted(participants(row)),
        "n": (row.n_treat or 0) + (row.n_control or 0),
        "yi": row.yi,
        "vi": row.vi,
        "limits": [row.estimate, row.ci_low, row.ci_high],
        "effect": numbers.interval(row.estimate, row.ci_low, row.ci_high, answer.measure),
        "pooled": row.pooled,
        "note": names.own_reason(answer, row),
    }


def _keys(rows: Sequence[Row]) -> list[str]:
    """Return a name of each row for links, which stays when rows come, go or change places."""
    count = Counter(row.study_id for row in rows)
    return [
        row.study_id
        if count[row.study_id] == 1
        else f"{row.study_id}.{hashlib.sha256(row.row_id.encode()).hexdigest()[:6]}"
        for row in rows
    ]


def _others(answer: Answer, rows: Sequence[Row]) -> list[dict[str, str]]:
    """Return the rows that cannot be chosen, each with the reason."""
    ids = {row.row_id for row in rows}
    return [
        {"label": row.label, "reason": names.own_reason(answer, row)}
        for row in answer.rows
        if row.row_id not in ids
    ]


def _keep(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the quick filters that would leave something out: words, and who stays."""
    found = []
    for value in (_bias, _condition, _route, _comparator):
        for name in dict.fromkeys(value(row) for row in rows):
            stay = [i for i, row in enumerate(rows) if value(row) == name]
            if name and len(stay) < len(rows):
                found.append({"label": name, "rows": stay})
    return found


def _bias(row: Row) -> str:
    low = bool(row.risk_of_bias) and set(row.risk_of_bias.values()) == {"low"}
    return "low risk of bias" if low else ""


def _condition(row: Row) -> str:
    return names.condition(row.condition)


def _route(row: Row) -> str:
    return row.route


def _comparator(row: Row) -> str:
    return "active comparator" if row.comparator_type in {"active", "active_drug"} else ""


def _policy(answer: Answer, pooled: Pooled, k: int) -> dict[str, Any]:
    """Return what is shown of ``k`` studies, and in words why the rest is not."""
    rule = small_k_policy(k)
    policy = Policy(k, rule.level, rule.shown, dict(rule.withheld), dict(rule.caution))
    prediction = "prediction_interval" in rule.shown
    shown = replace(pooled, prediction=Prediction(0.0, 0.0, "k-2") if prediction else None)
    about = words.about_prediction(replace(answer, policy=policy, pooled=shown))
    i2 = f"No I²: {rule.withheld['i2']}." if "i2" in rule.withheld else ""
    return {
        "reason": _too_few(rule),
        "i2": "i2" in rule.shown,
        "prediction": prediction,
        "notes": {
            "random": [note for note in (i2, about) if note],
            "common": [note for note in (i2, _COMMON) if note],
        },
    }


def _too_few(rule: SmallKPolicy) -> str:
    """Return why nothing is pooled from a selection, where nothing is."""
    if rule.k == 0:
        return "No study is chosen, so there is nothing to pool."
    reason = rule.withheld.get("common_effect", "")
    return f"Nothing is pooled: {reason}." if reason else ""


_COMMON = "No prediction interval: the common-effect model assumes that all true effects agree."


def quantiles(most: int) -> dict[str, Any]:
    """Return the quantiles that intervals need, by degrees of freedom from 1 on."""
    upper = 0.5 + LEVEL / 2
    df = np.arange(1, max(most, 2))
    return {
        "z": float(ndtri(upper)),
        "t": stdtrit(df, upper).tolist(),
        "chi2": np.stack([chdtri(df, 1 - upper), chdtri(df, upper)], axis=1).tolist(),
    }


def table(rows: Sequence[Row]) -> dict[str, Any]:
    """Return every selection of the rows as names and one base64 text of little-endian doubles."""
    found = selections.every_selection(rows)
    values = np.concatenate([found[name] for name in found]).astype("<f8")
    return {"names": list(found), "values": base64.b64encode(values.tobytes()).decode("ascii")}
