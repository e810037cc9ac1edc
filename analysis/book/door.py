"""The one door from the chapters to the results, which sees what is taken.

Whatever a chapter reads of the results is noted as an input of that chapter
(:mod:`analysis.book.inputs`), at the moment at which it is read.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

from analysis.book import inputs
from analysis.review.results import Answer, Results
from analysis.review.serialise import read_results

Value = TypeVar("Value")


class Traced(Mapping[str, Value]):
    """A mapping that notes each key taken from it, and going through its keys.

    Parameters
    ----------
    kind : str
        What a value is called among the inputs: ``answer`` gives ``answer:ID``.
    values : mapping
        The values by key.
    """

    def __init__(self, kind: str, values: Mapping[str, Value]) -> None:
        self._kind = kind
        self._values = values

    def __getitem__(self, key: str) -> Value:
        inputs.note(f"{self._kind}:{key}")
        if key not in self._values:
            raise KeyError(f"There is no {self._kind} {key!r}, only {', '.join(self._values)}.")
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        inputs.note(f"keys:{self._kind}")
        return iter(self._values)

    def __len__(self) -> int:
        inputs.note(f"keys:{self._kind}")
        return len(self._values)


class Door:
    """The results, part by part.

    Attributes
    ----------
    answers : Traced
        The answers by id.
    status : Traced
        How complete and how old the evidence is.
    manifest : Traced
        What the results were made from.
    """

    def __init__(self, results: Results) -> None:
        self._version = results.version
        self.answers: Traced[Answer] = Traced("answer", results.answers)
        self.status: Traced[object] = Traced("status", results.status)
        self.manifest: Traced[object] = Traced("manifest", results.manifest)

    @property
    def version(self) -> str:
        """The version of the data."""
        inputs.note("version")
        return self._version


@cache
def results() -> Door:
    """Return the results, read once in a process.

    A notebook that somebody runs in a fresh copy of the project finds none, and answers the
    questions first; a build has always done so before.

    Raises
    ------
    subprocess.CalledProcessError
        If the questions cannot be answered; the reason is printed.
    """
    if not inputs.RESULTS.exists():
        inputs.BUILD.mkdir(exist_ok=True)
        command = ("answer", "--output", str(inputs.RESULTS))
        subprocess.run(
            [sys.executable, "-m", "analysis", *command],
            cwd=inputs.ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return Door(read_results(inputs.RESULTS))
