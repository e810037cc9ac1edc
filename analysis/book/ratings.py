"""Each rating of certainty, beside the numbers that were computed for it."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from analysis.book import door
from analysis.book.blocks import details
from analysis.book.findings import DOMAINS
from analysis.book.html import Piece, joined, table
from analysis.figures import names, numbers
from analysis.review.results import Answer, Certainty, GradeInputs, Rating


def ratings(chapter: str) -> Piece:
    """Show, for each rated question of a chapter, the computed inputs beside the judgements.

    Parameters
    ----------
    chapter : str
        ``"fatigue"``, ``"fibromyalgia"`` or ``"safety"``.
    """
    rated = [
        answer
        for answer in door.results().answers.values()
        if answer.chapter == chapter and answer.certainty is not None
    ]
    shown = joined(
        details(
            f"{answer.title}: {answer.certainty.overall}",
            _rating_table(answer, answer.certainty),
            anchor=f"rating-{answer.id}",
        )
        for answer in rated
        if answer.certainty is not None
    )
    return Piece(shown, f"{len(rated)} questions rated")


def _rating_table(answer: Answer, rated: Certainty) -> Markup:
    computed = _computed(answer.grade_inputs) if answer.grade_inputs else {}
    by_domain = {rating.domain: rating for rating in rated.ratings}
    lines = [
        (label, computed.get(domain, numbers.ABSENT), *_judged(by_domain[domain]))
        for domain, label in (*DOMAINS.items(), ("overall", "Overall"))
        if domain in by_domain
    ]
    header = ("Domain", "What was computed", "Judgement", "Reason", "Rated")
    return table(f"Certainty: {answer.title}", header, lines)


def _judged(rating: Rating) -> tuple[str, str, str]:
    state = "; the numbers moved since" if rating.stale else ""
    return rating.judgement, rating.reason, f"{rating.rated_on}, {rating.rated_by}{state}"


def _computed(inputs: GradeInputs) -> Mapping[str, str]:
    """Return the computed inputs of each domain in words."""
    people = f"{numbers.count(inputs.people)} people"
    events = f", {numbers.count(inputs.events)} events" if inputs.events is not None else ""
    interval = [
        _includes(inputs.includes_null, "no difference"),
        _includes(inputs.includes_important, "the smallest important difference"),
    ]
    spread = "" if inputs.i2 is None else f"I² {numbers.number(inputs.i2, 0)}%; "
    prediction = _includes(inputs.prediction_includes_null, "no difference")
    tests = "can" if inputs.asymmetry_testable else "cannot"
    return {
        "risk_of_bias": _shares(inputs.bias, names.RISK_OF_BIAS_WORDS),
        "inconsistency": f"{spread}{'prediction interval ' + prediction if prediction else ''}"
        or "one study",
        "indirectness": _conditions(inputs.conditions),
        "imprecision": f"{people}{events}"
        + "".join(f"; interval {part}" for part in interval if part),
        "publication_bias": f"Asymmetry {tests} be tested",
    }


def _includes(value: bool | None, what: str) -> str:
    return "" if value is None else f"{'includes' if value else 'excludes'} {what}"


def _shares(shares: Mapping[str, float], meanings: Mapping[str, tuple[str, str]]) -> str:
    parts = [
        f"{numbers.number(share, 0)}% {meanings.get(key, ('', key.replace('_', ' ')))[1]}"
        for key, share in shares.items()
    ]
    return f"Weight by the worst judgement: {', '.join(parts)}" if parts else numbers.ABSENT


def _conditions(shares: Mapping[str, float]) -> str:
    parts = [
        f"{numbers.number(share, 0)}% {names.condition(key)}" for key, share in shares.items()
    ]
    return f"Weight by condition: {', '.join(parts)}" if parts else numbers.ABSENT
