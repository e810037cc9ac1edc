"""Whether the numbers of one row of ``studies.csv`` agree with one another.

Each check is a function from a table to faults, computed on whole columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import NormalDist

import numpy as np

from analysis.evidence.faults import Fault, Problem, listed
from analysis.evidence.schema import Group
from analysis.evidence.table import Table

#: Measures printed on their natural scale whose standard error is that of the logarithm.
RATIOS = ("RR", "OR", "HR")

#: A standard error may differ by this share from the one its interval implies: intervals of
#: small trials use t, not z (14 % wider at 10 degrees of freedom).
_SE_SHARE = 0.15

#: Words in the note that settle the question whether a spread is an SD.
SD_CONFIRMED = "SD confirmed"

#: Standardised differences beyond this are rarer than standard errors typed as SDs
#: (metafor's escalc warns for the same reason).
_LARGE_SMD = 2.0

#: Beyond this a row waits until someone has confirmed the SD.
_IMPLAUSIBLE_SMD = 3.0

#: Distance between two z values that rounding and the choice of test do not explain: half a
#: unit, and a quarter of the larger.
_Z_APART, _Z_SHARE = 0.5, 0.25


def check_effects(table: Table) -> Iterator[Fault]:
    """Check the effect columns of each row against one another.

    Parameters
    ----------
    table : Table
        Rows of ``studies.csv``.

    Yields
    ------
    Fault
        One per disagreement.
    """
    for check in (
        _one_group,
        _counts,
        _interval_form,
        _ratios,
        _standard_error,
        _p_value,
        _spread,
    ):
        yield from check(table)


def _one_group(table: Table) -> Iterator[Fault]:
    groups = {group.name: group for group in table.schema.groups}
    used = {name: table.any_filled(group.columns) for name, group in groups.items()}
    for column in table.schema.fields:
        if column.alone:
            others = [mask for name, mask in used.items() if name != column.alone]
            alone = table.filled(column.name) & ~np.logical_or.reduce(others)
            used[column.alone] = used[column.alone] | alone
    count = np.sum(list(used.values()), axis=0)
    choices = "; ".join(f"{group.title}: {', '.join(group.columns)}" for group in groups.values())
    allowed = f"exactly one group filled ({choices})"
    yield from table.faults(
        count == 0,
        next(iter(groups.values())).columns[0],
        Problem(
            "group-none",
            "the row has no result: no group of effect columns is filled",
            allowed,
            "fill in one group; a study without a usable number belongs in screening.csv",
        ),
    )

    def several(index: int) -> Problem:
        filled = [name for name, mask in used.items() if mask[index]]
        seen = [
            column
            for name in filled
            for column in groups[name].columns
            if table.column(column)[index]
        ]
        return Problem(
            "group-several",
            f"the row fills {len(filled)} groups of effect columns: {listed(filled)} "
            f"(in {listed(seen)})",
            allowed,
            "keep the rawest result (events, or means with SDs) and move the other to the note",
        )

    for name, group in groups.items():
        second = (count > 1) & used[name]
        yield from table.faults(second, group.columns[0], several)
        yield from _complete(table, group, used[name] & (count == 1))


def _complete(table: Table, group: Group, used: np.ndarray) -> Iterator[Fault]:
    for column in group.required:
        yield from table.faults(
            used & ~table.filled(column),
            column,
            Problem(
                "group-incomplete",
                f"the row gives its result as {group.title.lower()}, but {column} is empty",
                f"{listed(group.required)} filled in a row of this kind",
                f"fill in {column}, or move the number to the note",
            ),
        )
    controlled = used & ~table.equal("comparator_type", "none", "")
    for treat in group.columns:
        control = treat.replace("_treat", "_control")
        if treat == control or control not in group.columns:
            continue
        for empty, other in ((control, treat), (treat, control)):
            if empty in group.required:
                continue  # said above
            yield from table.faults(
                controlled & ~table.filled(empty) & table.filled(other),
                empty,
                Problem(
                    "group-half",
                    f"{other} is filled, but {empty} is empty in a row with a control group",
                    "both arms filled",
                    f"fill in {empty}; if only one arm is known, set comparator_type to none",
                ),
            )


def _counts(table: Table) -> Iterator[Fault]:
    for arm in ("treat", "control"):
        events, n = table.numbers(f"events_{arm}"), table.numbers(f"n_{arm}")

        def problem(index: int, arm: str, events: np.ndarray, n: np.ndarray) -> Problem:
            return Problem(
                "events-more-than-n",
                f"{events[index]:.0f} people with the event are more than the {n[index]:.0f} "
                f"people in n_{arm}",
                f"a whole number from 0 to {n[index]:.0f}",
                f"correct events_{arm} or n_{arm}; where events were counted, not people, the "
                "number belongs in the note",
            )

        yield from table.faults(
            # A number of people below one is a fault of its own.
            (events > n) & (n >= 1),
            f"events_{arm}",
            partial(problem, arm=arm, events=events, n=n),
        )


def _interval_form(table: Table) -> Iterator[Fault]:
    low, estimate, high = (table.numbers(name) for name in ("ci_low", "estimate", "ci_high"))
    yield from table.faults(
        low > high,
        "ci_low",
        lambda index: Problem(
            "ci-order",
            f"the lower limit {low[index]:g} is above the upper limit {high[index]:g}",
            "the lower limit first",
            "exchange ci_low and ci_high, and check the signs",
        ),
    )
    yield from table.faults(
        (low <= high) & ((estimate < low) | (estimate > high)),
        "estimate",
        lambda index: Problem(
            "ci-without-estimate",
            f"the estimate is outside its own interval, {low[index]:g} to {high[index]:g}",
            f"a number from {low[index]:g} to {high[index]:g}",
            "compare estimate, ci_low and ci_high with the source; often a sign is lost",
        ),
    )
    for one, other, means in (
        ("ci_low", "ci_high", "both limits or neither"),
        ("ci_high", "ci_low", "both limits or neither"),
        ("ci_low", "ci_level", "the level as a proportion, 0.95 for a 95 % interval"),
    ):
        yield from table.faults(
            table.filled(one) & ~table.filled(other),
            other,
            Problem(
                "ci-incomplete",
                f"{one} is filled, but {other} is empty",
                means,
                f"fill in {other} as the source states it",
            ),
        )


def _ratios(table: Table) -> Iterator[Fault]:
    ratio = _is_ratio(table)
    for name in ("estimate", "ci_low", "ci_high"):
        yield from table.faults(
            ratio & (table.numbers(name) <= 0),
            name,
            lambda index: Problem(
                "ratio-not-positive",
                f"{table.column('estimate_measure')[index]} is a ratio on its natural scale, "
                "which is above 0",
                "a number above 0",
                "take the exponential if the source prints a logarithm, or correct "
                "estimate_measure",
            ),
        )


def _is_ratio(table: Table) -> np.ndarray:
    return table.equal("estimate_measure", *RATIOS)


def _on_log_scale(values: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(ratio, np.log(values), values)


def _implied_se(table: Table) -> np.ndarray:
    """Standard error that each row's interval implies, on the log scale for ratios."""
    ratio = _is_ratio(table)
    low = _on_log_scale(table.numbers("ci_low"), ratio)
    high = _on_log_scale(table.numbers("ci_high"), ratio)
    level = table.numbers("ci_level")
    usable = np.unique(level[(level > 0) & (level < 1)]).tolist()
    quantile = {value: NormalDist().inv_cdf((1 + value) / 2) for value in usable}
    z = np.array([quantile.get(value, np.nan) for value in level.tolist()])
    with np.errstate(invalid="ignore"):
        return (high - low) / (2 * z)


