"""A second ``make test`` runs only what a change may have broken.

Each test file has a key: the digest of all that its outcome can depend on. A
file whose tests all passed under the same key is left out, and the run says so.
With CI set, or with ``--all``, everything runs.

What a file can depend on is taken widely. A file that imports (through any
number of modules) only statistics and drawing depends on these modules, on the
reference results and on the environment. Any other one may read tables, start
a program or build the book, and depends on every file of the repository.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
#: File -> key under which it passed. Below ``_build``, so that `make clean` forgets it.
PASSED = ROOT / "_build" / "tests_passed.json"
#: Modules by which a test reaches tables, other programs or the whole book.
WIDE = (
    "analysis.book",
    "analysis.cli",
    "analysis.evidence",
    "analysis.living",
    "subprocess",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``."""
    parser.addoption("--all", action="store_true", help="run unchanged tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Find out which files are as they were when they last passed."""
    config.pluginmanager.register(_Unchanged(config), "unchanged-tests")


class _Unchanged:
    """What is left out of this run, and what passed in it."""

    def __init__(self, config: pytest.Config) -> None:
        before = json.loads(PASSED.read_text(encoding="utf-8")) if PASSED.exists() else {}
        self.keys = {path.name: key(path) for path in TESTS.rglob("test_*.py")}
        everything = config.getoption("--all") or bool(os.environ.get("CI"))
        self.left_out = (
            set()
            if everything
            else {name for name, value in self.keys.items() if before.get(name) == value}
        )
        self.kept = {name: before[name] for name in self.left_out}
        # A run of chosen tests neither leaves a file out nor says that all of it passed.
        options = config.option
        self.whole = not (options.keyword or options.markexpr or options.lf) and all(
            Path(argument).resolve() == TESTS for argument in config.args
        )
        self.outcomes: dict[str, set[str]] = defaultdict(set)

    def pytest_report_header(self) -> str:
        """Say what is left out."""
        if not (self.whole and self.left_out):
            return ""
        return (
            f"left out: {len(self.left_out)} of {len(self.keys)} test files, unchanged since they "
            "passed (--all runs them)"
        )

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Take out the tests of unchanged files."""
        if self.whole:
            out = [item for item in items if item.path.name in self.left_out]
            config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if item.path.name not in self.left_out]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how each phase of each test ended."""
        self.outcomes[Path(report.location[0]).name].add(report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Keep the keys of the files that passed; nothing to run is a success."""
        if hasattr(session.config, "workerinput") or not self.whole:
            return
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.left_out:
            session.exitstatus = pytest.ExitCode.OK
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return
        passed = {name for name, outcomes in self.outcomes.items() if outcomes == {"passed"}}
        keys = self.kept | {name: self.keys[name] for name in passed}
        PASSED.parent.mkdir(exist_ok=True)
        PASSED.write_text(json.dumps(keys, indent=1, sort_keys=True), encoding="utf-8")


def key(path: Path) -> str:
    """Return the digest of everything that the tests of a file can depend on."""
    modules, files = closure(path)
    if any(module.startswith(WIDE) for module in modules):
        files = set(every_file())
    else:
        files |= {file for file in (TESTS / "reference").rglob("*") if file.is_file()}
        files |= {TESTS / "conftest.py", Path(__file__)}
        files |= {ROOT / "requirements.lock", ROOT / "pyproject.toml"}
    total = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        total.update(f"{file.relative_to(ROOT)} {digest(file)}".encode())
    return total.hexdigest()


def closure(path: Path) -> tuple[set[str], set[Path]]:
    """Return the modules that a file imports through any number of steps, and our own files."""
    modules: set[str] = set()
    files: set[Path] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        files.add(file)
        for module in imports(file) - modules:
            modules.add(module)
            waiting |= {found for name in _with_packages(module) if (found := source(name))}
            own = source(module)
            if (
                own
                and own.name == "__init__.py"
                and "importlib" in own.read_text(encoding="utf-8")
            ):
                waiting |= set(own.parent.glob("*.py"))  # imports its modules when asked for them
        waiting -= files
    return modules, files


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the modules, or names in modules, that a file's import statements name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def _with_packages(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)))


@cache
def source(module: str) -> Path | None:
    """Return the file of one of our own modules, None for any other."""
    relative = Path(*module.split("."))
    for folder in (ROOT, TESTS):
        for file in (folder / relative.with_suffix(".py"), folder / relative / "__init__.py"):
            if file.is_file():
                return file
    return None


@cache
def every_file() -> frozenset[Path]:
    """Return every file of the repository that git does not ignore, committed or not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = (ROOT / name for name in listed.split("\0") if name)
    return frozenset(file for file in files if file.is_file())


@cache
def digest(file: Path) -> str:
    """Return the digest of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
