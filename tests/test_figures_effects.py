"""Overview, leave-one-out, cumulative and specification plots."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Polygon

import factories
from analysis.figures.effects import (
    EffectLine,
    cumulative,
    leave_one_out,
    overview,
    specification,
)
from analysis.figures.forest import forest
from analysis.review.results import Alternative, Measure
from factories import common_effect
from figure_checks import artists_of, assert_tidy, printed

SMD = Measure("SMD", "Standardised mean difference", "identity", 0.0, "standard deviations")
LINES = [
    EffectLine("a", "Zhao 2022", "Postoperative", -0.8, -1.2, -0.4, "v saline, day 3"),
    EffectLine("b", "Lin 2024", "Postoperative", -0.3, -0.7, 0.1, "v saline, day 3"),
    EffectLine(
        "c", "Saligan 2019", "Major depression", None, None, None,
        "no standard deviation was seen, and the effect vanishes after adjusting for mood",
    ),
]
SIDES = {"favours_low": "ketamine", "favours_high": "control"}


def with_leave_one_out(k: int):
    answer = factories.answer(k)
    steps = []
    for row in answer.rows:
        kept = [other for other in answer.rows if other is not row]
        ids = tuple(other.row_id for other in kept)
        fit = common_effect(kept, answer.measure)
        steps.append(Alternative(f"without-{row.study_id}", f"Without {row.label}", "", ids, fit))
    return replace(answer, alternatives=tuple(steps))


def test_overview_keeps_an_empty_row_with_its_reason():
    ax = overview(LINES, SMD, **SIDES)
    assert_tidy(ax)
    assert not artists_of(ax, "row:c", PathCollection)
    (dotted,) = [line for line in ax.lines if line.get_gid() == "row:c"]
    assert dotted.get_linestyle() != "-"
    assert "no standard deviation was" in " ".join(printed(ax))


def test_overview_has_one_heading_per_condition_and_no_diamond():
    ax = overview(LINES, SMD, **SIDES)
    assert printed(ax).count("Postoperative") == 1
    assert not [patch for patch in ax.patches if isinstance(patch, Polygon)]


def test_overview_without_any_estimate_is_refused():
    with pytest.raises(ValueError, match="No line has an estimate"):
        overview(LINES[2:], SMD, **SIDES)


def test_leave_one_out_has_a_row_per_study_and_the_planned_diamond():
    answer = with_leave_one_out(6)
    ax = leave_one_out(answer)
    assert_tidy(ax)
    for alternative in answer.alternatives:
        (square,) = artists_of(ax, f"row:{alternative.id}", PathCollection)
        assert square.get_offsets()[0][0] == alternative.pooled.estimate
    assert len([patch for patch in ax.patches if isinstance(patch, Polygon)]) == 1


def test_leave_one_out_gives_the_reason_where_the_policy_withholds_it():
    answer = factories.answer(3)
    policy = replace(answer.policy, withheld={"leave_one_out": "too few studies."})
    ax = leave_one_out(replace(answer, policy=policy))
    assert not ax.axison
    assert "".join(printed(ax)) == "Leave-one-out is not shown: too few studies."


def test_cumulative_plot_shares_the_axis_of_the_forest_plot():
    answer = factories.answer(6)
    steps = [Alternative("v1", "1995", "", (), None, "one study cannot be pooled")]
    for i in range(2, 7):
        fit = common_effect(list(answer.rows[:i]), answer.measure)
        steps.append(Alternative(f"v{i}", str(1994 + i), "", (), fit))
    ax = cumulative(answer, steps)
    assert_tidy(ax)
    assert ax.get_xlim() == forest(answer).get_xlim()
    assert list(ax.get_xticks()) == list(forest(answer).get_xticks())


def test_specifications_are_ordered_by_estimate_and_refused_ones_stay():
    answer = with_leave_one_out(6)
    others = [
        replace(alternative, id=f"plan{i}", label=f"Plan {i}")
        for i, alternative in enumerate(answer.alternatives[:3])
    ]
    refused = Alternative("glmm", "Binomial-normal", "", (), None, "the model did not converge")
    ax = specification(replace(answer, alternatives=(*others, refused)))
    assert_tidy(ax)
    estimates = {f"Plan {i}": alt.pooled.estimate for i, alt in enumerate(others)}
    shown = [text for text in printed(ax) if text in estimates]
    assert shown == sorted(shown, key=estimates.get)
    assert "Binomial-normal" in printed(ax)
    assert any(text.startswith("As planned") for text in printed(ax))


def test_specifications_without_a_pooled_answer_give_the_reason():
    answer = factories.answer(1)
    assert printed(specification(answer)) == [answer.reason]
