"""``python -m analysis figure``: one forest plot as a file, for a talk, a paper or the README."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.review.results import Answer

#: Endings of the files that can be written; all but SVG at 300 dots per inch.
FORMATS = (".svg", ".png", ".pdf")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("question", help="id of a question, such as safety-dissociation")
    parser.add_argument("file", type=Path, help=f"file to write: {', '.join(FORMATS)}")
    parser.add_argument("--narrow", action="store_true", help="the variant for a phone")


def run(arguments: argparse.Namespace) -> int:
    """Answer the question from the data as they are, and write its forest plot."""
    from analysis.evidence import write_atomically
    from analysis.review import answer, load_questions, load_tables

    questions = load_questions()
    if arguments.question not in questions:
        known = ", ".join(questions)
        print(f"No question {arguments.question!r}; there are {known}.", file=sys.stderr)
        return 2
    if arguments.file.suffix not in FORMATS:
        print(f"{arguments.file} must end in one of {', '.join(FORMATS)}.", file=sys.stderr)
        return 2
    found = answer(questions[arguments.question], load_tables())
    write_atomically(arguments.file, render(found, arguments.file.suffix, narrow=arguments.narrow))
    print(f"Wrote {arguments.file}")
    return 0


def render(answer: Answer, suffix: str, *, narrow: bool = False) -> bytes:
    """Return the forest plot of an answer as the content of a file.

    Parameters
    ----------
    answer : Answer
        The answer to draw.
    suffix : {".svg", ".png", ".pdf"}
        Kind of file.
    narrow : bool
        Whether to draw the variant for a phone.
    """
    from analysis.figures import words
    from analysis.figures.forest import forest
    from analysis.figures.svg import save_raster, save_svg, standalone

    figure = forest(answer, narrow=narrow).figure.figure
    if suffix != ".svg":
        return save_raster(figure, suffix.removeprefix("."))
    title = f"Forest plot: {answer.title}"
    svg = save_svg(figure, name=answer.id, title=title, description=words.alt_text(answer))
    return standalone(svg).encode("utf-8")
