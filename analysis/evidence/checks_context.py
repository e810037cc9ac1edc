"""Whether what one row of ``studies.csv`` says about its study agrees with itself.

Each check is a function from a table to faults, computed on whole columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from analysis.evidence.faults import Fault, Problem
from analysis.evidence.table import Table

#: Designs without a control group.
UNCONTROLLED = ("single_arm", "case_series", "case_report")

#: Largest dose of one administration, mg/kg, that a row may hold without being asked about:
#: the labelled top of intramuscular induction of anaesthesia; more is rather a dose in mg.
_PLAUSIBLE_MG_PER_KG = 13.0

#: Share by which a stated time and hours_after_end may differ: papers count weeks from the
#: beginning of treatment or from its end.
_TIME_SHARE = 0.5

_HOURS = {"min": 1 / 60, "h": 1.0, "day": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
_TIME = re.compile(
    r"(?P<n1>[0-9]+(?:\.[0-9]+)?)[ -]*(?P<u1>min|h(?=\b|ours?)|day|week|month|year)"
    r"|(?P<u2>day|week|month|year)s? (?P<n2>[0-9]+(?:\.[0-9]+)?)",
    re.I,
)


def check_context(table: Table) -> Iterator[Fault]:
    """Check arms, dose, time, second reader and status of each row.

    Parameters
    ----------
    table : Table
        Rows of ``studies.csv``.

    Yields
    ------
    Fault
        One per disagreement.
    """
    for check in (_control_cells, _comparator, _design, _dose, _time, _second_person, _status):
        yield from check(table)


def check_source(table: Table) -> Iterator[Fault]:
    """Check that each row of any table can be looked up, where its schema asks for that."""
    columns = table.schema.one_of
    if columns:
        yield from table.faults(
            ~table.any_filled(columns),
            columns[0],
            Problem(
                "row-no-source",
                "nothing says where the row can be looked up",
                f"at least one of {', '.join(columns)}",
                f"fill in {columns[0]}, or whichever of them the source has",
            ),
        )


def _control_cells(table: Table) -> Iterator[Fault]:
    none = table.equal("comparator_type", "none")
    for name in (name for name in table.columns if name.endswith("_control")):
        yield from table.faults(
            none & table.filled(name),
            name,
            Problem(
                "arms-control-filled",
                f"{name} is filled although comparator_type says that there is no control group",
                f"an empty {name} where comparator_type is none",
                f"empty {name}, or give the kind of comparator",
            ),
        )
    yield from table.faults(
        ~none
        & table.filled("comparator_type")
        & table.filled("n_treat")
        & ~table.filled("n_control"),
        "n_control",
        Problem(
            "arms-n",
            "n_treat is filled, but n_control is empty in a row with a control group",
            "the number of people in both arms",
            "fill in n_control; if only one arm is known, set comparator_type to none",
        ),
    )


def _comparator(table: Table) -> Iterator[Fault]:
    none = table.equal("comparator_type", "none")
    # Words may follow: 'none (the placebo count was not printed)'.
    named_none = table.mask("comparator", lambda cell: re.match(r"none\b", cell) is not None)
    for where, said in (
        (
            none & ~named_none & table.filled("comparator"),
            "comparator names a control group, but comparator_type is none",
        ),
        (
            named_none & ~none & table.filled("comparator_type"),
            "comparator is none, but comparator_type says that there is one",
        ),
    ):
        yield from table.faults(
            where,
            "comparator",
            Problem(
                "arms-comparator",
                said,
                "none in both columns, or in neither",
                "set both to none for a single arm; otherwise name the comparator and its kind",
            ),
        )


def _design(table: Table) -> Iterator[Fault]:
    controlled = table.filled("comparator_type") & ~table.equal("comparator_type", "none")
    yield from table.faults(
        table.equal("design", *UNCONTROLLED) & controlled,
        "comparator_type",
        lambda index: Problem(
            "arms-design",
            f"a study of the design {table.column('design')[index]} has no control group",
            "none",
            "set comparator_type and comparator to none, or correct the design",
        ),
    )
    n_treat, n_control = table.numbers("n_treat"), table.numbers("n_control")
    yield from table.faults(
        table.equal("design", "case_report") & (n_treat > 1),
        "n_treat",
        Problem(
            "arms-case-report",
            "a case report describes one person",
            "1",
            "correct n_treat, or set design to case_series",
        ),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        unequal = np.abs(np.log(n_control / n_treat)) > np.log(1.5)
    yield from table.faults(
        table.equal("design", "rct_crossover") & unequal,
        "n_control",
        Problem(
            "arms-crossover",
            "in a crossover both arms are the same people, but their numbers differ much",
            "about the same number as n_treat",
            "compare both numbers with the source",
            "warning",
        ),
    )


def _dose(table: Table) -> Iterator[Fault]:
    dose = table.numbers("dose_mg_per_kg")
    yield from table.faults(
        (dose > _PLAUSIBLE_MG_PER_KG) | (dose == 0),
        "dose_mg_per_kg",
        Problem(
            "dose-implausible",
            "this is not a plausible dose per kilogram; perhaps it is a dose in mg",
            f"a number above 0, up to {_PLAUSIBLE_MG_PER_KG:g} mg/kg",
            "divide by the body weight if the source states one, or leave the cell empty",
        ),
    )
    words = table.column("dose")
    stated = {cell: mg_per_kg_in(cell) for cell in set(words)}
    said = np.array([stated[cell][0] if len(stated[cell]) == 1 else np.nan for cell in words])
    yield from table.faults(
        np.abs(said - dose) > 0.01 * said,
        "dose_mg_per_kg",
        lambda index: Problem(
            "dose-disagrees",
            f"the dose in words says {said[index]:g} mg/kg",
            f"{said[index]:g}, or a dose in words that explains the number",
            "compare both with the source",
            "warning",
        ),
    )


def mg_per_kg_in(words: str) -> list[float]:
    """Return the doses per kilogram that a text names; a rate (per hour) is not one."""
    found = re.findall(r"([0-9]*\.?[0-9]+) ?mg/kg(?![/ ]*(?:h|min|per))", words)
    return [float(number) for number in found]


def hours_in(words: str) -> list[float]:
    """Return the times that a text names, in hours."""
    return [
        float(found["n1"] or found["n2"]) * _HOURS[(found["u1"] or found["u2"]).lower()]
        for found in _TIME.finditer(words)
    ]


def _time(table: Table) -> Iterator[Fault]:
    hours = table.numbers("hours_after_end")
    infusion = np.nan_to_num(table.numbers("infusion_minutes")) / 60
    times = table.column("timepoint")
    stated = {cell: hours_in(cell) for cell in set(times)}
    said = np.array([stated[cell][0] if len(stated[cell]) == 1 else np.nan for cell in times])
    yield from table.faults(
        np.abs(said - hours) > infusion + _TIME_SHARE * np.fmax(said, hours),
        "hours_after_end",
        lambda index: Problem(
            "time-disagrees",
            f"the time point says {said[index]:g} hours ({times[index]})",
            f"about {said[index]:g}, or empty",
            "count the hours from the end of the last administration (a day has 24, a week 168); "
            "if the source counts from the beginning, say so in the note",
            "warning",
        ),
    )


def _second_person(table: Table) -> Iterator[Fault]:
    pairs = list(table.keys(("extracted_by", "checked_by")))
    yield from table.faults(
        np.array([bool(checked) and entered == checked for entered, checked in pairs], bool),
        "checked_by",
        Problem(
            "checked-by-same",
            "the person who checked the row is the one who entered it",
            "another person, or empty",
            "empty checked_by and checked_on until someone else has compared the row",
        ),
    )
    for one, other in (("checked_by", "checked_on"), ("checked_on", "checked_by")):
        yield from table.faults(
            table.filled(one) & ~table.filled(other),
            other,
            Problem(
                "checked-half",
                f"{one} is filled, but {other} is empty",
                "both or neither",
                f"fill in {other}",
            ),
        )
    days = list(table.keys(("extracted_on", "checked_on")))
    yield from table.faults(
        np.array([bool(checked) and checked < entered for entered, checked in days], bool),
        "checked_on",
        lambda index: Problem(
            "checked-before",
            f"the row was checked before it was entered ({days[index][0]})",
            f"{days[index][0]} or later",
            "correct one of the two dates",
        ),
    )


def _status(table: Table) -> Iterator[Fault]:
    changed = table.filled("status") & ~table.equal("status", "active")
    for name, fix in (
        ("status_reason", "say why, and keep the old value in the reason"),
        ("status_on", "write the day on which the status changed"),
    ):
        yield from table.faults(
            changed & ~table.filled(name),
            name,
            Problem(
                "status-unexplained",
                f"the row is not active, but {name} is empty",
                f"a filled {name} in every row that is not active",
                fix,
            ),
        )
        yield from table.faults(
            table.equal("status", "active") & table.filled(name),
            name,
            Problem(
                "status-active",
                f"the row is active, but {name} is filled",
                f"an empty {name} while the row is active",
                f"empty {name}, or set the status that it explains",
            ),
        )
