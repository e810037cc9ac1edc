"""The figure of all harms: in order, within its width, honest about what is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

import factories
from analysis.figures import harms
from analysis.figures.svg import save_svg
from analysis.figures.theme import NARROW_WIDTH
from analysis.review.results import Absolute, Answer, Certainty


def event(name: str, more: float | None, low: float = 1.5, high: float = 6.0) -> Answer:
    answer = factories.answer(k=3)
    assert answer.pooled is not None
    absolute = None if more is None else Absolute(50, "controls", more, 5, 300, 9, 3, 200)
    return replace(
        answer,
        id=name,
        outcome=name,
        pooled=replace(answer.pooled, estimate=3.0, ci_low=low, ci_high=high),
        absolute=absolute,
        certainty=Certainty("low", (), stale=False),
    )


def drawn(*answers: Answer, narrow: bool = False) -> str:
    axes = harms.harms(answers, narrow=narrow)
    rows = {answer.id: harms.harm_sentence(answer) for answer in answers}
    return save_svg(axes.figure.figure, name="h", title="t", description="d", rows=rows)


def test_events_stand_in_the_order_of_how_many_more_people_have_them() -> None:
    shown = harms.ordered([event("rash", 2.0), event("unknown", None), event("nausea", 90.0)])
    assert [answer.id for answer in shown] == ["nausea", "rash", "unknown"]


def test_an_event_without_a_pooled_result_is_left_to_the_text() -> None:
    alone = replace(event("rash", None), pooled=None, reason="Only one study.")
    assert harms.ordered([alone]) == []
    assert harms.harm_sentence(alone) == "Rash: Only one study."
    with pytest.raises(ValueError, match="nothing pooled"):
        harms.harms([alone])


def test_each_event_says_its_ratio_difference_and_certainty() -> None:
    said = harms.harm_sentence(event("nausea", 90.0))
    assert said == (
        "Nausea: risk ratio 3.00 (95% CI 1.50 to 6.00), 90 more per 1,000 (5 to 300), "
        "certainty low."
    )
    svg = drawn(event("nausea", 90.0))
    for text in ("Nausea", "3.00", "[1.50,", "6.00]", "90", "low"):
        assert f">{text}</text>" in svg


def test_only_events_whose_interval_excludes_no_difference_are_called_more_common() -> None:
    told = harms.harms_words([event("nausea", 90.0), event("rash", 2.0, low=0.4)])
    assert told.endswith(": nausea.")
    assert "2 adverse events" in told


def test_an_interval_of_any_width_leaves_the_others_readable() -> None:
    wide = event("diplopia", None, low=1e-4, high=1e6)
    axes = harms.harms([event("nausea", 90.0), wide])
    low, high = axes.get_xlim()
    assert high - low < 20
    assert harms.harms([event("nausea", 90.0)], narrow=True).figure.get_figwidth() * 72 == (
        pytest.approx(NARROW_WIDTH, abs=12)
    )


def test_on_a_phone_the_numbers_stand_with_the_event() -> None:
    svg = drawn(event("nausea", 90.0), narrow=True)
    assert "3.00 [1.50, 6.00]" in svg
