"""The study flow (PRISMA 2020, and by version as PRISMA-LSR asks), counted from the logs.

Every record that any search found has one row in ``screening.csv``; nothing is
typed. The counts of neighbouring boxes are made independently of each other,
and the flow is refused, naming the box, when they do not add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.evidence.faults import ProjectFileError

Row = Mapping[str, str]


class FlowError(ProjectFileError):
    """The logs do not add up; the message names the box and both numbers."""


@dataclass(frozen=True)
class Box:
    """One box of the diagram: its label, its number, and what makes it up."""

    id: str
    label: str
    count: int
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Flow:
    """All boxes of one diagram, for all records or for those of one version."""

    title: str
    identified: Box
    duplicates: Box
    screened: Box
    excluded: Box
    waiting: Box
    sought: Box
    not_retrieved: Box
    assessed: Box
    excluded_full_text: Box
    included: Box
    synthesised: Box

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes from top to bottom."""
        return tuple(getattr(self, name) for name in self.__dataclass_fields__ if name != "title")


def study_flow(
    screening: Sequence[Row],
    searches: Sequence[Row],
    studies: Sequence[Row],
    reasons: Mapping[str, str],
    *,
    title: str = "All records to date",
    only: Collection[str] | None = None,
) -> Flow:
    """Count the boxes of the flow diagram.

    Parameters
    ----------
    screening, searches, studies : sequence of mappings
        Rows of the three tables, as text.
    reasons : mapping
        Reason code to its meaning in words, from the schema.
    title : str
        What the diagram shows.
    only : collection of str, optional
        Ids of the records to count, such as those that a version was the first to hold.

    Returns
    -------
    Flow

    Raises
    ------
    FlowError
        If the number of records that a search says it added is not the number
        of its rows, if a record is excluded without a reason, or if included
        studies and rows of the study table disagree.
    """
    _check_searches(screening, searches)
    places = {row["search_id"]: row["source"] for row in searches}
    records = [row for row in screening if only is None or row["record_id"] in only]
    duplicates, screened = _split(records, lambda row: row["reason"] == "duplicate")
    waiting, decided = _split(screened, lambda row: row["decision"] in ("undecided", "later"))
    excluded, sought = _split(
        decided, lambda row: row["decision"] == "exclude" and row["stage"] == "title_abstract"
    )
    not_retrieved, assessed = _split(sought, lambda row: row["reason"] == "not_retrieved")
    excluded_later, included = _split(assessed, lambda row: row["decision"] == "exclude")
    synthesised = [row for row in included if row["usable_number"] == "yes"]
    _check_reasons((*excluded, *not_retrieved, *excluded_later), reasons)
    _check_studies(screening, studies)
    flow = Flow(
        title,
        Box("identified", "Records identified", len(records), _by(records, "source", places)),
        Box("duplicates", "Duplicates removed", len(duplicates)),
        Box("screened", "Records screened", len(screened)),
        Box(
            "excluded",
            "Excluded on title and abstract",
            len(excluded),
            _by(excluded, "reason", reasons),
        ),
        Box(
            "waiting",
            "Not decided yet",
            len(waiting),
            _by(waiting, "reason", {"": "Not looked at yet", **reasons}),
        ),
        Box("sought", "Reports sought", len(sought)),
        Box("not_retrieved", "Reports not retrieved", len(not_retrieved)),
        Box("assessed", "Reports assessed", len(assessed)),
        Box(
            "excluded_full_text",
            "Excluded on the report",
            len(excluded_later),
            _by(excluded_later, "reason", reasons),
        ),
        Box("included", "Reports included", len(included)),
        Box("synthesised", "Of these, with a usable number", len(synthesised)),
    )
    check(flow)
    return flow


def check(flow: Flow) -> None:
    """Raise :class:`FlowError` at the first box whose number does not follow from the others."""
    sums = (
        (flow.identified, (flow.duplicates, flow.screened)),
        (flow.screened, (flow.excluded, flow.waiting, flow.sought)),
        (flow.sought, (flow.not_retrieved, flow.assessed)),
        (flow.assessed, (flow.excluded_full_text, flow.included)),
    )
    for whole, parts in sums:
        total = sum(part.count for part in parts)
        if total != whole.count:
            named = " + ".join(f"{part.label} ({part.count})" for part in parts)
            raise FlowError(f"box {whole.label!r} holds {whole.count}, but {named} = {total}")
    for box in flow.boxes:
        total = sum(count for _, count in box.parts)
        if box.parts and total != box.count:
            raise FlowError(
                f"box {box.label!r} holds {box.count}, but its parts add up to {total}"
            )
    if flow.synthesised.count > flow.included.count:
        raise FlowError(
            f"box {flow.synthesised.label!r} holds {flow.synthesised.count}, more than "
            f"{flow.included.label!r} ({flow.included.count})"
        )


def _split(rows: Iterable[Row], belongs: Callable[[Row], bool]) -> tuple[list[Row], list[Row]]:
    inside: list[Row] = []
    outside: list[Row] = []
    for row in rows:
        (inside if belongs(row) else outside).append(row)
    return inside, outside


def _by(
    rows: Iterable[Row], column: str, meanings: Mapping[str, str]
) -> tuple[tuple[str, int], ...]:
    """Return how many rows have each value of a column, in words, most frequent first."""
    counts = Counter(meanings.get(row[column], row[column]) for row in rows)
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _check_searches(screening: Iterable[Row], searches: Iterable[Row]) -> None:
    found = Counter(row["source"] for row in screening)
    known = {row["search_id"] for row in searches}
    for search in searches:
        stated = search["new"]
        if stated and int(stated) != found[search["search_id"]]:
            raise FlowError(
                f"box 'Records identified': search {search['search_id']} says it added {stated} "
                f"records, but {found[search['search_id']]} rows of data/screening.csv name it"
            )
    for source in sorted(set(found) - known):
        raise FlowError(
            f"box 'Records identified': data/screening.csv names search {source}, which is not "
            "in data/searches.csv"
        )


def _check_reasons(rows: Iterable[Row], reasons: Mapping[str, str]) -> None:
    for row in rows:
        if row["reason"] not in reasons:
            raise FlowError(
                f"box 'Excluded …': record {row['record_id']} is excluded with the reason "
                f"{row['reason']!r}; it must be one of {', '.join(reasons)}"
            )


def _check_studies(screening: Iterable[Row], studies: Iterable[Row]) -> None:
    """Included records with a usable number, and studies with a row, are the same."""
    logged = {
        row["study_id"]
        for row in screening
        if row["decision"] == "include" and row["usable_number"] == "yes"
    }
    extracted = {row["study_id"] for row in studies}
    for study in sorted(extracted - logged):
        raise FlowError(
            f"box 'Of these, with a usable number': {study} has rows in data/studies.csv, but no "
            "included record of data/screening.csv with usable_number 'yes' names it"
        )
    for study in sorted(logged - extracted):
        raise FlowError(
            f"box 'Of these, with a usable number': data/screening.csv says {study} has a usable "
            "number, but data/studies.csv has no row for it"
        )
