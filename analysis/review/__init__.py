"""Questions to answers: which rows, which effects, pooled how, or why not.

Names are looked up when first used, so that reading the results contract stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Question": "questions",
    "QuestionError": "questions",
    "load_questions": "questions",
    "SharedPeopleError": "selection",
    "answer": "answering",
    "answer_all": "running",
    "answer_questions": "running",
    "load_tables": "running",
    "read_results": "serialise",
    "results_schema": "serialise",
    "write_results": "serialise",
    "specification_curve": "specifications",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
