"""The columns of every table, read from the one place that defines them.

``data/schemas/<table>.json`` are Frictionless Table Schemas; keys that begin
with ``x-`` are this review's own. The validator, the codebook chapter, the
issue forms and the empty template all read them through this module.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from analysis.evidence.faults import ProjectFileError
from analysis.evidence.paths import data_directory, project_root

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number with a decimal point",
    "year": "year, four digits",
    "date": "date, year-month-day",
}
_CONSTRAINTS = {"required", "unique", "enum", "pattern", "minimum", "maximum"}


class SchemaError(ProjectFileError):
    """A schema file that this package cannot follow to the letter."""


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes
    ----------
    name, title, description, example : str
        As in the schema file.
    type : {"string", "integer", "number", "year", "date"}
        Type of the values.
    required, unique : bool
        Whether every row has a value, and no two rows the same one.
    enum : tuple of str
        Allowed values; empty where anything of the type is allowed.
    meanings : mapping of str to str
        What each allowed value means.
    pattern : str
        Regular expression the whole value matches, empty for none.
    minimum, maximum : float, str or None
        Limits, both included; text for dates.
    group : str
        Group of effect columns the column belongs to, empty for none.
    alone : str
        Group the column makes up by itself where no other is filled.
    study_level : bool
        Whether all rows of one study carry the same value.
    unit : str
        Unit of the values, empty for none.
    references : str
        File whose keys the values name, empty for none.
    separator : str
        What separates several values in one cell, empty where there is one.
    """

    name: str
    title: str
    description: str
    type: str
    example: str = ""
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    minimum: float | str | None = None
    maximum: float | str | None = None
    group: str = ""
    alone: str = ""
    study_level: bool = False
    unit: str = ""
    references: str = ""
    separator: str = ""

    @property
    def is_number(self) -> bool:
        """Whether values are numbers to compute with."""
        return self.type in ("integer", "number", "year")

    @property
    def allowed(self) -> str:
        """What may stand in a cell, in words."""
        if self.enum:
            words = "one of " + ", ".join(self.enum)
        else:
            words = f"a {_TYPES[self.type]}" if self.type != "string" else "text"
            if self.minimum is not None and self.maximum is not None:
                words += f" from {self.minimum} to {self.maximum}"
            elif self.minimum is not None:
                words += f", {self.minimum} or {'later' if self.type == 'date' else 'more'}"
            elif self.maximum is not None:
                words += f", {self.maximum} or less"
            if self.example:
                words += f", such as {self.example}"
        return words if self.required else f"{words}; or empty"


@dataclass(frozen=True)
class Group:
    """A group of effect columns, of which each row fills exactly one.

    Attributes
    ----------
    name, title, description : str
        As in the schema file.
    required : tuple of str
        Columns that a row using the group must fill.
    columns : tuple of str
        All columns of the group.
    """

    name: str
    title: str
    description: str
    required: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """One table's columns and what makes its rows distinct.

    Attributes
    ----------
    name : str
        Table name, as in ``data/<name>.csv``.
    title, description : str
        As in the schema file.
    file : str
        The CSV's path from the project's directory.
    fields : tuple of Field
        Columns in the order of the file.
    primary_key : tuple of str
        Columns that together name a row.
    sorted_by : tuple of str
        Columns by which rows are ordered, as text.
    one_of : tuple of str
        Columns of which each row fills at least one.
    groups : tuple of Group
        Groups of effect columns, empty for tables without.
    foreign_keys : mapping of str to (str, str)
        Column -> table and column that must hold its values.
    """

    name: str
    title: str
    description: str
    file: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    sorted_by: tuple[str, ...]
    one_of: tuple[str, ...]
    groups: tuple[Group, ...]
    foreign_keys: Mapping[str, tuple[str, str]]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the file."""
        return tuple(column.name for column in self.fields)

    def __getitem__(self, name: str) -> Field:
        """Return the column of this name; KeyError where there is none."""
        for column in self.fields:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name!r}; it has {', '.join(self.names)}")


def table_names() -> tuple[str, ...]:
    """Return the names of all tables that have a schema, in alphabetical order."""
    return tuple(sorted(path.stem for path in _directory().glob("*.json")))


def load_schema(table: str) -> Schema:
    """Read the schema of a table.

    Parameters
    ----------
    table : str
        Table name, such as ``"studies"``.

    Returns
    -------
    Schema
        Its columns.

    Raises
    ------
    SchemaError
        If there is no such schema, or it says something this package does
        not check: a silent constraint would be a promise not kept.
    """
    return _load(_directory() / f"{table}.json")


def describe(table: str) -> list[dict[str, object]]:
    """Return one record per column of a table, for the codebook.

    Parameters
    ----------
    table : str
        Table name.

    Returns
    -------
    list of dict
        Keys ``name``, ``title``, ``description``, ``type`` (in words),
        ``required``, ``values`` (value -> meaning), ``unit``, ``group``,
        ``example`` and ``allowed`` (in words), in the order of the file.
    """
    return [
        {
            "name": column.name,
            "title": column.title,
            "description": column.description,
            "type": _TYPES[column.type],
            "required": column.required,
            "values": {value: column.meanings.get(value, "") for value in column.enum},
            "unit": column.unit,
            "group": column.group,
            "example": column.example,
            "allowed": column.allowed,
        }
        for column in load_schema(table).fields
    ]


def empty_template(table: str) -> str:
    """Return the text of an empty CSV of a table: its header line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(load_schema(table).names)
    return text.getvalue()


