"""The panel for pooling a selection: the engine's numbers, the figures' words."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, product
from typing import Any

import numpy as np
import pytest

from analysis.book import repool
from analysis.figures import numbers
from analysis.review import answer_questions, load_tables, selections
from analysis.review.questions import load_questions
from analysis.review.results import Answer
from factories import DIFFERENCE, PROPORTION, RATIO
from factories import answer as make_answer
from javascript import run
from project_copy import ROOT
from selected import Asked, allowed, in_python

VERSION = "2026.1.0"
WAYS = list(product(selections.METHODS, selections.INTERVALS))
SCRIPT = """({panels}) => panels.map(({data, asked}) => {
  const look = data.table === null ? repool.engine(data) : repool.lookup(data.table);
  return asked.map(({chosen, method, ci}) => {
    const fit = chosen.length < 2 ? null : look(chosen, method, ci);
    const found = repool.result(data, chosen, method, ci, fit);
    return {
      sentence: repool.sentence(data, found),
      direction: repool.direction(data, found),
      heterogeneity: repool.heterogeneity(data, found, fit),
      notes: repool.notes(data, found),
      interval: found.pooled && repool.interval(found.pooled.limits, data.measure),
      weights: found.pooled && found.pooled.weights.map((weight) => repool.number(weight, 1)),
      people: repool.number(found.n, 0),
    };
  });
})"""


@pytest.fixture(scope="module")
def real() -> dict[str, Answer]:
    questions = load_questions(ROOT / "data" / "questions.toml")
    answers = dict(answer_questions(questions, load_tables(ROOT / "data")).answers)
    return {name: got for name, got in answers.items() if repool.offered(got)}


def disagreements(panels: list[tuple[Answer, dict[str, Any], list[Asked]]]) -> list[Any]:
    """Return every text in which page and book differ."""
    given = {"panels": [{"data": data, "asked": asked} for _, data, asked in panels]}
    scripts = ["repool-words.js", "repool-engine.js"]
    wrong: list[Any] = []
    for (answer, _, asked), page in zip(panels, run(scripts, SCRIPT, given), strict=True):
        for one, got in zip(asked, page, strict=True):
            notes = got.pop("notes")
            expected = in_python(answer, one)
            about = expected.pop("about", "")
            if got != expected or not (about in notes or one["method"] == "EE" or not about):
                wrong.append((answer.id, one, got, notes, expected))
    return wrong


def asked_of(answer: Answer) -> list[Asked]:
    """Return every selection, the ways of pooling taking turns, and every way for all rows."""
    turns = cycle(WAYS)
    found = [
        {"chosen": chosen, "method": method, "ci": ci}
        for chosen, (method, ci) in zip(allowed(answer), turns, strict=False)
    ]
    widest = max(allowed(answer), key=len)
    return found + [{"chosen": widest, "method": m, "ci": ci} for m, ci in WAYS]


def test_every_selection_of_every_question_reads_as_the_book_would_print_it(real):
    assert len(real) > 20
    panels = [(got, repool.payload(got, VERSION), asked_of(got)) for got in real.values()]
    assert disagreements(panels) == []


@pytest.mark.parametrize("measure", [RATIO, DIFFERENCE, PROPORTION], ids=lambda m: m.code)
def test_with_many_studies_the_pages_own_engine_reads_the_same(measure):
    many = make_answer(selections.LIMIT + 4, measure=measure)
    data = repool.payload(many, VERSION)
    assert data["table"] is None
    rng = np.random.default_rng(3)
    asked = [
        {
            "chosen": np.flatnonzero(rng.random(len(data["rows"])) < 0.5).tolist(),
            "method": method,
            "ci": ci,
        }
        for method, ci in WAYS * 20
    ]
    assert disagreements([(many, data, asked)]) == []


def test_the_review_itself_is_where_the_panel_starts(real):
    for got in real.values():
        data = repool.payload(got, VERSION)
        rows = [row for row in data["rows"] if row["pooled"]]
        assert len(rows) == got.pooled.k
        assert (data["review"]["method"], data["review"]["ci"]) == (
            got.pooled.method,
            got.pooled.ci_method,
        )


def test_numbers_are_rounded_as_python_rounds_them():
    rng = np.random.default_rng(5)
    values = [0.125, -0.125, 2.5, 3.5, -0.5, 0.005, 1.005, 0.0, -0.001, 12.5, 1e-30, 99999.995]
    values += [i / 8 for i in range(-40, 40)] + rng.normal(0, 30, 500).tolist()
    asked = [[value, decimals] for value in values for decimals in (0, 1, 2)]
    script = "(asked) => asked.map(([value, decimals]) => repool.number(value, decimals))"
    assert run(["repool-words.js"], script, asked) == [numbers.number(*one) for one in asked]


def test_p_values_read_as_in_the_figures():
    values = [0.0, 0.0009, 0.001, 0.0099, 0.01, 0.044, 0.045, 0.0499, 0.05, 0.055, 0.5, 0.995, 1.0]
    script = "(asked) => asked.map((p) => repool.pValue(p))"
    assert run(["repool-words.js"], script, values) == [numbers.p_value(p) for p in values]


def test_the_page_keeps_together_what_the_book_keeps_together():
    texts = [
        "k = 0, N = 12",
        "P < 0.001; τ² = ∞",
        "x > -2 ≤ .5",
        "51 % (95 % CI), 95% CI",
        "a = b",
    ]
    script = "(texts) => texts.map(repool.unbroken)"
    assert run(["repool-words.js"], script, texts) == [numbers.unbroken(text) for text in texts]


def test_ratios_beyond_what_is_printed_are_printed_as_beyond():
    values = [0.001, 0.0049, 0.005, 0.994, 999.99, 1000.0, 4e5]
    answer = make_answer(3, measure=RATIO)
    measure = repool.payload(answer, VERSION)["measure"]
    script = "({values, measure}) => values.map((value) => repool.effect(value, measure))"
    given = {"values": values, "measure": measure}
    expected = [numbers.effect(value, RATIO) for value in values]
    assert run(["repool-words.js"], script, given) == expected


def test_rows_that_share_people_are_never_pooled_together(real):
    got = real["safety-nausea"]
    rows = selections.selectable(got)
    free = {sum(2**i for i in chosen) for chosen in allowed(got) if len(chosen) > 1}
    assert 0 < len(free) < 2 ** len(rows) - len(rows) - 1
    for values in selections.every_selection(rows).values():
        assert set(np.flatnonzero(np.isfinite(values))) == free


def test_too_many_rows_for_a_table_are_refused():
    rows = selections.selectable(make_answer(selections.LIMIT + 1, measure=RATIO))
    with pytest.raises(ValueError, match="at most 10"):
        selections.every_selection(rows)


def test_a_row_that_no_analysis_pools_cannot_be_chosen(real):
    got = real["safety-nausea"]
    (first, *rest) = got.rows
    left = replace(first, pooled=False, weight=None, reason_not_pooled="Retracted.")
    others = tuple(
        replace(other, rows=tuple(i for i in other.rows if i != first.row_id))
        for other in got.alternatives
    )
    data = repool.payload(replace(got, rows=(left, *rest), alternatives=others), VERSION)
    assert first.study_id not in [row["key"] for row in data["rows"]]
    assert {"label": first.label, "reason": "Retracted."} in data["others"]


def test_filters_are_offered_only_where_they_leave_something_out():
    got = make_answer(4, measure=RATIO)
    assert repool.payload(got, VERSION)["keep"] == []
    judged = {"D1": "low", "D2": "low"}
    a, b, c, d = got.rows
    rows = (
        replace(a, risk_of_bias=judged, route="oral"),
        replace(b, risk_of_bias=judged | {"D2": "some_concerns"}, condition="me_cfs"),
        replace(c, comparator_type="active"),
        replace(d, comparator_type="active_drug"),
    )
    keep = repool.payload(replace(got, rows=rows), VERSION)["keep"]
    assert {one["label"]: one["rows"] for one in keep} == {
        "low risk of bias": [0],
        "fibromyalgia": [0, 2, 3],
        "ME/CFS": [1],
        "oral": [0],
        "intravenous": [1, 2, 3],
        "active comparator": [2, 3],
    }


def test_names_in_links_are_unique_and_do_not_move_with_the_rows(real):
    for got in real.values():
        data, turned = (
            repool.payload(replace(got, rows=rows), VERSION) for rows in (got.rows, got.rows[::-1])
        )
        keys = [row["key"] for row in data["rows"]]
        assert len(set(keys)) == len(keys)
        assert keys == [row["key"] for row in turned["rows"]][::-1]


def test_nothing_is_offered_where_nothing_is_pooled(real):
    got = next(iter(real.values()))
    assert repool.panel(replace(got, pooled=None)) == ""
    other = replace(got, pooled=replace(got.pooled, method="", ci_method="z"))
    assert not repool.offered(other)
    assert "hidden" in repool.panel(got)


def test_what_a_panel_loads_stays_small(real):
    for got in real.values():
        assert len(repool.script(got, VERSION)) < 40_000
    rows = selections.selectable(make_answer(selections.LIMIT, measure=RATIO))
    assert len(repool.table(rows)["values"]) < 290_000
