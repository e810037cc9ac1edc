"""How the review was made, from its own files: questions, searches, flow, policy, checklist."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import partial

from markupsafe import Markup

from analysis.book import door
from analysis.book.blocks import Words, details, figure, filterable
from analysis.book.findings import titles
from analysis.book.html import Piece, fill, grouped_table, joined, table
from analysis.book.records import studies as all_studies
from analysis.book.sources import bullets, identifier_links, meanings, rows, slug
from analysis.book.sources import glossary as explained
from analysis.evidence.flow import study_flow
from analysis.evidence.paths import data_directory, project_root
from analysis.evidence.schema import load_schema
from analysis.figures import flow as drawing
from analysis.figures import names, numbers
from analysis.figures.names import first_upper
from analysis.figures.risk_of_bias import traffic_light
from analysis.living.releases import first_held
from analysis.meta.small_k import SMALL_K_TABLE
from analysis.review.results import Answer

#: How a provenance level may be trusted, best first.
LEVELS = ("full_text", "abstract", "registry", "secondary", "derived")


def questions() -> Piece:
    """Show every question with who, what, compared with what, how and how important."""
    alike: dict[tuple[str, ...], list[Answer]] = {}
    for a in door.results().answers.values():
        asked = (
            a.role,
            a.population,
            f"{a.intervention} v {a.comparator[:1].lower()}{a.comparator[1:]}",
            a.timepoint,
            a.measure.name,
        )
        alike.setdefault(asked, []).append(a)
    lines = [(titles(answers), *asked) for asked, answers in alike.items()]
    header = ("Question", "Role", "Population", "Comparison", "When", "Measure")
    caption = "Questions set beforehand in data/questions.toml"
    important = [_important(a) for a in door.results().answers.values() if a.important_difference]
    shown = [
        table(caption, header, lines),
        fill("<p>Smallest important differences:</p>{list}", list=bullets(important)),
    ]
    return Piece(joined(shown), caption)


def alternatives(question: str) -> Piece:
    """Show the sensitivity analyses of a question: what each changes, why, and its result."""
    answer = door.results().answers[question]
    lines = []
    for other in answer.alternatives:
        found = other.reason
        if other.pooled is not None:
            pooled = other.pooled
            found = numbers.interval(
                pooled.estimate, pooled.ci_low, pooled.ci_high, answer.measure
            )
        lines.append((other.label, other.why, str(len(other.rows)), found))
    header = ("Analysis", "Why it is shown", "Rows", f"{answer.measure.name} [95% CI]")
    made = table(f"Other analyses: {answer.title}", header, lines)
    return Piece(details("Other analyses of this question", made), f"{len(lines)} analyses")


def searches() -> Piece:
    """Show every search, run or due, with its words."""
    states = meanings("searches", "status")
    groups: dict[Markup, list[tuple[str, ...]]] = {}
    for row in rows("searches"):
        state = states.get(row["status"], row["status"])
        said = fill('{state} <span class="note">{note}</span>', state=state, note=row["note"])
        line = (row["source"], row["date"] or "–", row["query"], row["new"] or "–")
        groups.setdefault(said, []).append(line)
    header = ("Source", "Date", "Query", "Records added")
    caption = "Searches run, and searches due"
    shown = grouped_table(caption, header, list(groups.items()))
    return Piece(shown, f"{len(rows('searches'))} searches")


def flow() -> Piece:
    """Show the flow of records through the review, counted from its logs."""
    counted = study_flow(
        rows("screening"), rows("searches"), rows("studies"), meanings("screening", "reason")
    )
    said = Words(
        title="Flow of records",
        alt=(
            f"Flow diagram: {counted.identified.count} records identified, "
            f"{counted.screened.count} screened, {counted.assessed.count} reports assessed, "
            f"{counted.included.count} included, {counted.synthesised.count} with a usable number."
        ),
        description=drawing.flow_words(counted),
        caption=(
            "Study flow after PRISMA 2020, counted from data/screening.csv and data/searches.csv; "
            "the build stops if a box does not add up. A report counts as assessed when any "
            "part of it could be read, often the abstract alone."
        ),
        kind="flow",
    )
    lines = [
        (box.label, str(box.count), "; ".join(f"{name}: {count}" for name, count in box.parts))
        for box in counted.boxes
    ]
    made = table(said.title, ("Box", "Records", "Made up of"), lines)
    draw = partial(drawing.flow_diagram, counted)
    return figure("flow", draw, said, made, narrow=partial(draw, narrow=True))


def flow_by_version() -> Piece:
    """Show the flow of the records that each release was the first to hold (PRISMA-LSR)."""
    held = first_held(project_root())
    title = "Flow of records, version by version"
    if not held:
        return Piece(fill("<p>No version has been released yet.</p>"), title)
    log = rows("screening")
    versions: dict[str, list[str]] = {version: [] for version in held.values()}
    for row in log:
        versions.setdefault(held.get(row["record_id"], "since then"), []).append(row["record_id"])
    versions["all"] = [row["record_id"] for row in log]
    reasons = meanings("screening", "reason")
    flows = [
        study_flow(log, rows("searches"), rows("studies"), reasons, only=frozenset(records))
        for records in versions.values()
    ]
    lines = [
        (boxes[0].label, *(str(box.count) for box in boxes))
        for boxes in zip(*(counted.boxes for counted in flows), strict=True)
    ]
    return Piece(table(title, ("Box", *versions), lines), f"{title}: {', '.join(versions)}")


def left_out() -> Piece:
    """Show the reports that look eligible and are not in the review, or not yet, and why."""
    reasons = meanings("screening", "reason")
    lines = [
        (
            row["title"],
            identifier_links(row) or "–",
            "left out" if row["decision"] == "exclude" else "waits",
            reasons.get(row["reason"], "–"),
            row["note"],
        )
        for row in rows("screening")
        if (row["decision"], row["stage"]) == ("exclude", "full_text")
        or row["decision"] in ("later", "undecided")
    ]
    header = ("Report", "Source", "Decision", "Why", "Note")
    caption = "Reports that look eligible but were left out, or wait"
    shown = filterable(caption, header, lines, choices=("Decision",))
    return Piece(details(f"{len(lines)} reports, each with the reason", shown), caption)


def provenance() -> Piece:
    """Show how well each table's rows were seen, and how many were checked by a second person."""
    words = meanings("studies", "extraction")
    lines = []
    for name in ("studies", "safety", "mechanisms", "background", "trials", "funding", "claims"):
        found = rows(name)
        counts = Counter(row["extraction"] for row in found)
        other = len(found) - sum(counts[level] for level in LEVELS)
        lines.append(
            (
                load_schema(name).title,
                *(_share(counts[level], len(found)) for level in LEVELS),
                str(other),
            )
        )
    checked = sum(1 for row in rows("studies") if row["checked_by"])
    total = len(rows("studies"))
    header = ("Table", *(first_upper(level.replace("_", " ")) for level in LEVELS), "Not found")
    shown = joined(
        [
            table("Rows by how their source was seen", header, lines),
            bullets(f"{first_upper(k.replace('_', ' '))}: {words[k]}." for k in LEVELS),
            fill(
                "<p>Of the {total} rows with numbers, {checked} been checked against the source "
                "by a second person.</p>",
                total=total,
                checked={0: "none has", 1: "one has"}.get(checked, f"{checked} have"),
            ),
        ]
    )
    return Piece(shown, f"{checked} of {total} rows checked")


