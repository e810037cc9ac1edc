"""The pre-specified questions: reading ``data/questions.toml`` and saying what is wrong in it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from analysis.evidence.faults import ProjectFileError
from analysis.review.measures import MEASURES

Selection = tuple[Mapping[str, tuple[str, ...]], ...]
"""Alternatives of column -> allowed values; a row is selected when every column of one matches."""

MODELS = ("inverse_variance", "mantel_haenszel", "glmm", "bayes", "none")
METHODS = ("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
INTERVALS = ("z", "t", "hksj", "hksj_floor")
ROLES = ("primary", "sensitivity", "descriptive")
DESIGNS = ("controlled", "single_arm")
ORDERS = ("year", "effect", "precision", "time", "condition")
BASELINES = ("none", "pooled", "median")


class QuestionError(ProjectFileError):
    """A question that cannot be read; the message names file, question, key and value."""


@dataclass(frozen=True)
class Exclusion:
    """Rows that match a question but are kept out of its pool, with the reason in words."""

    select: Selection
    reason: str


@dataclass(frozen=True)
class AlternativePlan:
    """A planned sensitivity analysis: other rows, another model, or both.

    ``add`` brings rows in; ``replace`` brings rows in place of the pooled rows of the
    same people. An empty ``model``, ``method`` or ``ci`` is taken from the question.
    """

    id: str
    label: str
    why: str
    model: str = ""
    method: str = ""
    ci: str = ""
    add: Selection = field(default=(), kw_only=True)
    replace: Selection = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Question:
    """One pre-specified question; ``data/questions.toml`` explains every key."""

    id: str
    title: str
    text: str
    chapter: str
    role: str
    design: str
    population: str
    intervention: str
    comparator: str
    outcome: str
    timepoint: str
    better: str
    measure: str
    select: Selection
    model: str = "inverse_variance"
    method: str = "REML"
    ci: str = "hksj_floor"
    why_not_pooled: str = ""
    order: str = "year"
    favours_low: str = ""
    favours_high: str = ""
    important_difference: float | None = None
    important_difference_source: str = ""
    baseline: str = "none"
    tau_prior: float = 0.5
    without_numbers: Selection = ()
    exclude: tuple[Exclusion, ...] = ()
    caveats: tuple[str, ...] = ()
    facts: Mapping[str, Selection] = field(default_factory=dict)
    alternatives: tuple[AlternativePlan, ...] = ()


@dataclass(frozen=True)
class _Key:
    """What one key of a TOML table may hold."""

    kind: str
    allowed: tuple[str, ...] = ()
    required: bool = False


_TEXT = _Key("text")
_MUST = _Key("text", required=True)
_ROWS = _Key("selection")

_QUESTION_KEYS: Mapping[str, _Key] = {
    **dict.fromkeys(("id", "title", "text", "chapter"), _MUST),
    **dict.fromkeys(("population", "intervention", "comparator", "outcome", "timepoint"), _MUST),
    "role": _Key("text", ROLES, required=True),
    "design": _Key("text", DESIGNS, required=True),
    "better": _Key("text", ("higher", "lower"), required=True),
    "measure": _Key("text", tuple(MEASURES), required=True),
    "select": _Key("selection", required=True),
    "model": _Key("text", MODELS),
    "method": _Key("text", METHODS),
    "ci": _Key("text", INTERVALS),
    "order": _Key("text", ORDERS),
    "baseline": _Key("text", BASELINES),
    "important_difference": _Key("number"),
    "tau_prior": _Key("number"),
    "why_not_pooled": _TEXT,
    "favours_low": _TEXT,
    "favours_high": _TEXT,
    "important_difference_source": _TEXT,
    "without_numbers": _ROWS,
    "exclude": _Key("tables"),
    "caveats": _Key("texts"),
    "facts": _Key("selections"),
    "alternative": _Key("tables"),
}
_ALTERNATIVE_KEYS: Mapping[str, _Key] = {
    "id": _MUST,
    "label": _MUST,
    "why": _MUST,
    "add": _ROWS,
    "replace": _ROWS,
    "model": _Key("text", MODELS),
    "method": _Key("text", METHODS),
    "ci": _Key("text", INTERVALS),
}
_EXCLUSION_KEYS: Mapping[str, _Key] = {
    "select": _Key("selection", required=True),
    "reason": _MUST,
}
_LISTED_ONCE = ("exclude", "caveats", "alternative")
"""Keys whose lists a question adds to its template's instead of replacing them."""


