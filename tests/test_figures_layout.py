"""Text is measured before it is drawn."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.figures.layout import Sheet, balanced, text_width, wrap
from analysis.figures.theme import LIGHT, style


@pytest.mark.parametrize("words", ["Graven-Nielsen 2000", "−0.71 [−1.20, −0.22]", "τ² = 0.09"])
@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("dpi", [72, 100, 300])
def test_measured_room_holds_what_the_renderer_draws(words, weight, dpi):
    sheet = Sheet(400, 40, LIGHT)
    sheet.figure.set_dpi(dpi)
    text = sheet.text(10, 20, words, weight=weight)
    with style():
        FigureCanvasAgg(sheet.figure).draw()
        drawn = text.get_window_extent().width / dpi * 72
    assert drawn <= text_width(words, weight=weight) <= drawn * 1.05


def test_wrapped_lines_fit_and_lose_no_word():
    text = "Anagnostopoulos-Papadimitriou et al. for the Very Long Collaborative Group"
    lines = wrap(text, 150)
    assert " ".join(lines) == text
    assert all(text_width(line) <= 150 for line in lines)


def test_a_word_wider_than_its_column_is_cut_without_loss():
    lines = wrap("Pneumonoultramicroscopicsilicovolcanoconiosis", 60)
    assert "".join(lines) == "Pneumonoultramicroscopicsilicovolcanoconiosis"
    assert all(text_width(line) <= 60 for line in lines)


def test_no_break_spaces_hold_together():
    count = "(n\u00a0=\u00a020)"
    assert wrap(f"Of these, with a usable number {count}", 150)[-1] == count


def test_balanced_lines_are_as_many_but_more_even():
    text = "Risk ratio, random effects (REML), 95% CI (HKSJ with floor)"
    plain, even = wrap(text, 170), balanced(text, 170)
    assert len(even) == len(plain)
    assert max(map(len, even)) - min(map(len, even)) <= max(map(len, plain)) - min(map(len, plain))


def test_text_is_centred_on_its_line_and_empty_text_is_not_drawn():
    sheet = Sheet(100, 40, LIGHT)
    assert sheet.text(10, 20, "") is None
    text = sheet.text(10, 20, "H")
    box = text.get_window_extent()
    assert (box.y0 + box.y1) / 2 / 100 * 72 == pytest.approx(20, abs=1)
