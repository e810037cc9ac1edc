"""Running a chapter's cells inside this process.

A Jupyter kernel costs about two seconds of start and two of imports, for each
chapter. The cells of this book are thin and import what is already imported,
so they are run by an IPython shell in a process forked from a prepared one
(see :mod:`analysis.book.execute`). The shell hands its outputs to a list
instead of a socket; everything else is IPython as a kernel runs it.
"""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import TextIOBase
from typing import Any, ClassVar

import nbformat
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from analysis.book.errors import CellError


class _Outputs:
    """The outputs of the running cell, in the order in which they came."""

    current: ClassVar[list[nbformat.NotebookNode]] = []


class _Publisher(DisplayPublisher):
    """Keeps what ``display()`` shows."""

    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        _Outputs.current.append(
            nbformat.v4.new_output("display_data", data=data, metadata=metadata or {})
        )


class _Hook(DisplayHook):
    """Keeps the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """Write nothing: the count is kept with the output."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        output = nbformat.v4.new_output(
            "execute_result",
            data=format_dict,
            metadata=md_dict or {},
            execution_count=self.prompt_count,
        )
        _Outputs.current.append(output)


class _Shell(InteractiveShell):
    """An IPython shell without terminal, history or colours."""

    display_pub_class = _Publisher
    displayhook_class = _Hook

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Print nothing: :func:`run_cells` raises the error itself."""

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Print nothing, for the same reason."""


class _Stream(TextIOBase):
    """Text written by a cell, kept among its other outputs."""

    def __init__(self, name: str) -> None:
        self._name = name

    def write(self, text: str) -> int:
        outputs = _Outputs.current
        if outputs and outputs[-1].get("name") == self._name:
            outputs[-1]["text"] += text
        elif text:
            outputs.append(nbformat.v4.new_output("stream", name=self._name, text=text))
        return len(text)


def new_shell() -> InteractiveShell:
    """Return a shell that keeps its outputs and leaves no trace on disk."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return _Shell.instance(config=config)


def run_cells(notebook: nbformat.NotebookNode, shell: InteractiveShell) -> None:
    """Run the code cells in order and put their outputs into the notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place; ``metadata.source_map`` gives each cell's line.
    shell : InteractiveShell
        From :func:`new_shell`, not used before.

    Raises
    ------
    CellError
        At the first cell that raises; names the cell's line in the source.
    """
    source_map = notebook.metadata["source_map"]
    for cell, line in zip(notebook.cells, source_map, strict=True):
        if cell.cell_type != "code":
            continue
        _Outputs.current = []
        with redirect_stdout(_Stream("stdout")), redirect_stderr(_Stream("stderr")):
            result = shell.run_cell(cell.source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise CellError(f"the cell at line {line + 1} failed\n{_traceback(shell, error)}")
        cell.outputs = _Outputs.current
        cell.execution_count = result.execution_count


def _traceback(shell: InteractiveShell, error: BaseException) -> str:
    """Return the traceback as IPython writes it."""
    lines = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return "\n".join(str(line) for line in lines)
