"""Adding a row: asked field by field, checked at once, whole or not at all, never lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.evidence import read_table
from analysis.evidence.checks_references import read_bibliography
from analysis.evidence.flow import study_flow
from analysis.evidence.paths import ROOT_VARIABLE
from analysis.evidence.schema import load_schema
from analysis.evidence.validation import validate
from analysis.living.asking import GROUP, fields_to_ask
from analysis.living.entering import with_reference
from analysis.living.prefill import family_name, identified, look_up, suggestion
from analysis.living.status import read_protocol
from analysis.living.status import status as status_of
from fake_services import Article, Services, running, status, trial
from small_review import small_review

#: What a person types, in the order in which it is asked; one line each, Enter is "".
NEW_STUDY = {
    "study_id": "dahl2026",
    "first_author": "Dahl",
    "year": "2026",
    "citation_key": "",
    "record title": "A trial of Dahl",
    "record authors": "Dahl A; Berg B",
    "record journal": "Journal of Tests",
    "participants_id": "",
    "comparison": "ketamine v placebo",
    "condition": "fibromyalgia",
    "population": "adults",
    "design": "1",
    "blinding": "",
    "drug": "ketamine",
    "route": "1",
    "dose": "",
    "dose_mg_per_kg": "0.5",
    "infusion_minutes": "40",
    "administrations": "1",
    "comparator": "placebo",
    "comparator_type": "inert",
    "outcome": "relief",
    "instrument": "yes or no",
    "timepoint": "day 1",
    "hours_after_end": "",
    "better": "higher",
    "n_treat": "24",
    "n_control": "25",
    GROUP: "events",
    "events_treat": "12",
    "events_control": "6",
    "p_value": "",
    "correlation": "",
    "doi": "10.1000/dahl",
    "pmid": "",
    "registry_id": "",
    "url": "",
    "source_location": "table 2",
    "extraction": "full_text",
    "extracted_by": "Ann Example",
    "extracted_on": "",
    "note": "",
}

#: Files that an entry writes, in this order.
WRITTEN = ["references.bib", "screening.csv", "searches.csv", "studies.csv"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small review that the commands of this test work on."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return small_review(tmp_path)


def types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Type these lines, then end the input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def add(monkeypatch: pytest.MonkeyPatch, *lines: str) -> int:
    """Run the command without a network."""
    types(monkeypatch, *lines)
    return main(["add", "--offline"])


def answers(**changes: str) -> list[str]:
    """Return what is typed for the new study, with changes."""
    return list((NEW_STUDY | changes).values())


def rows(project: Path, table: str = "studies") -> list[dict[str, str]]:
    with (project / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def snapshot(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((project / "data").glob("*.*"))}


def test_a_new_study_is_added_in_order_and_everything_is_valid(project, monkeypatch):
    assert add(monkeypatch, *answers(), "y") == 0
    added = rows(project)
    assert [row["study_id"] for row in added] == ["ames2001", "bohr2002", "cole2003", "dahl2026"]
    row = added[-1]
    assert (row["events_treat"], row["route"], row["status"]) == ("12", "intravenous", "active")
    assert row["citation_key"] == row["participants_id"] == "dahl2026"
    assert [fault for fault in validate() if fault.severity == "error"] == []
    assert not (project / ".draft.json").exists()


def test_the_bibliography_and_the_flow_know_the_new_study(project, monkeypatch):
    add(monkeypatch, *answers(), "y")
    known, faults = read_bibliography(project / "data/references.bib")
    assert "dahl2026" in known
    assert faults == []
    assert "author = {Dahl, A and Berg, B}" in (project / "data/references.bib").read_text()
    screening, searches = read_table("screening").rows, read_table("searches").rows
    reasons = load_schema("screening")["reason"].meanings
    flow = study_flow(screening, searches, read_table("studies").rows, reasons)
    assert flow.synthesised.count == 4


def test_bringing_a_study_by_hand_is_no_search(project, monkeypatch):
    def last_search() -> str:
        protocol = read_protocol(project / "data/protocol.toml")
        log = [
            row | {"date": "2020-01-01"} if row["source"] == "Memory" else row
            for row in rows(project, "searches")
        ]
        today = protocol.started_on
        return status_of(protocol, log, [], scheduled=[], version="", today=today).last_search

    add(monkeypatch, *answers(), "y")
    assert len(rows(project, "searches")) == 2
    assert last_search() == "2020-01-01"


def test_an_undecided_record_of_the_study_is_the_one_that_is_included(project, monkeypatch):
    log = project / "data/screening.csv"
    empty = dict.fromkeys(load_schema("screening").names, "")
    found = empty | {
        "record_id": "pmid900001",
        "title": "A trial",
        "doi": "10.1000/dahl",
        "source": "by-hand",
        "found_on": "2026-11-22",
        "decision_1": "undecided",
        "decision": "undecided",
        "stage": "title_abstract",
    }
    with log.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, list(empty), lineterminator="\n").writerow(found)
    add(monkeypatch, *answers(), "y")
    (record,) = [row for row in rows(project, "screening") if row["study_id"] == "dahl2026"]
    assert record["record_id"] == "pmid900001"
    assert (record["decision"], record["usable_number"]) == ("include", "yes")
    assert record["reviewer_1"] == "Ann Example"


def test_a_second_result_of_a_study_starts_from_the_first(project, monkeypatch):
    """Only what differs is typed; the rest is offered from the study's other row."""
    typed = {name: "" for name in NEW_STUDY if not name.startswith("record ")} | {
        "study_id": "ames2001", "outcome": "sleep", "instrument": "diary", "timepoint": "week 1",
        "better": "higher", "n_treat": "20", "n_control": "20", GROUP: "3",
        "events_treat": "5", "events_control": "4", "extracted_by": "Ann Example",
    }  # fmt: skip
    assert add(monkeypatch, *typed.values(), "y") == 0
    old, new = (row for row in rows(project) if row["study_id"] == "ames2001")
    assert new["doi"] == old["doi"]
    assert new["population"] == old["population"]
    assert new["outcome"] == "sleep"
    assert len(rows(project, "screening")) == 3


