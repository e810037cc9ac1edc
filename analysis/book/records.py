"""The study records: everything extracted from one study, and where it was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from analysis.book import door
from analysis.book.blocks import definitions, details, filterable
from analysis.book.findings import titles
from analysis.book.html import Piece, fill, grouped_table, joined, table
from analysis.book.sources import (
    Row,
    bullets,
    identifier_links,
    meanings,
    record_anchor,
    rows,
    source_links,
)
from analysis.figures import names, numbers
from analysis.figures.names import first_upper
from analysis.review.results import Answer

_MINUS = str.maketrans("-", numbers.MINUS)


#: Short words for a design; the record gives the long ones.
DESIGNS = {
    "rct_parallel": "randomised",
    "rct_crossover": "randomised crossover",
    "randomised_withdrawal": "randomised withdrawal",
    "nonrandomised": "not randomised",
    "single_arm": "one group",
    "case_series": "case series",
    "case_report": "one patient",
}
#: What ``estimate_measure`` means, in front of a number.
MEASURES = {
    "MD": "mean difference",
    "MD_SLOPE": "difference in change per day",
    "SMD": "standardised mean difference",
    "D": "d",
    "RR": "risk ratio",
    "OR": "odds ratio",
    "HR": "hazard ratio",
    "RD": "risk difference",
}


@dataclass(frozen=True)
class Study:
    """One study: its line in the screening log and its rows.

    ``rows`` is empty for a study from which no number could be used.
    """

    id: str
    label: str
    screened: Row
    rows: tuple[Row, ...]

    def one(self, column: str) -> str:
        """Return the different values of a column, in the order of the rows."""
        return "; ".join(dict.fromkeys(row[column] for row in self.rows if row[column]))


def studies() -> list[Study]:
    """Return every included study in alphabetical order of its name."""
    by_study = _by_study("studies")
    included = {row["study_id"]: row for row in rows("screening") if row["decision"] == "include"}
    made = [
        Study(name, _label(line, by_study.get(name, [])), line, tuple(by_study.get(name, [])))
        for name, line in included.items()
    ]
    counts = Counter(study.label for study in made)
    letters = {label: iter("abcdefgh") for label, count in counts.items() if count > 1}
    named = [
        replace(study, label=f"{study.label}{next(letters[study.label])}")
        if study.label in letters
        else study
        for study in made
    ]
    return sorted(named, key=lambda study: study.label.lower())


def study_list() -> Piece:
    """Show one line per study, to filter, leading to the records below it."""
    lines = [
        (
            fill('<a href="#{to}">{label}</a>', to=record_anchor(study.id), label=study.label),
            first_upper(names.condition(study.screened["condition"])),
            DESIGNS[study.rows[0]["design"]] if study.rows else "",
            study.one("route"),
            _compared(study),
            people(study),
            str(len(study.rows)) if study.rows else "none usable",
        )
        for study in studies()
    ]
    header = ("Study", "Condition", "Design", "Route", "Compared with", "People", "Rows")
    choices = ("Condition", "Design", "Compared with")
    shown = filterable("Studies in this review", header, lines, choices=choices)
    return Piece(shown, f"{len(lines)} studies")


def records() -> Piece:
    """Show the record of every study."""
    used = _questions_by_study()
    judged = _by_study("risk_of_bias")
    paid = _by_study("funding")
    found = studies()
    shown = joined(
        _record(s, judged.get(s.id, []), used.get(s.id, {}), paid.get(s.id, [])) for s in found
    )
    return Piece(shown, "\n".join(study.label for study in found))


def described(condition: str) -> Piece:
    """Show studies of a condition, or of fatigue, that gave no usable number, with the reason.

    Parameters
    ----------
    condition : str
        ``"fatigue"``, ``"harms"``, or a condition of ``screening.csv``.

    Raises
    ------
    ValueError
        If there is no such study.
    """
    chosen = [study for study in studies() if not study.rows and _belongs(study, condition)]
    if not chosen:
        raise ValueError(f"no study without a usable number belongs to {condition!r}")
    return Piece(_described(chosen), "\n".join(study.label for study in chosen))


def people(study: Study) -> str:
    """Return the most people behind one row of a study, both groups together."""
    totals = [
        sum(int(row[column]) for column in ("n_treat", "n_control") if row[column])
        for row in study.rows
    ]
    return str(max(totals)) if any(totals) else ""


def effect_words(row: Row) -> str:
    """Return what a row of ``studies.csv`` says, as it was printed, in words and numbers."""
    for made in (_events, _means, _changes, _reported, _test):
        if text := made(row):
            return text.translate(_MINUS)
    return ""


def _label(screened: Row, its_rows: Sequence[Row]) -> str:
    if its_rows:
        return f"{its_rows[0]['first_author']} {its_rows[0]['year']}"
    author = screened["authors"].split(";")[0].strip()
    surname = " ".join(p for p in author.split() if not (p.isupper() and len(p) <= 3))
    return f"{surname or screened['title'].strip('[]')} {screened['year']}".strip()


def _design(study: Study) -> str:
    words = meanings("studies", "design")
    return words[study.rows[0]["design"]] if study.rows else "–"


def _compared(study: Study) -> str:
    words = {
        "inert": "placebo",
        "active": "active placebo",
        "active_drug": "another treatment",
        "usual_care": "usual care",
        "none": "nothing",
    }
    kinds = dict.fromkeys(row["comparator_type"] for row in study.rows)
    return ", ".join(words[kind] for kind in kinds)


def _belongs(study: Study, condition: str) -> bool:
    if condition == "fatigue":
        columns = ("title", "result_in_words", "no_number_reason")
        text = " ".join(study.screened[column] for column in columns)
        return "fatigue" in text.lower() or "tired" in text.lower()
    if condition == "harms":
        return not _belongs(study, "fatigue") and study.screened["condition"] != "fibromyalgia"
    return study.screened["condition"] == condition


def _described(chosen: Sequence[Study]) -> Markup:
    lines = [
        (
            fill(
                '<a href="studies.html#{to}">{label}</a>',
                to=record_anchor(study.id),
                label=study.label,
            ),
            study.screened["result_in_words"],
            study.screened["no_number_reason"],
            identifier_links(study.screened),
        )
        for study in chosen
    ]
    header = ("Study", "What was found, in words", "Why it gives no number here", "Source")
    return table("Studies described in words only", header, lines)


def _by_study(table_name: str) -> Mapping[str, list[Row]]:
    """Return the rows of a table under the study they are about."""
    found: dict[str, list[Row]] = {}
    for row in rows(table_name):
        found.setdefault(row["study_id"], []).append(row)
    return found


def _questions_by_study() -> Mapping[str, Mapping[bool, list[Answer]]]:
    """Return, for each study, the answers that pool it (True), and those that only show it."""
    used: dict[str, dict[bool, list[Answer]]] = {}
    for answer in door.results().answers.values():
        for study_id in dict.fromkeys(row.study_id for row in answer.rows):
            pooled = any(row.pooled for row in answer.rows if row.study_id == study_id)
            used.setdefault(study_id, {True: [], False: []})[pooled].append(answer)
    return used


def _record(
    study: Study,
    judged: Sequence[Row],
    used: Mapping[bool, Sequence[Answer]],
    paid: Sequence[Row],
) -> Markup:
    screened = study.screened
    facts = definitions(
        (
            ("Title", screened["title"]),
            ("Source", source_links(study.rows[0]) if study.rows else identifier_links(screened)),
            ("Condition", meanings("screening", "condition")[screened["condition"]]),
            ("People", study.one("population")),
            ("Most people in one row", people(study)),
            ("Design", _design(study) if study.rows else ""),
            ("Blinding", study.one("blinding")),
            ("Drug and dose", _doses(study)),
            ("Compared with", study.one("comparator")),
            ("Outcomes", study.one("outcome")),
            ("Found, in words", screened["result_in_words"]),
            ("Why no number is used", screened["no_number_reason"]),
            ("Sponsor or funder", _funding(paid)),
            ("Note", screened["note"]),
            ("Pooled in", titles(used.get(True, ()))),
            ("Shown, not pooled, in", titles(used.get(False, ()))),
        ),
        kind="record",
    )
    parts = [facts]
    if judged:
        parts.append(details("Risk of bias, with reasons", _bias(study, judged)))
    if study.rows:
        count = len(study.rows)
        words = "The row extracted" if count == 1 else f"All {count} rows extracted"
        parts.append(details(f"{words}, and where each was seen", _rows(study)))
    return fill(
        '<section class="study-record" id="{anchor}"><h2>{label}</h2>{body}</section>',
        anchor=record_anchor(study.id),
        label=study.label,
        body=joined(parts),
    )


def _funding(paid: Sequence[Row]) -> Markup:
    kinds = meanings("funding", "kind")
    lines = [
        fill(
            "{name} ({role}; {kind}). Seen in: {where}, {links}.{note}",
            name=row["name"],
            role=row["role"],
            kind=kinds[row["kind"]].lower(),
            where=row["source_location"],
            links=identifier_links(row),
            note=f" {row['note']}" if row["note"] else "",
        )
        for row in paid
    ]
    # Silence would read as "none": what was not seen may well exist.
    return bullets(lines) if lines else fill("not seen")


def _doses(study: Study) -> str:
    doses = dict.fromkeys(
        ", ".join(part for part in (row["drug"], row["route"], row["dose"]) if part)
        for row in study.rows
    )
    return "; ".join(doses)


def _bias(study: Study, judged: Iterable[Row]) -> Markup:
    lines = [
        (
            first_upper(names.DOMAIN_WORDS.get(row["domain"], row["domain"])),
            _judgement(row["judgement"]),
            row["reason"],
            row["source"],
        )
        for row in judged
    ]
    header = ("Domain", "Judgement", "Reason", "Seen in")
    return table(f"Risk of bias: {study.label}", header, lines)


def _judgement(words: str) -> str:
    symbol, _ = names.RISK_OF_BIAS_WORDS[words.replace(" ", "_")]
    return f"{symbol} {words}"


def _rows(study: Study) -> Markup:
    """Return the rows of a study below what they share: most of a trial's events differ in little.

    Time, comparison, instrument, place, check and note are said once for all rows that have
    them in common.
    """
    groups: dict[Markup, list[tuple[str, str]]] = {}
    for row in study.rows:
        groups.setdefault(_shared(row), []).append((row["outcome"], effect_words(row)))
    return grouped_table(
        f"Rows extracted: {study.label}", ("Outcome", "Result"), list(groups.items())
    )


def _shared(row: Row) -> Markup:
    """Return what is known of a row besides its outcome and its result."""
    level = meanings("studies", "extraction")[row["extraction"]]
    checked = f"Checked by {row['checked_by']}." if row["checked_by"] else "Awaits a second check."
    where = f"Where: {row['source_location']}. {level}."
    return fill(
        '{when}: {comparison} <span class="note">{words}</span>',
        when=first_upper(row["timepoint"]),
        comparison=row["comparison"],
        words=" ".join(
            part
            for part in (
                f"{first_upper(row['instrument'])}.",
                where,
                checked,
                _state(row),
                row["note"],
            )
            if part
        ),
    )


def _state(row: Row) -> str:
    if row["status"] == "active":
        return ""
    return f"{first_upper(row['status'])}: {row['status_reason'].rstrip('.')}."


def _arms(row: Row, treat: str, control: str) -> str:
    return f"{treat} v {control}" if control else treat


def _events(row: Row) -> str:
    if not row["events_treat"] and not row["events_control"]:
        return ""
    return _arms(
        row,
        f"{row['events_treat']} of {row['n_treat']}",
        f"{row['events_control']} of {row['n_control']}" if row["events_control"] else "",
    )


def _means(row: Row) -> str:
    return _spread(row, "mean", "sd", "mean")


def _changes(row: Row) -> str:
    return _spread(row, "mean_change", "sd_change", "mean change")


def _spread(row: Row, mean: str, sd: str, name: str) -> str:
    def arm(side: str) -> str:
        value, spread, n = row[f"{mean}_{side}"], row[f"{sd}_{side}"], row[f"n_{side}"]
        if not value:
            return ""
        return value + (f" (SD {spread})" if spread else "") + (f", {n} people" if n else "")

    if not arm("treat") and not arm("control"):
        return ""
    return f"{name} {_arms(row, arm('treat') or 'not printed', arm('control'))}"


def _reported(row: Row) -> str:
    if not row["estimate"]:
        return ""
    text = f"{MEASURES[row['estimate_measure']]} {row['estimate']}"
    if row["ci_low"] and row["ci_high"]:
        text += f" ({row['ci_low']} to {row['ci_high']})"
    return text + (f", P = {row['p_value']}" if row["p_value"] else "")


def _test(row: Row) -> str:
    parts = []
    if row["test_value"]:
        parts.append(f"{row['test_statistic']} = {row['test_value']}")
    if row["p_value"]:
        parts.append(f"P = {row['p_value']}")
    return ", ".join(parts)
