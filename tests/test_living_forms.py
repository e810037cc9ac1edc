"""Issue forms: what GitHub accepts, made from the schemas, up to date."""

from __future__ import annotations

import re

import pytest
import yaml

from analysis.evidence.schema import load_schema
from analysis.living.forms import forms
from project_copy import ROOT

FOLDER = ROOT / ".github" / "ISSUE_TEMPLATE"
FORMS = {name: yaml.safe_load(text) for name, text in forms().items() if name != "config.yml"}
#: GitHub's documentation, "Syntax for GitHub's form schema".
NEEDED = {
    "markdown": {"value"},
    "input": {"label"},
    "textarea": {"label"},
    "dropdown": {"label", "options"},
}
ALLOWED = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
}


def test_the_forms_in_the_repository_are_those_of_the_schemas():
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert kept == forms(), "write them anew: make forms"


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_one_that_github_accepts(name):
    form = FORMS[name]
    assert {"name", "description", "body"} <= set(form)
    asked = [element for element in form["body"] if element["type"] != "markdown"]
    ids = [element["id"] for element in asked]
    labels = [element["attributes"]["label"] for element in asked]
    assert len(set(ids)) == len(ids)
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)
    for element in form["body"]:
        kind, attributes = element["type"], set(element["attributes"])
        assert NEEDED[kind] <= attributes <= ALLOWED[kind]
        options = element["attributes"].get("options", [])
        assert len(set(options)) == len(options)
        assert "None" not in options


@pytest.mark.parametrize("name", FORMS)
def test_columns_are_asked_for_in_the_words_of_the_schema(name):
    schema = load_schema("studies")
    columns = [e for e in FORMS[name]["body"] if e.get("id") in schema.names]
    assert columns
    for element in columns:
        if element["type"] == "input":
            assert element["attributes"]["description"] == schema[element["id"]].description


def test_every_condition_and_every_number_can_be_named():
    schema = load_schema("studies")
    body = {e.get("id"): e["attributes"] for e in FORMS["suggest-study.yml"]["body"]}
    named = {option.partition(":")[0] for option in body["condition"]["options"]}
    assert set(schema["condition"].enum) <= named
    correction = {e.get("id"): e["attributes"] for e in FORMS["correct-number.yml"]["body"]}
    numbers = {column.title for column in schema.fields if column.is_number}
    assert numbers <= set(correction["column"]["options"])