def test_only_the_chosen_group_and_only_the_arms_that_exist_are_asked_for():
    schema = load_schema("studies")

    def asked(**cells: str) -> set[str]:
        return {field.name for field in fields_to_ask(schema, cells)}

    assert asked() & {"mean_treat", "events_treat", "estimate"} == set()
    grouped = asked(**{GROUP: "means"})
    assert {"mean_treat", "sd_control"} <= grouped
    assert grouped & {"events_treat", "estimate"} == set()
    single = asked(**{GROUP: "means", "comparator_type": "none"})
    assert {name for name in single if name.endswith("_control")} == set()
    assert asked() & {"status", "checked_by", "supersedes"} == set()


def test_an_answer_that_is_not_allowed_is_asked_again_with_what_is(project, monkeypatch, capsys):
    lines = answers()
    lines[2:3] = ["soon", "2026"]
    assert add(monkeypatch, *lines, "y") == 0
    assert "the value is not a year" in capsys.readouterr().out


def test_one_can_ask_for_help_and_go_back(project, monkeypatch, capsys):
    lines = answers()
    lines[1:2] = ["?", "Dall", "<", "Dahl"]
    assert add(monkeypatch, *lines, "y") == 0
    assert rows(project)[-1]["first_author"] == "Dahl"
    assert load_schema("studies")["first_author"].description in capsys.readouterr().out


def test_a_row_that_contradicts_itself_is_mended_before_it_is_added(project, monkeypatch, capsys):
    """More people with relief than people: the column is asked for again."""
    lines = answers(events_treat="30")
    assert add(monkeypatch, *lines, "12", "y") == 0
    assert "Please answer again: events_treat." in capsys.readouterr().out
    assert rows(project)[-1]["events_treat"] == "12"


def test_a_wrong_answer_seen_at_the_end_is_given_again_and_enter_forgets_nothing(
    project, monkeypatch, capsys
):
    assert add(monkeypatch, *answers(), "", "events_treat", "13", "y") == 0
    assert "'' is neither y, n, nor a name in the list above." in capsys.readouterr().out
    assert rows(project)[-1]["events_treat"] == "13"


