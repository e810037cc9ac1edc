"""What changed, as Markdown for a pull request or a chapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analysis.review.changes import Comparison, QuestionChange, RowChange, Snapshot

_NUMBERS = {
    "k": "Studies",
    "people": "People",
    "estimate": "Estimate",
    "ci": "95 % interval",
    "prediction": "Prediction interval",
    "tau2": "τ²",
    "level": "Policy level",
    "certainty": "Certainty",
}


def as_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown: conclusions first, then numbers, then rows."""
    lines = [
        f"# What changed from {comparison.old} to {comparison.new}",
        "",
        summary(comparison),
        "",
    ]
    for question in comparison.questions:
        lines += [*_question(question), ""]
    lines += [*_rows(comparison), *_software(comparison)]
    lines += [f"> {note}" for note in comparison.notes]
    return "\n".join(lines).rstrip() + "\n"


def summary(comparison: Comparison) -> str:
    """Return the comparison in one paragraph."""
    flipped = [q.title for q in comparison.questions if q.flips]
    rows = Counter(change.kind for change in comparison.rows)
    parts = [
        f"{len(comparison.questions)} of "
        f"{len(comparison.questions) + len(comparison.unchanged)} answers changed.",
        f"Conclusions that changed: {'; '.join(flipped)}."
        if flipped
        else "No conclusion changed.",
        "Rows: "
        + (", ".join(f"{count} {kind}" for kind, count in sorted(rows.items())) or "none changed")
        + ".",
    ]
    if comparison.software:
        parts.append(f"Software: {', '.join(comparison.software)} differ.")
    return " ".join(parts)


def _question(change: QuestionChange) -> Iterator[str]:
    yield f"## {change.title} (`{change.id}`)"
    yield ""
    if change.before is None or change.after is None:
        yield "This question is new." if change.before is None else "This question is gone."
        yield ""
    for flip in change.flips:
        yield f"**{flip.sentence}**"
        yield ""
    yield f"| {change.measure} | before | after |"
    yield "| --- | --- | --- |"
    for words, before, after in numbers_of(change):
        mark = "" if before == after or None in (change.before, change.after) else " ←"
        yield f"| {words} | {before} | {after}{mark} |"
    if change.steps:
        yield ""
        yield "What moved it, in this order:"
        yield ""
    for step in change.steps:
        yield (
            f"1. {_escape(step.label)} ({step.cause}): {in_few_words(step.before)} → "
            f"{in_few_words(step.after)}"
        )


def numbers_of(change: QuestionChange) -> Iterator[tuple[str, str, str]]:
    """Yield what a question's answer consists of: its name, before, and after."""
    for name, words in _NUMBERS.items():
        before, after = (_number(s, name) for s in (change.before, change.after))
        if before or after:
            yield words, before or "–", after or "–"


def _rows(comparison: Comparison) -> Iterator[str]:
    """Yield the rows, those of one study that changed alike as one line."""
    if not comparison.rows:
        return
    yield "## Rows"
    yield ""
    alike: dict[tuple[object, ...], list[RowChange]] = {}
    for change in comparison.rows:
        key = (change.table, change.kind, change.study_id, change.cells, change.reason)
        alike.setdefault(key, []).append(change)
    for changes in alike.values():
        first = changes[0]
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        yield f"- **{first.kind}** ({first.table}) {_escape(first.label)}{more}{_details(first)}"
    yield ""


def _details(change: RowChange) -> str:
    cells = "; ".join(
        f"{c.column}: {c.before or 'empty'} → {c.after or 'empty'}" for c in change.values
    )
    text = f": {_escape(cells)}" if cells else ""
    return text + (f" – {_escape(change.reason)}" if change.reason else "")


def _software(comparison: Comparison) -> Iterator[str]:
    if not comparison.software:
        return
    yield "## Software"
    yield ""
    for name, change in comparison.software.items():
        yield f"- {name}: {change.before[:12]} → {change.after[:12]}"
    yield ""


def in_few_words(snapshot: Snapshot) -> str:
    """Return a snapshot in few words: ``1.23 (1.1 to 1.4), k = 3``."""
    if snapshot.estimate is None:
        return f"k = {snapshot.k}, no estimate"
    return f"{_number(snapshot, 'estimate')} ({_number(snapshot, 'ci')}), k = {snapshot.k}"


def _number(snapshot: Snapshot | None, name: str) -> str:
    if snapshot is None:
        return ""
    if name in ("ci", "prediction"):
        low, high = getattr(snapshot, f"{name}_low"), getattr(snapshot, f"{name}_high")
        return "" if low is None else f"{_format(low)} to {_format(high)}"
    value = getattr(snapshot, name)
    if isinstance(value, float) and name != "people":
        return _format(value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _format(value: float) -> str:
    """Return a number with four significant digits: enough to see a change."""
    return f"{value:.4g}".replace("-", "−")


def _escape(text: str) -> str:
    """Keep table text from being read as Markdown."""
    for mark in ("\\", "|", "*", "_", "`", "<", "["):
        text = text.replace(mark, f"\\{mark}")
    return text