def _half_unit(table: Table, name: str) -> np.ndarray:
    """Half a unit of the last printed digit of each cell."""
    cells = table.column(name)
    known = {cell: 0.5 * 10.0 ** -min(len(cell.partition(".")[2]), 12) for cell in set(cells)}
    return np.array([known[cell] for cell in cells])


def _standard_error(table: Table) -> Iterator[Fault]:
    se, implied, ratio = table.numbers("se"), _implied_se(table), _is_ratio(table)
    low, high = table.numbers("ci_low"), table.numbers("ci_high")
    with np.errstate(invalid="ignore", divide="ignore"):
        # What rounding of the limits does to the implied value; on the log scale d log x = dx/x.
        # Both limits are printed alike, so the finer one tells the unit; "1.10" often loses its 0.
        unit = np.fmin(_half_unit(table, "ci_low"), _half_unit(table, "ci_high"))
        slack = sum(np.abs(unit / np.where(ratio, limit, 1.0)) for limit in (low, high))
        allowance = _SE_SHARE * np.abs(implied) + slack / 2 + _half_unit(table, "se")
        wrong = np.isfinite(implied) & (low <= high) & (np.abs(se - implied) > allowance)
    yield from table.faults(
        wrong,
        "se",
        lambda index: Problem(
            "se-against-ci",
            f"the standard error{' of the logarithm' if ratio[index] else ''} does not agree "
            f"with the interval {low[index]:g} to {high[index]:g}, which implies "
            f"{implied[index]:.3g}",
            f"about {implied[index]:.3g}",
            "check that se is not an SD, that ci_level is right, and that the se of a ratio is "
            "that of its logarithm; leave se empty if the source does not print it",
        ),
    )


