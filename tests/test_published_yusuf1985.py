"""Yusuf et al. 1985, Prog Cardiovasc Dis 27:335: beta blockade, Peto's method.

https://doi.org/10.1016/S0033-0620(85)80003-7
The trials of its table 6, as dat.yusuf1985 in metadat holds them, and the pooled odds ratio
0.93 (0.74 to 1.18) that metafor's own test of this analysis compares with
(tests/testthat/test_analysis_example_yusuf1985.r in wviechtb/metafor). The page that test names,
107, is not one of this article's, so none is given here.
"""

from __future__ import annotations

import numpy as np

from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.pooling import pool
from analysis.meta.rare import peto
from published import rows


def _table_6():
    data = rows("yusuf1985_table6")
    known = np.isfinite(data["ai"])
    return {name: data[name][known] for name in ("ai", "n1i", "ci", "n2i")}


def test_pooled_odds_ratio_by_petos_method() -> None:
    data = _table_6()
    cells = (data["ai"], data["n1i"] - data["ai"], data["ci"], data["n2i"] - data["ci"])
    fit = peto(*cells)
    assert tuple(np.round(fit.scale.back([fit.estimate, *fit.ci]), 2)) == (0.93, 0.74, 1.18)


def test_inverse_variance_of_the_single_peto_ratios_is_the_same() -> None:
    es = effect_sizes("PETO", to="none", **_table_6())
    fit = pool(es.yi[es.usable], es.vi[es.usable], method="EE", ci="z")
    assert tuple(np.round(es.back([fit.estimate, *fit.ci]), 2)) == (0.93, 0.74, 1.18)