def small_k() -> Piece:
    """Show what is shown and withheld for each number of studies."""
    lines = [
        (
            row.k,
            "; ".join(row.added) or "–",
            "; ".join(row.caution) or "–",
            _withheld(row.withheld),
        )
        for row in SMALL_K_TABLE
    ]
    header = ("Studies", "Shown from here on", "With a warning", "Not shown, and why")
    caption = "What is shown for how many studies"
    return Piece(table(caption, header, lines), caption)


def risk_of_bias(*studies: str) -> Piece:
    """Show the judgements of some studies, or of all, as a traffic light.

    Parameters
    ----------
    studies : str
        Study ids as slugs (``"graven-nielsen2000"``); all studies where none is named.

    Raises
    ------
    ValueError
        If a study was not judged.
    """
    labels = {study.id: study.label for study in all_studies()}
    judged: dict[str, dict[str, str]] = {}
    for row in rows("risk_of_bias"):
        study = row["study_id"]
        if studies and slug(study) not in studies:
            continue
        judged.setdefault(labels[study], {})[row["domain"]] = row["judgement"].replace(" ", "_")
    if not judged:
        raise ValueError(f"none of {', '.join(studies)} has a risk-of-bias judgement")
    judged = dict(sorted(judged.items()))
    counts = Counter(value for each in judged.values() for value in each.values())
    told = ", ".join(
        f"{counts[key]} {words}" for key, (_, words) in names.RISK_OF_BIAS_WORDS.items()
    )
    said = Words(
        title="Risk of bias, study by study",
        alt=f"Risk of bias of {len(judged)} studies by domain: {told}.",
        description=" ".join(_judged_words(label, each) for label, each in judged.items()),
        caption=(
            "Each study was judged once, by the initial team; the reasons stand in the study "
            "records. Studies without a control group are judged on the same domains, so that "
            "what is missing is visible."
        ),
        kind="risk of bias",
    )
    domains = names.domains_of(judged.values())
    header = ("Study", *(first_upper(names.DOMAIN_WORDS[domain]) for domain in domains))
    lines = [(label, *(_told(each.get(d, "")) for d in domains)) for label, each in judged.items()]
    made = table(said.title, header, lines)
    return figure("risk-of-bias", partial(traffic_light, judged), said, made)


