"""The dialogue that asks for one row: from the schema, each answer checked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from analysis.evidence.cells import check_value
from analysis.evidence.schema import Field, Schema

Ask = Callable[[str], str]
Say = Callable[[str], None]
Suggest = Callable[[str, Mapping[str, str]], str]

#: Key under which the chosen group of effect columns stands among the answers.
GROUP = "effect group"
#: Columns that belong to a row's later life, not to its beginning.
LATER = frozenset(
    {"checked_by", "checked_on", "status", "status_reason", "status_on", "supersedes"}
)
HELP = "Enter keeps what stands in [brackets]; - empties; ? explains; < goes back; Ctrl-D stops."


class ContributorStopped(Exception):
    """The contributor ended the dialogue; what was answered is in the draft."""


def fields_to_ask(schema: Schema, cells: Mapping[str, str]) -> Iterator[Field]:
    """Yield what a row still being answered consists of, in the order of the file.

    Of the groups of effect columns only the chosen one is asked for, and a row
    without a control group is not asked about one.

    Parameters
    ----------
    schema : Schema
        The table.
    cells : mapping
        The answers so far.
    """
    group_asked = False
    for column in schema.fields:
        if column.name in LATER:
            continue
        if column.name.endswith("_control") and cells.get("comparator_type") == "none":
            continue
        if column.group:
            if not group_asked:
                group_asked = True
                yield _group_field(schema)
            if column.group != cells.get(GROUP):
                continue
        yield column


def ask_all(
    fields: Callable[[Mapping[str, str]], Iterator[Field]],
    cells: dict[str, str],
    suggest: Suggest,
    ask: Ask,
    say: Say,
    keep: Callable[[Mapping[str, str]], None],
) -> None:
    """Ask for everything that is not answered yet.

    Parameters
    ----------
    fields : callable
        Gives the fields for the answers so far.
    cells : dict
        The answers so far; filled in place, in the order in which they were given.
    suggest : callable
        Gives what an answer probably is, from its name and the answers so far.
    ask, say : callable
        The terminal.
    keep : callable
        Called with the answers after each of them.

    Raises
    ------
    ContributorStopped
        When the contributor ends the input.
    """
    withdrawn: dict[str, str] = {}
    while True:
        step = next((field for field in fields(cells) if field.name not in cells), None)
        if step is None:
            return
        suggestion = withdrawn.get(step.name) or suggest(step.name, cells)
        answer = _ask_one(step, suggestion, ask, say)
        if answer is None:
            if cells:
                name, value = cells.popitem()
                withdrawn[name] = value
        else:
            cells[step.name] = answer
        keep(cells)


def _ask_one(column: Field, suggestion: str, ask: Ask, say: Say) -> str | None:
    """Return an allowed answer, or None for going back."""
    if column.enum:
        _list_choices(column, say)
    prompt = _prompt(column, suggestion)
    while True:
        typed = answer_to(ask, prompt)
        if typed == "<":
            return None
        if typed == "?":
            say(f"  {column.description} Allowed: {column.allowed}.")
            continue
        value = "" if typed == "-" else _chosen(column, typed or suggestion)
        problems = [p for p in check_value(column, value, date.today()) if p.severity == "error"]
        if not problems:
            return value
        for problem in problems:
            say(f"  {problem.message}. Allowed: {problem.allowed}. To do: {problem.fix}.")


def answer_to(ask: Ask, question: str) -> str:
    """Return what the contributor types.

    Raises
    ------
    ContributorStopped
        When the input ends.
    """
    try:
        return ask(question).strip()
    except (EOFError, KeyboardInterrupt) as end:
        raise ContributorStopped from end


def _prompt(column: Field, suggestion: str) -> str:
    unit = f", {column.unit}" if column.unit.lower() not in column.title.lower() else ""
    example = f" (such as {column.example})" if column.example and not column.enum else ""
    optional = "" if column.required else ", may be empty"
    shown = f" [{suggestion}]" if suggestion else ""
    return f"{column.title}{unit}{example}{optional}{shown}: "


def _list_choices(column: Field, say: Say) -> None:
    for number, code in enumerate(column.enum, 1):
        meaning = column.meanings.get(code, "")
        say(f"  {number:2d}  {code}{f' – {meaning}' if meaning else ''}")


def _chosen(column: Field, typed: str) -> str:
    """Return the choice that a number stands for; other text as it is."""
    if column.enum and typed.isdigit() and 1 <= int(typed) <= len(column.enum):
        return column.enum[int(typed) - 1]
    return typed


def _group_field(schema: Schema) -> Field:
    """Return the choice between the groups of effect columns as if it were a column."""
    return Field(
        name=GROUP,
        title="What the source prints",
        description="The kind of numbers; only their columns are asked for.",
        type="string",
        required=True,
        enum=tuple(group.name for group in schema.groups),
        meanings={group.name: group.description for group in schema.groups},
    )
