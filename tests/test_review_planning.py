"""How small a difference a trial sees, held against published tables."""

from __future__ import annotations

import pytest

from analysis.review.planning import smallest_difference


# Cohen 1992, Psychol Bull 112:155, table 2: people in each group for a power of 0.80
# at a two-sided 5 % level.
@pytest.mark.parametrize(("difference", "each"), [(0.2, 393), (0.5, 64), (0.8, 26)])
def test_sizes_are_those_of_the_published_table(difference: float, each: int) -> None:
    # The table rounds people up: its size suffices, one person fewer in each group does not.
    assert smallest_difference(2 * each) <= difference + 5e-4
    assert smallest_difference(2 * (each - 1)) > difference
