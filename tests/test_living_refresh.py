"""Refreshing trials: every status the registry uses arrives as one the table allows."""

from __future__ import annotations

import pytest

from analysis.evidence.schema import load_schema
from analysis.figures.timeline import STYLE
from analysis.living.refresh import refresh_trials
from analysis.living.sources import CLINICALTRIALS
from fake_services import Services, running, trial

#: "Status" of the ClinicalTrials.gov API, version 2, for interventional and observational studies.
REGISTRY = [
    "ACTIVE_NOT_RECRUITING",
    "COMPLETED",
    "ENROLLING_BY_INVITATION",
    "NOT_YET_RECRUITING",
    "RECRUITING",
    "SUSPENDED",
    "TERMINATED",
    "WITHDRAWN",
    "UNKNOWN",
]
ROW = dict.fromkeys(load_schema("trials").names, "") | {
    "registry_id": "NCT09990001",
    "status": "recruiting",
    "results": "none",
}


def refreshed(study: dict) -> tuple[dict[str, str], list[str]]:
    """Ask a registry that knows this one study."""
    with running(Services(trials=[study])) as world:
        session = CLINICALTRIALS.session(world.environment())
        rows, changes = refresh_trials([ROW], session, "2026-11-23")
    return rows[0], changes


@pytest.mark.parametrize("status", REGISTRY)
def test_every_status_of_the_registry_is_one_of_the_table(status):
    row, _ = refreshed(trial("NCT09990001", "A trial", status))
    assert row["status"] == status.lower()
    assert row["status"] in load_schema("trials")["status"].enum


def test_every_status_of_the_table_can_be_drawn():
    assert set(load_schema("trials")["status"].enum) == set(STYLE)


def test_a_status_nobody_here_knows_is_reported_and_changes_nothing():
    row, changes = refreshed(trial("NCT09990001", "A trial", "APPROVED_FOR_MARKETING"))
    assert row["status"] == "recruiting"
    assert "the registry says 'approved_for_marketing'" in " ".join(changes)


def test_a_withdrawn_trial_may_have_nobody_in_it():
    study = trial("NCT09990001", "A trial", "WITHDRAWN")
    study["protocolSection"]["designModule"]["enrollmentInfo"] = {"count": 0, "type": "ACTUAL"}
    row, changes = refreshed(study)
    assert (row["n"], row["n_is"]) == ("0", "actual")
    assert "NCT09990001: status was recruiting, is withdrawn" in changes
