"""What changed: since the last release, in each release, and how each answer moved meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import yaml
from markupsafe import Markup

from analysis.book import door, inputs
from analysis.book.blocks import Words, details, figure
from analysis.book.feed import anchor
from analysis.book.html import Piece, fill, joined, table
from analysis.evidence.paths import data_directory, project_root
from analysis.figures import numbers
from analysis.figures.effects import cumulative as draw_cumulative
from analysis.living.releases import Release, read_changes, read_releases
from analysis.review.change_report import in_few_words, numbers_of, summary
from analysis.review.changes import Comparison, QuestionChange, Snapshot
from analysis.review.comparing import compare
from analysis.review.looks import Look, looks, released_results
from analysis.review.questions import load_questions
from analysis.review.results import Answer, Results
from analysis.review.serialise import read_results
from analysis.review.specifications import Cumulative, cumulative
from analysis.review.verifying import differences
from analysis.review.versions import find_version, read_folder

_SUBSCRIBE = (
    '<p><a href="../feed.xml">The feed</a> brings each new release to a feed reader; '
    '<a href="../status.json">status.json</a> tells programs how current the review is.</p>'
)
_NONE_YET = "Nothing has been released yet: this is what the first release will hold."


def changes() -> Piece:
    """Show what differs between the newest release and what this book shows."""
    root = project_root()
    releases = read_releases(root)
    if not releases:
        return _sentence(_NONE_YET)
    newest = releases[-1].version
    shown = replace(read_folder("this book", root), results=read_results(inputs.RESULTS))
    questions = load_questions(data_directory() / "questions.toml")
    found = compare(find_version(newest, root), shown, questions)
    if not (found.questions or found.rows or found.software):
        return _sentence(f"Nothing since release {newest}.")
    return Piece(joined(_comparison(found)), summary(found))


def releases() -> Piece:
    """Show every release, newest first, with what it changed and who made it."""
    root = project_root()
    found = read_releases(root)
    parts = [_release(root, release) for release in reversed(found)]
    parts.append(Markup(_SUBSCRIBE))
    text = ", ".join(release.version for release in found) or "There is no release yet."
    return Piece(joined(parts if found else [fill("<p>{text}</p>", text=text), *parts]), text)


def cite() -> Piece:
    """Show how to cite what this book shows, and say where no release holds it."""
    root = project_root()
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    record: Mapping[str, object] = yaml.safe_load(text)
    authors = record["authors"]
    assert isinstance(authors, list)
    who = ", ".join(str(author.get("name") or _person(author)) for author in authors)
    version = door.results().version
    cited = f"{who}. {record['title']}. Version {version}"
    found = read_releases(root)
    if found and found[-1].version == version and _is_released(root, found[-1]):
        return _sentence(f"{cited}, {found[-1].released_on}.")
    return _sentence(
        f"{cited}, not yet released: the data behind this page may still change. "
        "For a citation that stays, use a release."
    )


def all_looks() -> Piece:
    """Show each question's answer in every release and now: each of them was a look."""
    seen = _looks()
    versions = list(dict.fromkeys(look.version for each in seen.values() for look in each))
    answers = door.results().answers
    lines = []
    for name, answer in answers.items():
        told = {look.version: _look(answer, look.answer) for look in seen.get(name, ())}
        lines.append((answer.title, *(told.get(version, "–") for version in versions)))
    shown = table("Every answer, version by version", ("Question", *versions), lines)
    return Piece(shown, f"{len(versions)} versions")


def _look(answer: Answer, seen: Snapshot) -> str:
    """Return an answer at one moment as every other table of the book prints it."""
    if seen.estimate is None:
        return f"k = {seen.k}, no estimate"
    found = numbers.interval(seen.estimate, seen.ci_low, seen.ci_high, answer.measure)
    return f"{found}{numbers.unit_of(answer.measure)}, k = {seen.k}"


def paths() -> Piece:
    """Show how every answer moved that has moved at all, each closed until asked for."""
    seen = _looks()
    parts = [
        details(answer.title, joined(piece.html for piece in drawn))
        for answer in door.results().answers.values()
        if (drawn := list(_moves(answer, seen)))
    ]
    return Piece(joined(parts), f"{len(parts)} questions")


def _moves(answer: Answer, seen: Mapping[str, Sequence[Look]]) -> Iterator[Piece]:
    """Yield the paths of an answer; one step is a point, and equal looks are no path."""
    looked = list(_by_version(seen.get(answer.id, ())))
    moved = len({_line(answer, step)[1:] for step in looked}) > 1
    steps = {"year": list(cumulative(answer)), "version": looked if moved else []}
    titles = {
        "year": f"{answer.title}: study after study",
        "version": f"{answer.title}: version after version",
    }
    for name, found in steps.items():
        if len(found) > 1:
            yield _path(answer, f"{answer.id}-by-{name}", titles[name], found)


