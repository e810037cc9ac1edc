"""The results object as JSON: written atomically, read back equal, described by a schema.

The dataclasses of :mod:`analysis.review.results` are the only definition of the format.
Python prints a float with as many digits as it takes to read the same float back, so the
file carries every estimate to full precision.
"""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from analysis.evidence.writing import write_atomically
from analysis.review.results import Results

SCHEMA_PATH = Path(__file__).with_name("results.schema.json")
_SCALARS: Mapping[object, str] = {str: "string", float: "number", int: "integer", bool: "boolean"}
T = TypeVar("T")


def to_plain(value: Any, where: str = "results") -> Any:
    """Turn records into dictionaries, lists, texts and numbers.

    Raises
    ------
    ValueError
        If a number is not finite; the message names its place. An undefined number has no
        place in a result: it must be None, with a reason beside it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: to_plain(getattr(value, f.name), f"{where}.{f.name}") for f in fields(value)
        }
    if isinstance(value, Mapping):
        return {str(k): to_plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; results hold finite numbers or None.")
    if isinstance(value, float):
        return float(value)  # numpy's float64 is a float, but not one that json should meet
    return value


def from_plain(kind: type[T], value: Any, where: str = "results") -> T:
    """Build a record of type ``kind`` from what :func:`to_plain` made.

    Raises
    ------
    ValueError
        If a field is missing, unknown or of another type; the message names its place.
    """
    return _read(kind, value, where)


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is object or kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (arg for arg in args if arg is not type(None))
        return _read(kind, value, where)
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    if origin is tuple and isinstance(value, list):
        kinds = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        return tuple(
            _read(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True))
        )
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {k: _read(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in _SCALARS and type(value) is kind:
        return value
    raise ValueError(f"{where} is {value!r}, but must be of type {kind}.")


def _read_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} is {value!r}, but must be a record ({kind.__name__}).")
    hints, optional = _fields(kind)
    missing, unknown = set(hints) - set(value) - optional, set(value) - set(hints)
    if missing or unknown:
        raise ValueError(
            f"{where} is not a {kind.__name__} of this version:"
            + (f" missing {', '.join(sorted(missing))};" if missing else "")
            + (f" unknown {', '.join(sorted(unknown))};" if unknown else "")
        )
    return kind(
        **{
            name: _read(hint, value[name], f"{where}.{name}")
            for name, hint in hints.items()
            if name in value
        }
    )


@cache
def _fields(kind: Any) -> tuple[dict[str, Any], set[str]]:
    """Return the type of each field of a record, and the fields that may be missing."""
    # A field that came with a later version has a default, so old releases stay readable.
    optional = {
        f.name
        for f in fields(kind)
        if f.default is not MISSING or f.default_factory is not MISSING
    }
    return typing.get_type_hints(kind), optional


def dumps(value: Any) -> str:
    """Return a record as JSON text, the same bytes for the same record."""
    return json.dumps(to_plain(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_results(results: Results, path: Path) -> None:
    """Write ``results.json`` so that a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, dumps(results).encode())


def read_results(path: Path) -> Results:
    """Read a ``results.json``.

    Raises
    ------
    ValueError
        If the file is not JSON or not a results object of this version.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON: {error}.") from error
    try:
        return from_plain(Results, plain)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``results.json``, made from the dataclasses."""
    definitions: dict[str, Any] = {}
    root = _schema_of(Results, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Results of the living review",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema_of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is object or kind is Any:
        return {}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema_of(arg, definitions) for arg in args]}
    if kind is type(None):
        return {"type": "null"}
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # claimed before its fields are described
            hints = typing.get_type_hints(kind)
            definitions[kind.__name__] = {
                "description": (kind.__doc__ or "").split("\n", maxsplit=1)[0],
                "type": "object",
                "properties": {
                    name: _schema_of(hint, definitions) for name, hint in hints.items()
                },
                "required": list(hints),
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is tuple:
        if args[-1] is Ellipsis:
            return {"type": "array", "items": _schema_of(args[0], definitions)}
        return {
            "type": "array",
            "prefixItems": [_schema_of(a, definitions) for a in args],
            "minItems": len(args),
            "maxItems": len(args),
        }
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(args[1], definitions)}
    return {"type": _SCALARS[kind]}


if __name__ == "__main__":
    write_atomically(SCHEMA_PATH, (json.dumps(results_schema(), indent=1) + "\n").encode())
