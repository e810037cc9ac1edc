"""What an edit did: faults, and each answer it touched, before and after, with its figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.evidence.faults import Fault
from analysis.figures import numbers, words
from analysis.figures.axis import effect_axis
from analysis.figures.forest import forest
from analysis.figures.names import first_upper
from analysis.figures.svg import save_svg, standalone
from analysis.review.change_report import as_markdown, in_few_words, summary
from analysis.review.changes import Comparison, QuestionChange
from analysis.review.comparing import answer_or_reason, compare
from analysis.review.questions import Question
from analysis.review.results import Answer, Row
from analysis.review.versions import Version

#: Alternatives whose id starts with this leave one study out.
_WITHOUT = "without-"


@dataclass(frozen=True)
class Preview:
    """A report and its figures.

    Attributes
    ----------
    text : str
        The report, in Markdown.
    figures : mapping of str to str
        File name to SVG.
    """

    text: str
    figures: Mapping[str, str]


def preview(
    old: Version, new: Version, questions: Mapping[str, Question], faults: Sequence[Fault]
) -> Preview:
    """Say what the new version changes.

    Parameters
    ----------
    old, new : Version
        Before and after the edit.
    questions : mapping of str to Question
        The project's questions.
    faults : sequence of Fault
        What the checks say about the new version; none of them an error.
    """
    found = compare(old, new, questions)
    studies = {change.study_id for change in found.rows}
    after = {name: answer_or_reason(question, new.tables) for name, question in questions.items()}
    figures: dict[str, str] = {}
    lines = ["# What this edit did", "", summary(found), "", "## Checks", ""]
    lines += [*_checks(faults, studies), ""]
    lines += _uses(found, after)
    for change in found.questions:
        asked = questions.get(change.id)
        before = answer_or_reason(asked, old.tables) if asked else "It is no longer asked."
        drawn = _figures(before, after.get(change.id, ""))
        figures |= drawn
        lines += _question(change, after.get(change.id), studies, drawn)
    report = as_markdown(found).replace("\n#", "\n##")
    lines += ["<details><summary>Every number and row</summary>", "", f"#{report}", "</details>"]
    return Preview("\n".join(lines) + "\n", figures)


def _checks(faults: Sequence[Fault], studies: set[str]) -> Iterator[str]:
    """Yield the warnings about the studies that were edited, and how many others there are."""
    own = [fault for fault in faults if fault.study_id in studies]
    for fault in own:
        yield (
            f"- {fault.file}, line {fault.line}, {fault.column}: {fault.problem.message}. "
            f"To do: {fault.problem.fix}."
        )
    if not own:
        yield "- Valid; nothing implausible or doubled in the studies that changed."
    if len(faults) > len(own):
        yield f"- Warnings about other studies: {len(faults) - len(own)} (`make validate`)."


def _uses(found: Comparison, after: Mapping[str, Answer | str]) -> Iterator[str]:
    """Yield for every changed row which questions use it, or that none does."""
    changed = [change for change in found.rows if change.table == "studies"]
    if not changed:
        return
    yield from ("## Which questions use the rows", "")
    for change in changed:
        uses = [
            f"{name} ({_how(row)})"
            for name, answered in after.items()
            if isinstance(answered, Answer)
            for row in answered.rows
            if row.row_id == change.row_id
        ]
        told = "; ".join(uses) or "no question selects it, so no answer can move"
        yield f"- {change.label} ({change.kind}): {told}"
    yield ""


def _how(row: Row) -> str:
    return "pooled" if row.pooled else row.reason_not_pooled or "drawn"


def _question(
    change: QuestionChange,
    answered: Answer | str | None,
    studies: set[str],
    drawn: Mapping[str, str],
) -> Iterator[str]:
    yield from (f"## {change.title} (`{change.id}`)", "")
    for flip in change.flips:
        yield from (f"**{flip.sentence}**", "")
    for when, seen in (("Before", change.before), ("After", change.after)):
        yield f"- {when}: {in_few_words(seen) if seen else 'not asked'}"
    if isinstance(answered, Answer):
        yield from (f"- {line}" for line in influence(answered, studies))
    yield ""
    for name in drawn:
        yield from (f"![{name}]({name})", "")


def _figures(before: Answer | str, after: Answer | str) -> dict[str, str]:
    """Draw both forest plots on one axis; an answer without estimates has none."""
    answers = {
        when: answered
        for when, answered in (("before", before), ("after", after))
        if isinstance(answered, Answer) and any(row.estimate is not None for row in answered.rows)
    }
    if not answers:
        return {}
    axis = effect_axis(answers.values())
    return {
        f"{answered.id}.{when}.svg": standalone(
            save_svg(
                forest(answered, axis=axis).figure.figure,
                name=f"{answered.id}-{when}",
                title=f"{answered.title} ({when})",
                description=words.alt_text(answered),
                rows=words.row_sentences(answered),
            )
        )
        for when, answered in answers.items()
    }


def influence(answered: Answer, studies: set[str]) -> Iterator[str]:
    """Yield what some studies weigh in an answer, and how far it moves without each.

    Parameters
    ----------
    answered : Answer
        The answer; where the small-k policy withholds leave-one-out, its reason is given.
    studies : set of str
        Study ids.
    """
    pooled = [row for row in answered.rows if row.pooled and row.weight is not None]
    heaviest = sorted(pooled, key=lambda row: -(row.weight or 0.0))
    for rank, row in enumerate(heaviest, 1):
        if row.study_id in studies:
            yield f"{row.label} has {row.weight:.1f} % of the weight, rank {rank} of {len(pooled)}"
    shifts = _shifts(answered)
    for rank, (study, estimate) in enumerate(shifts, 1):
        if study in studies:
            shown = numbers.effect(estimate, answered.measure)
            yield f"Without {study} it would be {shown}: rank {rank} of {len(shifts)} in influence"
    if not shifts and any(row.study_id in studies for row in pooled):
        reason = answered.policy.withheld.get("leave_one_out", "")
        yield f"Influence is not ranked. {first_upper(reason)}".strip()


def _shifts(answered: Answer) -> list[tuple[str, float]]:
    """Return each study with the estimate without it, the one that moves it most first."""
    if answered.pooled is None:
        return []
    scale = math.log if answered.measure.scale == "log" else float
    whole = scale(answered.pooled.estimate)
    without = [
        (other.id.removeprefix(_WITHOUT), other.pooled.estimate)
        for other in answered.alternatives
        if other.id.startswith(_WITHOUT) and other.pooled is not None
    ]
    return sorted(without, key=lambda pair: -abs(scale(pair[1]) - whole))
