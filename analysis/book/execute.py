"""Answering and executing what is stale, and only that.

One process imports the scientific stack once. It forks a child that validates
the data, one that answers the questions, and then one for each stale chapter,
as many at a time as there are cores. A child starts with every module loaded,
does its one job and ends, so no chapter sees another's variables. The parent
itself never opens a data file: nothing read is cached behind the tracing of
inputs (:mod:`analysis.book.inputs`).

Run ``python -m analysis.book.execute`` to see what it does; Sphinx calls it
through :mod:`analysis.book.sphinx_ext`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from analysis.book import downloads, inputs, notebooks
from analysis.book.errors import CellError, ExecutionFailed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Item = TypeVar("Item", Path, tuple[str, ...])

#: Set where :mod:`analysis.book.build` lays out the last book and executes while Sphinx starts;
#: it sends a line after each of the two.
BY_DRIVER = "ANALYSIS_BOOK_EXECUTED_BY_DRIVER"
#: Seconds a chapter may take; one that takes longer is taken to hang.
TIMEOUT = 120
#: Digest of what ``results.json`` was made from.
STAMP = inputs.BUILD / "results.inputs"


def results_key() -> str:
    """Return the digest of everything the answers can depend on."""
    now = inputs.Inputs()
    data = inputs.digest_files(inputs.data_files(), inputs.ROOT)
    keys = (data, now.digest("code"), now.digest("environment"))
    return inputs.digest(*(key.encode() for key in keys))


def results_are_fresh() -> bool:
    """Return whether ``results.json`` was made from the present data and code."""
    return (
        inputs.RESULTS.exists()
        and downloads.DATA.exists()
        and STAMP.exists()
        and STAMP.read_text(encoding="utf-8") == results_key()
    )


def stale_chapters() -> dict[Path, list[str]]:
    """Return the chapters to execute, each with the inputs that moved."""
    now = inputs.Inputs()
    reasons = {
        path: notebooks.why_stale(notebooks.read_text(path), now)
        for path in notebooks.chapter_paths()
    }
    return {path: moved for path, moved in reasons.items() if moved}


def is_stale() -> bool:
    """Return whether anything is to be answered or executed."""
    return not results_are_fresh() or bool(stale_chapters())


def refresh(*held: int) -> None:
    """Execute what is stale in a process of its own.

    Apart from Sphinx's process, because a fork must not inherit Sphinx's
    threads and open files, and so that a build with nothing to execute never
    imports the scientific stack.

    Parameters
    ----------
    *held : int
        Descriptors of files that the process holds open as long as it lives, such as a lock.

    Raises
    ------
    ExecutionFailed
        If the data are not valid, a question cannot be answered or a cell fails.
    """
    if not is_stale():
        return
    # One thread each: two children share two cores, and threads do not survive a fork.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "analysis.book.execute"]
    finished = subprocess.run(command, env=environment, cwd=inputs.ROOT, pass_fds=held)
    if finished.returncode:
        raise ExecutionFailed("The chapters could not be brought up to date; the reason is above.")


def main() -> int:
    """Bring results and chapters up to date; return 1 if something fails, else 0."""
    # Imported here and not above: Sphinx's process, which never executes, stays light.
    import analysis.book.page  # noqa: F401  # all that cells import
    from analysis.book import door, drawings
    from analysis.book.cells import new_shell

    if not results_are_fresh():
        key = results_key()
        for words in (("validate",), ("answer", "--output", str(inputs.RESULTS))):
            if run_forked([words], _run_verb, jobs=1):
                return 1
        if run_forked([("files for researchers",)], lambda _: downloads.write(), jobs=1):
            return 1
        STAMP.write_text(key, encoding="utf-8")
    stale = stale_chapters()
    for path, moved in stale.items():
        print(f"  {path.name} is to be executed: {_in_words(moved)}", flush=True)
    door.results()
    drawings.forget_others()
    shell = new_shell()
    # Chapters with the same cells keep the same outputs: one of them is executed.
    once = {notebooks.stored_path(notebooks.read_text(path)): path for path in stale}.values()
    # The last first: they gather what the others show and take longest, and no core should
    # be left alone with one of them at the end.
    last_first = list(once)[::-1]
    failed = run_forked(last_first, lambda path: _execute(path, shell), jobs=os.cpu_count() or 1)
    return 1 if failed else 0


def _run_verb(words: tuple[str, ...]) -> None:
    """Run ``python -m analysis WORDS`` in this process; its exit status counts."""
    from analysis.cli import main as analysis_main

    status = analysis_main(words)
    if status:
        raise SystemExit(status)


def _execute(path: Path, shell: InteractiveShell) -> None:
    """Run one chapter in this process and keep its outputs and inputs."""
    from analysis.book.cells import run_cells

    signal.alarm(TIMEOUT)
    text = notebooks.read_text(path)
    notebook = notebooks.parse(text)
    os.chdir(path.parent)  # as Jupyter does
    before = inputs.used()
    inputs.trace()
    run_cells(notebook, shell)
    names = (inputs.used() - before) | {"code", "environment"}
    now = inputs.Inputs()
    notebooks.store(text, notebook, {name: now.digest(name) for name in sorted(names)})


def run_forked(items: Sequence[Item], work: Callable[[Item], None], jobs: int) -> list[Item]:
    """Call ``work`` on each item in a forked child; return the items that failed.

    Parameters
    ----------
    items : sequence
        What to work on, started in this order.
    work : callable
        Called with one item; raises where it cannot do its work.
    jobs : int
        How many children may run at the same time.
    """
    waiting, failed = list(items), []
    running: dict[int, Item] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            item = waiting.pop(0)
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
            if pid == 0:
                os._exit(_status(item, work))
            running[pid] = item
        pid, status = os.wait()
        item = running.pop(pid)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            print(f"{_name(item)} was ended by {name}.", file=sys.stderr)
        if status:
            failed.append(item)
    return failed


def _status(item: Item, work: Callable[[Item], None]) -> int:
    """Work on one item and return an exit status: a fork must not raise into its parent's code."""
    started = time.perf_counter()
    try:
        work(item)
    except SystemExit as error:
        return int(error.code or 0)
    except CellError as error:
        print(f"{_name(item)}: {error}", file=sys.stderr)
        return 1
    except BaseException:
        print(f"{_name(item)} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    print(f"  {_name(item)} done in {time.perf_counter() - started:.1f} s", flush=True)
    return 0


def _name(item: Path | tuple[str, ...]) -> str:
    """Return a chapter's path within the repository, or a command's verb."""
    return item.relative_to(inputs.ROOT).as_posix() if isinstance(item, Path) else item[0]


def _in_words(moved: list[str]) -> str:
    """Return what moved, shortened to what fits on a line."""
    shown = ", ".join(moved[:3])
    return f"{shown} and {len(moved) - 3} more moved" if len(moved) > 3 else f"{shown} moved"


if __name__ == "__main__":
    sys.exit(main())