def _p_value(table: Table) -> Iterator[Fault]:
    p, ratio = table.numbers("p_value"), _is_ratio(table)
    estimate = np.abs(_on_log_scale(table.numbers("estimate"), ratio))
    se = np.where(table.filled("ci_low"), _implied_se(table), table.numbers("se"))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(se > 0, estimate / se, np.nan)
    wrong = _apart(z, _z_of(p))

    def problem(index: int) -> Problem:
        implied = 2 * NormalDist().cdf(-float(z[index]))
        return Problem(
            "p-against-ci",
            "the P value does not agree with the estimate and its interval, which imply about "
            f"{implied:.2g}",
            f"about {implied:.2g}",
            "compare both with the source; if it prints them so, say it in the note",
            "warning",
        )

    yield from table.faults(wrong, "p_value", problem)


def _z_of(p: np.ndarray) -> np.ndarray:
    """Distance from 0 in standard errors that a two-sided P value stands for."""
    usable = np.unique(p[(p > 0) & (p <= 1)]).tolist()
    z = {value: -NormalDist().inv_cdf(value / 2) for value in usable}
    return np.array([z.get(value, np.nan) for value in p.tolist()])


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one - other) > _Z_APART + _Z_SHARE * np.fmax(one, other)


def _spread(table: Table) -> Iterator[Fault]:
    """Look for standard errors in place of SDs: by the row's P value, or by sheer size."""
    from_p = _z_of(table.numbers("p_value"))
    parallel = table.equal("design", "rct_parallel", "nonrandomised")
    confirmed = table.mask("note", lambda cell: SD_CONFIRMED.lower() in cell.lower())
    n_t, n_c = table.numbers("n_treat"), table.numbers("n_control")
    for stem in ("", "change_"):
        mean_t, mean_c, sd_t, sd_c = (
            table.numbers(f"{name}_{stem}{arm}")
            for name in ("mean", "sd")
            for arm in ("treat", "control")
        )
        difference = np.abs(mean_t - mean_c)
        with np.errstate(invalid="ignore", divide="ignore"):
            if_sd = difference / np.sqrt(sd_t**2 / n_t + sd_c**2 / n_c)
            if_se = difference / np.sqrt(sd_t**2 + sd_c**2)
            pooled = np.sqrt(((n_t - 1) * sd_t**2 + (n_c - 1) * sd_c**2) / (n_t + n_c - 2))
            smd = difference / pooled
        by_p = parallel & _apart(if_sd, from_p) & np.isfinite(if_se) & ~_apart(if_se, from_p)
        yield from table.faults(
            by_p & ~confirmed,
            f"sd_{stem}treat",
            Problem(
                "sd-looks-like-se",
                "the P value of the row fits the means if the spreads are standard errors, and "
                "does not if they are standard deviations",
                "the standard deviation, which is the standard error times the root of n",
                "look up which of the two the source prints; if it is the SD, write "
                f"'{SD_CONFIRMED}' into the note",
            ),
        )

        def problem(index: int, smd: np.ndarray) -> Problem:
            smaller = smd[index] / np.sqrt((n_t[index] + n_c[index]) / 2)
            return Problem(
                "sd-looks-like-se",
                f"the means differ by {smd[index]:.1f} standard deviations, which is implausibly "
                f"much; were the cell a standard error, it would be {smaller:.1f}",
                "the standard deviation, which is the standard error times the root of n",
                "look up which of the two the source prints; if it is the SD, write "
                f"'{SD_CONFIRMED}' into the note",
                "error" if smd[index] > _IMPLAUSIBLE_SMD else "warning",
            )

        yield from table.faults(
            (smd > _LARGE_SMD) & ~by_p & ~confirmed,
            f"sd_{stem}treat",
            partial(problem, smd=smd),
        )
