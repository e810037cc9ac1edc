"""The forest plot: artists, boxes and axis, at every size a reader may meet."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Polygon, Rectangle

import factories
from analysis.figures import numbers
from analysis.figures.axis import effect_axis
from analysis.figures.forest import forest
from analysis.figures.marks import SQUARE, SQUARE_SMALLEST
from analysis.figures.table import PITCH
from analysis.figures.theme import BODY, SMALL
from figure_checks import artists_of, assert_tidy, printed, texts

SIZES = (1, 2, 6, 30, 80)
MEASURES = (factories.RATIO, factories.DIFFERENCE, factories.PROPORTION)
#: Half a CSS pixel at 96 dpi, in figure pixels at the 100 dpi of the canvas.
HALF_PIXEL = 0.5 * 100 / 96


CASES = [
    pytest.param(k, measure, long, rob, id=f"k{k}-{measure.code}{'-long' * long}{'-rob' * rob}")
    for k, measure in itertools.product(SIZES, MEASURES)
    for long, rob in ((False, False), (True, True))
    if k < 30 or (long and measure is not factories.PROPORTION)
]


@pytest.mark.parametrize(("k", "measure", "long_labels", "risk_of_bias"), CASES)
def test_no_text_overlaps_another_or_the_plot_or_leaves_the_canvas(
    k, measure, long_labels, risk_of_bias
):
    answer = factories.answer(
        k, measure, long_labels=long_labels, risk_of_bias=risk_of_bias, not_pooled=int(k > 2)
    )
    assert_tidy(forest(answer))


@pytest.mark.parametrize("k", [2, 30])
def test_height_grows_by_the_same_pitch_for_every_row(k):
    one, more = (forest(factories.answer(n)).figure.get_figheight() * 72 for n in (k + 3, k + 4))
    assert more - one == pytest.approx(PITCH)
    assert 0.22 <= PITCH / 72 <= 0.28


@pytest.mark.parametrize("k", [2, 6, 80])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.code)
def test_tips_of_the_diamond_are_the_limits_of_the_pooled_interval(k, measure):
    answer = factories.answer(k, measure)
    ax = forest(answer)
    (diamond,) = artists_of(ax, "row:pooled-0", Polygon)
    corners = ax.transData.transform(diamond.get_xy()[:4])
    wanted = ax.transData.transform(
        [(v, 0) for v in (answer.pooled.ci_low, answer.pooled.estimate, answer.pooled.ci_high)]
    )
    got = np.array([corners[:, 0].min(), corners[1, 0], corners[:, 0].max()])
    assert np.abs(got - wanted[:, 0]).max() <= HALF_PIXEL
    assert corners[1, 0] == pytest.approx(corners[3, 0])


def test_every_diamond_has_the_same_height():
    answer = factories.with_two_models(factories.answer(2))
    ax = forest(answer)
    heights = {
        round(float(np.ptp(artists_of(ax, f"row:pooled-{i}", Polygon)[0].get_xy()[:, 1])), 6)
        for i in (0, 1)
    }
    assert len(heights) == 1


@pytest.mark.parametrize("k", [2, 6, 30])
def test_area_of_a_square_is_proportional_to_the_weight(k):
    answer = factories.answer(k)
    ax = forest(answer)
    weights = np.array([row.weight for row in answer.rows])
    areas = np.array(
        [
            artists_of(ax, f"row:{row.row_id}", PathCollection)[0].get_sizes()[0]
            for row in answer.rows
        ]
    )
    expected = SQUARE**2 * weights / weights.max()
    visible = expected >= SQUARE_SMALLEST**2
    assert areas[visible] == pytest.approx(expected[visible])
    assert (areas[~visible] == SQUARE_SMALLEST**2).all()


def test_square_is_centred_on_the_estimate_and_the_line_runs_between_the_limits():
    answer = factories.answer(6)
    ax = forest(answer)
    for row in answer.rows:
        (square,) = artists_of(ax, f"row:{row.row_id}", PathCollection)
        assert square.get_offsets()[0][0] == row.estimate
        line = next(a for a in ax.lines if a.get_gid() == f"row:{row.row_id}")
        low, high = line.get_xdata()
        assert low == max(row.ci_low, ax.get_xlim()[0])
        assert high == min(row.ci_high, ax.get_xlim()[1])


def test_an_interval_that_passes_the_axis_ends_in_an_arrow_and_keeps_its_numbers():
    answer = factories.answer(6)
    wide = replace(answer.rows[0], ci_low=0.0061, ci_high=987.654)
    ax = forest(replace(answer, rows=(wide, *answer.rows[1:])))
    tips = [
        line.get_xdata()[0]
        for line in ax.lines
        if line.get_gid() == f"row:{wide.row_id}" and line.get_linestyle() == "None"
    ]
    assert sorted(tips) == pytest.approx(list(ax.get_xlim()))
    assert "987.65]" in printed(ax)


def test_an_arrow_points_outwards_with_its_tip_on_the_limit():
    from analysis.figures.marks import ARROW_LEFT, ARROW_RIGHT

    assert ARROW_RIGHT.vertices[:, 0].max() == 0
    assert ARROW_LEFT.vertices[:, 0].min() == 0


@pytest.mark.parametrize("k", [3, 6, 30])
def test_prediction_interval_is_a_thin_bar_on_its_own_row_ending_at_its_limits(k):
    answer = factories.answer(k)
    ax = forest(answer)
    (bar,) = artists_of(ax, "row:prediction-0", Rectangle)
    (diamond,) = artists_of(ax, "row:pooled-0", Polygon)
    assert bar.get_x() == pytest.approx(answer.pooled.prediction.low)
    assert bar.get_x() + bar.get_width() == pytest.approx(answer.pooled.prediction.high)
    assert bar.get_y() > diamond.get_xy()[:, 1].max()
    assert bar.get_height() < np.ptp(diamond.get_xy()[:, 1]) / 3


@pytest.mark.parametrize("k", [1, 2, 6])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.code)
def test_axis_has_three_to_seven_ticks_with_the_null_among_them(k, measure):
    ax = forest(factories.answer(k, measure))
    ticks = ax.get_xticks()
    assert 3 <= len(ticks) <= 7
    if measure.null is not None:
        assert measure.null in ticks


def test_ratio_ticks_are_reciprocal_and_labelled_as_ratios():
    ax = forest(factories.answer(6))
    ticks = np.array(ax.get_xticks())
    assert ax.get_xscale() == "log"
    assert ticks * ticks[::-1] == pytest.approx(np.ones_like(ticks))
    for tick, label in zip(ticks, ax.get_xticklabels(), strict=True):
        assert float(label.get_text()) == pytest.approx(tick, rel=0.02)


def test_difference_ticks_are_symmetric_about_zero():
    ticks = np.array(forest(factories.answer(6, factories.DIFFERENCE)).get_xticks())
    assert ticks == pytest.approx(-ticks[::-1])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.code)
def test_every_estimate_lies_inside_the_axis(seed, measure):
    answer = factories.answer(6, measure, seed=seed)
    axis = effect_axis([answer])
    estimates = [row.estimate for row in answer.rows] + [answer.pooled.estimate]
    assert all(axis.low <= value <= axis.high for value in estimates)


def test_figures_of_one_outcome_share_their_axis():
    first, second = factories.answer(6, seed=1), factories.answer(3, seed=5)
    axis = effect_axis([first, second])
    assert forest(first, axis=axis).get_xlim() == forest(second, axis=axis).get_xlim()


def test_one_axis_refuses_two_measures():
    pair = [factories.answer(3), factories.answer(3, factories.DIFFERENCE)]
    with pytest.raises(ValueError, match=r"one measure only, but \['MD', 'RR'\]"):
        effect_axis(pair)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_the_side_that_favours_treatment_follows_the_coded_direction(better):
    answer = factories.answer(6, better=better)
    ax = forest(answer)
    null = ax.transData.transform((answer.measure.null, 0))[0]
    label = next(t for t in texts(ax) if "Favours ketamine" in t.get_text())
    box = label.get_window_extent()
    on_the_left = box.x1 < null
    assert on_the_left == (better == "lower")
    assert on_the_left or box.x0 > null


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.code)
def test_every_printed_number_is_the_result_after_rounding(measure):
    answer = factories.answer(6, measure, not_pooled=1)
    ax = forest(answer)
    lines = {}
    for text in ax.figure.texts:
        gid = text.get_gid() or ""
        if gid.startswith("row:"):
            lines.setdefault(gid.removeprefix("row:"), []).append(text.get_text())
    scale = 100 if measure.null is None else 1
    places = 0 if measure.null is None else 2
    for row in answer.rows:
        low, high = (f"{v * scale:.{places}f}" for v in (row.ci_low, row.ci_high))
        shown = " ".join(lines[row.row_id]).replace(numbers.MINUS, "-")
        assert f"{row.estimate * scale:.{places}f} [{low}, {high}]" in shown
        assert (f"{row.weight:.1f}" if row.weight is not None else numbers.ABSENT) in shown
        assert f"{row.n_treat:.0f}" in shown
    shown = " ".join(lines["pooled-0"]).replace(numbers.MINUS, "-")
    pooled = answer.pooled
    low, high = (f"{v * scale:.{places}f}" for v in (pooled.ci_low, pooled.ci_high))
    assert f"{pooled.estimate * scale:.{places}f} [{low}, {high}]" in shown
    assert "100.0" in shown
    assert f"{answer.n_treat:.0f}" in shown


def test_columns_keep_their_order_and_their_right_edge():
    answer = factories.answer(6, risk_of_bias=True)
    ax = forest(answer)
    positions = {t.get_text(): t.get_position()[0] for t in ax.figure.texts}
    order = ["Study", "Ketamine", "Placebo", "Risk ratio", "Weight", "Risk of bias"]
    assert [positions[name] for name in order] == sorted(positions[name] for name in order)
    weights = {
        t.get_position()[0]
        for t in ax.figure.texts
        if t.get_text() in {f"{row.weight:.1f}" for row in answer.rows}
    }
    assert len(weights) == 1


def test_heading_names_measure_model_estimator_and_interval():
    ax = forest(factories.answer(6))
    heading = " ".join(printed(ax))
    assert "Risk ratio, random effects" in heading
    assert "(REML), 95%\u00a0CI (HKSJ" in heading
    assert not any(text.split() == ["ES"] for text in printed(ax))


def test_one_study_is_drawn_without_diamond_and_says_so():
    ax = forest(factories.answer(1))
    assert len([a for a in ax.collections if isinstance(a, PathCollection)]) == 1
    assert not [p for p in ax.patches if isinstance(p, Polygon)]
    assert "One study, nothing pooled." in printed(ax)
    assert "Weight" not in printed(ax)


def test_no_study_gives_the_sentence_and_no_empty_axes():
    answer = factories.answer(0)
    ax = forest(answer)
    assert not ax.axison
    assert printed(ax) == [answer.reason]


def test_rows_that_are_not_pooled_stay_with_dash_mark_and_reason():
    answer = factories.answer(6, not_pooled=2)
    ax = forest(answer)
    shown = printed(ax)
    kept = answer.rows[-1]
    assert f"{kept.label}†" in shown
    assert "† Not pooled. The same people as in another row." in shown
    assert shown.count(numbers.ABSENT) == 2
    (square,) = artists_of(ax, f"row:{kept.row_id}", PathCollection)
    assert tuple(square.get_facecolor()[0][:3]) == (1.0, 1.0, 1.0)


def test_a_study_without_estimate_keeps_its_row_and_draws_nothing():
    answer = factories.answer(3)
    bare = replace(
        answer.rows[0],
        row_id="bare",
        label="Bare 2001",
        estimate=None,
        ci_low=None,
        ci_high=None,
        weight=None,
        pooled=False,
        reason_not_pooled="no events in either arm.",
    )
    ax = forest(replace(answer, rows=(*answer.rows, bare)))
    assert "not estimable" in printed(ax)
    assert not artists_of(ax, "row:bare", PathCollection)


def test_two_studies_show_their_models_side_by_side_with_labels():
    ax = forest(factories.with_two_models(factories.answer(2)))
    assert len([p for p in ax.patches if isinstance(p, Polygon)]) == 2
    assert any("Bayesian" in text for text in printed(ax))
    assert any(text.startswith("No prediction interval") for text in printed(ax))


def test_uncontrolled_proportions_carry_a_banner_and_no_line_of_no_effect():
    ax = forest(factories.answer(4, factories.PROPORTION))
    shown = printed(ax)
    assert "Uncontrolled: not an effect" in shown
    assert not [line for line in ax.lines if line.get_gid() == "null"]
    assert ax.get_xlim() == (0, 1)
    assert shown.count("Events/N") == 1
    assert not any("Favours" in text for text in shown)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_group_data_stand_under_the_short_name_of_their_own_arm(better):
    answer = factories.answer(2, better=better)
    shown = printed(forest(answer))
    first = answer.rows[0]
    treated = f"{first.events_treat:.0f}/{first.n_treat:.0f}"
    assert shown.index("Ketamine") < shown.index("Placebo")
    assert shown.count("Events/N") == 2
    assert treated in shown


def test_controlled_effects_carry_no_such_banner():
    assert "Uncontrolled: not an effect" not in printed(forest(factories.answer(4)))


def test_the_null_line_is_solid_thin_and_behind_the_data():
    ax = forest(factories.answer(6))
    (null,) = [line for line in ax.lines if line.get_gid() == "null"]
    squares = [a for a in ax.collections if isinstance(a, PathCollection)]
    intervals = [a for a in ax.lines if (a.get_gid() or "").startswith("row:")]
    assert null.get_linestyle() == "-"
    assert null.get_zorder() < min(a.get_zorder() for a in (*squares, *intervals))
    assert null.get_linewidth() < min(a.get_linewidth() for a in intervals)


def test_two_text_sizes_both_at_least_seven_points():
    ax = forest(factories.answer(6, risk_of_bias=True))
    sizes = {t.get_fontsize() for t in texts(ax)}
    assert sizes == {BODY, SMALL}
    assert min(sizes) >= 7


def test_band_of_the_smallest_important_difference_is_drawn_and_explained():
    answer = factories.answer(6, factories.DIFFERENCE, important_difference=0.5)
    ax = forest(answer)
    (band,) = [p for p in ax.patches if p.get_gid() == "important-difference"]
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-0.5, 0.5))
    assert any("smallest important difference (0.50 points)" in text for text in printed(ax))


def test_same_labels_are_made_different():
    answer = factories.answer(3)
    rows = tuple(replace(row, label="Smith 2019") for row in answer.rows)
    shown = printed(forest(replace(answer, rows=rows)))
    for letter in "abc":
        assert f"Smith 2019, day 1{letter}" in shown


def test_an_unknown_theme_is_refused_by_name():
    with pytest.raises(ValueError, match=r"must be one of \['dark', 'light'\], but 'sepia'"):
        forest(factories.answer(2), theme="sepia")


def test_the_number_of_drawn_rows_is_the_number_of_rows_in_the_data():
    answer = factories.answer(30, not_pooled=2)
    ax = forest(answer)
    assert len([a for a in ax.collections if isinstance(a, PathCollection)]) == len(answer.rows)


def test_studies_without_any_number_are_named_with_what_is_missing():
    answer = factories.answer(1)
    bare = replace(
        answer.rows[0],
        estimate=None,
        ci_low=None,
        ci_high=None,
        reason_not_pooled="Only a test was printed.",
    )
    ax = forest(replace(answer, rows=(bare,), reason="No study gives a usable number."))
    assert not ax.axison
    assert printed(ax) == [
        "No study gives a usable number.",
        f"{bare.label}: Only a test was printed.",
    ]


def test_where_nothing_is_pooled_a_row_still_shows_its_own_reason():
    answer = factories.answer(1)
    bare = replace(
        answer.rows[0],
        row_id="bare",
        label="Bare 2001",
        estimate=None,
        ci_low=None,
        ci_high=None,
        reason_not_pooled="Only a test was printed.",
    )
    shown = printed(forest(replace(answer, rows=(*answer.rows, bare))))
    assert "Bare 2001†" in shown
    assert "† Only a test was printed." in shown
    assert answer.rows[0].label in shown  # the shared reason needs no sign


@pytest.mark.parametrize("k", [1, 2, 6, 30])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.code)
def test_the_narrow_variant_fits_a_phone_and_keeps_marks_and_numbers(k, measure):
    answer = factories.answer(k, measure, long_labels=True, risk_of_bias=True)
    ax, wide = forest(answer, narrow=True), forest(answer)
    assert_tidy(ax)
    assert ax.figure.get_figwidth() * 96 <= 360
    assert ax.get_xlim() == wide.get_xlim()
    assert len(ax.collections) == len(wide.collections)
    assert len(ax.get_xticks()) == 3
    shown = printed(ax)
    for row in answer.rows:
        effect = numbers.interval(row.estimate, row.ci_low, row.ci_high, measure)
        assert any(text.startswith(effect) for text in shown)


def test_a_study_that_is_not_pooled_stays_visible_without_stretching_the_axis():
    answer = factories.answer(6)
    apart = replace(
        answer.rows[0],
        row_id="apart",
        estimate=3.0,
        ci_low=0.1,
        ci_high=90.0,
        pooled=False,
        weight=None,
        reason_not_pooled="another question.",
    )
    wide = effect_axis([replace(answer, rows=(*answer.rows, apart))])
    assert wide == effect_axis([answer])
    assert wide.low < apart.estimate < wide.high
