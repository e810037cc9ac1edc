"""Deciding about found records: one or two reviewers, and how far they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

Row = dict[str, str]
Ask = Callable[[str], str]
Say = Callable[[str], None]

#: What a reviewer may type, and what it means.
KEYS = {"i": "include", "e": "exclude", "l": "later", "s": "skip", "q": "quit"}

#: Decisions that say what becomes of a record.
VERDICTS = frozenset({"include", "exclude"})


class ReviewerStopped(Exception):
    """The reviewer asked to stop; what was decided is already stored."""


@dataclass(frozen=True)
class Judgement:
    """One reviewer's decision about one record."""

    decision: str
    reason: str = ""


def waiting_for(rows: Iterable[Row], reviewer: str, *, second: bool) -> Iterator[Row]:
    """Yield the records that this reviewer has not decided yet.

    Parameters
    ----------
    rows : iterable of dict
        Rows of ``screening.csv``.
    reviewer : str
        The reviewer's name.
    second : bool
        Whether the reviewer is the second one: then the records are those that
        somebody else has already judged.
    """
    for row in rows:
        first_open = row["decision_1"] in ("", "undecided")
        if second:
            judged_by_other = not first_open and row["reviewer_1"] != reviewer
            again = row["decision_2"] == "later" and row["reviewer_2"] == reviewer
            if judged_by_other and (again or row["decision_2"] in ("", "undecided")):
                yield row
        elif first_open or (row["decision_1"] == "later" and row["reviewer_1"] == reviewer):
            yield row


def record(row: Row, judgement: Judgement, reviewer: str, today: str, *, second: bool) -> Row:
    """Return the row with a reviewer's judgement, and the decision that follows from it.

    With one reviewer the decision is theirs. With two it stands where they
    agree; where they do not, the record is undecided again until it is settled.
    """
    place = "2" if second else "1"
    new = row | {
        f"decision_{place}": judgement.decision,
        f"reviewer_{place}": reviewer,
        f"decided_on_{place}": today,
    }
    agreed = new["decision_1"] == new["decision_2"]
    if not second:
        # A first reviewer who comes back to a record meets what the second said meanwhile.
        agreed |= new["decision_2"] not in VERDICTS
    new["decision"] = judgement.decision if agreed else "undecided"
    new["reason"] = judgement.reason if agreed else ""
    return new


def disputed(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the records that two reviewers judged differently and nobody has settled."""
    for row in rows:
        if row["decision"] == "undecided" and {row["decision_1"], row["decision_2"]} == VERDICTS:
            yield row


def settled(row: Row, judgement: Judgement, reviewer: str, today: str) -> Row:
    """Return a disputed row with what was decided in the end; both verdicts stay as they were.

    Kappa is thus computed from what two people said by themselves.
    """
    if judgement.decision == "later":
        return row
    by = f"Settled by {reviewer} on {today}."
    return row | {
        "decision": judgement.decision,
        "reason": judgement.reason,
        "note": " ".join(part for part in (row["note"], by) if part),
    }


def show(row: Mapping[str, str], search: Mapping[str, str], abstract: str) -> str:
    """Return what the reviewer sees of a record.

    Parameters
    ----------
    row : mapping
        The row of ``screening.csv``.
    search : mapping
        The row of ``searches.csv`` by which it was found; empty where there is none.
    abstract : str
        The abstract, empty where there is none.
    """
    place = row["url"] or row["doi"] or row["pmid"] or row["registry_id"]
    who = " ".join(part for part in (row["authors"][:120], row["year"]) if part)
    found = f"found in {search.get('source', row['source'])} on {row['found_on']}"
    if search.get("query"):
        found += f" by the search {shorten(search['query'], 160, placeholder=' …')}"
    lines = [row["title"], who, place, found, *_two_verdicts(row)]
    return "\n".join([*(line for line in lines if line), "", abstract or "(no abstract at hand)"])


def _two_verdicts(row: Mapping[str, str]) -> Iterator[str]:
    """Yield who said what, once both have spoken: a second reviewer must not know the first's."""
    if {row["decision_1"], row["decision_2"]} <= VERDICTS:
        yield "; ".join(f"{row[f'reviewer_{n}']}: {row[f'decision_{n}']}" for n in "12")


def judge(ask: Ask, say: Say, reasons: Mapping[str, str]) -> Judgement | None:
    """Ask one reviewer about one record; None means skip.

    Raises
    ------
    ReviewerStopped
        When the reviewer types q or ends the input.
    """
    while True:
        answer = _answer(ask, "[i]nclude, [e]xclude, [l]ater, [s]kip, [q]uit? ").lower()
        choice = KEYS.get(answer[:1])
        if choice == "quit":
            raise ReviewerStopped
        if choice == "skip":
            return None
        if choice == "exclude":
            return Judgement("exclude", _reason(ask, say, reasons))
        if choice:
            return Judgement(choice)
        say(f"{answer!r} is not one of {', '.join(KEYS)}.")


def kappa(rows: Sequence[Row]) -> tuple[int, int, float | None]:
    """Return how far two reviewers agree.

    Returns
    -------
    judged : int
        Records that both have included or excluded.
    agreed : int
        Records on which they agree.
    kappa : float or None
        Cohen's kappa (Cohen 1960); None where it is not defined: nothing
        judged twice, or both gave every record the same verdict.
    """
    pairs = [
        (row["decision_1"], row["decision_2"])
        for row in rows
        if {row["decision_1"], row["decision_2"]} <= VERDICTS
    ]
    agreed = sum(first == second for first, second in pairs)
    if len({verdict for pair in pairs for verdict in pair}) < 2:
        return len(pairs), agreed, None
    from statsmodels.stats.inter_rater import cohens_kappa

    table = [[pairs.count((a, b)) for b in VERDICTS] for a in VERDICTS]
    return len(pairs), agreed, float(cohens_kappa(table, return_results=False))


def _reason(ask: Ask, say: Say, reasons: Mapping[str, str]) -> str:
    codes = list(reasons)
    for number, code in enumerate(codes, 1):
        say(f"  {number:2d}  {reasons[code]}")
    while True:
        answer = _answer(ask, f"Reason (1 to {len(codes)})? ")
        if answer.isdigit() and 1 <= int(answer) <= len(codes):
            return codes[int(answer) - 1]
        say(f"{answer!r} is not a number from 1 to {len(codes)}.")


def _answer(ask: Ask, question: str) -> str:
    try:
        return ask(question).strip()
    except (EOFError, KeyboardInterrupt) as end:
        raise ReviewerStopped from end
