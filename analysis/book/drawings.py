"""Figures drawn once, and kept for as long as they would be drawn the same.

Drawing takes most of the time that a chapter's cells take, and after most
changes nearly every figure is the same as before. A drawing is kept under the
digest of all that it shows, of the code and of the environment; it is only ever
a copy of what drawing it again would give.
"""

from __future__ import annotations

import pickle
import shutil
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.book import inputs
from analysis.evidence.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def kept_svg(draw: partial[Axes], **said: Any) -> str:
    """Return a figure as SVG text, drawn only if it was not drawn before.

    Parameters
    ----------
    draw : functools.partial
        A function of :mod:`analysis.figures` with everything that it is to draw.
    **said
        Names and words of the figure, as :func:`analysis.figures.svg.save_svg` takes them.
    """
    shown = (draw.func, draw.args, draw.keywords, said)
    path = _folder() / f"{inputs.digest(pickle.dumps(shown))}.svg"
    if path.exists():
        return path.read_text(encoding="utf-8")
    # Imported here and not above: Sphinx's process, which never draws, stays light.
    from analysis.figures.svg import save_svg

    read = inputs.used()
    svg = save_svg(draw().figure.figure, **said)
    if inputs.used() == read:  # what depends on a file could not be told by its arguments
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, svg.encode())
    return svg


def forget_others() -> None:
    """Delete the drawings of other code or another environment."""
    for folder in inputs.DRAWN.glob("*"):
        if folder != _folder():
            shutil.rmtree(folder)


@cache
def _folder() -> Path:
    """Return where the drawings of this code in this environment are."""
    now = inputs.Inputs()
    return inputs.DRAWN / inputs.digest(*(now.digest(n).encode() for n in ("code", "environment")))
