"""The second opinions: what metafor and statsmodels say, and why it is not what we say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

import factories
from analysis.book import door, second_opinion
from analysis.book.second_opinion import Asked, Opinion, asked, of_metafor, of_statsmodels, stored
from analysis.meta.pooling import pool
from analysis.review.results import Answer, Results

CI_METHODS = {theirs: ours for ours, theirs in second_opinion.TESTS.items()}
STORED = stored()["questions"]


def question(*rows: tuple[float, float]) -> Asked:
    return Asked("REML", "adhoc", 0.95, rows, factories.DIFFERENCE)


def made(answer: Answer, ci_method: str = "hksj_floor") -> Answer:
    """Return a synthetic answer pooled by our own engine as the review pools."""
    yi, vi = zip(*((r.yi, r.vi) for r in answer.rows if r.pooled), strict=True)
    fit = pool(yi, vi, ci=ci_method)
    assert answer.pooled is not None
    low, high = fit.ci
    pooled = replace(
        answer.pooled, method="REML", ci_method=ci_method, estimate=fit.estimate, ci_low=low,
        ci_high=high, tau2=fit.tau2,
    )  # fmt: skip
    return replace(answer, pooled=pooled)


def kept_for(answer: Answer) -> dict[str, Any]:
    """Return a store entry that agrees with an answer on a scale without transformation."""
    put, pooled = asked(answer), answer.pooled
    assert put is not None
    assert pooled is not None
    values = {name: getattr(pooled, name) for name in ("estimate", "ci_low", "ci_high", "tau2")}
    return {"input": put.digest, **values}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives the rows of the table for an answer and a store."""

    def show(answer: Answer, store: dict[str, Any]) -> list[list[str]]:
        results = Results("2026.1", {}, {}, {answer.id: answer})
        monkeypatch.setattr(door, "results", lambda: door.Door(results))
        monkeypatch.setattr(second_opinion, "stored", lambda: store)
        markup = BeautifulSoup(second_opinion.second_opinion()._repr_html_(), "html.parser")
        lines = markup.select("tbody tr")
        return [[cell.get_text() for cell in line.find_all(["th", "td"])] for line in lines]

    return show


@pytest.mark.parametrize("name", STORED)
def test_the_engine_gives_what_metafor_gave_for_the_same_rows(name: str) -> None:
    kept = STORED[name]
    yi, vi = zip(*kept["rows"], strict=True)
    fit = pool(yi, vi, method=kept["method"], ci=CI_METHODS[kept["test"]], level=kept["level"])
    ours = (fit.estimate, fit.se, *fit.ci, fit.tau2)
    for mine, theirs in zip(
        ours, (kept[n] for n in ("estimate", "se", "ci_low", "ci_high", "tau2")), strict=True
    ):
        assert mine == pytest.approx(theirs, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", STORED)
def test_a_stored_answer_names_the_rows_it_was_computed_from(name: str) -> None:
    kept = STORED[name]
    rows = tuple((yi, vi) for yi, vi in kept["rows"])
    put = Asked(kept["method"], kept["test"], kept["level"], rows, factories.DIFFERENCE)
    assert put.digest == kept["input"]


def test_metafors_value_counts_until_a_row_moves() -> None:
    rows = ((0.1, 0.2), (0.4, 0.3))
    kept = {"input": question(*rows).digest, "estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0}
    kept["tau2"] = 0.5
    assert of_metafor(question(*rows), kept) == Opinion(1.0, 0.0, 2.0, 0.5)
    assert of_metafor(question((0.1, 0.2), (0.4, 0.3001)), kept) is None
    assert of_metafor(question(*rows[:1]), kept) is None
    assert of_metafor(replace(question(*rows), method="DL"), kept) is None
    assert of_metafor(question(*rows), None) is None


def test_digits_that_differ_between_machines_do_not_make_a_value_stale() -> None:
    one = question((0.1, 0.2), (0.30000000000000004, 0.3))
    other = question((0.1, 0.2), (0.3, 0.3))
    assert one.digest == other.digest


def test_a_question_is_asked_with_its_pooled_rows_in_any_order() -> None:
    answer = made(factories.answer(4, factories.DIFFERENCE, not_pooled=2))
    put, turned = asked(answer), asked(replace(answer, rows=answer.rows[::-1]))
    assert put is not None
    assert len(put.rows) == 4
    assert turned == put


def test_a_question_without_a_pooled_result_is_not_asked() -> None:
    assert asked(factories.answer(1)) is None


def test_without_a_floor_statsmodels_by_paule_mandel_is_ours() -> None:
    rows = ((-0.4, 0.05), (0.1, 0.1), (0.9, 0.2), (1.6, 0.4))
    theirs = of_statsmodels(question(*rows), "pm")
    fit = pool(*zip(*rows, strict=True), method="PM", ci="hksj")
    assert fit.tau2 is not None
    assert theirs.tau2 == pytest.approx(fit.tau2, abs=second_opinion.TAU2_TOLERANCE)
    assert (theirs.estimate, theirs.ci_low, theirs.ci_high) == pytest.approx(
        (fit.estimate, *fit.ci), abs=1e-4
    )


def test_an_average_with_a_negative_weight_is_not_shown() -> None:
    agreeing = ((-0.2225, 0.1333), (-0.2095, 0.1844))
    theirs = of_statsmodels(question(*agreeing), "dl")
    assert theirs.tau2 < -0.1333
    assert theirs.estimate != theirs.estimate  # NaN


@pytest.mark.parametrize(("k", "seed"), [(2, 1), (4, 2), (8, 3)])
def test_the_table_says_that_metafor_agrees_or_that_its_value_is_stale(
    shown: Any, k: int, seed: int
) -> None:
    answer = made(factories.answer(k, factories.DIFFERENCE, seed=seed))
    kept = kept_for(answer)

    def told(entry: dict[str, Any] | None) -> tuple[str, str]:
        store = {"questions": {} if entry is None else {answer.id: entry}}
        (why,), line = shown(answer, store)
        return line[2], why

    assert told(kept)[1].startswith("metafor says the same.")
    assert told(kept | {"ci_low": kept["ci_low"] - 0.01})[1].startswith("metafor says otherwise")
    assert told(kept | {"input": "moved"}) == ("–", told(kept | {"input": "moved"})[1])
    assert told(kept | {"input": "moved"})[1].startswith(second_opinion.STALE)
    assert told(None)[1].startswith("metafor was not asked yet.")


def test_the_reason_named_is_the_reason_there_is(shown: Any) -> None:
    def why(*rows: tuple[float, float]) -> str:
        answer = factories.answer(len(rows), factories.DIFFERENCE)
        moved = tuple(replace(r, yi=y, vi=v) for r, (y, v) in zip(answer.rows, rows, strict=True))
        (said,), _ = shown(made(replace(answer, rows=moved)), {"questions": {}})
        return said

    floor, sign, estimator = "no floor", "below zero", "another τ²"
    agreeing = why((0.0, 0.2), (0.1, 0.3), (0.2, 0.25))
    assert floor in agreeing
    assert sign in agreeing
    assert estimator not in agreeing
    spread = why((-1.0, 0.05), (0.1, 0.4), (2.5, 0.1), (0.7, 0.9))
    assert estimator in spread
    assert sign not in spread
    assert floor not in spread


def test_nothing_stored_is_said_and_not_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(second_opinion, "data_directory", lambda: tmp_path)
    assert stored() == {"questions": {}}
