"""Ask metafor every pooled question and keep its answers: ``python -m benchmarks.second_opinion``.

Reads ``_build/results.json``, writes ``data/second_opinion.json``; needs R with metafor
(Debian: ``r-cran-metafor``). The methods chapter shows the answers beside ours.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.book import inputs
from analysis.book.second_opinion import Asked, asked, store
from analysis.review.serialise import read_results

SCRIPT = Path(__file__).with_suffix(".R")
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "tau2")


def ask(questions: Mapping[str, Asked]) -> dict[str, Any]:
    """Put questions to metafor.

    Parameters
    ----------
    questions : mapping of str to Asked
        The questions by id.

    Returns
    -------
    dict
        Versions of R and metafor, the call, and the answers by question, each with the rows it
        was computed from and their digest.

    Raises
    ------
    RuntimeError
        If R or metafor is missing or fails; the message is R's own.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise RuntimeError("Rscript was not found; Debian has metafor as r-cran-metafor.")
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("question", "method", "test", "level", "yi", "vi"))
        for name, question in questions.items():
            common = (name, question.method, question.test, question.level)
            writer.writerows((*common, *map(repr, row)) for row in question.rows)
        file.flush()
        command = [rscript, str(SCRIPT), file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"metafor could not answer: {done.stderr.strip()}")
    answers = {line["question"]: line for line in csv.DictReader(io.StringIO(done.stdout))}
    first = next(iter(answers.values()))
    return {
        "made_by": "python -m benchmarks.second_opinion",
        **{name: first[name] for name in ("r", "metafor", "call")},
        "questions": {name: _kept(questions[name], answers[name]) for name in sorted(questions)},
    }


def _kept(question: Asked, line: Mapping[str, str]) -> dict[str, Any]:
    return {
        "input": question.digest,
        "method": line["method"],
        "test": line["test"],
        "level": question.level,
        **{name: float(line[name]) for name in NUMBERS},
        "rows": [list(row) for row in question.rows],
    }


def main() -> int:
    """Store metafor's answers; return 1 and say why if there are none."""
    if not inputs.RESULTS.exists():
        print(f"{inputs.RESULTS} is missing; run `python -m analysis answer`.", file=sys.stderr)
        return 1
    found = ((name, asked(a)) for name, a in read_results(inputs.RESULTS).answers.items())
    try:
        kept = ask({name: question for name, question in found if question is not None})
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    store().write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{store()}: {len(kept['questions'])} answers of metafor {kept['metafor']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
