"""Funnel, all subsets, risk of bias, flow, evidence map, timeline and icons."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path as Outline

import factories
from analysis.evidence.flow import Box, Flow
from analysis.figures import evidence_map, flow, funnel, icons, risk_of_bias, timeline
from analysis.figures.theme import LEAST, LIGHT, NARROW_WIDTH, SMALL, TARGET_WIDTH
from analysis.review.results import Absolute
from figure_checks import assert_tidy, printed, texts

DATA = Path(__file__).parents[1] / "data"


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- Funnel ------------------------------------------------------------------------------------


def test_funnel_puts_the_standard_error_on_a_reversed_axis():
    answer = factories.answer(12)
    ax = funnel.funnel(answer)
    assert_tidy(ax)
    bottom, top = ax.get_ylim()
    assert bottom > top == 0
    points = {line.get_gid(): line for line in ax.lines if line.get_marker() == "o"}
    for row in answer.rows:
        point = points[f"row:{row.row_id}"]
        assert point.get_xdata()[0] == row.estimate
        assert point.get_ydata()[0] == pytest.approx(row.vi**0.5)


def test_funnel_contours_are_centred_on_the_null_at_ten_five_and_one_percent():
    ax = funnel.funnel(factories.answer(12))
    deepest = ax.get_ylim()[0]
    ends = sorted(
        np.log(line.get_xdata()[-1]) / deepest for line in ax.lines if line.get_gid() == "contour"
    )
    assert ends == pytest.approx([-2.576, -1.960, -1.645, 1.645, 1.960, 2.576], abs=0.001)


def test_funnel_never_says_publication_bias():
    text = " ".join(printed(funnel.funnel(factories.answer(12)))).lower()
    assert "many possible causes" in text
    assert "publication bias" not in text


def test_funnel_is_withheld_with_the_reason_below_the_limit_of_the_policy():
    answer = factories.answer(6)
    policy = replace(answer.policy, withheld={"asymmetry_tests": "fewer than ten studies."})
    ax = funnel.funnel(replace(answer, policy=policy))
    assert not ax.axison
    assert printed(ax) == ["No funnel plot: fewer than ten studies."]
    assert funnel.funnel_words(replace(answer, policy=policy)) == printed(ax)[0]


def test_all_subsets_are_one_path_however_many():
    rng = np.random.default_rng(1)
    estimates, i2 = np.exp(rng.normal(0, 0.2, 5000)), rng.uniform(0, 95, 5000)
    ax = funnel.gosh(factories.answer(12), estimates, i2)
    (dots,) = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    starts = dots.get_path().vertices[dots.get_path().codes == Outline.MOVETO]
    assert starts[:, 0] == pytest.approx(estimates)
    assert starts[:, 1] == pytest.approx(i2)


def test_all_subsets_refuses_arrays_that_do_not_match():
    with pytest.raises(ValueError, match="have 2 and 1"):
        funnel.gosh(factories.answer(3), [1.0, 1.1], [0.0])


# --- Risk of bias ------------------------------------------------------------------------------


def assert_fits(ax, narrow: bool) -> None:
    """No wider than a phone, or than a page on which its small text is still readable."""
    room = NARROW_WIDTH if narrow else TARGET_WIDTH * SMALL / LEAST
    assert ax.figure.get_figwidth() * 72 <= room + 0.01


def circles(ax) -> list[Circle]:
    return [artist for artist in ax.figure.artists if isinstance(artist, Circle)]


def test_traffic_light_has_a_circle_with_symbol_per_judgement_and_none_without():
    answer = factories.answer(6, risk_of_bias=True)
    studies = {row.label: dict(row.risk_of_bias) for row in answer.rows}
    del studies[answer.rows[0].label]["D3"]
    ax = risk_of_bias.traffic_light(studies)
    assert_tidy(ax)
    assert len(circles(ax)) == 6 * 6 - 1
    symbols = [text for text in printed(ax) if text in {"+", "!", "×", "?"}]
    assert len(symbols) == len(circles(ax))


def test_traffic_light_names_the_study_and_domain_of_an_unknown_judgement():
    with pytest.raises(ValueError, match=r"Smith, D1: judgement must be one of .* not 'green'"):
        risk_of_bias.traffic_light({"Smith": {"D1": "green"}})


def test_forest_columns_and_traffic_light_draw_the_same_judgements():
    from analysis.figures.forest import forest

    answer = factories.answer(6, risk_of_bias=True)

    def fills(ax):
        return [circle.get_facecolor() for circle in circles(ax)]

    studies = {row.label: row.risk_of_bias for row in answer.rows}
    assert fills(forest(answer)) == fills(risk_of_bias.traffic_light(studies))


@pytest.mark.parametrize("narrow", [False, True], ids=["desk", "phone"])
def test_summary_bar_adds_up_the_weights(narrow):
    answer = factories.answer(6, risk_of_bias=True)
    table = risk_of_bias.shares(answer)
    low = sum(row.weight for row in answer.rows if row.risk_of_bias["D1"] == "low")
    assert table["D1"]["low"] == pytest.approx(low)
    for parts in table.values():
        assert sum(parts.values()) == pytest.approx(100)
    ax = risk_of_bias.summary_bar(answer, narrow=narrow)
    assert_fits(ax, narrow)
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(100 * len(table))
    assert "Randomisation process" in risk_of_bias.risk_of_bias_words(answer)


def test_summary_bar_without_judgements_is_refused():
    with pytest.raises(ValueError, match="synthetic: no row has a risk-of-bias judgement"):
        risk_of_bias.summary_bar(factories.answer(3))


# --- Flow --------------------------------------------------------------------------------------

FLOW = Flow(
    "All records to date",
    Box("identified", "Records identified", 120, (("PubMed", 80), ("Europe PMC", 40))),
    Box("duplicates", "Duplicates removed", 20),
    Box("screened", "Records screened", 100),
    Box("excluded", "Excluded on title and abstract", 40, (("wrong population", 40),)),
    Box("waiting", "Not decided yet", 10),
    Box("sought", "Reports sought", 50),
    Box("not_retrieved", "Reports not retrieved", 5),
    Box("assessed", "Reports assessed", 45),
    Box("excluded_full_text", "Excluded on the report", 15, (("no usable outcome " * 6, 15),)),
    Box("included", "Reports included", 30),
    Box("synthesised", "Of these, with a usable number", 20),
)


@pytest.mark.parametrize("narrow", [False, True], ids=["desk", "phone"])
def test_flow_prints_every_box_with_its_count_inside_its_own_frame(narrow):
    ax = flow.flow_diagram(FLOW, narrow=narrow)
    assert_tidy(ax)
    assert_fits(ax, narrow)
    shown = " ".join(printed(ax)).replace("\u00a0", " ")
    for box in FLOW.boxes:
        assert f"{box.label} (n = {box.count})" in shown
    frames = {
        patch.get_gid(): patch.get_window_extent()
        for patch in ax.figure.artists
        if patch.get_gid()
    }
    for text in texts(ax):
        if text.get_gid():
            inside, frame = text.get_window_extent(), frames[text.get_gid()]
            assert frame.x0 <= inside.x0
            assert inside.x1 <= frame.x1
            assert frame.y0 <= inside.y0
            assert inside.y1 <= frame.y1


def test_flow_in_words_names_every_box():
    text = flow.flow_words(FLOW)
    for box in FLOW.boxes:
        assert f"{box.label}: {box.count}" in text


# --- Evidence map ------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True], ids=["desk", "phone"])
def test_evidence_map_shows_every_finding_of_the_table_once(narrow):
    findings = rows_of("mechanisms.csv")
    ax = evidence_map.evidence_map(findings, narrow=narrow)
    assert_tidy(ax)
    assert_fits(ax, narrow)
    numbers = [int(text) for text in printed(ax) if text.isdigit()]
    assert sum(numbers) == len(findings)
    marks = [patch for patch in ax.figure.artists if isinstance(patch, Polygon)]
    assert len(marks) == len(numbers) + 3  # and one of each in the legend


def test_for_against_and_mixed_differ_in_shape_and_in_colour():
    ax = evidence_map.evidence_map(
        {"pathway": "p", "level": "animal", "direction": d} for d in evidence_map.DIRECTIONS
    )
    marks = [patch for patch in ax.figure.artists if isinstance(patch, Polygon)][:3]
    shapes = {tuple(np.round(m.get_xy() - m.get_xy().mean(axis=0), 3).ravel()) for m in marks}
    assert len(shapes) == len({mark.get_facecolor() for mark in marks}) == 3


def test_evidence_map_names_the_pathway_of_an_unknown_level():
    with pytest.raises(ValueError, match=r"dopamine: level must be .* not 'hearsay'"):
        evidence_map.evidence_map(
            [{"pathway": "dopamine", "level": "hearsay", "direction": "supports"}]
        )


def test_evidence_map_in_words_counts_what_the_figure_shows():
    findings = [
        {"pathway": "dopamine", "level": "animal", "direction": "supports"},
        {"pathway": "dopamine", "level": "animal", "direction": "contradicts"},
    ]
    assert "Dopamine – animal: 1 for, 1 against." in evidence_map.evidence_map_words(findings)


# --- Timeline ----------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True], ids=["desk", "phone"])
def test_timeline_keeps_every_registered_trial_and_says_where_no_date_is_known(narrow):
    trials = rows_of("trials.csv")
    ax = timeline.timeline(trials, narrow=narrow)
    assert_tidy(ax, words_on_plot=True)
    assert_fits(ax, narrow)
    shown = printed(ax)
    for trial in trials:
        assert timeline.trial_label(trial) in shown
    undated = [trial for trial in trials if not trial["start"]]
    assert shown.count("no start date") == len(undated)
    bars = [patch for patch in ax.figure.artists if isinstance(patch, Polygon)]
    assert len(bars) == len(trials) - len(undated)


@pytest.mark.parametrize(
    ("date", "year"),
    [("2024", 2024.5), ("2024-07", 2024.5376), ("2024-01-01", 2024.0), ("", None)],
)
def test_partial_dates_are_placed_in_the_middle_of_what_is_known(date, year):
    assert timeline.year_of(date) == (pytest.approx(year, abs=1e-3) if year else None)


def test_timeline_names_the_trial_of_an_unknown_status():
    trial = {**rows_of("trials.csv")[0], "start": "2020", "status": "lost"}
    with pytest.raises(ValueError, match=rf"{trial['trial_id']}: status must be one of .* 'lost'"):
        timeline.timeline([trial])


def test_timeline_in_words_names_every_trial():
    trials = rows_of("trials.csv")
    text = timeline.timeline_words(trials)
    assert all(timeline.trial_label(trial) in text for trial in trials)


# --- Icons -------------------------------------------------------------------------------------

ABSOLUTE = Absolute(120.0, "4 control groups", 139.1, 39.3, 301.7, 7.2, 3.3, 25.4)


def test_icons_fill_as_many_people_as_the_rates_say():
    ax = icons.icon_array(factories.answer(4, absolute=ABSOLUTE))
    assert_tidy(ax)
    from matplotlib.colors import to_hex

    filled = [to_hex(circle.get_facecolor()) == LIGHT.pooled for circle in circles(ax)]
    assert len(filled) == 200
    assert sum(filled[:100]) == 12
    assert sum(filled[100:]) == 26
    assert "12 of 100 people" in printed(ax)
    text = icons.icon_words(factories.answer(4, absolute=ABSOLUTE))
    assert "12 of 100 people with “Placebo”, 26 of 100 with “Ketamine”" in text


def test_icons_without_an_absolute_effect_are_refused_by_question():
    with pytest.raises(ValueError, match="synthetic: the answer has no absolute effect"):
        icons.icon_array(factories.answer(4))
