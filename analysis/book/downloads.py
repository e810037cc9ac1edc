"""Files for researchers, each at an address that stays: ``data/QUESTION.csv`` and its sisters.

They are written with the answers, into ``_build/data``; the book carries a copy:

===========================  ====================================================
``data/results.json``        the results object, everything the book prints
``data/results.schema.json`` its JSON Schema
``data/QUESTION.json``       one answer of it, with version and manifest
``data/QUESTION.csv``        the rows of that answer
``data/answers.csv``         one line for each answer and each alternative analysis
``data/tables/TABLE.csv``    the data tables, byte for byte, with their schemas
``data/repool/QUESTION.js``  what the re-pooling panel of an answer looks up
``notebooks/CHAPTER.ipynb``  the executed chapters
===========================  ====================================================
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

import nbformat

from analysis.book import inputs, notebooks
from analysis.evidence.paths import data_directory
from analysis.evidence.writing import write_atomically
from analysis.review.results import Answer, Pooled, Results
from analysis.review.serialise import SCHEMA_PATH, read_results, to_plain

#: Where the files wait for the book.
DATA = inputs.BUILD / "data"

_ROW_COLUMNS = (
    "row_id",
    "study_id",
    "label",
    "year",
    "participants_id",
    "condition",
    "drug",
    "route",
    "comparator",
    "comparator_type",
    "comparison",
    "instrument",
    "timepoint",
    "events_treat",
    "n_treat",
    "events_control",
    "n_control",
    "mean_treat",
    "sd_treat",
    "mean_control",
    "sd_control",
    "yi",
    "vi",
    "estimate",
    "ci_low",
    "ci_high",
    "weight",
    "pooled",
    "reason_not_pooled",
)
_SOURCE_COLUMNS = ("citation_key", "doi", "pmid", "registry_id", "url", "source_location")
#: What a spreadsheet takes for the start of a formula.
_FORMULA = re.compile(r"[=+\-@\t]")


def write(folder: Path = DATA) -> None:
    """Write every file but the notebooks, from the results and the data tables."""
    # Imported here: Sphinx's process publishes and never computes, so it stays light.
    from analysis.book import repool

    results = read_results(inputs.RESULTS)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("tables", "repool"):
        (folder / name).mkdir(parents=True)
    shutil.copyfile(inputs.RESULTS, folder / "results.json")
    shutil.copyfile(SCHEMA_PATH, folder / SCHEMA_PATH.name)
    for path in sorted(data_directory().glob("*.csv")):
        shutil.copyfile(path, folder / "tables" / path.name)
        schema = data_directory() / "schemas" / f"{path.stem}.json"
        if schema.exists():
            shutil.copyfile(schema, folder / "tables" / f"{path.stem}.schema.json")
    write_atomically(folder / "answers.csv", answers_csv(results).encode())
    for answer in results.answers.values():
        write_atomically(folder / f"{answer.id}.json", question_json(answer, results).encode())
        write_atomically(folder / f"{answer.id}.csv", question_csv(answer).encode())
        if repool.offered(answer):
            text = repool.script(answer, results.version)
            write_atomically(folder / "repool" / f"{answer.id}.js", text.encode())


def publish(book: Path, read: Container[str]) -> None:
    """Copy the files into a book, with the executed chapters beside them.

    Parameters
    ----------
    book : Path
        The book's folder.
    read : container of str
        Names of the pages that were read anew; the notebooks of others may be there already.
    """
    shutil.rmtree(book / "data", ignore_errors=True)
    shutil.copytree(DATA, book / "data")
    folder = book / "notebooks"
    folder.mkdir(exist_ok=True)
    for path in notebooks.chapter_paths():
        target = folder / f"{path.stem}.ipynb"
        if notebooks.page_name(path) in read or not target.exists():
            nbformat.write(notebooks.read_executed(notebooks.read_text(path)), target)


def question_json(answer: Answer, results: Results) -> str:
    """Return one answer as JSON, with the version and what it was made from."""
    plain = {
        "version": results.version,
        "manifest": to_plain(results.manifest),
        "answer": to_plain(answer),
    }
    return json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def question_csv(answer: Answer) -> str:
    """Return an answer's rows as CSV, safe to open in a spreadsheet.

    Numbers keep every digit: ``yi`` and ``vi`` on the scale of pooling, ``estimate`` and limits
    on the display scale.
    """
    lines = [
        [getattr(row, name) for name in _ROW_COLUMNS]
        + [getattr(row.source, name) for name in _SOURCE_COLUMNS]
        for row in answer.rows
    ]
    return csv_text([*_ROW_COLUMNS, *_SOURCE_COLUMNS], lines)


def answers_csv(results: Results) -> str:
    """Return what is pooled for each question, a line for each analysis, as CSV.

    The line of the answer itself has the analysis ``main``; ``reason`` says why where nothing
    is pooled. Estimates and limits are on the display scale, ``se`` and ``tau2`` on the scale
    of pooling.
    """
    lines: list[list[object]] = []
    for answer in results.answers.values():
        lines.append(_analysis(answer, "main", answer.k, answer.pooled, answer.reason))
        lines += [
            _analysis(answer, other.id, len(other.rows), other.pooled, other.reason)
            for other in answer.alternatives
        ]
    return csv_text([*_ANALYSIS_COLUMNS, *_POOLED_COLUMNS, *_PREDICTION_COLUMNS], lines)


_ANALYSIS_COLUMNS = ("question", "analysis", "measure", "k", "reason")
_POOLED_COLUMNS = (
    "model",
    "method",
    "ci_method",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "pvalue",
    "tau2",
    "i2",
    "q",
    "q_df",
    "q_pvalue",
)
_PREDICTION_COLUMNS = ("pi_low", "pi_high")


def _analysis(
    answer: Answer, name: str, k: int, pooled: Pooled | None, reason: str
) -> list[object]:
    prediction = pooled.prediction if pooled is not None else None
    found = [getattr(pooled, column) if pooled else None for column in _POOLED_COLUMNS]
    ends = [prediction.low, prediction.high] if prediction else [None, None]
    return [answer.id, name, answer.measure.code, k, reason, *found, *ends]


def csv_text(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV in which no text can act as a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([cell(value) for value in line] for line in (header, *lines))
    return buffer.getvalue()


def cell(value: object) -> str:
    """Return a value as a cell: empty for None, text that begins like a formula after a quote.

    Examples
    --------
    >>> [cell(-0.5), cell("-0.5"), cell("=1+1"), cell(None), cell(True)]
    ['-0.5', '-0.5', "'=1+1", '', 'yes']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value)
    text = re.sub(r"\r\n?", "\n", str(value))  # a bare return would end the line unquoted
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", text) is not None