def load_questions(path: Path | None = None) -> dict[str, Question]:
    """Read the pre-specified questions, in the order of the file.

    Parameters
    ----------
    path : Path, optional
        The TOML file; by default the review's own ``data/questions.toml``.

    Returns
    -------
    dict of str to Question
        Questions by id.

    Raises
    ------
    QuestionError
        If anything in the file is wrong; the message lists every fault.
    """
    if path is None:
        from analysis.evidence.paths import project_root

        path = project_root() / "data" / "questions.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise QuestionError(f"{path}: not a UTF-8 text file ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"{path}: not valid TOML: {error}.") from error
    return parse_questions(document, str(path))


def parse_questions(document: Mapping[str, Any], name: str) -> dict[str, Question]:
    """Turn a parsed TOML document into questions; ``name`` is the file named in errors."""
    faults: list[str] = []
    for key in document:
        if key not in ("question", "template"):
            faults.append(f"{name}: {_unknown(key, ('question', 'template'))}")
    questions: dict[str, Question] = {}
    for number, given in enumerate(document.get("question", []), start=1):
        where = f"{name}, question {given.get('id') or f'number {number}'}"
        try:
            table = _fill_words(_inherit(given, document.get("template", {})))
        except QuestionError as error:
            faults.append(f"{where}: {error}")
            continue
        found = [f"{where}: {fault}" for fault in _question_faults(table)]
        if table.get("id") in questions:
            found.append(f"{where}: the id is used twice; every question needs its own.")
        faults += found
        if not found:
            questions[table["id"]] = _build(table)
    if not document.get("question"):
        faults.append(f"{name}: holds no [[question]] table; at least one is needed.")
    if faults:
        raise QuestionError("\n".join(faults))
    return questions


