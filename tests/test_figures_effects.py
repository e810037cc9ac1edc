"""Overview, leave-one-out, alternatives, cumulative and specification plots."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Circle, Polygon

import factories
from analysis.figures.effects import (
    EffectLine,
    alternatives,
    cumulative,
    leave_one_out,
    overview,
)
from analysis.figures.forest import forest
from analysis.figures.specification import specification, specification_words
from analysis.review.results import Alternative, Measure
from analysis.review.specifications import Cumulative, Specification, SpecificationCurve
from factories import common_effect
from figure_checks import artists_of, assert_tidy, printed

SMD = Measure("SMD", "Standardised mean difference", "identity", 0.0, "standard deviations")
LINES = [
    EffectLine("a", "Zhao 2022", "Postoperative", -0.8, -1.2, -0.4, "v saline, day 3"),
    EffectLine("b", "Lin 2024", "Postoperative", -0.3, -0.7, 0.1, "v saline, day 3"),
    EffectLine(
        "c",
        "Saligan 2019",
        "Major depression",
        None,
        None,
        None,
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


@pytest.mark.parametrize("narrow", [False, True], ids=["desk", "phone"])
def test_overview_keeps_an_empty_row_with_its_reason(narrow):
    ax = overview(LINES, SMD, **SIDES, narrow=narrow)
    assert_tidy(ax)
    assert not artists_of(ax, "row:c", PathCollection)
    (dotted,) = [line for line in ax.lines if line.get_gid() == "row:c"]
    assert dotted.get_linestyle() != "-"
    assert "no standard deviation was" in " ".join(printed(ax))
    assert "−0.80" in " ".join(printed(ax))


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
    steps = []
    for i in range(2, 7):
        fit = common_effect(list(answer.rows[:i]), answer.measure)
        steps.append(Cumulative(str(1994 + i), 1994 + i, i, fit.estimate, fit.ci_low, fit.ci_high))
    ax = cumulative(answer, steps)
    assert_tidy(ax)
    assert ax.get_xlim() == forest(answer).get_xlim()
    assert list(ax.get_xticks()) == list(forest(answer).get_xticks())
    for i, step in enumerate(steps):
        (square,) = artists_of(ax, f"row:step-{i}", PathCollection)
        assert square.get_offsets()[0][0] == step.estimate


def test_cumulative_plot_without_steps_is_the_reason():
    answer = factories.answer(1)
    assert printed(cumulative(answer, ())) == [answer.reason]


def test_planned_alternatives_keep_their_order_and_refused_ones_stay():
    answer = with_leave_one_out(6)
    others = [
        replace(alternative, id=f"plan{i}", label=f"Plan {i}")
        for i, alternative in enumerate(answer.alternatives[:3])
    ]
    refused = Alternative("glmm", "Binomial-normal", "", (), None, "the model did not converge")
    both = replace(answer, alternatives=(*others, refused, *answer.alternatives))
    ax = alternatives(both)
    assert_tidy(ax)
    shown = printed(ax)
    assert [text for text in shown if text.startswith("Plan")] == ["Plan 0", "Plan 1", "Plan 2"]
    assert "Binomial-normal" in shown
    assert not any(text.startswith("Without") for text in shown)
    assert any(text.startswith("As planned") for text in shown)
    assert artists_of(ax, "row:pooled-0", Polygon)


# --- Specification curve -----------------------------------------------------------------------


def curve_of(n: int) -> SpecificationCurve:
    specs = [
        Specification(
            "main",
            "Main analysis",
            "random-effects",
            ("REML", "DL")[i % 2],
            ("z", "hksj_floor")[i % 3 == 0],
            6,
            1.0 + i / n,
            0.8,
            2.5,
            i == n // 2,
        )
        for i in range(n)
    ]
    return SpecificationCurve("synthetic", tuple(specs), 0)


@pytest.mark.parametrize("n", [3, 30, 120])
def test_specification_curve_draws_every_analysis_and_marks_the_planned_one(n):
    curve = curve_of(n)
    ax = specification(factories.answer(6), curve)
    assert_tidy(ax)
    drawn = [a for a in ax.lines if a.get_gid() in ("specification", "primary")]
    assert [a.get_ydata()[0] for a in drawn] == [s.estimate for s in curve.specifications]
    (planned,) = [a for a in ax.lines if a.get_gid() == "primary"]
    assert planned.get_ydata()[0] == curve.specifications[n // 2].estimate
    dots = [a for a in ax.figure.artists if isinstance(a, Circle)]
    assert len(dots) == 3 * n  # studies, model, interval


def test_an_interval_beyond_the_plot_ends_in_an_arrow():
    wide = replace(curve_of(3).specifications[0], ci_low=1e-9, ci_high=2.5)
    curve = SpecificationCurve("synthetic", (wide, *curve_of(3).specifications[1:]), 0)
    ax = specification(factories.answer(6), curve)
    (arrow,) = [a for a in ax.lines if a.get_gid() == "beyond"]
    assert (arrow.get_marker(), arrow.get_xdata()[0]) == ("v", 0)
    assert arrow.get_ydata()[0] == ax.get_ylim()[0] > wide.ci_low


def test_specification_curve_says_in_words_what_it_shows():
    text = specification_words(factories.answer(6), curve_of(4))
    assert text.startswith("4 analyses of the same question: risk ratio from 1.00 to 1.75.")
    assert "excludes no difference in 0 of them" in text


def test_an_empty_curve_is_the_reason():
    answer = factories.answer(1)
    empty = SpecificationCurve(answer.id, (), None)
    assert printed(specification(answer, empty)) == [answer.reason]


def test_a_curve_of_uncontrolled_proportions_says_so():
    ax = specification(factories.answer(4, factories.PROPORTION), curve_of(3))
    assert "Uncontrolled: not an effect" in printed(ax)
