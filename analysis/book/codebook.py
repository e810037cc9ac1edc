"""The codebook: every column of every table, from the schemas that check it."""

from __future__ import annotations

from markupsafe import Markup

from analysis.book.blocks import details
from analysis.book.html import Piece, fill, joined, table
from analysis.book.sources import bullets
from analysis.evidence.schema import Schema, describe, load_schema, table_names


def codebook() -> Piece:
    """Show every table with its columns and what may stand in them."""
    schemas = [load_schema(name) for name in table_names()]
    shown = joined(_section(schema) for schema in schemas)
    return Piece(shown, "\n".join(schema.name for schema in schemas))


def columns(name: str) -> Piece:
    """Show the columns of one table."""
    schema = load_schema(name)
    return Piece(_columns(schema), f"{len(schema.fields)} columns")


def _section(schema: Schema) -> Markup:
    keys = Markup(", ").join(fill("<code>{key}</code>", key=key) for key in schema.primary_key)
    about = fill(
        "<p>{what}</p><p>File: <code>{file}</code>. A row is named by: {keys}.</p>",
        what=schema.description,
        file=schema.file,
        keys=keys,
    )
    groups = [
        fill(
            "<b>{title}</b>: {what} Needs {columns}.",
            title=group.title,
            what=group.description,
            columns=", ".join(group.required),
        )
        for group in schema.groups
    ]
    if groups:
        words = "<p>Exactly one of these groups is filled in each row:</p>{list}"
        about += fill(words, list=bullets(groups))
    return details(
        f"{schema.title} ({len(schema.fields)} columns)",
        about + _columns(schema),
        anchor=f"table-{schema.name.replace('_', '-')}",
    )


def _columns(schema: Schema) -> Markup:
    lines = [
        (
            fill("<code>{name}</code>", name=column["name"]),
            fill("{title}. {what}", title=column["title"], what=column["description"]),
            _values(column),
            "yes" if column["required"] else "no",
        )
        for column in describe(schema.name)
    ]
    header = ("Column", "Meaning", "What may stand there", "Needed")
    made = table(f"Columns of {schema.title.lower()}", header, lines)
    return fill('<div class="codebook">{table}</div>', table=made)


def _values(column: dict[str, object]) -> str:
    values = column["values"]
    if not isinstance(values, dict) or not values:
        return str(column["allowed"])
    return bullets(
        fill("<code>{value}</code> {meaning}", value=value, meaning=meaning)
        for value, meaning in values.items()
    )