def _inherit(given: Mapping[str, Any], templates: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a question over its template, and that over the template's own template."""
    table = dict(given)
    parent = table.pop("template", None)
    if parent is None:
        return table
    if parent not in templates:
        raise QuestionError(
            f"key 'template' is {parent!r}, but must be one of "
            f"{', '.join(templates) or 'none (the file has no templates)'}."
        )
    others = {name: value for name, value in templates.items() if name != parent}
    base = _inherit(templates[parent], others)
    for key in _LISTED_ONCE:
        if key in base and key in table:
            table[key] = base[key] + table[key]
    return {**base, **table}


def _fill_words(value: Any, words: Mapping[str, str] | None = None) -> Any:
    """Replace ``{outcome}`` (or ``{Outcome}``, capitalised) in a question's own strings."""
    if words is None:
        outcome = str(value.get("outcome", ""))
        words = {"outcome": outcome, "Outcome": outcome[:1].upper() + outcome[1:]}
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace("{" + word + "}", text)
        return value
    if isinstance(value, Mapping):
        return {key: _fill_words(entry, words) for key, entry in value.items()}
    if isinstance(value, list):
        return [_fill_words(entry, words) for entry in value]
    return value


def _question_faults(table: Mapping[str, Any]) -> Iterator[str]:
    """Every fault of one question, as sentences without the place."""
    yield from _table_faults(table, _QUESTION_KEYS)
    for part, keys in (("alternative", _ALTERNATIVE_KEYS), ("exclude", _EXCLUSION_KEYS)):
        entries = table.get(part, [])
        for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
            if isinstance(entry, Mapping):
                label = entry.get("id") or number
                yield from (f"{part} {label}: {f}" for f in _table_faults(entry, keys))
    if table.get("model") == "none" and not table.get("why_not_pooled"):
        yield (
            "key 'why_not_pooled' is missing; model \"none\" needs the reason, in words a "
            "reader understands."
        )
    if table.get("model", "") != "none" and table.get("why_not_pooled"):
        yield "key 'why_not_pooled' is given, but is only for model \"none\"."
    if not table.get("important_difference_source", "") and "important_difference" in table:
        yield (
            "key 'important_difference_source' is missing; a smallest important difference "
            "needs its source."
        )
    yield from _fact_faults(table)


def _fact_faults(table: Mapping[str, Any]) -> Iterator[str]:
    facts = table.get("facts", {})
    for text in table.get("caveats", []):
        for _, name, _, _ in Formatter().parse(text if isinstance(text, str) else ""):
            if name and name.split(".")[0] not in facts:
                yield (
                    f"key 'caveats' uses {{{name}}}, but the question has no fact "
                    f"{name.split('.')[0]!r} (it has: {', '.join(facts) or 'none'})."
                )


def _table_faults(table: Mapping[str, Any], keys: Mapping[str, _Key]) -> Iterator[str]:
    """Unknown, missing and wrongly filled keys of one table."""
    for name in table:
        if name not in keys:
            yield _unknown(name, tuple(keys))
    for name, key in keys.items():
        if name not in table:
            if key.required:
                yield f"key {name!r} is missing."
        elif wanted := _wanted(table[name], key):
            yield f"key {name!r} is {table[name]!r}, but must be {wanted}."


def _wanted(value: Any, key: _Key) -> str:
    """What the key must hold, or an empty string where the value is right."""
    if key.kind == "text":
        if key.allowed:
            return "" if value in key.allowed else "one of " + ", ".join(key.allowed)
        return "" if isinstance(value, str) and value.strip() else "a text that is not empty"
    if key.kind == "number":
        right = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        return "" if right else "a number above 0"
    if key.kind == "texts":
        right = isinstance(value, list) and all(isinstance(v, str) and v for v in value)
        return "" if right else "a list of texts"
    if key.kind == "tables":
        right = isinstance(value, list) and all(isinstance(v, Mapping) for v in value)
        return "" if right else "a list of tables"
    if key.kind == "selections":
        right = isinstance(value, Mapping) and all(_is_selection(v) for v in value.values())
        return "" if right else "tables of columns with a text or a list of texts"
    return (
        ""
        if _is_selection(value)
        else ("a table of columns, each with a text or a list of texts, or a list of such tables")
    )


def _is_selection(value: Any) -> bool:
    tables = value if isinstance(value, list) else [value]
    return bool(tables) and all(
        isinstance(table, Mapping)
        and table
        and all(
            isinstance(v, str)
            or (isinstance(v, list) and v and all(isinstance(w, str) for w in v))
            for v in table.values()
        )
        for table in tables
    )


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}."
    return f"key {name!r} is not known; {hint}"


def _build(table: Mapping[str, Any]) -> Question:
    """Make a question of a table that has no fault."""
    plain = {k: v for k, v in table.items() if _QUESTION_KEYS[k].kind in ("text", "number")}
    return Question(
        **plain,
        select=_selection(table["select"]),
        without_numbers=_selection(table.get("without_numbers", [])),
        exclude=tuple(
            Exclusion(_selection(entry["select"]), entry["reason"])
            for entry in table.get("exclude", [])
        ),
        caveats=tuple(table.get("caveats", [])),
        facts={name: _selection(rows) for name, rows in table.get("facts", {}).items()},
        alternatives=tuple(_alternative(entry) for entry in table.get("alternative", [])),
    )


def _alternative(entry: Mapping[str, Any]) -> AlternativePlan:
    words = {key: str(value) for key, value in entry.items() if key not in ("add", "replace")}
    return AlternativePlan(
        **words,
        add=_selection(entry.get("add", [])),
        replace=_selection(entry.get("replace", [])),
    )


def _selection(given: Any) -> Selection:
    return tuple(
        {
            column: (value,) if isinstance(value, str) else tuple(value)
            for column, value in table.items()
        }
        for table in (given if isinstance(given, list) else [given])
    )
