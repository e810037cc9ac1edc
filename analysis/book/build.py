"""Building the whole book, strictly, without ever leaving a broken one behind.

Jupyter Book writes into ``_build/staging``; only a build without any warning
takes the place of ``_build/html``. A failed build therefore leaves the last
good book as it was.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.book import execute
from analysis.book.errors import BuildFailed
from analysis.book.inputs import BUILD, ROOT
from analysis.evidence.writing import replace_folder

#: The finished book.
HTML = BUILD / "html"
_STAGING = BUILD / "staging"
#: Every page anew, every warning an error, all of them reported, unknown references too:
#: on a warm build Sphinx would not repeat the warnings of pages it does not read.
STRICT = ("--all", "-W", "--keep-going", "-n", "-q")


def build() -> Path:
    """Validate, answer, execute and build; return the folder of the finished book.

    Raises
    ------
    ExecutionFailed
        If the data, a question or a chapter's cell is at fault.
    BuildFailed
        If a page has a fault, such as an unknown citation.
    """
    with _alone():
        with _step("Validate, answer, execute what changed"):
            execute.refresh()
        with _step("Build the pages"):
            shutil.rmtree(_STAGING, ignore_errors=True)
            run_jupyter_book(_STAGING)
            replace_folder(_STAGING / "_build" / "html", HTML)
            shutil.rmtree(_STAGING)
    return HTML


def run_jupyter_book(output: Path) -> None:
    """Run ``jupyter-book build`` strictly into ``output/_build/html``."""
    program = "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"
    options = [str(ROOT), *STRICT, "--path-output", str(output)]
    command = [sys.executable, "-c", program, "build", *options]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode:
        print(_faults(finished.stderr), file=sys.stderr)
        raise BuildFailed("The pages have the faults above. The last book is as it was.")


def _faults(report: str) -> str:
    """Return what Sphinx reports, without Jupyter Book's own traceback after it."""
    faults, _, _ = report.partition("Traceback (most recent call last)")
    return faults.strip() or report


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other build works in this folder; a killed one leaves no lock behind."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build is at work in this folder; waiting for its end ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Say what is being done and, afterwards, how long it took."""
    print(f"{name} ...", flush=True)
    started = time.perf_counter()
    yield
    print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)
