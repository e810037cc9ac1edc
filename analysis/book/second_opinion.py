"""Every pooled question answered a second and a third time, by statsmodels and by metafor.

statsmodels is asked while the book is built. metafor needs R, so its answers are stored in
``data/second_opinion.json`` by ``python -m benchmarks.second_opinion``, each with a digest of
the rows it was given: where the rows have moved since, the page says so.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from analysis.book import door
from analysis.book.blocks import details
from analysis.book.html import Piece, fill, grouped_table, joined
from analysis.evidence.paths import data_directory
from analysis.figures import numbers
from analysis.review.measures import to_display
from analysis.review.results import Answer, Measure, Pooled

#: What metafor calls our intervals.
TESTS: Mapping[str, str] = {"z": "z", "t": "t", "hksj": "knha", "hksj_floor": "adhoc"}
#: statsmodels' two estimators of tau2, by the names readers know.
ESTIMATORS: Mapping[str, str] = {"pm": "Paule–Mandel", "dl": "DerSimonian–Laird"}
LIMITS = ("estimate", "ci_low", "ci_high")
#: Two values agree within this share of max(1, |reference|).
TOLERANCE = 1e-6
#: statsmodels stops its Paule–Mandel iteration when Q is within 1e-5 of its expectation.
TAU2_TOLERANCE = 1e-4
STALE = "The studies have changed since metafor was asked."


@dataclass(frozen=True)
class Asked:
    """A pooled question as it is put to another program.

    Attributes
    ----------
    method, test : str
        Estimator of tau2, and the interval, by metafor's names.
    level : float
        Level of the interval.
    rows : tuple of (float, float)
        ``yi`` and ``vi`` of each study on the scale of pooling, in ascending order.
    measure : Measure
        Their measure, which gives the way back to the display scale.
    """

    method: str
    test: str
    level: float
    rows: tuple[tuple[float, float], ...]
    measure: Measure

    @property
    def digest(self) -> str:
        """SHA-256 of it all, blind to digits that differ between two machines."""
        rows = [[f"{value:.10g}" for value in row] for row in self.rows]
        said = json.dumps([self.method, self.test, self.level, rows])
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Opinion:
    """What a program answers; not finite where it has no answer.

    Estimate and limits are on the display scale, ``tau2`` on the scale of pooling.
    """

    estimate: float
    ci_low: float
    ci_high: float
    tau2: float


def asked(answer: Answer) -> Asked | None:
    """Return a question as others are asked it; None if its main result is of another kind.

    Parameters
    ----------
    answer : Answer
        The answer; its rows that are pooled are the studies.
    """
    pooled = answer.pooled
    if pooled is None or pooled.ci_method not in TESTS:
        return None
    rows = [(r.yi, r.vi) for r in answer.rows if r.pooled and r.yi is not None and r.vi]
    return Asked(
        pooled.method, TESTS[pooled.ci_method], pooled.level, tuple(sorted(rows)), answer.measure
    )


def store() -> Path:
    """Return the file with metafor's answers."""
    return data_directory() / "second_opinion.json"


def stored() -> dict[str, Any]:
    """Return what is stored of metafor; nothing about no question if it was never asked."""
    path = store()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"questions": {}}


def of_metafor(question: Asked, kept: Mapping[str, Any] | None) -> Opinion | None:
    """Return metafor's stored opinion, or None if it was given other rows or never asked."""
    if kept is None or kept["input"] != question.digest:
        return None
    estimate, low, high = (to_display(kept[name], question.measure) for name in LIMITS)
    return Opinion(estimate, low, high, kept["tau2"])


def of_statsmodels(question: Asked, estimator: str) -> Opinion:
    """Return what statsmodels' ``combine_effects`` answers, with its Hartung–Knapp interval.

    Parameters
    ----------
    question : Asked
        The studies and the level.
    estimator : {"pm", "dl"}
        How tau2 is estimated; statsmodels does not offer REML. Its DerSimonian–Laird value
        goes below zero.
    """
    from statsmodels.stats.meta_analysis import combine_effects  # slow, and needed only here

    yi, vi = np.array(question.rows).T
    with np.errstate(all="ignore"):
        made = combine_effects(yi, vi, method_re=estimator, use_t=True)
        low, high = made.conf_int(alpha=1 - question.level)[3]
    if min(vi) + made.tau2 <= 0:  # a negative weight: what comes out is not an average
        return Opinion(np.nan, np.nan, np.nan, float(made.tau2))
    limits = (made.mean_effect_re, low, high)
    estimate, low, high = (to_display(float(value), question.measure) for value in limits)
    return Opinion(estimate, low, high, float(made.tau2))


