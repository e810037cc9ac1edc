"""Whether the rows of one table agree with one another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from analysis.evidence.checks_effects import SD_CONFIRMED
from analysis.evidence.faults import Fault, Problem, listed
from analysis.evidence.table import Table

#: A spread this many times smaller than that of other studies on the same scale is looked at.
_SMALL_SPREAD = 2.5

#: After multiplication by the root of n, a standard error lands within this factor of the others.
_LIKE_OTHERS = 2.0


def check_identity(table: Table) -> Iterator[Fault]:
    """Check that no two rows of a table have the same primary key; list all of them together."""
    names = table.schema.primary_key
    if not set(names) <= set(table.columns):
        return
    for key, rows in _repeated(table, names):
        lines = listed(table.lines[row] for row in rows)
        for row in rows[1:]:
            yield table.fault(
                row,
                names[-1],
                Problem(
                    "row-duplicate",
                    f"lines {lines} have the same identity: {' | '.join(key)}",
                    f"one row for each combination of {', '.join(names)}",
                    "delete the copy; if the rows differ, say in which of these columns; if one "
                    "corrects the other, correct the first and set its status to corrected",
                ),
            )


def check_order(table: Table) -> Iterator[Fault]:
    """Check that the rows of a table stand in the order its schema names."""
    previous: tuple[str, ...] = ()
    for row, key in enumerate(table.keys(table.schema.sorted_by)):
        if key < previous:
            yield table.fault(
                row,
                table.schema.sorted_by[0],
                Problem(
                    "row-order",
                    f"the row stands after line {table.lines[row - 1]}, but sorts before it",
                    f"rows sorted by {', '.join(table.schema.sorted_by)}",
                    f"run: python -m analysis sort {table.schema.name}",
                ),
            )
            return
        previous = key


def check_between_studies(table: Table) -> Iterator[Fault]:
    """Check the rows of ``studies.csv`` against one another.

    Parameters
    ----------
    table : Table
        Rows of ``studies.csv``.

    Yields
    ------
    Fault
        One per disagreement.
    """
    yield from _study_level(table)
    yield from _same_source(table)
    yield from _same_numbers(table)
    yield from _same_people(table)
    yield from _spread(table)
    yield from _supersedes(table)


def _groups(table: Table, names: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, key in enumerate(table.keys(names)):
        groups[key].append(row)
    return groups


def _repeated(table: Table, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    return ((key, rows) for key, rows in _groups(table, names).items() if len(rows) > 1)


def _study_level(table: Table) -> Iterator[Fault]:
    """Compare each row with what most rows of its study say."""
    studies = table.column("study_id")
    for column in table.schema.fields:
        if not column.study_level:
            continue
        cells = table.column(column.name)
        usual: dict[str, tuple[int, str]] = {}
        for (study, cell), count in Counter(zip(studies, cells, strict=True)).items():
            if count > usual.get(study, (0, ""))[0]:
                usual[study] = (count, cell)
        for row, (study, cell) in enumerate(zip(studies, cells, strict=True)):
            said = usual[study][1]
            if cell != said and study:
                yield table.fault(
                    row,
                    column.name,
                    Problem(
                        "study-disagrees",
                        f"other rows of {study} say {said or 'nothing'}",
                        f"the same {column.name} in all rows of a study",
                        "correct the row, or the others; if they are two studies, give them two "
                        "study_ids",
                    ),
                )


def _same_source(table: Table) -> Iterator[Fault]:
    """One paper or registration under two names is often one study entered twice."""
    result = [name for name in table.schema.primary_key if name != "study_id"]
    studies = table.column("study_id")
    people = [set(cell.split(";")) for cell in table.column("participants_id")]
    for name in ("doi", "pmid", "registry_id"):
        separator = table.schema[name].separator
        by_source: dict[str, list[int]] = defaultdict(list)
        for row, cell in enumerate(table.column(name)):
            for source in cell.split(separator) if separator else [cell]:
                by_source[source].append(row)
        for source, rows in by_source.items():
            others = [row for row in rows if studies[row] != studies[rows[0]]]
            if name == "registry_id":
                # Several papers on one trial are no fault where they share participants.
                others = [row for row in others if not people[row] & people[rows[0]]]
            if not source or not others:
                continue
            row = others[0]
            results = [tuple(table.column(part)[index] for part in result) for index in rows]
            twice = len(set(results)) < len(results)
            yield table.fault(
                row,
                name,
                Problem(
                    "study-twice",
                    f"{listed(sorted({studies[index] for index in rows}))} have the same {name} "
                    f"(first at lines {table.lines[rows[0]]} and {table.lines[row]})"
                    + (", and give the same outcome at the same time" if twice else ""),
                    "one study_id for one study",
                    "if it is one study, use one study_id; if they are two studies in one paper, "
                    "nothing need change",
                    "error" if twice else "warning",
                ),
            )


def _same_numbers(table: Table) -> Iterator[Fault]:
    """Continuous results agree to the last digit only where one was copied."""
    for names in (
        ("mean_treat", "sd_treat", "mean_control", "sd_control"),
        ("mean_change_treat", "sd_change_treat", "mean_change_control", "sd_change_control"),
        ("estimate", "ci_low", "ci_high"),
    ):
        for key, rows in _repeated(table, names):
            if sum(bool(cell) for cell in key) < 3:
                continue
            lines = listed(table.lines[row] for row in rows)
            yield table.fault(
                rows[1],
                names[0],
                Problem(
                    "numbers-repeated",
                    f"lines {lines} have the same {listed(names)}",
                    "numbers of the row's own outcome and time",
                    "compare the rows with the source; one may have been copied",
                    "warning",
                ),
            )


def _same_people(table: Table) -> Iterator[Fault]:
    """The same arms at the same time should have the same size whatever the outcome."""
    names = ("participants_id", "comparison", "timepoint", "n_treat", "n_control")
    sizes: dict[tuple[str, ...], dict[tuple[str, ...], int]] = defaultdict(dict)
    for row, key in enumerate(table.keys(names)):
        if key[0] and key[3]:
            sizes[key[:3]].setdefault(key[3:], row)
    for found in sizes.values():
        if len(found) > 1:
            first, *others = found.values()
            said = "; ".join(
                f"line {table.lines[row]}: {' and '.join(filter(None, size))}"
                for size, row in found.items()
            )
            yield table.fault(
                others[0],
                "n_treat",
                Problem(
                    "people-differ",
                    f"the same people at the same time are counted differently ({said})",
                    f"the numbers of line {table.lines[first]}, unless some were not measured",
                    "compare the numbers with the source",
                    "warning",
                ),
            )


def _spread(table: Table) -> Iterator[Fault]:
    """A spread far below that of other studies that fits once multiplied by the root of n."""
    instruments = table.column("instrument")
    studies = table.column("study_id")
    notes = table.column("note")
    for stem in ("sd", "sd_change"):
        by_instrument: dict[str, list[tuple[int, str, float, float]]] = defaultdict(list)
        for arm in ("treat", "control"):
            sds, ns = table.numbers(f"{stem}_{arm}"), table.numbers(f"n_{arm}")
            for row in np.flatnonzero((sds > 0) & (ns > 1)).tolist():
                cell = (row, f"{stem}_{arm}", float(sds[row]), float(ns[row]))
                by_instrument[instruments[row]].append(cell)
        for cells in by_instrument.values():
            medians = _median_of_others([(studies[row], sd) for row, _, sd, _ in cells])
            for row, column, sd, n in cells:
                median = medians.get(studies[row])
                if median is None or SD_CONFIRMED.lower() in notes[row].lower():
                    continue
                as_sd = sd * n**0.5
                fits = median / _LIKE_OTHERS < as_sd < median * _LIKE_OTHERS
                if sd * _SMALL_SPREAD < median and fits:
                    yield table.fault(
                        row,
                        column,
                        Problem(
                            "sd-looks-like-se",
                            f"other studies have a standard deviation of about {median:.3g} on "
                            f"this instrument; {sd:g} times the root of {n:.0f} is {as_sd:.3g}, "
                            "so this looks like a standard error",
                            f"the standard deviation, perhaps {as_sd:.3g}",
                            "look up which of the two the source prints; if it is the SD, write "
                            f"'{SD_CONFIRMED}' into the note",
                        ),
                    )


def _median_of_others(cells: list[tuple[str, float]]) -> dict[str, float]:
    """Return for each study the median spread of the other studies, where there are any."""
    by_study: dict[str, list[float]] = defaultdict(list)
    for study, sd in cells:
        by_study[study].append(sd)
    typical = {study: float(np.median(sds)) for study, sds in by_study.items()}
    ordered = sorted(typical.values())
    medians: dict[str, float] = {}
    for study, own in typical.items() if len(ordered) > 1 else ():
        place = ordered.index(own)
        others = ordered[:place] + ordered[place + 1 :] if len(ordered) < 50 else ordered
        medians[study] = float(np.median(others))
    return medians


def _supersedes(table: Table) -> Iterator[Fault]:
    """A superseded row is named by the row that replaces it, and by that row only."""
    names = table.schema.primary_key
    status = table.column("status")
    identities = {" | ".join(key): row for row, key in enumerate(table.keys(names))}
    named = {text for text in table.columns.get("supersedes", ()) if text}
    for row, text in enumerate(table.column("supersedes")):
        if not text:
            continue
        old = identities.get(text)
        if old is None:
            message = "no row has this identity"
            fix = f"write {', '.join(names)} of the old row, joined by ' | '"
        elif old == row:
            message = "the row claims to replace itself"
            fix = "name the old row, or empty the cell"
        elif status[old] not in ("superseded", "retracted"):
            message = f"it names line {table.lines[old]}, whose status is {status[old]}"
            fix = f"set the status of line {table.lines[old]} to superseded, with reason and date"
        else:
            continue
        yield table.fault(
            row,
            "supersedes",
            Problem(
                "supersedes-wrong",
                message,
                "the identity of a superseded row, or empty",
                fix,
            ),
        )
    for identity, row in identities.items():
        if status[row] == "superseded" and identity not in named:
            yield table.fault(
                row,
                "status",
                Problem(
                    "superseded-by-nothing",
                    "the row is superseded, but no row says that it replaces it",
                    "another row whose supersedes names this one",
                    f"write into supersedes of the new row: {identity}",
                ),
            )
