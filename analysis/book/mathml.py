"""Formulas as MathML, written when the book is built.

Every current browser draws MathML by itself, so a page with formulas loads no
script and no font for them, and a screen reader finds the formula's structure.
The converter is the one that comes with docutils.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError


def to_mathml(tex: str, as_block: bool) -> str:
    """Return a formula in LaTeX notation as a MathML element.

    Parameters
    ----------
    tex : str
        The formula, without dollar signs.
    as_block : bool
        Whether it stands on a line of its own.

    Raises
    ------
    ExtensionError
        If the converter does not know a command; the message quotes the formula.
    """
    try:
        return str(tex2mathml(tex, as_block=as_block)).replace("\n", " ")
    except MathError as error:
        raise ExtensionError(f"Formula {tex!r} cannot be written as MathML: {error}") from error


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(to_mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own; a wide one scrolls inside its box."""
    formula = to_mathml(node.astext(), as_block=True)
    box = f'<div class="formula" role="group" tabindex="0" aria-label="Formula">{formula}</div>'
    translator.body.append(box)
    raise nodes.SkipNode
