"""Numbers of one row that contradict one another."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import pytest

from evidence_tables import changed, faults_of, only_fault


def test_more_events_than_people_is_impossible(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("events2020", events_treat="21"))
    assert (fault.code, fault.column, fault.value) == ("events-more-than-n", "events_treat", "21")
    assert "21 people with the event are more than the 20 people" in fault.problem.message
    assert fault.problem.allowed == "a whole number from 0 to 20"


def test_as_many_events_as_people_are_possible(tmp_path: Path) -> None:
    assert faults_of(tmp_path, changed("events2020", events_treat="20", events_control="0")) == []


def test_an_estimate_outside_its_interval_is_found(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("reported2020", estimate="2.5"))
    assert (fault.code, fault.column) == ("ci-without-estimate", "estimate")
    assert "outside its own interval, 1.1 to 2.05" in fault.problem.message


def test_exchanged_limits_are_found(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("reported2020", ci_low="2.05", ci_high="1.1"))
    assert (fault.code, fault.column) == ("ci-order", "ci_low")
    assert "exchange ci_low and ci_high" in fault.problem.fix


@pytest.mark.parametrize("empty", ["ci_low", "ci_high", "ci_level"])
def test_an_interval_needs_both_limits_and_its_level(tmp_path: Path, empty: str) -> None:
    fault = only_fault(tmp_path, changed("reported2020", **{empty: ""}), "ci-incomplete")
    assert fault.column == empty
    assert f"fill in {empty}" in fault.problem.fix


def test_a_ratio_cannot_be_negative(tmp_path: Path) -> None:
    rows = changed("reported2020", estimate="-0.2", ci_low="-0.5", ci_high="0.1")
    found = faults_of(tmp_path, rows)
    assert {fault.column for fault in found} == {"estimate", "ci_low"}
    assert "RR is a ratio on its natural scale" in found[0].problem.message


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_se_of_a_ratio_is_compared_on_the_log_scale_at_the_stated_level(
    tmp_path: Path, level: float
) -> None:
    z = NormalDist().inv_cdf((1 + level) / 2)
    right = (math.log(2.05) - math.log(1.1)) / (2 * z)
    cells = {"ci_level": str(level), "se": f"{right:.3f}"}
    assert faults_of(tmp_path, changed("reported2020", **cells)) == []
    cells["se"] = f"{1.3 * right:.3f}"
    fault = only_fault(tmp_path, changed("reported2020", **cells))
    assert (fault.code, fault.column) == ("se-against-ci", "se")
    assert "standard error of the logarithm does not agree" in fault.problem.message
    assert f"implies {right:.3g}" in fault.problem.message


def test_the_se_of_a_difference_is_compared_on_its_own_scale(tmp_path: Path) -> None:
    cells = {
        "estimate_measure": "MD",
        "estimate": "-1.13",
        "ci_low": "-2.02",
        "ci_high": "-0.24",
    }
    assert faults_of(tmp_path, changed("reported2020", **cells, se="0.45")) == []
    fault = only_fault(tmp_path, changed("reported2020", **cells, se="2.0"))
    assert "implies 0.454" in fault.problem.message


def test_coarse_rounding_of_limits_is_no_fault(tmp_path: Path) -> None:
    """Limits of 0.1 and 0.3 may stand for 0.06 and 0.34."""
    cells = {"estimate_measure": "MD", "estimate": "0.2", "ci_low": "0.1", "ci_high": "0.3"}
    assert faults_of(tmp_path, changed("reported2020", **cells, se="0.07")) == []


def test_a_p_value_against_its_interval_is_a_warning(tmp_path: Path) -> None:
    assert faults_of(tmp_path, changed("reported2020", p_value="0.011")) == []
    fault = only_fault(tmp_path, changed("reported2020", p_value="0.6"))
    assert (fault.code, fault.severity) == ("p-against-ci", "warning")
    assert "imply about 0.011" in fault.problem.message


def test_two_groups_of_effect_columns_are_one_too_many(tmp_path: Path) -> None:
    found = faults_of(tmp_path, changed("means2020", events_treat="3", events_control="4"))
    assert {fault.code for fault in found} == {"group-several"}
    assert "fills 2 groups of effect columns: means and events" in found[0].problem.message
    assert "move the other to the note" in found[0].problem.fix


def test_a_row_without_a_result_is_sent_to_the_screening_log(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("events2020", events_treat="", events_control=""))
    assert fault.code == "group-none"
    assert "belongs in screening.csv" in fault.problem.fix


def test_a_p_value_alone_is_a_result_and_beside_others_is_not_another(tmp_path: Path) -> None:
    rows = changed("events2020", events_treat="", events_control="", p_value="0.03")
    assert faults_of(tmp_path, rows) == []
    assert faults_of(tmp_path, changed("events2020", p_value="0.03")) == []


@pytest.mark.parametrize(
    ("study", "cells", "column", "code"),
    [
        ("events2020", {"events_control": ""}, "events_control", "group-half"),
        ("means2020", {"sd_control": ""}, "sd_control", "group-half"),
        ("means2020", {"mean_treat": ""}, "mean_treat", "group-incomplete"),
        ("reported2020", {"estimate_measure": ""}, "estimate_measure", "group-incomplete"),
        ("events2020", {"n_treat": ""}, "n_treat", "group-incomplete"),
    ],
)
def test_a_half_filled_group_names_the_empty_cell(
    tmp_path: Path, study: str, cells: dict[str, str], column: str, code: str
) -> None:
    fault = only_fault(tmp_path, changed(study, **cells))
    assert (fault.code, fault.column) == (code, column)


def test_means_without_any_sd_describe_and_are_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, changed("means2020", sd_treat="", sd_control="")) == []


def test_a_p_value_that_only_standard_errors_explain_is_an_error(tmp_path: Path) -> None:
    """Means 4.1 and 5.3 with SDs 2.1 and 2.4, n 20 and 20: t = 1.68, P = 0.10."""
    right = changed("means2020", instrument="its own", p_value="0.10")
    assert faults_of(tmp_path, right) == []
    as_se = {"sd_treat": f"{2.1 / 20**0.5:.2f}", "sd_control": f"{2.4 / 20**0.5:.2f}"}
    fault = only_fault(
        tmp_path, changed("means2020", instrument="its own", p_value="0.10", **as_se)
    )
    assert (fault.code, fault.severity) == ("sd-looks-like-se", "error")
    assert "the P value of the row fits the means if" in fault.problem.message


def test_an_implausibly_large_difference_asks_whether_the_sd_is_an_se(tmp_path: Path) -> None:
    rows = changed("means2020", instrument="its own", mean_treat="1", sd_treat="0.5")
    rows = [row | {"sd_control": "0.5"} if row["study_id"] == "means2020" else row for row in rows]
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.severity) == ("sd-looks-like-se", "error")
    assert "differ by 8.6 standard deviations" in fault.problem.message
    assert "it would be 1.9" in fault.problem.message
    assert faults_of(tmp_path, [row | {"note": "SD confirmed"} for row in rows]) == []


def test_a_large_but_possible_difference_is_a_warning(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("means2020", instrument="its own", mean_treat="0.1"))
    assert (fault.code, fault.severity) == ("sd-looks-like-se", "warning")
