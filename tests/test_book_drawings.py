"""A figure is drawn once, and again as soon as anything that it shows is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.book import drawings, inputs

drawn: list[str] = []


@dataclass(frozen=True)
class Shown:
    label: str
    values: tuple[float, ...]


SHOWN = Shown("Ames 2001", (0.1, 0.25, float("inf")))
WORDS = {"name": "forest", "title": "A forest", "description": "Two trees."}


def sketch(shown: Shown, *, narrow: bool = False) -> Axes:
    drawn.append(shown.label)
    axes = Figure(figsize=(2 if narrow else 4, 2)).add_axes((0, 0, 1, 1))
    axes.text(0.5, 0.5, shown.label)
    return axes


def another_sketch(shown: Shown) -> Axes:
    return sketch(replace(shown, label="another way"))


def sketch_of_a_file(shown: Shown) -> Axes:
    inputs.note("file:data/nowhere-else.csv")
    return sketch(shown)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    drawn.clear()
    monkeypatch.setattr(inputs, "DRAWN", tmp_path / "drawn")
    monkeypatch.setattr(inputs, "_used", set())
    drawings._folder.cache_clear()
    yield inputs.DRAWN
    drawings._folder.cache_clear()


def test_what_was_drawn_before_is_not_drawn_again():
    first = drawings.kept_svg(partial(sketch, SHOWN), **WORDS)
    again = drawings.kept_svg(partial(sketch, replace(SHOWN)), **WORDS)
    assert again == first
    assert "Ames 2001" in first
    assert drawn == ["Ames 2001"]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (partial(sketch, replace(SHOWN, values=(0.1, 0.25000000000000006))), {}),
        (partial(sketch, replace(SHOWN, label="Bohr 2002")), {}),
        (partial(sketch, SHOWN, narrow=True), {}),
        (partial(another_sketch, SHOWN), {}),
        (partial(sketch, SHOWN), {"name": "other"}),
        (partial(sketch, SHOWN), {"title": "Another"}),
        (partial(sketch, SHOWN), {"description": "Three trees."}),
        (partial(sketch, SHOWN), {"rows": {"ames": "Ames: 0.1"}}),
        (partial(sketch, SHOWN), {"links": {"ames": "studies.html"}}),
    ],
)
def test_anything_else_to_show_is_drawn_anew(draw, words):
    drawings.kept_svg(partial(sketch, SHOWN), **WORDS)
    drawings.kept_svg(draw, **WORDS | words)
    assert len(drawn) == 2


def test_other_code_draws_anew_and_drops_what_the_old_code_drew(folder: Path, monkeypatch):
    drawings.kept_svg(partial(sketch, SHOWN), **WORDS)
    (old,) = folder.iterdir()
    drawings.forget_others()
    assert old.exists()
    monkeypatch.setattr(inputs.Inputs, "digest", lambda self, name: f"other {name}")
    drawings._folder.cache_clear()
    drawings.forget_others()
    assert not old.exists()
    drawings.kept_svg(partial(sketch, SHOWN), **WORDS)
    assert len(drawn) == 2


def test_what_reads_a_file_while_it_is_drawn_is_not_kept(folder: Path):
    drawings.kept_svg(partial(sketch_of_a_file, SHOWN), **WORDS)
    assert drawn == ["Ames 2001"]
    assert not list(folder.rglob("*.svg"))


def test_a_kept_drawing_is_no_input_of_its_chapter(monkeypatch):
    monkeypatch.setattr(inputs, "ROOT", inputs.DRAWN.parent)
    drawings.kept_svg(partial(sketch, SHOWN), **WORDS)
    (kept,) = inputs.DRAWN.rglob("*.svg")
    beside = inputs.DRAWN.parent / "table.csv"
    before = inputs.used()
    inputs._audit("open", (str(kept), "r", 0))
    assert inputs.used() == before
    inputs._audit("open", (str(beside), "r", 0))
    assert inputs.used() - before == {"file:table.csv"}