def second_opinion() -> Piece:
    """Show every pooled question as we, metafor and statsmodels answer it, and why they differ."""
    kept = stored()
    by_reason: dict[Markup, list[tuple[str, ...]]] = {}
    verdicts = Counter[str]()
    for answer in door.results().answers.values():
        pooled, question = answer.pooled, asked(answer)
        if pooled is None or question is None:
            continue
        ours = Opinion(pooled.estimate, pooled.ci_low, pooled.ci_high, pooled.tau2 or 0.0)
        before = kept["questions"].get(answer.id)
        metafor = of_metafor(question, before)
        others = {name: of_statsmodels(question, name) for name in ESTIMATORS}
        verdict = verdict_on(ours, metafor) if metafor or not before else STALE
        verdicts[verdict] += 1
        cells = (_cell(said, answer.measure) for said in (ours, metafor, *others.values()))
        why = fill("{why}", why=" ".join((verdict, *_reasons(ours, pooled, **others))))
        by_reason.setdefault(why, []).append((answer.title, *cells))
    columns = (f"statsmodels, {name}" for name in ESTIMATORS.values())
    header = ("Question", "Ours", "metafor", *columns)
    caption = "Each pooled result by three programs: estimate [interval]; τ²"
    counted = " ".join(
        f"{verdict.rstrip('.')} ({n} of {verdicts.total()})." for verdict, n in verdicts.items()
    )
    paragraphs = joined(fill("<p>{p}</p>", p=p) for p in (counted, _programs(kept)))
    shown = details(caption, grouped_table(caption, header, list(by_reason.items())))
    return Piece(joined((paragraphs, shown)), counted)


def verdict_on(ours: Opinion, metafor: Opinion | None) -> str:
    """Return in words how metafor's opinion, if there is one, lies to ours."""
    if metafor is None:
        return "metafor was not asked yet."
    pairs = [(getattr(ours, name), getattr(metafor, name)) for name in (*LIMITS, "tau2")]
    far = max(abs(mine - theirs) / max(1.0, abs(theirs)) for mine, theirs in pairs)
    if far <= TOLERANCE:
        return "metafor says the same."
    return "metafor says otherwise, and nobody has said why."


def _reasons(ours: Opinion, pooled: Pooled, *, pm: Opinion, dl: Opinion) -> list[str]:
    """Return why statsmodels' values are not ours: the estimator, its sign, the floor."""
    reasons = []
    same_tau2 = abs(pm.tau2 - ours.tau2) <= TAU2_TOLERANCE
    if not same_tau2:
        reasons.append(f"statsmodels has no {pooled.method}; its estimators give another τ².")
    if dl.tau2 < 0:
        reasons.append("statsmodels lets DerSimonian–Laird's τ² fall below zero.")
    if not np.isfinite(dl.estimate):
        reasons.append("A weight is then negative, and what comes out is no average.")
    # With the same tau2 only the floor can make our interval wider.
    narrower = ours.ci_low < pm.ci_low and pm.ci_high < ours.ci_high
    if pooled.ci_method == "hksj_floor" and same_tau2 and narrower:
        reasons.append("statsmodels puts no floor under the Hartung–Knapp variance.")
    return reasons


def _cell(said: Opinion | None, measure: Measure) -> str:
    if said is None:
        return numbers.ABSENT
    finite = np.isfinite(said.estimate)
    limits = (said.estimate, said.ci_low, said.ci_high)
    shown = numbers.interval(*limits, measure) if finite else numbers.ABSENT
    return f"{shown}; {numbers.number(said.tau2, 3)}"


def _programs(kept: Mapping[str, Any]) -> Markup:
    """Return which versions were asked, and how."""
    said = f"statsmodels {version('statsmodels')} was asked when this page was made"
    if "metafor" not in kept:
        return fill("{said}; metafor was not asked.", said=said)
    return fill(
        "{said}; metafor {version} in R {r}, before, by <code>{call}</code>.",
        said=said,
        version=kept["metafor"],
        r=kept["r"],
        call=kept["call"],
    )