def test_no_forgets_the_row_and_changes_nothing(project, monkeypatch):
    before = snapshot(project)
    assert add(monkeypatch, *answers(), "n") == 1
    assert snapshot(project) == before
    assert not (project / ".draft.json").exists()


@pytest.mark.parametrize("count", [0, 1, 7, 20, len(NEW_STUDY)])
def test_stopping_anywhere_changes_nothing_and_the_next_run_goes_on(project, monkeypatch, count):
    before = snapshot(project)
    lines = answers()
    assert add(monkeypatch, *lines[:count]) == 130
    assert snapshot(project) == before
    again = ["y"] if count else []
    assert add(monkeypatch, *again, *lines[count:], "y") == 0
    assert rows(project)[-1]["events_control"] == "6"


@pytest.mark.parametrize("done", range(len(WRITTEN)))
def test_killed_between_two_files_the_entry_is_finished_by_the_next_run(
    project, monkeypatch, done
):
    """The first files are new, the others old, and the draft is still there."""
    assert add(monkeypatch, *answers()) == 130
    draft = (project / ".draft.json").read_bytes()
    old = snapshot(project)
    assert add(monkeypatch, "y", "y") == 0
    whole = snapshot(project)
    for name in WRITTEN[done + 1 :]:
        (project / "data" / name).write_bytes(old[name])
    (project / ".draft.json").write_bytes(draft)
    assert add(monkeypatch, "y", "y") == 0
    assert snapshot(project) == whole


def test_a_doi_a_pubmed_and_a_trial_number_fill_in_what_is_known(monkeypatch):
    work = {
        "title": ["A trial"],
        "author": [{"family": "van Berg", "given": "Jane M."}, {"family": "Roe", "given": "R"}],
        "issued": {"date-parts": [[2026, 3]]},
        "container-title": ["Journal"],
    }
    world = Services(
        works={"10.1000/x": work},
        articles=[Article("900001", "Ketamine", doi="10.1000/y", authors=("Doe J",))],
        trials=[trial("NCT09990001", "Registered")],
    )
    with running(world):
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        found = look_up("https://doi.org/10.1000/X")
        assert (found.authors, found.year) == ("van Berg JM; Roe R", "2026")
        assert family_name(found.authors) == "van Berg"
        assert look_up("PMID: 900001").doi == "10.1000/y"
        assert look_up("nct09990001").title == "Registered"
    with pytest.raises(ValueError, match="no DOI"):
        look_up("Doe 2026")


@pytest.mark.parametrize(
    ("typed", "column"), [("10.1000/Y", "doi"), ("900001", "pmid"), ("nct09990001", "registry_id")]
)
def test_without_a_network_the_number_that_was_typed_is_still_offered(project, typed, column):
    schema = load_schema("studies")
    offered = suggestion(schema, rows(project), identified(typed), "", column, {})
    assert offered.lower() == typed.lower()
    assert suggestion(schema, rows(project), identified("10.1000/y"), "", "study_id", {}) == ""


def test_what_an_index_knows_is_offered_and_a_dead_network_stops_nobody(
    project, monkeypatch, capsys
):
    world = Services(articles=[Article("900001", "Ketamine", doi="10.1000/y")])
    with running(world):
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        types(monkeypatch, "900001")
        assert main(["add"]) == 130
        assert "Study (such as noppers2011) [doe2026]:" in capsys.readouterr().out
        world.faults = [status(404)]
        types(monkeypatch, "900001")
        assert main(["add"]) == 130
        assert "Going on with no more than the number." in capsys.readouterr().out


def test_a_reference_goes_to_its_place_in_the_alphabet():
    text = "% Head.\n\n@misc{ames2001,\n}\n\n@misc{cole2003,\n}\n"
    assert with_reference(text, "bohr2002", "@misc{bohr2002,\n}\n") == (
        "% Head.\n\n@misc{ames2001,\n}\n\n@misc{bohr2002,\n}\n\n@misc{cole2003,\n}\n"
    )
    assert with_reference(text, "zoe2004", "@misc{zoe2004,\n}\n").endswith(
        "@misc{cole2003,\n}\n\n@misc{zoe2004,\n}\n"
    )
