"""Building the whole book, strictly, without ever leaving a broken one behind.

Jupyter Book writes into ``_build/staging``; only a build without any warning
takes the place of ``_build/html``. A failed build therefore leaves the last
good book as it was.
"""

from __future__ import annotations

import fcntl
import os
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
    with _alone(), _jupyter_book(_STAGING) as pages:
        with _step("Validate, answer, execute what changed"):
            execute.refresh()
        with _step("Build the pages"):
            _, report = pages.communicate("\n")
            if pages.returncode:
                print(_faults(report), file=sys.stderr)
                raise BuildFailed("The pages have the faults above. The last book is as it was.")
            replace_folder(_STAGING / "_build" / "html", HTML)
            shutil.rmtree(_STAGING)
    return HTML


@contextmanager
def _jupyter_book(output: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a strict ``jupyter-book build`` that reads no page before it is sent a line.

    Meanwhile it gets ready, on the core that the execution of one chapter leaves free.
    It writes into ``output/_build/html``.
    """
    shutil.rmtree(output, ignore_errors=True)
    program = "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"
    options = [str(ROOT), *STRICT, "--path-output", str(output)]
    with subprocess.Popen(
        [sys.executable, "-c", program, "build", *options],
        cwd=ROOT,
        env=os.environ | {execute.BY_DRIVER: "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # it still waits if nothing could be executed


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
