"""The flow diagram's numbers come from the logs, and must add up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence.flow import FlowError, check, study_flow
from analysis.evidence.schema import load_schema

REASONS = {"duplicate": "Duplicate", "wrong_condition": "Wrong condition"} | {
    "not_retrieved": "Not retrieved",
    "no_results": "No results",
}


def record(number: int, **cells: str) -> dict[str, str]:
    """Return a screening row, included with a number unless said otherwise."""
    return {
        "record_id": f"r{number}",
        "source": "first",
        "found_on": "2026-11-22",
        "decision": "include",
        "stage": "full_text",
        "reason": "",
        "study_id": f"s{number}",
        "usable_number": "yes",
    } | cells


SCREENING = [
    record(1),
    record(2, usable_number="no"),
    record(3, decision="exclude", reason="duplicate", usable_number=""),
    record(
        4, decision="exclude", stage="title_abstract", reason="wrong_condition", usable_number=""
    ),
    record(5, decision="exclude", reason="not_retrieved", usable_number=""),
    record(6, decision="exclude", reason="no_results", usable_number=""),
    record(7, decision="undecided", stage="title_abstract", usable_number=""),
    record(8, decision="later", stage="title_abstract", usable_number="", found_on="2026-12-24"),
]
SEARCHES = [{"search_id": "first", "source": "A database", "new": "8"}]
STUDIES = [{"study_id": "s1"}]


def test_each_box_counts_its_records():
    """The numbers of a small log, counted by hand."""
    flow = study_flow(SCREENING, SEARCHES, STUDIES, REASONS)
    assert {box.id: box.count for box in flow.boxes} == {
        "identified": 8,
        "duplicates": 1,
        "screened": 7,
        "excluded": 1,
        "waiting": 2,
        "sought": 4,
        "not_retrieved": 1,
        "assessed": 3,
        "excluded_full_text": 1,
        "included": 2,
        "synthesised": 1,
    }
    assert flow.excluded.parts == (("Wrong condition", 1),)
    assert flow.identified.parts == (("A database", 8),)


def test_a_version_counts_only_its_own_records():
    """PRISMA-LSR: what this version added, beside the total."""
    new = [row["record_id"] for row in SCREENING if row["found_on"] > "2026-11-22"]
    flow = study_flow(SCREENING, SEARCHES, STUDIES, REASONS, only=new)
    assert flow.identified.count == 1
    assert flow.waiting.count == 1


def test_a_search_that_claims_more_than_it_added_is_named():
    """The first box is checked against the search log."""
    searches = [{**SEARCHES[0], "new": "9"}]
    with pytest.raises(FlowError, match=r"'Records identified': search first says it added 9"):
        study_flow(SCREENING, searches, STUDIES, REASONS)


def test_a_record_of_an_unlogged_search_is_named():
    """No record comes from nowhere."""
    with pytest.raises(FlowError, match="names search elsewhere"):
        study_flow([record(1, source="elsewhere")], SEARCHES[:0], STUDIES, REASONS)


def test_an_exclusion_without_reason_is_named():
    """PRISMA asks for a reason."""
    rows = [*SCREENING, record(9, decision="exclude", usable_number="")]
    with pytest.raises(FlowError, match="record r9 is excluded with the reason ''"):
        study_flow(rows, [{**SEARCHES[0], "new": "9"}], STUDIES, REASONS)


@pytest.mark.parametrize("studies", [[], [{"study_id": "s1"}, {"study_id": "s9"}]])
def test_study_table_and_log_must_name_the_same_studies(studies):
    """A study without a record, or a record without its study, stops the flow."""
    with pytest.raises(FlowError, match="usable number"):
        study_flow(SCREENING, SEARCHES, studies, REASONS)


def test_every_sum_of_boxes_is_checked():
    """Changing any one number of a true flow is noticed, and the box named."""
    flow = study_flow(SCREENING, SEARCHES, STUDIES, REASONS)
    for box in flow.boxes:
        wrong = replace(flow, **{box.id: replace(box, count=box.count + 100)})
        with pytest.raises(FlowError, match="box '"):
            check(wrong)


@given(
    st.lists(
        st.sampled_from(
            [
                ("include", "full_text", ""),
                ("exclude", "title_abstract", "wrong_condition"),
                ("exclude", "full_text", "no_results"),
                ("exclude", "full_text", "not_retrieved"),
                ("exclude", "title_abstract", "duplicate"),
                ("undecided", "title_abstract", ""),
                ("later", "full_text", ""),
            ]
        )
    )
)
def test_any_log_of_valid_rows_adds_up(kinds):
    """Whatever the decisions, no record is lost between boxes."""
    rows = [
        record(i, decision=decision, stage=stage, reason=reason, usable_number="no")
        for i, (decision, stage, reason) in enumerate(kinds)
    ]
    flow = study_flow(rows, [{**SEARCHES[0], "new": str(len(rows))}], [], REASONS)
    assert flow.identified.count == len(rows)


def test_the_reasons_of_the_schema_cover_what_the_flow_needs():
    """The two codes that move a record to a box of its own exist in the schema."""
    reasons = {field.name: field for field in load_schema("screening").fields}["reason"]
    assert {"duplicate", "not_retrieved"} <= set(reasons.enum)
