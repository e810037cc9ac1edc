"""Text becomes markup in one place, and never as markup of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from analysis.book import html

HOSTILE = '<script>alert("1")</script>&{0}'


def test_values_are_escaped_and_templates_are_not() -> None:
    assert html.fill("<b>{x}</b>", x="<i>&") == "<b>&lt;i&gt;&amp;</b>"


@given(st.text())
def test_no_text_can_open_a_tag(text: str) -> None:
    filled = html.fill("<p title='{x}'>{x}</p>", x=text)
    inside = str(filled).removeprefix("<p title='").removesuffix("</p>")
    assert inside.count("<") == 0
    assert inside.count(">") == 1
    assert inside.count("'") == 1


def test_markup_is_not_escaped_twice() -> None:
    assert html.fill("<p>{x}</p>", x=html.fill("<b>{y}</b>", y="&")) == "<p><b>&amp;</b></p>"


def test_a_table_names_itself_its_columns_and_its_rows() -> None:
    table = html.table("Trials", ["study", "n"], [["Noppers 2011", "24"]])
    assert "<caption>Trials</caption>" in table
    assert '<th scope="col">study</th>' in table
    assert '<th scope="row">Noppers 2011</th><td data-label="n">24</td>' in table


def test_hostile_cells_and_captions_stay_text() -> None:
    table = html.table(HOSTILE, [HOSTILE, HOSTILE], [[HOSTILE, HOSTILE]])
    assert "<script" not in table
    assert table.count("&lt;script&gt;") == 7


def test_a_piece_shows_markup_in_a_page_and_text_in_a_terminal() -> None:
    piece = html.Piece(Markup("<b>1</b>"), "one")
    assert piece._repr_html_() == "<b>1</b>"
    assert repr(piece) == "one"
