"""The registered trials: one table and one timeline, each status with the day it was seen."""

from __future__ import annotations

from collections import Counter
from functools import partial

from analysis.book.blocks import Words, figure, filterable
from analysis.book.html import Piece, fill, table
from analysis.book.records import studies
from analysis.book.sources import Row, identifier_links, meanings, record_address, rows
from analysis.figures import names, numbers
from analysis.figures import timeline as drawing
from analysis.figures.names import first_upper
from analysis.review.planning import POWER, smallest_difference

#: Sizes of trials, from a pilot to one that few could pay for.
SIZES = (20, 50, 100, 200, 400, 800)


def trials() -> Piece:
    """Show every trial of the register table, to filter."""
    states = meanings("trials", "status")
    lines = [
        (
            fill(
                '{label} <span class="note">{title}</span> {links}',
                label=_label(row),
                title=row["title"],
                links=identifier_links(row),
            ),
            first_upper(names.condition(row["condition"])),
            _arms(row),
            _people(row),
            fill(
                '{state} <span class="note">seen {day}</span>',
                state=states[row["status"]],
                day=row["status_seen_on"] or "in a copy without date",
            ),
            _results(row),
            row["note"],
        )
        for row in rows("trials")
    ]
    header = (
        "Trial",
        "Condition",
        "Compares",
        "People",
        "Status",
        "Results",
        "Note",
    )
    choices = ("Condition", "Results")
    shown = filterable("Registered and finished trials", header, lines, choices=choices)
    return Piece(shown, f"{len(lines)} trials")


def timeline() -> Piece:
    """Show the trials on a line of time."""
    found = rows("trials")
    states = Counter(row["status"].replace("_", " ") for row in found)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    said = Words(
        title="Timeline of trials",
        alt=f"Timeline of {len(found)} trials: {told}.",
        description=drawing.timeline_words(found),
        caption=(
            "Status as it was last seen in an archived copy; none was checked in the register."
        ),
        kind="timeline",
    )
    lines = [
        (
            drawing.trial_label(row),
            row["start"] or "–",
            row["primary_completion"] or "–",
            row["status"].replace("_", " "),
        )
        for row in found
    ]
    made = table(said.title, ("Trial", "Start", "Primary completion", "Status"), lines)
    sentences = {
        row["trial_id"]: f"{drawing.trial_label(row)}: {row['status'].replace('_', ' ')}"
        for row in found
    }
    draw = partial(drawing.timeline, found)
    narrow = partial(draw, narrow=True)
    return figure("timeline", draw, said, made, narrow=narrow, rows=sentences)


def trial_sizes() -> Piece:
    """Show how small a difference a trial of a given size would find."""
    found = [(people, smallest_difference(people)) for people in SIZES]
    header = ("People in all", "Smallest difference, in standard deviations")
    lines = [(numbers.count(people), numbers.number(least)) for people, least in found]
    caption = (
        f"What a trial finds with a chance of {numbers.level(POWER)}, "
        "half of the people in each group"
    )
    text = "; ".join(f"{people} people: {least:.2f}" for people, least in found)
    return Piece(table(caption, header, lines), text)


def _label(row: Row) -> str:
    """Return a trial's name; one without registration is called after its paper."""
    if row["acronym"] or row["registry_id"]:
        return drawing.trial_label(row)
    return next(study.label for study in studies() if study.id == row["study_id"])


def _arms(row: Row) -> str:
    dose = f" ({row['dose']})" if row["dose"] else ""
    return f"{row['intervention']}{dose} v {row['comparator'] or 'not seen'}"


def _people(row: Row) -> str:
    if not row["n"]:
        return "not seen"
    return f"{row['n']} planned" if row["n_is"] == "planned" else row["n"]


def _results(row: Row) -> str:
    if row["study_id"]:
        return fill('<a href="{to}">{word}</a>', to=record_address(row["study_id"]), word="yes")
    return "none found" if row["results"] == "none" else row["results"]
