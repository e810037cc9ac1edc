"""Whether two results are the same to the last digit, and if not, where they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.review.results import Results
from analysis.review.serialise import to_plain

_KINDS: Mapping[str, str] = {
    "inputs": "input",
    "lock": "lock file",
    "packages": "package",
    "python": "Python",
}

#: Relative to the larger of one and the value; far below any digit that a page shows.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """One place at which a receipt and a new run part.

    Attributes
    ----------
    kind : {"input", "lock file", "package", "Python", "quantity"}
        What differs.
    place : str
        Path of the entry, such as ``answers.safety-nausea.pooled.estimate``.
    receipt, run : object
        The two values; None where one side lacks the entry.
    """

    kind: str
    place: str
    receipt: Any
    run: Any

    @property
    def is_rounding(self) -> bool:
        """Whether it is no more than another processor, or order of adding, may leave."""
        if not (_is_number(self.receipt) and _is_number(self.run)):
            return False
        return abs(self.run - self.receipt) <= ROUNDING * max(1.0, abs(self.receipt))

    def __str__(self) -> str:
        """Return the difference in words, with its size where both sides are numbers."""
        text = f"{self.kind} {self.place}: {_shown(self.receipt)} in the receipt, "
        text += f"{_shown(self.run)} now"
        if _is_number(self.receipt) and _is_number(self.run):
            text += f" (by {self.run - self.receipt:.3g})"
        return text + "."


def differences(receipt: Results, run: Results) -> list[Difference]:
    """Compare a stored results object with a new one.

    Parameters
    ----------
    receipt, run : Results
        The stored and the new results.

    Returns
    -------
    list of Difference
        Inputs, lock, packages and Python first, then every quantity, in the order of the
        receipt; empty if the two are identical.
    """
    old, new = to_plain(receipt), to_plain(run)
    found = []
    for part, kind in _KINDS.items():
        pair = old["manifest"].get(part), new["manifest"].get(part)
        found += [Difference(kind, place, *values) for place, values in _walk(part, *pair)]
    found += [
        Difference("quantity", place, *values)
        for place, values in _walk("answers", old["answers"], new["answers"])
    ]
    return found


def _walk(place: str, old: Any, new: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the places at which two plain values part."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _walk(f"{place}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _walk(f"{place}[{i}]", one, other)
    elif old != new:
        yield place, (old, new)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
