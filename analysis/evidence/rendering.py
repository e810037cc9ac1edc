"""Faults as text for people, as JSON for machines, and as annotations for GitHub.

Whatever stands in a cell is shown, but never acts: control characters cannot
move a terminal's cursor, line breaks cannot begin a workflow command, and
tags do not reach a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from analysis.evidence.faults import Fault, errors_in, listed

#: Longest value shown; enough to find the cell, short enough to read the rest.
_LONGEST = 120

#: Faults of one kind in one column that are shown in full; further ones as their lines alone.
_IN_FULL = 3

_TAG_START = re.compile(r"<(?=[a-zA-Z/!?])")


def visible(text: str) -> str:
    r"""Return text that shows every character and acts in no terminal or page.

    Parameters
    ----------
    text : str
        Anything, such as the content of a cell.

    Returns
    -------
    str
        One line; invisible characters as ``\x1b`` or ``\u202e``, and ``<`` as
        ``‹``, which begins no tag, where it would begin one.
    """
    shown = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode()
        for sign in text
    )
    return _TAG_START.sub("‹", shown)


def shortened(text: str) -> str:
    """Return the beginning of a long text, saying how much there is in all."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text)} characters)"


def as_text(faults: Sequence[Fault]) -> str:
    """Return a report for people who need not know any programming."""
    blocks = []
    for file, group in groupby(faults, key=lambda fault: fault.file):
        blocks.append(visible(file))
        blocks.extend(_blocks(list(group)))
    return "\n\n".join([*blocks, summary(faults)]) + "\n"


def _blocks(faults: Sequence[Fault]) -> Iterator[str]:
    """Yield the faults of a file; where one repeats itself down a column, its lines at the end."""
    alike: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        kind = alike.setdefault((fault.code, fault.column), [])
        kind.append(fault)
        if len(kind) <= _IN_FULL:
            yield _block(fault)
    for (code, column), kind in alike.items():
        if more := kind[_IN_FULL:]:
            lines = listed(dict.fromkeys(fault.line for fault in more), limit=20)
            where = f", column {column}" if column else ""
            yield f"  the same{where}, in lines {lines}\n    [{code}]"


def _block(fault: Fault) -> str:
    problem = fault.problem
    place = [f"line {fault.line}"]
    place += [f"column {fault.column}"] if fault.column else []
    place += [f"study {fault.study_id}"] if fault.study_id else []
    lines = [
        visible(shortened(", ".join(place))),
        f"  {fault.severity}:   {visible(shortened_message(problem.message))}",
    ]
    if fault.value:
        lines.append(f"  found:   {visible(shortened(fault.value))}")
    lines.append(f"  allowed: {visible(problem.allowed)}")
    lines.append(f"  to do:   {visible(problem.fix)}")
    lines.append(f"  [{problem.code}]")
    return "\n".join(f"  {line}" for line in lines)


def shortened_message(text: str) -> str:
    """Return a message that a long cell has not made unreadable."""
    return text if len(text) <= 4 * _LONGEST else f"{text[: 4 * _LONGEST]}…"


def summary(faults: Iterable[Fault]) -> str:
    """Return one line: how many faults, and whether the data can be used."""
    faults = list(faults)
    errors = len(list(errors_in(faults)))
    warnings = len(faults) - errors
    counted = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if errors:
        return f"{counted}. Correct the errors and run the command again."
    if warnings:
        return f"{counted}. The data can be used; please look at the warnings."
    return "No faults found."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def as_json(faults: Sequence[Fault]) -> str:
    """Return all faults as one JSON object, safe to place in a page."""
    errors = len(list(errors_in(faults)))
    content = {
        "errors": errors,
        "warnings": len(faults) - errors,
        "faults": [fault.as_record() for fault in faults],
    }
    text = json.dumps(content, indent=1, ensure_ascii=True)
    for sign in "<>&":
        # Only strings hold these signs, and there the escape means the same.
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text + "\n"


def as_github(faults: Sequence[Fault]) -> str:
    """Return GitHub workflow commands that annotate the lines of a pull request."""
    return "".join(_annotation(fault) for fault in faults) + summary(faults) + "\n"


def _annotation(fault: Fault) -> str:
    problem = fault.problem
    place = ", ".join(
        part
        for part in (
            fault.column and f"column {fault.column}",
            fault.study_id and f"study {fault.study_id}",
        )
        if part
    )
    found = f" Found: {shortened(fault.value)}." if fault.value else ""
    said = f"{place}: " if place else ""
    message = (
        f"{said}{shortened_message(problem.message)}.{found} Allowed: {problem.allowed}. "
        f"To do: {problem.fix}."
    )
    return (
        f"::{fault.severity} file={_property(fault.file)},line={fault.line},"
        f"title={_property(problem.code)}::{_data(message)}\n"
    )


def _data(text: str) -> str:
    """Escape a message as GitHub's workflow commands ask for."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


#: Name of a format -> the function that writes it.
FORMATS: dict[str, Callable[[Sequence[Fault]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
}
