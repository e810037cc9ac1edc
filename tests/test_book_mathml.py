"""Formulas are MathML in the page: structure, no script, no font."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from sphinx.errors import ExtensionError

from analysis.book.mathml import to_mathml


@pytest.mark.parametrize(
    "tex",
    [r"\hat\mu = \frac{\sum_i w_i y_i}{\sum_i w_i}", r"\tau^2 \ge 0", r"y_i \sim N(\theta)"],
)
def test_a_formula_is_well_formed_mathml(tex: str) -> None:
    element = ElementTree.fromstring(to_mathml(tex, as_block=True))
    assert element.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert element.get("display") == "block"


def test_a_fraction_keeps_its_structure() -> None:
    mathml = to_mathml(r"\frac{a}{b}", as_block=False)
    names = [element.tag.split("}")[1] for element in ElementTree.fromstring(mathml).iter()]
    assert names == ["math", "mfrac", "mi", "mi"]


def test_an_unknown_command_stops_the_build_and_quotes_the_formula() -> None:
    with pytest.raises(ExtensionError, match=r"\\nosuchcommand"):
        to_mathml(r"\nosuchcommand{x}", as_block=False)
