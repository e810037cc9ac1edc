"""Building the whole book, strictly, without ever leaving a broken one behind.

Jupyter Book writes into ``_build/staging``; only a build without any warning
takes the place of ``_build/html``. A failed build therefore leaves the last
good book as it was.

Where only chapters changed since that book, the new one begins as its copy, and
Sphinx reads and writes anew what changed (:mod:`analysis.book.incremental`). No
warning is lost so: the copy is always of a book without any, and a page at fault
is a changed one until it is mended. Whatever else changes, the book is made from
nothing (:mod:`analysis.book.kept`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from analysis.book import execute, kept
from analysis.book.errors import BuildFailed
from analysis.book.inputs import BUILD, ROOT
from analysis.book.kept import HTML
from analysis.evidence.writing import recover_folder

_STAGING = BUILD / "staging"
#: Every warning an error, all of them reported, unknown references too.
STRICT = ("-W", "--keep-going", "-n", "-q")
_AS_IT_WAS = "The last book is as it was."


def build() -> Path:
    """Validate, answer, execute and build; return the folder of the finished book.

    Raises
    ------
    ExecutionFailed
        If the data, a question or a chapter's cell is at fault.
    BuildFailed
        If a page has a fault, such as an unknown citation.
    """
    with _alone() as lock:
        recover_folder(HTML)
        shutil.rmtree(_STAGING, ignore_errors=True)
        shared = kept.shared()
        with _jupyter_book(_STAGING, lock) as pages:
            before, now = kept.last(), kept.sources()
            if before == now and not execute.is_stale():
                print("Nothing changed since the last build.")
            else:
                if _only_chapters_changed(before, now):
                    kept.lay_out(_STAGING)
                _send(pages)
                with _step("Validate, answer, execute what changed"):
                    execute.refresh(lock)
                with _step("Build the pages"):
                    _finish(pages, shared)
        shutil.rmtree(_STAGING, ignore_errors=True)
    return HTML


def _only_chapters_changed(before: kept.Sources | None, now: kept.Sources) -> bool:
    """Return whether the last book is one to go on from, and will be when all is executed."""
    return (
        before is not None
        and (before.shared, before.results) == (now.shared, now.results)
        and execute.results_are_fresh()
    )


def _finish(pages: subprocess.Popen[str], shared: str) -> None:
    """Have the pages made and put the book into its place."""
    read = kept.sources()
    _send(pages)
    _, report = pages.communicate()
    if pages.returncode:
        print(_faults(report), file=sys.stderr)
        raise BuildFailed(f"The pages have the faults above. {_AS_IT_WAS}")
    if kept.sources() != read or read.shared != shared:
        raise BuildFailed(f"What the book shows changed while it was built. {_AS_IT_WAS}")
    kept.keep(_STAGING, read)


@contextmanager
def _jupyter_book(output: Path, lock: int) -> Iterator[subprocess.Popen[str]]:
    """Start a strict ``jupyter-book build``, which gets ready on a core that is free.

    It waits for one line before it looks for a book in ``output/_build/html``, and for
    a second before it reads a page.
    """
    program = "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"
    options = [str(ROOT), *STRICT, "--path-output", str(output)]
    with subprocess.Popen(
        [sys.executable, "-c", program, "build", *options],
        cwd=ROOT,
        env=os.environ | {execute.BY_DRIVER: "1"},
        pass_fds=(lock,),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # it still waits if there was nothing to build


def _send(process: subprocess.Popen[str]) -> None:
    """Send a line; a process that has ended says why itself."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write("\n")
        process.stdin.flush()


def _faults(report: str) -> str:
    """Return what Sphinx reports, without Jupyter Book's own traceback after it."""
    faults, _, _ = report.partition("Traceback (most recent call last)")
    return faults.strip() or report


@contextmanager
def _alone() -> Iterator[int]:
    """Wait until no other build works in this folder; give the lock that keeps others waiting.

    A build that was killed holds it no longer than the processes live that it started.
    """
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build is at work in this folder; waiting for its end ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Say what is being done and, afterwards, how long it took."""
    print(f"{name} ...", flush=True)
    started = time.perf_counter()
    yield
    print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)
