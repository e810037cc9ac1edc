"""From lines of the tables to the rows of an answer: labels, sources, effects, reasons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from analysis.evidence.schema import load_schema
from analysis.review.effects import NoEffectError, effect
from analysis.review.measures import MEASURES
from analysis.review.questions import Question
from analysis.review.results import Row, Source
from analysis.review.selection import Record, Tables, matches, number, reason_of_status, records

IDENTITY = ("study_id", "comparison", "outcome", "instrument", "timepoint")
_COUNTS = ("n_treat", "n_control", "events_treat", "events_control")
_MEANS = ("mean_treat", "sd_treat", "mean_control", "sd_control")


def row_id(record: Record) -> str:
    """Return a line's identity in ``studies.csv``: its five identity columns joined by " | "."""
    return " | ".join(record[column] for column in IDENTITY)


def chosen_rows(question: Question, tables: Tables) -> list[Row]:
    """Return every row the question's selection finds, poolable or with the reason why not.

    Studies that gave no usable number follow as rows without an estimate.
    """
    bias = risk_of_bias(tables)
    found = []
    for record in records(tables["studies"], question.select):
        reason = reason_of_status(record) or next(
            (e.reason for e in question.exclude if matches(record, e.select)), ""
        )
        found.append((_order(record, question), make_row(record, question, bias, reason)))
    for record in records(tables.get("screening", ()), question.without_numbers):
        if not any(record["study_id"] == row.study_id for _, row in found):
            found.append((_order(record, question), _row_without_numbers(record, bias)))
    if question.order in _BY_RESULT:
        return sorted((row for _, row in found), key=_BY_RESULT[question.order])
    return [row for _, row in sorted(found, key=lambda pair: (pair[0], pair[1].row_id))]


def make_row(
    record: Record, question: Question, bias: Mapping[str, Mapping[str, str]], reason: str
) -> Row:
    """Turn one line of ``studies.csv`` into a row; ``reason`` says why it cannot be pooled."""
    single = question.design == "single_arm"
    cells = {name: number(record, name) for name in (*_COUNTS, *_MEANS)}
    if single:
        cells |= {name: None for name in cells if name.endswith("control")}
    row = Row(
        row_id=row_id(record),
        study_id=record["study_id"],
        label=f"{record['first_author']} {record['year']}",
        year=int(record["year"]),
        participants_id=record["participants_id"],
        condition=record["condition"],
        route=record["route"],
        comparator="none" if single else record["comparator"],
        comparator_type="none" if single else record["comparator_type"],
        timepoint=record["timepoint"],
        **cells,
        yi=None,
        vi=None,
        estimate=None,
        ci_low=None,
        ci_high=None,
        ci_method="",
        weight=None,
        pooled=False,
        reason_not_pooled=reason,
        source=_source(record),
        risk_of_bias=bias.get(record["study_id"], {}),
        note=record["note"],
        comparison=record["comparison"],
        instrument=record["instrument"],
        drug=record["drug"],
    )
    try:
        found = effect(record, MEASURES[question.measure], question.better)
    except NoEffectError as error:
        return replace(row, reason_not_pooled=reason or str(error))
    note = " ".join(part for part in (row.note, found.note) if part)
    return replace(
        row,
        yi=found.yi,
        vi=found.vi,
        estimate=found.estimate,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        ci_method=found.ci_method,
        note=note,
    )


def risk_of_bias(tables: Tables) -> dict[str, dict[str, str]]:
    """Return the judgements by study and domain, as names without spaces."""
    judged: dict[str, dict[str, str]] = {}
    for line in tables.get("risk_of_bias", ()):
        judged.setdefault(line["study_id"], {})[line["domain"]] = line["judgement"].replace(
            " ", "_"
        )
    return judged


def with_distinct_labels(rows: Sequence[Row]) -> list[Row]:
    """Tell rows of one study apart by the first of time point, instrument and arms that differs.

    A row that is pooled keeps its short label, and the rows around it are told apart from it.
    """
    return [_distinct(row, [other for other in rows if other.label == row.label]) for row in rows]


def _distinct(row: Row, same: Sequence[Row]) -> Row:
    if len(same) == 1 or (row.pooled and sum(other.pooled for other in same) == 1):
        return row
    for column in ("timepoint", "instrument", "comparison"):
        if len({getattr(other, column) for other in same}) == len(same):
            return replace(row, label=f"{row.label}, {getattr(row, column)}")
    return replace(row, label=row.row_id)


def _row_without_numbers(record: Record, bias: Mapping[str, Mapping[str, str]]) -> Row:
    """Make an empty row of a screened study that gave no usable number."""
    first = record["authors"].split(";")[0].strip() or record["title"]
    author = re.sub(r" [A-Z]{1,3}$", "", first)  # "Sun L" is listed with initials, drawn without
    study = record["study_id"] or record["record_id"]
    return Row(
        row_id=f"screening | {record['record_id']}",
        study_id=study,
        label=f"{author} {record['year']}".strip(),
        year=int(record["year"] or 0),
        participants_id=study,
        condition=record["condition"],
        route="",
        comparator="",
        comparator_type="",
        timepoint="",
        n_treat=None,
        n_control=None,
        events_treat=None,
        events_control=None,
        mean_treat=None,
        sd_treat=None,
        mean_control=None,
        sd_control=None,
        yi=None,
        vi=None,
        estimate=None,
        ci_low=None,
        ci_high=None,
        ci_method="",
        weight=None,
        pooled=False,
        reason_not_pooled=record["no_number_reason"] or "No usable number was seen.",
        source=Source(
            citation_key="",
            source_location="",
            extraction="",
            doi=record["doi"],
            pmid=record["pmid"],
            registry_id=record["registry_id"],
            url=record["url"],
        ),
        risk_of_bias=bias.get(study, {}),
        note=record["result_in_words"],
    )


def _source(record: Record) -> Source:
    return Source(
        **{
            name: record[name]
            for name in (
                "citation_key",
                "source_location",
                "extraction",
                "doi",
                "pmid",
                "registry_id",
                "url",
            )
        }
    )


def _directness(condition: str) -> float:
    """Return a condition's place: the schema names them from the most direct to the least."""
    conditions = load_schema("studies")["condition"].enum
    return conditions.index(condition) if condition in conditions else float("inf")


def _order(record: Record, question: Question) -> tuple[str | float, ...]:
    """Return a line's place by what was known before any result was."""
    year = float(record["year"] or 0)
    if question.order == "time":
        hours = number(record, "hours_after_end")
        return (float("inf") if hours is None else hours, year)
    if question.order == "condition":
        return (_directness(record["condition"]), year)
    return (year,)


def _precision(row: Row) -> float:
    return float("inf") if row.vi is None else row.vi


def _size(row: Row) -> float:
    return float("inf") if row.yi is None else row.yi


_BY_RESULT: Mapping[str, Callable[[Row], float]] = {"precision": _precision, "effect": _size}
