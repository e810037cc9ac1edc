"""Pieces of pages made from the tables: complete, sourced, and refusing what does not exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

import factories
from analysis.book import (
    blocks,
    codebook,
    door,
    findings,
    plots,
    protocol,
    ratings,
    records,
    statements,
    trials,
)
from analysis.book.html import Piece, table
from analysis.book.sources import cite, identifier_links, meanings, rows, slug
from analysis.evidence.schema import describe, load_schema, table_names
from analysis.meta.small_k import ANALYSES, small_k_policy
from analysis.review.results import Absolute, Answer, Certainty, Policy, Rating, Results

Show = Callable[..., None]


def soup(piece: object) -> BeautifulSoup:
    text = str(piece.html) if isinstance(piece, Piece) else str(piece)
    return BeautifulSoup(text, "html.parser")


def body_rows(piece: Piece) -> list[list[str]]:
    return [
        [cell.get_text(" ", strip=True) for cell in line.select("th, td")]
        for line in soup(piece).select("tbody tr:not(.shared)")
    ]


def harm(name: str, difference: float, *, low: float = 2.0) -> Answer:
    """Return a pooled harm with a certainty, ``difference`` more per 1,000."""
    answer = factories.answer(k=4)
    assert answer.pooled is not None
    return replace(
        answer,
        id=f"safety-{name}",
        outcome=name,
        chapter="safety",
        pooled=replace(answer.pooled, estimate=3.0, ci_low=low, ci_high=5.0),
        absolute=Absolute(50.0, "the control groups", difference, 10.0, 300.0, 10.0, 3.0, 100.0),
        certainty=Certainty(
            "low",
            (
                Rating("risk_of_bias", "serious", "Felt.", "2026-11-22", "one", stale=False),
                Rating("inconsistency", "not serious", "Alike.", "2026-11-22", "one", stale=False),
                Rating("overall", "low", "Other people.", "2026-11-22", "one", stale=False),
            ),
            stale=False,
        ),
    )


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Return a function that makes some answers the only ones of the results."""

    def put(*answers: Answer) -> None:
        made = Results("2026.1", {}, {}, {answer.id: answer for answer in answers})
        monkeypatch.setattr(door, "results", lambda: door.Door(made))

    return put


def test_a_slug_names_a_topic_in_a_cell() -> None:
    assert slug("long COVID") == "long-covid"
    assert slug("ME/CFS") == "me-cfs"


def test_identifiers_lead_to_the_original() -> None:
    row = {"doi": "10.1/x", "pmid": "12", "registry_id": "NCT01;NCT02", "url": ""}
    links = {a.get_text(): a["href"] for a in soup(identifier_links(row)).select("a")}
    assert links == {
        "DOI": "https://doi.org/10.1/x",
        "PubMed": "https://pubmed.ncbi.nlm.nih.gov/12/",
        "NCT01": "https://clinicaltrials.gov/study/NCT01",
        "NCT02": "https://clinicaltrials.gov/study/NCT02",
    }


def test_a_citation_shows_who_and_when_and_leads_to_the_list() -> None:
    link = soup(cite("saligan2026")).a
    assert link["href"] == "references.html#cite-saligan2026"
    assert "Saligan" in link.get_text()
    assert "2026" in link.get_text()
    with pytest.raises(KeyError):
        cite("nobody1999")


def test_a_table_to_filter_names_columns_that_exist() -> None:
    made = soup(blocks.filterable("Studies", ["Study", "Route"], [["a", "b"]], choices=["Route"]))
    assert made.select_one(".filterable")["data-choices"] == "1"
    with pytest.raises(ValueError, match="has no column Colour"):
        blocks.filterable("Studies", ["Study"], [], choices=["Colour"])


def test_definitions_leave_out_what_is_empty() -> None:
    made = soup(blocks.definitions([("Dose", "84 mg"), ("Note", "")], kind="record"))
    assert [term.get_text() for term in made.select("dt")] == ["Dose"]


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        (statements.claims, "claims"),
        (statements.mechanisms, "mechanisms"),
        (trials.trials, "trials"),
        (protocol.searches, "searches"),
        (protocol.checklist, "prisma"),
    ],
)
def test_a_piece_shows_every_row_of_its_table(piece: Callable[[], Piece], name: str) -> None:
    assert len(body_rows(piece())) == len(rows(name))