def _directory() -> Path:
    return data_directory() / "schemas"


def _load(path: Path) -> Schema:
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        raise SchemaError(
            f"there is no table {path.stem!r}; the tables are {', '.join(table_names())}"
        ) from None
    return _load_version(path, modified)


@cache
def _load_version(path: Path, modified: int) -> Schema:
    # The time of change is part of the key, so that an edited schema is read again.
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return _schema(path.stem, record)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SchemaError(f"{_shown(path)} is not a usable schema: {error!r}") from error
    except SchemaError as error:
        raise SchemaError(f"{_shown(path)}: {error}") from None


def _shown(path: Path) -> str:
    return path.relative_to(project_root()).as_posix()


def _schema(name: str, record: Mapping[str, Any]) -> Schema:
    fields = tuple(_field(item) for item in record["fields"])
    groups = tuple(
        Group(
            name=group,
            title=item["title"],
            description=item["description"],
            required=tuple(item["required"]),
            columns=tuple(column.name for column in fields if column.group == group),
        )
        for group, item in record.get("x-groups", {}).items()
    )
    schema = Schema(
        name=name,
        title=str(record["title"]),
        description=str(record["description"]),
        file=str(record["x-file"]),
        fields=fields,
        primary_key=_names(record["primaryKey"]),
        sorted_by=_names(record.get("x-sortedBy", record["primaryKey"])),
        one_of=_names(record.get("x-oneOf", ())),
        groups=groups,
        foreign_keys={
            key["fields"]: (key["reference"]["resource"], key["reference"]["fields"])
            for key in record.get("foreignKeys", ())
        },
    )
    named = {
        *schema.primary_key,
        *schema.sorted_by,
        *schema.one_of,
        *schema.foreign_keys,
        *(column for group in groups for column in group.required),
    }
    unknown = sorted(named - set(schema.names))
    if unknown:
        raise SchemaError(f"names columns that it does not define: {', '.join(unknown)}")
    return schema


def _names(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _field(record: Mapping[str, Any]) -> Field:
    name = record["name"]
    rules = dict(record.get("constraints", {}))
    if record["type"] not in _TYPES:
        raise SchemaError(
            f"column {name} has type {record['type']!r}; known are {', '.join(_TYPES)}"
        )
    if unknown := sorted(set(rules) - _CONSTRAINTS):
        raise SchemaError(
            f"column {name} has constraints {', '.join(unknown)}; "
            f"known are {', '.join(sorted(_CONSTRAINTS))}"
        )
    pattern = rules.get("pattern", "")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SchemaError(f"column {name} has a pattern that is none: {error}") from None
    return Field(
        name=str(name),
        title=str(record["title"]),
        description=str(record["description"]),
        type=str(record["type"]),
        example=str(record.get("example", "")),
        required=rules.get("required", False),
        unique=rules.get("unique", False),
        enum=tuple(rules.get("enum", ())),
        meanings=dict(record.get("x-meanings", {})),
        pattern=pattern,
        minimum=rules.get("minimum"),
        maximum=rules.get("maximum"),
        group=str(record.get("x-group", "")),
        alone=str(record.get("x-alone", "")),
        study_level=bool(record.get("x-studyLevel", False)),
        unit=str(record.get("x-unit", "")),
        references=str(record.get("x-references", "")),
        separator=str(record.get("x-separator", "")),
    )
