"""Morris 2008, Organ Res Methods 11:364: pretest-posttest designs with a control group.

https://doi.org/10.1177/1094428106291059
The five studies and the differences of standardised mean changes, Table 1 (p. 368), as metafor's
own test of this analysis names them (tests/testthat/test_analysis_example_morris2008.r in
wviechtb/metafor).
"""

from __future__ import annotations

import numpy as np

from analysis.meta.effect_sizes import effect_sizes

CORRELATION = [0.47, 0.64, 0.77, 0.89, 0.44]
TREATED = {
    "m1i": [38.5, 26.8, 0.7, 75.9, 36.0],
    "m2i": [30.6, 23.5, 0.5, 53.4, 35.6],
    "sd1i": [15.0, 3.1, 0.1, 14.5, 4.7],
    "sd2i": [11.6, 4.1, 0.1, 4.4, 4.6],
    "ni": [20, 50, 9, 10, 14],
}
CONTROL = {
    "m1i": [19.7, 25.3, 0.6, 60.7, 33.4],
    "m2i": [23.1, 24.9, 0.6, 55.7, 34.8],
    "sd1i": [13.8, 4.1, 0.2, 17.3, 3.1],
    "sd2i": [14.8, 3.3, 0.2, 17.9, 6.9],
    "ni": [20, 42, 9, 11, 14],
}


def test_table_1_differences_of_standardised_mean_changes() -> None:
    treated = effect_sizes("SMCR", ri=CORRELATION, **TREATED)
    control = effect_sizes("SMCR", ri=CORRELATION, **CONTROL)
    np.testing.assert_array_equal(
        np.round(treated.yi - control.yi, 2), [0.74, 0.95, 1.81, 1.15, 0.51]
    )
