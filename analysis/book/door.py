"""The one door from the chapters to the results, which sees what is taken.

Whatever a chapter reads of the results is noted as an input of that chapter
(:mod:`analysis.book.inputs`), at the moment at which it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from analysis.book import inputs
from analysis.review.results import Answer, Results
from analysis.review.serialise import read_results


class Answers(Mapping[str, Answer]):
    """The answers by id; taking one makes it an input of the running chapter."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    def __getitem__(self, name: str) -> Answer:
        inputs.note(f"answer:{name}")
        if name not in self._answers:
            raise KeyError(f"There is no question {name!r}; there are {', '.join(self._answers)}.")
        return self._answers[name]

    def __iter__(self) -> Iterator[str]:
        inputs.note("answers")
        return iter(self._answers)

    def __len__(self) -> int:
        inputs.note("answers")
        return len(self._answers)


class Door:
    """The results, part by part."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self.answers = Answers(results.answers)

    @property
    def version(self) -> str:
        """The version of the data."""
        inputs.note("results:version")
        return self._results.version

    @property
    def status(self) -> Mapping[str, object]:
        """How complete and how old the evidence is."""
        inputs.note("results:status")
        return self._results.status

    @property
    def manifest(self) -> Mapping[str, object]:
        """What the results were made from."""
        inputs.note("results:manifest")
        return self._results.manifest


@cache
def results() -> Door:
    """Return the results, read once in a process.

    Raises
    ------
    FileNotFoundError
        If nothing was answered yet; the message names the command.
    """
    if not inputs.RESULTS.exists():
        raise FileNotFoundError(
            f"{inputs.RESULTS} does not exist yet; run `python -m analysis answer` first."
        )
    return Door(read_results(inputs.RESULTS))
