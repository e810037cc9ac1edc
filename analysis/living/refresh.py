"""What has become of trials and papers that the review already knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from analysis.evidence.schema import load_schema
from analysis.living.http import PoliteSession
from analysis.living.records import Candidate
from analysis.living.sources import (
    Notice,
    RegisteredTrial,
    crossref_notices,
    registered_trial,
)

Row = dict[str, str]

#: Columns of ``trials.csv`` that the registry itself keeps up to date.
REFRESHED = ("status", "n", "n_is", "start", "primary_completion")
#: The only register with an interface that this review asks.
_NCT = re.compile(r"NCT\d{8}")


def refresh_trials(
    rows: Sequence[Mapping[str, str]],
    session: PoliteSession,
    today: str,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Row], list[str]]:
    """Ask the registry about every trial it holds.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of ``trials.csv``.
    session : PoliteSession
        ClinicalTrials.gov.
    today : str
        The date seen.
    progress : callable
        Told each trial's identifier before it is asked for.

    Returns
    -------
    rows : list of dict
        The same rows, refreshed, in the same order.
    changes : list of str
        One line for each value that changed.
    """
    new_rows, changes = [], []
    for row in rows:
        found = _NCT.search(row["registry_id"])
        if found is None:
            new_rows.append(dict(row))
            continue
        progress(found.group())
        new, changed = _refreshed(row, registered_trial(session, found.group()), today)
        new_rows.append(new)
        changes += changed
    return new_rows, changes


def _refreshed(
    row: Mapping[str, str], trial: RegisteredTrial, today: str
) -> tuple[Row, list[str]]:
    known = load_schema("trials")["status"].enum
    now = {
        "status": trial.status if trial.status in known else "",
        "n": trial.n,
        "n_is": trial.n_is,
        "start": trial.start,
        "primary_completion": trial.primary_completion,
    }
    # What the registry leaves out is no news: the value seen before stays.
    new = dict(row) | {name: value for name, value in now.items() if value}
    changes = [
        f"{row['registry_id']}: {name} was {row[name] or 'not given'}, is {new[name]}"
        for name in REFRESHED
        if new[name] != row[name]
    ]
    if trial.status and trial.status not in known:
        # A status of expanded access, or one the registry has added since.
        changes.append(
            f"{row['registry_id']}: the registry says {trial.status!r}, which "
            "data/schemas/trials.json does not know; the status stays as it was"
        )
    if trial.has_results and row["results"] == "none":
        changes.append(f"{row['registry_id']}: results have been posted; add them by hand")
    return new | {"status_seen_on": today}, changes


def notices_about(
    studies: Iterable[Mapping[str, str]],
    session: PoliteSession,
    progress: Callable[[str], None] = lambda _: None,
) -> list[tuple[str, Notice]]:
    """Return retractions, corrections and later versions of the studies in use.

    Returns
    -------
    list of (study_id, Notice)
        In the order of the study table.
    """
    papers = {row["doi"]: row["study_id"] for row in studies if row["doi"]}
    found = []
    for doi, study in papers.items():
        progress(doi)
        found += [(study, notice) for notice in crossref_notices(session, doi)]
    return found


def as_candidate(study_id: str, notice: Notice) -> Candidate:
    """Return a notice as a record to be screened, so that a person acts on it."""
    return Candidate(
        source="Crossref",
        source_id=notice.notice_doi,
        title=f"Notice about {study_id} ({notice.doi}): {notice.kind}",
        year=notice.date[:4],
        doi=notice.notice_doi,
        url=f"https://doi.org/{notice.notice_doi}",
    )
