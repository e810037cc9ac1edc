"""A fault: what is wrong with the data, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]

#: Faults of one kind kept per file and column. A wrong export repeats one fault in every row;
#: a thousand lines are more than anyone mends by hand, and keep 100,000 rows in memory.
KEPT_PER_KIND = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value, before it is known where the value stands.

    Attributes
    ----------
    code : str
        Fixed name of the kind of fault, for machines and for searching.
    message : str
        What is wrong, one sentence.
    allowed : str
        What would be right.
    fix : str
        What to do, one sentence.
    severity : {"error", "warning"}
        Errors fail the validation; warnings are only listed.
    """

    code: str
    message: str
    allowed: str
    fix: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem and its place.

    Attributes
    ----------
    problem : Problem
        What is wrong.
    file : str
        Path as shown to people.
    line : int
        Line as an editor counts it; the header is line 1.
    column : str
        Column name, empty where the whole line or file is meant.
    study_id : str
        Study of the row, empty where there is none.
    value : str
        The value seen.
    """

    problem: Problem
    file: str
    line: int = 1
    column: str = ""
    study_id: str = ""
    value: str = ""

    @property
    def severity(self) -> Severity:
        """Return ``"error"`` or ``"warning"``."""
        return self.problem.severity

    @property
    def code(self) -> str:
        """Return the fixed name of the kind of fault."""
        return self.problem.code

    def as_record(self) -> dict[str, str | int]:
        """Return the fault as one flat record, for JSON."""
        place = {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "study_id": self.study_id,
            "value": self.value,
        }
        return {**asdict(self.problem), **place}


class ProjectFileError(ValueError):
    """A file that people edit cannot be used; the message says which, where and what is right."""


class InvalidDataError(ProjectFileError):
    """Data that cannot be used; carries every fault, not only the first.

    Parameters
    ----------
    faults : iterable of Fault
        What is wrong; at least one error.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [fault for fault in self.faults if fault.severity == "error"]
        first = errors[0]
        place = f"{first.file}, line {first.line}" + (
            f", column {first.column}" * bool(first.column)
        )
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(
            f"{place}: {first.problem.message}; {first.problem.fix}{more}. "
            "See all with: python -m analysis validate"
        )


def sort_and_cap(faults: Iterable[Fault]) -> list[Fault]:
    """Order faults by file, line and column, and cut endless repetitions short.

    Parameters
    ----------
    faults : iterable of Fault
        Faults as found, in any order.

    Returns
    -------
    list of Fault
        At most `KEPT_PER_KIND` of each code, file and column; the last of a
        shortened kind says how many more there are.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    kept: list[Fault] = []
    last: dict[tuple[str, str, str], int] = {}
    for fault in faults:
        kind = (fault.code, fault.file, fault.column)
        seen[kind] += 1
        if seen[kind] <= KEPT_PER_KIND:
            last[kind] = len(kept)
            kept.append(fault)
    for kind, count in seen.items():
        if count > KEPT_PER_KIND:
            kept[last[kind]] = and_more(kept[last[kind]], count - KEPT_PER_KIND)
    return sorted(kept, key=lambda fault: (fault.file, fault.line, fault.column, fault.code))


def and_more(fault: Fault, count: int) -> Fault:
    """Return a fault that says how many like it are not shown; unchanged where that is none."""
    if count == 0:
        return fault
    message = f"{fault.problem.message} (and {count} more of this kind, not shown)"
    return replace(fault, problem=replace(fault.problem, message=message))


def nearest(value: str, choices: Iterable[str]) -> str | None:
    """Return the choice a person most likely meant by `value`, or None.

    Case, and spaces, hyphens and underscores for one another, do not count.
    """
    plain = {_plain(choice): choice for choice in choices}
    found = difflib.get_close_matches(_plain(value), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def _plain(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def listed(items: Iterable[object], limit: int = 8) -> str:
    """Join items for a sentence: ``1, 2 and 3``, or the first few and how many more."""
    words = [str(item) for item in items]
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def errors_in(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Yield the faults that make data invalid."""
    return (fault for fault in faults if fault.severity == "error")
