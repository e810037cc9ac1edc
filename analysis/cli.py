"""``python -m analysis``: one verb for each job."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from analysis.evidence.faults import ProjectFileError
from analysis.evidence.paths import ProjectNotFoundError
from analysis.evidence.rendering import visible


class Verb(NamedTuple):
    """Where a verb lives, and what it does in a few words.

    Attributes
    ----------
    module : str
        Module with ``configure(parser)`` and ``run(arguments) -> int``; imported
        only when the verb is called, so that each starts as quickly as it can.
    summary : str
        Line for the list of verbs.
    """

    module: str
    summary: str


VERBS = {
    "validate": Verb("analysis.evidence.validate_command", "check the data, say what is wrong"),
    "sort": Verb("analysis.evidence.sort_command", "put the rows of tables in order"),
    "answer": Verb("analysis.review.commands_answer", "answer the pre-specified questions"),
    "compare": Verb("analysis.review.commands_compare", "tell what changed between two versions"),
    "verify": Verb("analysis.review.commands_verify", "tell whether a receipt's numbers return"),
    "build": Verb("analysis.book.commands", "build the book: data, answers, chapters, pages"),
    "figure": Verb("analysis.figures.export", "write one forest plot as SVG, PNG or PDF"),
    "serve": Verb("analysis.book.serve", "show the built book at an address of this machine"),
    "pdf": Verb("analysis.book.pdf", "print the built book into one PDF"),
    "search": Verb("analysis.living.search_command", "ask every source again, log what is new"),
    "screen": Verb("analysis.living.screen_command", "decide about the records that were found"),
    "add": Verb("analysis.living.add_command", "ask for a study result, field by field"),
    "preview": Verb("analysis.living.preview_command", "say what an edit did to every answer"),
    "status": Verb("analysis.living.status_command", "say how current the review is"),
    "release": Verb("analysis.living.release_command", "give the review a version and keep it"),
    "forms": Verb("analysis.living.forms_command", "write the issue forms from the schemas"),
    "links": Verb("analysis.living.links_command", "tell which links of the book are dead"),
}


def _parser(called: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis",
        description="Ketamine for ME/CFS: the living review's commands.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    for name, verb in VERBS.items():
        child = verbs.add_parser(name, help=verb.summary, description=verb.summary.capitalize())
        if name == called:
            import_module(verb.module).configure(child)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``python -m analysis``; those of the command line if not given.

    Returns
    -------
    int
        Exit status: 0 for success, 1 for faults found, 2 for wrong usage.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    called = next((word for word in words if not word.startswith("-")), None)
    chosen = _parser(called).parse_args(words)
    try:
        status = int(import_module(VERBS[chosen.verb].module).run(chosen))
        sys.stdout.flush()
    except (ProjectFileError, ProjectNotFoundError) as error:
        print("\n".join(map(visible, str(error).splitlines())), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python would complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
