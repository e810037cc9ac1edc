"""Van Houwelingen, Zwinderman & Stijnen 1993, Stat Med 12:2273: the exact conditional model.

https://doi.org/10.1002/sim.4780122405
Trials of Collins et al. 1985, as dat.collins1985a in metadat holds them; estimates in the text of
pp. 2275 and 2277, as metafor's own test of this analysis names them
(tests/testthat/test_analysis_example_vanhouwelingen1993.r in wviechtb/metafor). The upper limit
of the common effect is 0.31 in the paper. One unit in the last printed digit is allowed.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.glmm import glmm
from published import rows

LAST_DIGIT = 0.001


def _trials():
    data = rows("collins1985a")
    known = np.isfinite(data["ai"])
    return {name: data[name][known] for name in ("ai", "n1i", "ci", "n2i")}


def test_page_2275_common_log_odds_ratio() -> None:
    fit = glmm("OR", method="EE", **_trials())
    assert [fit.estimate, fit.se] == pytest.approx([0.122, 0.099], abs=LAST_DIGIT)
    assert fit.ci[0] == pytest.approx(-0.073, abs=LAST_DIGIT)
    assert fit.ci[1] == pytest.approx(0.31, abs=10 * LAST_DIGIT)
    assert fit.log_likelihood == pytest.approx(-53.679, abs=LAST_DIGIT)


def test_page_2277_log_odds_ratios_that_vary() -> None:
    fit = glmm("OR", **_trials())
    printed = [0.175, 0.136, -0.092, 0.441, 0.119, -52.989]
    ours = [fit.estimate, fit.se, *fit.ci, fit.tau2, fit.log_likelihood]
    assert ours == pytest.approx(printed, abs=1.5 * LAST_DIGIT)