def _path(answer: Answer, name: str, title: str, steps: list[Cumulative]) -> Piece:
    lines = [_line(answer, step) for step in steps]
    (start, _, first), (end, _, last) = lines[0], lines[-1]
    alt = f"{title}: from {first} after {start} to {last} after {end}."
    told = "; ".join(f"{label}: {effect}, k = {k}" for label, k, effect in lines)
    said = Words(
        title=title,
        alt=alt,
        description=f"{told}.",
        caption=f"{title}. Data version {door.results().version}.",
        kind="cumulative",
    )
    header = ("After", "Studies", f"{answer.measure.name} [95% CI]")
    return figure(
        name,
        partial(draw_cumulative, answer, steps),
        said,
        table(title, header, lines),
        narrow=partial(draw_cumulative, answer, steps, narrow=True),
    )


def _line(answer: Answer, step: Cumulative) -> tuple[str, str, str]:
    """Return a step as it is printed: after what, from how many studies, the result."""
    found = numbers.interval(step.estimate, step.ci_low, step.ci_high, answer.measure)
    return step.label, str(step.k), found


def _by_version(looks_at_it: Iterable[Look]) -> Iterator[Cumulative]:
    for look in looks_at_it:
        seen = look.answer
        if seen.estimate is not None and seen.ci_low is not None and seen.ci_high is not None:
            year = int(look.version.split(".")[0])
            yield Cumulative(look.version, year, seen.k, seen.estimate, seen.ci_low, seen.ci_high)


def _looks() -> dict[str, tuple[Look, ...]]:
    """Return every look, the present one last unless it is the newest release itself.

    Another processor, or engine, may move a last digit; that is no look of its own.
    """
    root = project_root()
    present = read_results(inputs.RESULTS)
    past = released_results(root)
    if past and _same_answers(past[-1], present):
        return looks(past)
    return looks([*past, replace(present, version=f"{present.version}, this book")])


def _same_answers(one: Results, other: Results) -> bool:
    found = differences(one, other)
    return all(part.kind != "quantity" or part.is_rounding for part in found)


def _is_released(root: Path, release: Release) -> bool:
    """Return whether this book shows exactly the answers of a release."""
    folder = root / "data" / "releases" / release.version
    stored = read_results(folder / "results.json")
    return stored.manifest["inputs"] == read_results(inputs.RESULTS).manifest["inputs"]


def _release(root: Path, release: Release) -> Markup:
    found = read_changes(root, release.version)
    body = joined(_comparison(found)) if found else fill("<p>The first release.</p>")
    people = ", ".join(release.contributors) or "the contributors"
    return fill(
        '<section class="release" id="{anchor}"><h3>{version}, {day}</h3>'
        "<p>By {people}. Results: SHA-256 {digest}…</p>{body}</section>",
        anchor=anchor(release.version),
        version=release.version,
        day=release.released_on,
        people=people,
        digest=release.files["results.json"][:16],
        body=body,
    )


def _comparison(found: Comparison) -> Iterator[Markup]:
    yield fill("<p>{summary}</p>", summary=summary(found))
    for change in found.questions:
        yield details(_in_one_line(change), joined(_question(change)))
    if found.rows:
        lines = [
            (
                row.label,
                row.kind,
                "; ".join(f"{c.column}: {c.before or '–'} → {c.after or '–'}" for c in row.values),
                row.reason,
            )
            for row in found.rows
        ]
        header = ("Row", "What happened", "Cells", "Why")
        yield details(f"{len(lines)} rows", table("Rows that differ", header, lines))
    if found.software:
        parts = [(name, c.before[:12], c.after[:12]) for name, c in found.software.items()]
        yield details("Software", table("Software that differs", ("Part", "Was", "Is"), parts))


def _in_one_line(change: QuestionChange) -> str:
    """Return what a question's box says while it is closed."""
    if change.before is None or change.after is None:
        return f"{change.title}: {'new' if change.before is None else 'no longer asked'}"
    ends = (in_few_words(end) for end in (change.before, change.after))
    return f"{change.title}: {' → '.join(ends)}"


def _question(change: QuestionChange) -> Iterator[Markup]:
    for flip in change.flips:
        yield fill("<p><strong>{words}</strong></p>", words=flip.sentence)
    yield table(change.title, (change.measure, "Before", "After"), list(numbers_of(change)))
    if change.steps:
        steps = (
            fill(
                "<li>{label} ({cause}): {before} → {after}</li>",
                label=step.label,
                cause=step.cause,
                before=in_few_words(step.before),
                after=in_few_words(step.after),
            )
            for step in change.steps
        )
        yield fill("<p>What moved it, in this order:</p><ol>{steps}</ol>", steps=joined(steps))


def _sentence(text: str) -> Piece:
    return Piece(fill("<p>{text}</p>", text=text), text)


def _person(author: Mapping[str, str]) -> str:
    return f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
