"""Words computed from results: alternatives, captions, tables."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import factories
from analysis.figures import names, numbers, words


def test_alt_text_names_measure_count_value_intervals_heterogeneity_and_direction():
    answer = factories.answer(6)
    text, pooled = words.alt_text(answer), answer.pooled
    assert "risk ratio: 6 rows, 6 pooled" in text
    assert f"Pooled risk ratio {pooled.estimate:.2f}" in text
    assert f"{pooled.ci_low:.2f} to {pooled.ci_high:.2f}" in text
    low, high = pooled.prediction.low, pooled.prediction.high
    assert f"prediction interval {low:.2f} to {high:.2f}" in text
    assert f"I² {pooled.i2:.0f}%" in text
    side = "ketamine" if pooled.estimate < 1 else "placebo"
    assert f"The estimate favours {side}" in text


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_direction_follows_the_side_the_estimate_lies_on(better):
    answer = factories.answer(6, better=better)
    low = replace(answer.pooled, estimate=0.5, ci_low=0.3, ci_high=0.8)
    text = words.direction(replace(answer, pooled=low))
    good = "ketamine" if better == "lower" else "placebo"
    assert text == f"The estimate favours {good}; its interval excludes no difference."


def test_uncontrolled_alt_text_says_that_it_is_not_an_effect():
    text = words.alt_text(factories.answer(4, factories.PROPORTION))
    assert "Uncontrolled: not an effect." in text
    assert "favours" not in text
    assert not any("Test for" in line for line in _heterogeneity(factories.PROPORTION))


def _heterogeneity(measure):
    return words.heterogeneity(factories.answer(4, measure))


def test_long_description_lists_every_row_with_weight_and_relation_to_the_null():
    answer = factories.answer(6, not_pooled=1)
    text = words.long_description(answer)
    for row in answer.rows:
        relation = "includes 1" if row.ci_low <= 1 <= row.ci_high else "excludes 1"
        ending = f"weight {row.weight:.1f}%" if row.pooled else "not pooled: the same people as in"
        line = (
            f"{row.label}, risk ratio {row.estimate:.2f}, "
            f"95% CI {row.ci_low:.2f} to {row.ci_high:.2f}, {relation}, {ending}"
        )
        assert line in text


def test_caption_states_what_a_reader_needs_to_judge_the_figure():
    answer = factories.answer(6)
    text = words.caption(answer, version="2026.1", last_search="22 November 2026")
    for part in (
        "Pain: ketamine versus placebo. Adults with fibromyalgia; day 1.",
        "Lower values are better",
        "Random effects (REML), 95% CI (HKSJ with floor).",
        "Prediction interval from the t distribution with k − 2 degrees of freedom.",
        f"k = 6, N = {answer.n_treat + answer.n_control:.0f}.",
        "area of a square is proportional to the weight",
        "Rows in order of year of publication.",
        "Data version 2026.1; last search 22 November 2026.",
    ):
        assert part in text, part


def test_caption_says_when_small_squares_were_enlarged():
    answer = factories.answer(2)
    rows = tuple(
        replace(row, weight=weight) for row, weight in zip(answer.rows, (99.0, 1.0), strict=True)
    )
    text = words.caption(replace(answer, rows=rows), version="1", last_search="never")
    assert "the smallest are enlarged" in text
    even = tuple(replace(row, weight=50.0) for row in answer.rows)
    text = words.caption(replace(answer, rows=even), version="1", last_search="never")
    assert "enlarged" not in text


def test_repeated_measurements_are_not_counted_as_people_twice():
    answer = factories.answer(1)
    rows = tuple(replace(answer.rows[0], row_id=f"r{i}", timepoint=f"week {i}") for i in (1, 8))
    text = words.caption(replace(answer, rows=rows), version="1", last_search="never")
    assert "2 results from one group of people; nothing pooled." in text
    assert "N =" not in text


def test_without_pooling_the_reason_is_the_answer():
    answer = factories.answer(1)
    assert words.pooled_sentence(answer) == "One study, nothing pooled."
    assert words.direction(answer) == ""


@pytest.mark.parametrize("measure", [factories.RATIO, factories.DIFFERENCE, factories.PROPORTION])
def test_data_table_holds_every_line_of_the_figure(measure):
    answer = factories.answer(6, measure, not_pooled=1)
    records = words.data_table(answer)
    assert len(records) == len(answer.rows) + 2  # pooled and its prediction interval
    for record, row in zip(records, answer.rows, strict=False):
        wanted = numbers.interval(row.estimate, row.ci_low, row.ci_high, measure)
        assert record["effect"] == wanted
        assert ("control" in record) == (measure.null is not None)
    assert records[-2]["study"] == "Random effects (REML), k = 6"
    assert records[-1]["study"] == "95% prediction interval"


def test_no_printed_value_carries_more_or_fewer_than_two_decimals():
    effects = [record["effect"] for record in words.data_table(factories.answer(30))]
    for effect in effects:
        assert re.fullmatch(r"(\d+\.\d\d )?\[\d+\.\d\d, \d+\.\d\d\]", effect), effect


def test_the_warning_about_a_prediction_interval_is_not_lost():
    answer = factories.answer(3)
    policy = replace(answer.policy, caution={"prediction_interval": "unreliable: k is small"})
    assert (
        words.about_prediction(replace(answer, policy=policy))
        == "Prediction interval unreliable: k is small."
    )
    assert words.about_prediction(factories.answer(2)).startswith("No prediction interval: ")


def test_two_studies_show_the_models_of_the_policy_and_no_others():
    answer = factories.with_two_models(factories.answer(2))
    extra = replace(
        answer.alternatives[0],
        id="mh",
        pooled=replace(answer.alternatives[0].pooled, model="Mantel–Haenszel, common effect"),
    )
    both = replace(answer, alternatives=(*answer.alternatives, extra))
    shown = names.same_rows_alternatives(both)
    assert [label for label, _ in shown] == [answer.alternatives[0].label]
    assert names.same_rows_alternatives(factories.answer(6)) == []


def test_labels_run_past_the_alphabet_without_collision():
    row = replace(factories.answer(1).rows[0], timepoint="")
    labels = names.unique_labels(tuple(row for _ in range(60)))
    assert len(set(labels)) == 60


@pytest.mark.parametrize("kind", words.HOW_TO_READ)
def test_every_kind_of_figure_has_one_plain_sentence(kind):
    text = words.how_to_read(kind)
    assert text.startswith("How to read this: ")
    assert text.endswith(".")


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(ValueError, match="but 'pie' was passed"):
        words.how_to_read("pie")