def test_each_safety_topic_can_be_shown_and_each_statement_has_a_source() -> None:
    topics = {slug(row["topic"]) for row in rows("safety")}
    for topic in topics:
        for line in body_rows(statements.safety(topic)):
            assert line[-1]


def test_an_unknown_topic_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no topic colour; there are .*blood-pressure"):
        statements.safety("colour")


def test_verdicts_are_counted_once_each() -> None:
    lines = body_rows(statements.claims_summary())
    counts = Counter(row["verdict"] for row in rows("claims"))
    assert lines[-1][1:] == [*(str(counts[v]) for v in statements.VERDICTS), str(counts.total())]
    for column in range(1, 6):
        assert sum(int(line[column]) for line in lines[:-1]) == int(lines[-1][column])


def test_the_evidence_map_counts_every_finding() -> None:
    lines = body_rows(statements.evidence_map())
    cells = [cell for line in lines for cell in line[1:]]
    counted = sum(int(word) for cell in cells for word in cell.split() if word.isdigit())
    assert counted == len(rows("mechanisms"))


def test_titles_that_end_alike_say_their_end_once() -> None:
    one, two = (replace(factories.answer(3), title=f"{name}: a v b") for name in ("X", "Y"))
    other = replace(one, title="Another")
    assert soup(findings.titles([one, other, two])).get_text() == "X, Y: a v b; Another"
    assert soup(findings.titles([one, other])).get_text() == "X: a v b; Another"


def test_a_record_says_once_what_its_rows_share() -> None:
    made = soup(records.records())
    for study in records.studies():
        section = made.find(id=records.record_anchor(study.id))
        shared = [line.get_text().replace("\xa0", " ") for line in section.select("tr.shared")]
        assert len(set(shared)) == len(shared)
        assert len(section.select("tbody:has(.shared) tr:not(.shared)")) == len(study.rows)
        for row in study.rows:
            assert any(row["note"] in line and row["comparison"] in line for line in shared)


def test_every_included_study_has_one_record_with_its_own_anchor() -> None:
    found = records.studies()
    included = [row for row in rows("screening") if row["decision"] == "include"]
    assert len(found) == len(included)
    ids = [tag["id"] for tag in soup(records.records()).select("section.study-record")]
    assert len(set(ids)) == len(found)
    assert len({study.label for study in found}) == len(found)


def test_a_record_names_each_sponsor_and_funder_or_says_that_none_was_seen() -> None:
    made = soup(records.records())
    named = {row["study_id"]: row["name"] for row in rows("funding")}
    for study in records.studies():
        section = made.find(id=records.record_anchor(study.id))
        term = section.find("dt", string="Sponsor or funder")
        assert named.get(study.id, "not seen") in term.find_next_sibling("dd").get_text()
    assert set(named) <= {study.id for study in records.studies()}


def test_a_study_without_a_usable_number_says_why() -> None:
    for kind in ("fatigue", "fibromyalgia", "harms"):
        for line in body_rows(records.described(kind)):
            assert line[2]
    with pytest.raises(ValueError, match="'weather'"):
        records.described("weather")


def test_together_the_lists_of_described_studies_miss_nobody() -> None:
    named = {
        line[0]
        for kind in ("fatigue", "fibromyalgia", "harms")
        for line in body_rows(records.described(kind))
    }
    assert named == {study.label for study in records.studies() if not study.rows}


@pytest.mark.parametrize("row", rows("studies"), ids=lambda row: row["study_id"])
def test_every_row_can_be_said_in_words(row: dict[str, str]) -> None:
    assert records.effect_words(row)


def test_every_measure_that_a_source_may_print_has_words() -> None:
    assert set(records.MEASURES) == set(meanings("studies", "estimate_measure"))


def test_the_codebook_shows_an_example_or_the_values_of_every_column() -> None:
    for name in table_names():
        for column in describe(name):
            if column["example"] and not column["values"]:
                assert str(column["example"]) in str(column["allowed"])


def test_the_codebook_names_every_column_of_every_table() -> None:
    made = soup(codebook.codebook())
    for name in table_names():
        part = made.find(id=f"table-{name.replace('_', '-')}")
        columns = [line.th.get_text() for line in part.select("tbody tr")]
        assert columns == list(load_schema(name).names)


