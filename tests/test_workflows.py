"""Workflows: well formed, least permissions, pinned, and made of the same make targets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_copy import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES
}
STEPS = [
    (name, step)
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job["steps"]
]
RUNS = sorted({step["run"] for _, step in STEPS if "run" in step})
#: Permissions beyond reading, and who may have them.
WRITES = {
    ("publish.yml", "publish"): {"pages", "id-token"},
    ("search.yml", "search"): {"contents", "pull-requests"},
}


def test_actionlint_finds_nothing():
    actionlint = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    assert actionlint, "the environment has no actionlint"
    found = subprocess.run([actionlint, *map(str, FILES)], capture_output=True, text=True)
    assert found.stdout + found.stderr == ""


def test_every_action_is_pinned_by_commit():
    used = {step["uses"] for _, step in STEPS if "uses" in step}
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_and_only_named_jobs_may_write(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    for job, content in workflow["jobs"].items():
        granted = {k for k, v in content.get("permissions", {}).items() if v == "write"}
        assert granted == WRITES.get((name, job), set())


def test_code_from_a_fork_meets_no_secret_and_no_token():
    """YAML reads the word ``on`` as true."""
    for name, workflow in WORKFLOWS.items():
        events = workflow[True]
        assert "pull_request_target" not in events
        assert "workflow_run" not in events
        if "pull_request" in events:
            text = (FOLDER / name).read_text(encoding="utf-8")
            assert "secrets." not in text
            assert "github.token" not in text


def test_no_checkout_leaves_its_token_to_the_programs_that_run_after_it():
    checkouts = [step for _, step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert [s for s in checkouts if s["with"]["persist-credentials"] is not False] == []


def test_nothing_that_a_stranger_can_write_is_put_into_a_script():
    for run in RUNS:
        assert "${{" not in run, run


@pytest.mark.parametrize("job", [(n, j) for n, w in WORKFLOWS.items() for j in w["jobs"]])
def test_every_job_ends(job):
    name, key = job
    assert WORKFLOWS[name]["jobs"][key]["timeout-minutes"] <= 60


@pytest.mark.parametrize("run", RUNS)
def test_a_step_is_made_of_targets_that_exist_and_run(run):
    """Each ``make`` line is tried with --dry-run: make says what it would do, and that it can."""
    lines = re.findall(r"^\s*(make [^|&;\n]+)", run, re.MULTILINE)
    environment = os.environ | {"BASE": "HEAD"}
    for line in lines:
        tried = subprocess.run(
            ["bash", "-euc", line.replace("make ", "make --dry-run ", 1)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert tried.returncode == 0, tried.stderr
        assert "-m analysis" in tried.stdout or "-m pytest" in tried.stdout


def test_everything_the_review_computes_is_a_target():
    """No workflow calls Python by itself: what it does can be done at home."""
    assert [run for run in RUNS if re.search(r"\b(python3?|pip|pytest)\b", run)] == []
    assert {line for run in RUNS for line in re.findall(r"make (\w+)", run)} >= {
        "validate",
        "preview",
        "book",
        "test",
        "search",
        "links",
    }


@pytest.mark.parametrize("run", RUNS)
def test_a_script_is_one_that_bash_can_read(run):
    read = subprocess.run(["bash", "-n", "-c", run], capture_output=True, text=True)
    assert read.stderr == ""


def test_the_weekly_search_offers_what_it_found_and_nothing_where_it_found_nothing(tmp_path):
    """The step is run with a git and a gh that only write down how they were called."""
    run = next(r for r in RUNS if "gh pr create" in r)
    calls = tmp_path / "calls"
    (tmp_path / "bin").mkdir()
    for name in ("git", "gh"):
        quiet = '[ "$1 $2" != "diff --quiet" ] || exit "$CHANGED"\n' if name == "git" else ""
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/bash\n{quiet}echo "{name} $*" >> {calls}\n')
        script.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    command = ["bash", "-eo", "pipefail", "-c", run]
    subprocess.run(command, env=environment | {"CHANGED": "0"}, check=True, capture_output=True)
    assert not calls.exists()
    subprocess.run(command, env=environment | {"CHANGED": "1"}, check=True, capture_output=True)
    told = calls.read_text()
    assert "-- data\n" in told
    assert "gh pr create --base main" in told
