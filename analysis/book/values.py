"""Numbers in prose: looked up where they are kept, never typed.

A chapter names a number and where it comes from; the text is made when the
page is read. Two addresses exist:

``QUESTION: WHAT``
    Part of an answer, such as ``safety-nausea: effect``. Optional words name a
    row or an alternative: ``fm-responders-controlled: counts of noppers2011 at
    week 8``, ``safety-nausea: effect of alternative dl-z``. What follows ``at``
    is any part of the row's identity: comparison, outcome, instrument or time.
``TABLE: COLUMN where KEY=VALUE; KEY=VALUE``
    A cell of exactly one row of a data table, such as ``studies:
    mean_change_treat where study_id=saligan2026; timepoint=day 1``. With
    ``size of`` before the column a number loses its sign ("fell by 21.0").
``TABLE`` or ``TABLE where KEY=VALUE; …``
    How many rows a table has, such as ``claims where verdict=wrong``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analysis.figures import numbers
from analysis.review.results import Answer, Measure, Results, Row

#: A row of a data table, as text.
Cells = Mapping[str, str]
#: Small numbers that prose spells out.
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class AddressError(ValueError):
    """A chapter names a number that does not exist; the message says what does."""


@dataclass(frozen=True)
class Value:
    """A number as printed, and the study record behind it (empty where there is none)."""

    text: str
    study_id: str = ""


@dataclass(frozen=True)
class _Result:
    """What an address can ask of a pooled result or of a row, already found."""

    measure: Measure
    estimate: float | None
    low: float | None
    high: float | None


def result_value(address: str, results: Results) -> Value:
    """Return the part of an answer that an address names.

    Raises
    ------
    AddressError
        If the question, the part, the row or the alternative does not exist, or
        the answer has no such number.
    """
    question, _, wanted = (part.strip() for part in address.partition(":"))
    if question not in results.answers:
        raise AddressError(f"no question {question!r}; there are {', '.join(results.answers)}")
    answer = results.answers[question]
    part, _, of = (text.strip() for text in wanted.partition(" of "))
    if of.startswith("alternative "):
        return Value(_result_text(part, _alternative(answer, of.removeprefix("alternative "))))
    if of:
        return _row_value(part, of, answer)
    if part in _ANSWER:
        return Value(_ANSWER[part](answer))
    return Value(_result_text(part, _pooled(answer)))


def cell_value(address: str, tables: Callable[[str], Sequence[Cells]]) -> Value:
    """Return the cell of a data table that an address names.

    Parameters
    ----------
    address : str
        ``TABLE: COLUMN where KEY=VALUE; …``
    tables : callable
        Returns a table's rows by its name.

    Raises
    ------
    AddressError
        If the address has another form, no row or several rows match, or the
        cell is empty.
    """
    form = re.fullmatch(r"(\w+): (size of )?(\w+) where (.+)", address.strip())
    if form is None:
        raise AddressError(f"{address!r} is not of the form 'TABLE: COLUMN where KEY=VALUE'")
    table, size, column, conditions = form.groups()
    found, wanted = _matching(table, conditions, {column}, tables)
    if len(found) != 1:
        raise AddressError(f"{len(found)} rows of {table!r} match {wanted}; exactly one must")
    text = found[0][column]
    if not text:
        raise AddressError(f"{column!r} is empty in the row of {table!r} that matches {wanted}")
    return Value(_printed(text, bool(size)), found[0].get("study_id", ""))


def count_value(address: str, tables: Callable[[str], Sequence[Cells]]) -> Value:
    """Return how many rows of a table match; arguments and errors as :func:`cell_value`.

    No matching row is an error too: a misspelt value would count as none.
    """
    table, _, conditions = (part.strip() for part in address.partition(" where "))
    found, wanted = _matching(table, conditions, set(), tables)
    if not found:
        raise AddressError(f"no row of {table!r} matches {wanted}")
    return Value(str(len(found)))


def _matching(
    table: str, conditions: str, columns: set[str], tables: Callable[[str], Sequence[Cells]]
) -> tuple[list[Cells], dict[str, str]]:
    wanted = dict(_condition(text) for text in conditions.split(";") if text.strip())
    rows = tables(table)
    if unknown := {*columns, *wanted} - set(rows[0] if rows else ()):
        raise AddressError(f"table {table!r} has no column {', '.join(sorted(unknown))}")
    matching = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return matching, wanted


def _condition(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise AddressError(f"{text.strip()!r} is not of the form KEY=VALUE")
    return key.strip(), value.strip()


def _printed(text: str, size: bool) -> str:
    """Return a cell as printed: as it stands in the source, with a true minus sign.

    A range ("0-24.5") has "to" between its ends, as ranges have throughout the book.
    """
    if re.fullmatch(r"\d+(\.\d+)?-\d+(\.\d+)?", text):
        return text.replace("-", " to ")
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    return text.lstrip("-") if size else text.replace("-", numbers.MINUS)


def _pooled(answer: Answer) -> _Result:
    if answer.pooled is None:
        raise AddressError(f"question {answer.id!r} has no pooled result: {answer.reason}")
    pooled = answer.pooled
    return _Result(answer.measure, pooled.estimate, pooled.ci_low, pooled.ci_high)


def _alternative(answer: Answer, name: str) -> _Result:
    for alternative in answer.alternatives:
        if alternative.id == name and alternative.pooled is not None:
            pooled = alternative.pooled
            return _Result(answer.measure, pooled.estimate, pooled.ci_low, pooled.ci_high)
    known = ", ".join(a.id for a in answer.alternatives if a.pooled is not None)
    raise AddressError(f"question {answer.id!r} has no alternative {name!r}; there are {known}")


def _row_value(part: str, of: str, answer: Answer) -> Value:
    study, _, place = (text.strip() for text in of.partition(" at "))
    found = [
        row
        for row in answer.rows
        if row.study_id == study and (not place or place in row.row_id.split(" | "))
    ]
    if len(found) != 1:
        known = "; ".join(row.row_id for row in answer.rows)
        raise AddressError(f"{len(found)} rows of {answer.id!r} are {of!r}; there are {known}")
    row = found[0]
    if part in _ROW:
        return Value(_ROW[part](row), row.study_id)
    limits = _Result(answer.measure, row.estimate, row.ci_low, row.ci_high)
    return Value(_result_text(part, limits), row.study_id)


def _counts(events: float | None, n: float | None) -> str:
    if events is None or n is None:
        raise AddressError("this row has no counts")
    return f"{numbers.count(events)} of {numbers.count(n)}"


def _size(n: float | None) -> str:
    if n is None:
        raise AddressError("the size of this group is not known")
    return numbers.count(n)


_ROW: Mapping[str, Callable[[Row], str]] = {
    "counts": lambda row: _counts(row.events_treat, row.n_treat),
    "control counts": lambda row: _counts(row.events_control, row.n_control),
    "people": lambda row: _size((row.n_treat or 0) + (row.n_control or 0) or None),
    "people treated": lambda row: _size(row.n_treat),
    "people in the control group": lambda row: _size(row.n_control),
}


def _result_text(part: str, result: _Result) -> str:
    if part not in _RESULT:
        raise AddressError(
            f"{part!r} is nothing an answer or row has; there are "
            f"{', '.join(dict.fromkeys([*_RESULT, *_ANSWER, *_ROW]))}"
        )
    if result.estimate is None or result.low is None or result.high is None:
        raise AddressError("there is no estimate with an interval here")
    return _RESULT[part](result.measure, result.estimate, result.low, result.high)


def _effect(measure: Measure, estimate: float, low: float, high: float) -> str:
    return (
        f"{_estimate(measure, estimate, low, high)} "
        f"(95% CI {numbers.interval_words(low, high, measure)})"
    )


def _estimate(measure: Measure, estimate: float, _low: float, _high: float) -> str:
    return numbers.effect(estimate, measure) + numbers.unit_of(measure)


_RESULT: Mapping[str, Callable[[Measure, float, float, float], str]] = {
    "effect": _effect,
    "estimate": _estimate,
    "interval": lambda measure, _estimate, low, high: numbers.interval_words(low, high, measure),
}


def _people(answer: Answer) -> str:
    return numbers.count(answer.n_treat + answer.n_control)


def _prediction(answer: Answer) -> str:
    if answer.pooled is None or answer.pooled.prediction is None:
        raise AddressError(f"question {answer.id!r} has no prediction interval")
    prediction = answer.pooled.prediction
    return numbers.interval_words(prediction.low, prediction.high, answer.measure)


def _difference(answer: Answer) -> str:
    if answer.absolute is None:
        raise AddressError(f"question {answer.id!r} has no absolute effect")
    return numbers.count(answer.absolute.difference_per_1000)


def _baseline(answer: Answer) -> str:
    if answer.absolute is None:
        raise AddressError(f"question {answer.id!r} has no absolute effect")
    return numbers.count(answer.absolute.baseline_per_1000)


def _in_words(answer: Answer) -> str:
    return _WORDS[answer.k] if answer.k < len(_WORDS) else str(answer.k)


def _certainty(answer: Answer) -> str:
    if answer.certainty is None:
        raise AddressError(f"the certainty of {answer.id!r} was not rated")
    return answer.certainty.overall


_ANSWER: Mapping[str, Callable[[Answer], str]] = {
    "k": lambda answer: str(answer.k),
    "k in words": _in_words,
    "people": _people,
    "prediction": _prediction,
    "difference per 1000": _difference,
    "baseline per 1000": _baseline,
    "certainty": _certainty,
}