def test_the_policy_table_adds_each_analysis_once() -> None:
    shown = [part for line in body_rows(protocol.small_k()) for part in line[1].split("; ")]
    assert Counter(shown)["a sentence saying so"] == 1
    for analysis in ANALYSES:
        assert shown.count(analysis.words) == 1


def test_the_flow_shows_the_number_of_each_box() -> None:
    lines = {line[0]: int(line[1]) for line in body_rows(protocol.flow())}
    assert lines["Records identified"] == len(rows("screening"))
    assert lines["Of these, with a usable number"] == len(
        {row["study_id"] for row in rows("studies")}
    )


def test_provenance_adds_up_to_every_row() -> None:
    by_title = {load_schema(name).title: name for name in table_names()}
    for line in body_rows(protocol.provenance()):
        counts = [int(cell.split()[0]) for cell in line[1:] if cell[0].isdigit()]
        assert sum(counts) == len(rows(by_title[line[0]]))


def test_the_traffic_light_shows_each_judged_study() -> None:
    lines = body_rows(protocol.risk_of_bias())
    assert len(lines) == len({row["study_id"] for row in rows("risk_of_bias")})
    assert len(body_rows(protocol.risk_of_bias("noppers2011"))) == 1
    with pytest.raises(ValueError, match="nobody1999"):
        protocol.risk_of_bias("nobody1999")


def test_harms_come_in_the_order_of_how_many_more_people_have_them(show: Show) -> None:
    show(harm("headache", 20.0), harm("dissociation", 250.0))
    names = [line.th.a.get_text() for line in soup(plots.harms()).select("tbody tr")]
    assert names == ["Dissociation", "Headache"]


def test_a_number_needed_to_harm_is_given_only_where_the_interval_is_clear(show: Show) -> None:
    unclear = harm("headache", 20.0)
    assert unclear.absolute is not None
    show(
        harm("dissociation", 250.0),
        replace(unclear, absolute=replace(unclear.absolute, nnh_low=None, nnh_high=None)),
    )
    cells = [line[5] for line in body_rows(plots.harms())]
    assert cells == ["10 (3 to 100)", "–"]


def test_the_summary_puts_the_question_of_the_review_first(show: Show) -> None:
    nearest = replace(factories.answer(k=0), id=findings.NEAREST, chapter="fatigue")
    other = replace(factories.answer(k=3), id="pain", chapter="fibromyalgia", role="primary")
    show(other, replace(nearest, role="primary"), replace(harm("nausea", 1.0), role="primary"))
    links = [link["href"] for link in soup(findings.summary()).select("tbody a")]
    assert links[0].endswith(f"#forest-{findings.NEAREST}")
    assert links[-1].endswith("#forest-safety-nausea")


@pytest.mark.parametrize(("k", "funnels"), [(4, 0), (12, 1)])
def test_a_funnel_is_drawn_only_where_the_policy_allows_it(
    show: Show, k: int, funnels: int
) -> None:
    rule = small_k_policy(k)
    policy = Policy(k, rule.level, rule.shown, dict(rule.withheld))
    show(replace(factories.answer(k=k), policy=policy))
    made = soup(plots.small_study_effects())
    assert len(made.select("figure")) == funnels
    assert ("No funnel plot is drawn" in made.get_text()) == (funnels == 0)


def test_lowered_for_names_only_what_lowers(show: Show) -> None:
    show(harm("nausea", 1.0))
    last = body_rows(findings.certainty())[-1][-1]
    assert last == "risk of bias (serious)"


def test_a_rating_that_the_numbers_left_behind_is_marked(show: Show) -> None:
    answer = harm("nausea", 1.0)
    assert answer.certainty is not None
    old = tuple(replace(rating, stale=True) for rating in answer.certainty.ratings)
    show(replace(answer, certainty=replace(answer.certainty, ratings=old, stale=True)))
    assert answer.title in soup(findings.certainty()).select_one(".stale-ratings").get_text()
    assert "the numbers moved since" in soup(ratings.ratings("safety")).get_text()


def test_a_table_cell_carries_the_heading_of_its_column_for_phones() -> None:
    made = soup(table("T", ["Study", "People"], [["a", "24"]]))
    assert made.td["data-label"] == "People"
