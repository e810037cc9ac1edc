"""The entry of a release in ``CHANGELOG.md``, ``CITATION.cff`` and ``pyproject.toml``.

Each function takes a file's text and returns it with the release in it. Doing
so twice changes nothing, so a release that was interrupted is simply finished.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import yaml

from analysis.living.releases import Release
from analysis.review.change_report import in_few_words, summary
from analysis.review.changes import Comparison, QuestionChange
from analysis.review.results import Results

#: Heading under which people write what they changed in the programs.
WAITING = "## Not yet published"


def with_entry(text: str, release: Release, evidence: Sequence[str], software: str) -> str:
    """Return the change log with a release on top.

    What people wrote under *Not yet published* becomes the release's list of
    changes in the programs; the heading stays for what is written next.

    Parameters
    ----------
    text : str
        The change log.
    release : Release
        The release.
    evidence : sequence of str
        Lines about the evidence, from :func:`evidence_lines`.
    software : str
        Line about packages, from :func:`software_line`; may be empty.
    """
    heading = f"## {release.version}, {release.released_on}"
    if f"## {release.version}," in text:
        return text
    before, mark, after = text.partition(WAITING)
    if not mark:
        found = re.search(r"^## ", text, re.MULTILINE)
        before, after = (text[: found.start()], text[found.start() :]) if found else (text, "")
        written = ""
    else:
        found = re.search(r"^## ", after, re.MULTILINE)
        written, after = (after[: found.start()], after[found.start() :]) if found else (after, "")
    programs = "\n".join(part for part in (written.strip(), software) if part)
    entry = [
        WAITING,
        "",
        heading,
        "",
        "### Evidence",
        "",
        *evidence,
        "",
        "### Programs",
        "",
        programs or "- No change.",
        "",
    ]
    return "\n".join([before.rstrip(), "", *entry, after.lstrip("\n")]).rstrip() + "\n"


def evidence_lines(results: Results, comparison: Comparison | None) -> list[str]:
    """Return what a release says about the evidence, as a list in Markdown."""
    if comparison is None:
        extent = results.status
        return [
            f"- First release: {len(results.answers)} questions, {extent['rows']} rows from "
            f"{extent['studies']} studies."
        ]
    return [f"- {summary(comparison)}", *_moved(comparison), *_rows(comparison)]


def software_line(comparison: Comparison | None) -> str:
    """Return which packages changed and which answers that alone moved; empty if none did."""
    if comparison is None:
        return ""
    parts = [f"{name} {c.before[:12]} → {c.after[:12]}" for name, c in comparison.software.items()]
    by_software = [
        question.id
        for question in comparison.questions
        if any(step.cause == "software" for step in question.steps)
    ]
    if by_software:
        parts.append(f"answers moved by programs alone: {', '.join(by_software)}")
    return f"- {'; '.join(parts)}." if parts else ""


def _moved(comparison: Comparison) -> Iterator[str]:
    for change in comparison.questions:
        yield f"- {change.title} (`{change.id}`): {_what_happened(change)}"


def _what_happened(change: QuestionChange) -> str:
    if change.before is None:
        return "new question."
    if change.after is None:
        return "no longer asked."
    told = f"{in_few_words(change.before)} → {in_few_words(change.after)}."
    return " ".join([told, *(f"**{flip.sentence}**" for flip in change.flips)])


def _rows(comparison: Comparison) -> Iterator[str]:
    """Yield the rows whose status or numbers changed; added ones are counted in the summary."""
    for change in comparison.rows:
        if change.kind in ("corrected", "withdrawn", "restored", "deleted"):
            cells = "; ".join(
                f"{c.column} {c.before or '–'} → {c.after or '–'}" for c in change.values
            )
            reason = f" ({change.reason})" if change.reason else ""
            yield f"- {change.kind.capitalize()}: {change.label}{reason}: {cells or 'row'}."


def cited(text: str, release: Release) -> str:
    """Return ``CITATION.cff`` with the release's version, date and contributors.

    Authors who are there stay as they are, so that an ORCID added by hand is kept.
    """
    text = _set_line(text, "version", release.version)
    text = _set_line(text, "date-released", release.released_on, after="version")
    known = {_name(author) for author in yaml.safe_load(text)["authors"]}
    new = [name for name in release.contributors if name not in known]
    added = "".join(f"  - name: {json.dumps(name, ensure_ascii=False)}\n" for name in new)
    return re.sub(r"^(authors:\n(?:[ -].*\n)*)", lambda m: m[1] + added, text, count=1, flags=re.M)


def numbered(text: str, release: Release) -> str:
    """Return ``pyproject.toml`` with the release's version."""
    return re.sub(
        r'^version = ".*"$', f'version = "{release.version}"', text, count=1, flags=re.MULTILINE
    )


def _set_line(text: str, key: str, value: str, after: str = "") -> str:
    line = f"{key}: {value}"
    if re.search(rf"^{key}:", text, re.MULTILINE):
        return re.sub(rf"^{key}:.*$", line, text, count=1, flags=re.MULTILINE)
    return re.sub(rf"^({after}:.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)


def _name(author: dict[str, str]) -> str:
    whole = f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
    return author.get("name") or whole