def schedule() -> Piece:
    """Show how often the review is brought up to date, and what will end it."""
    protocol = tomllib.loads((data_directory() / "protocol.toml").read_text(encoding="utf-8"))
    times, end = protocol["schedule"], protocol["retirement"]
    items = [
        f"Started on {protocol['started_on']}.",
        f"Every source is searched again every {times['search_every_days']} days.",
        f"A new or changed study is in the book within {times['update_within_days']} days of "
        "being found.",
        end["rule"],
    ]
    return Piece(bullets(items), "\n".join(items))


def checklist() -> Piece:
    """Show the PRISMA 2020 and PRISMA-LSR items with the place where each is met."""
    lines = [
        (
            row["item"],
            row["topic"],
            row["asks"],
            row["met"],
            fill(
                '<a href="{page}.html{anchor}">{page}</a>',
                page=row["page"],
                anchor=f"#{row['anchor']}" if row["anchor"] else "",
            )
            if row["page"]
            else "–",
            row["note"],
        )
        for row in rows("prisma")
    ]
    header = ("Item", "Topic", "What it asks for", "Met", "Where", "Note")
    shown = filterable("PRISMA 2020 with PRISMA-LSR", header, lines, choices=("Met",))
    summary = f"{len(lines)} items, each with the place that meets it"
    return Piece(details(summary, shown), f"{len(lines)} items")


def glossary() -> Piece:
    """Show the words that the book explains where they stand."""
    lines = sorted(explained().items(), key=_alphabetical)
    return Piece(table("Words and meanings", ("Word", "Meaning"), lines), f"{len(lines)} words")


def _alphabetical(pair: tuple[str, str]) -> str:
    return pair[0].lower()


def _important(answer: Answer) -> str:
    """Return the smallest difference that matters to people, and who says so."""
    value = numbers.effect(answer.important_difference, answer.measure)
    unit, source = numbers.unit_of(answer.measure), answer.important_difference_source
    return f"{answer.title}: {value}{unit} ({source})"


def _share(count: int, total: int) -> str:
    if not count:
        return numbers.ABSENT
    share = 100 * count / total
    return f"{count} ({numbers.number(share, 0) if share >= 1 else '<1'}%)"


def _withheld(reasons: Mapping[str, str]) -> Markup:
    """Return what is withheld, gathered by its reason."""
    by_reason: dict[str, list[str]] = {}
    for what, why in reasons.items():
        by_reason.setdefault(why, []).append(what)
    if not by_reason:
        return Markup(numbers.ABSENT)
    return bullets(f"{first_upper(', '.join(what))}: {why}" for why, what in by_reason.items())


def _judged_words(label: str, judged: Mapping[str, str]) -> str:
    said = ", ".join(
        f"{names.DOMAIN_WORDS.get(domain, domain)} {value.replace('_', ' ')}"
        for domain, value in judged.items()
    )
    return f"{label}: {said}."


def _told(judgement: str) -> str:
    if not judgement:
        return numbers.ABSENT
    symbol, words = names.RISK_OF_BIAS_WORDS[judgement]
    return f"{symbol} {words}"
