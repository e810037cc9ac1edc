"""A sound call of everything public in the engine, for tests that vary one argument at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis import meta
from analysis.meta import HalfNormal, Normal

ROWS = 12

YI = np.array([0.12, 0.35, 0.51, -0.20, 0.44, 0.30, 0.05, 0.61, 0.27, 0.18, 0.40, -0.05])
VI = np.array([0.04, 0.05, 0.02, 0.07, 0.03, 0.06, 0.01, 0.09, 0.025, 0.045, 0.08, 0.015])
AGE = np.array([31.0, 40, 35, 52, 47, 38, 44, 29, 36, 41, 55, 33])
STUDY = np.array(list("aabbccddeeff"))
EFFECT = np.array([str(i % 2) for i in range(ROWS)])
A = np.array([3.0, 5, 2, 9, 4, 7, 6, 1, 8, 3, 2, 5])
B = np.array([20.0, 31, 18, 40, 26, 33, 19, 22, 41, 30, 27, 35])
C = np.array([6.0, 9, 4, 12, 9, 8, 11, 3, 12, 5, 6, 9])
D = np.array([18.0, 29, 17, 37, 22, 31, 16, 20, 38, 28, 24, 30])
FIT = meta.pool(YI, VI)
PER = dict.fromkeys(("t1i", "t2i"), B * 10)
TABLE = {"ai": A, "bi": B, "ci": C, "di": D}
ARMS = {"m1i": YI + 5, "sd1i": VI + 1, "n1i": B, "m2i": YI + 4, "sd2i": VI + 2, "n2i": D}
PAIRED = {"m1i": YI, "sd1i": VI, "m2i": YI + 1, "sd2i": VI + 0.1, "ni": B}

#: A sound call of every public function and of every class that takes numbers from a caller.
CALLS: dict[str, list[dict[str, Any]]] = {
    "pool": [{"yi": YI, "vi": VI, "method": "REML", "ci": "hksj", "level": 0.9}],
    "pool_many": [{"yi": YI, "vi": VI, "method": "DL", "ci": "z", "level": 0.9}],
    "heterogeneity_interval": [{"fit": FIT, "kind": kind} for kind in ("QP", "GENQ", "PL")],
    "leave_one_out": [{"fit": FIT}],
    "cumulative": [{"fit": FIT, "order": np.arange(12)}],
    "influence": [{"fit": FIT}],
    "shrinkage": [{"fit": FIT}],
    "gosh": [{"fit": FIT, "limit": 5, "samples": 20, "seed": 1}],
    "bootstrap": [{"fit": FIT, "samples": 20, "seed": 1}],
    "permutation_test": [{"fit": FIT, "samples": 64, "seed": 1}],
    "regression": [
        {
            "yi": YI,
            "vi": VI,
            "X": AGE,
            "names": ["age"],
            "intercept": True,
            "method": "REML",
            "ci": "hksj",
            "level": 0.9,
        }
    ],
    "subgroups": [
        {
            "yi": YI,
            "vi": VI,
            "groups": STUDY,
            "common_tau2": common,
            "method": "DL",
            "ci": "t",
            "level": 0.9,
        }
        for common in (False, True)
    ],
    "three_level": [
        {
            "yi": YI,
            "vi": VI,
            "study": STUDY,
            "effect": EFFECT,
            "X": AGE,
            "names": ["age"],
            "rho": 0.5,
            "method": "REML",
            "ci": "t",
            "level": 0.9,
        }
    ],
    "aggregate": [{"yi": YI, "vi": VI, "study": STUDY, "rho": 0.5}],
    "robust": [{"fit": FIT, "cluster": STUDY, "correction": "CR2"}],
    "correlated_effects": [
        {"yi": YI, "vi": VI, "study": STUDY, "rho": 0.5, "X": AGE, "names": ["age"], "level": 0.9}
    ],
    "egger": [
        {"fit": FIT, "predictor": "ninv", "model": "regression", "ni": B, "force": True},
        {"fit": FIT, "predictor": AGE, "model": "model", "force": True},
    ],
    "rank_test": [{"fit": FIT, "force": True}],
    "peters": [{**TABLE, "level": 0.9, "force": True}],
    "harbord": [{**TABLE, "level": 0.9, "force": True}],
    "pet_peese": [{"fit": FIT, "alpha": 0.1, "force": True}],
    "trim_and_fill": [{"fit": FIT, "estimator": "L0", "side": "left", "force": True}],
    "step_selection": [
        {
            "yi": YI,
            "vi": VI,
            "steps": np.array([0.05, 0.5]),
            "alternative": "greater",
            "level": 0.9,
            "force": True,
        }
    ],
    "bayes_pool": [
        {"yi": YI, "vi": VI, "tau_prior": HalfNormal(0.5), "mu_prior": Normal(0.0, 1.0)}
        | {"level": 0.9}
    ],
    "HalfNormal": [{"scale": 0.5}],
    "HalfCauchy": [{"scale": 0.5}],
    "Uniform": [{"upper": 2.0}],
    "LogNormal": [{"meanlog": -1.0, "sdlog": 0.8}],
    "LogStudentT": [{"location": -1.0, "scale": 0.8, "df": 5.0}],
    "Normal": [{"mean": 0.0, "sd": 1.0}],
    "turner2015": [{"outcome": "pain"}],
    "rhodes2015": [{"outcome": "mental health"}],
    "sequential": [
        {
            "estimates": YI,
            "ses": np.sqrt(np.sort(VI)[::-1]),
            "information_needed": 50.0,
            "null": 0.0,
            "level": 0.9,
        }
    ],
    "information_needed": [{"effect": 0.5, "level": 0.9, "power": 0.8}],
    "effect_sizes": [
        {"measure": "OR", **TABLE, "add": 0.5, "to": "only0", "drop00": False, "vtype": "LS"},
        {"measure": "RR", "ai": A, "n1i": A + B, "ci": C, "n2i": C + D},
        {"measure": "PETO", **TABLE},
        {"measure": "SMD", **ARMS, "vtype": "UB"},
        {"measure": "ROM", **ARMS, "vtype": "AV"},
        {"measure": "SMCR", **PAIRED, "ri": np.full(12, 0.5)},
        {"measure": "MPOR", **TABLE},
        {"measure": "PFT", "xi": A, "ni": A + B},
        {"measure": "ZCOR", "ri": YI, "ni": B},
        {"measure": "IRR", "x1i": A, "x2i": C, **PER},
    ],
    "over_correlations": [{"measure": "SMCR", "correlations": np.array([0.3, 0.7]), **PAIRED}],
    "reported_estimates": [
        {"measure": "RR", "estimate": np.exp(YI), "se": VI, "level": 0.9},
        {"measure": "MD", "estimate": YI, "ci_low": YI - VI, "ci_high": YI + VI, "df": B},
        {"measure": "MD", "estimate": YI, "t": YI / VI},
        {"measure": "MD", "estimate": YI, "f": (YI / VI) ** 2},
        {"measure": "MD", "estimate": YI, "pvalue": VI, "df": B},
    ],
    "smd_from_test": [{"kind": "F", "value": A, "n1i": B, "n2i": D, "sign": np.sign(YI)}],
    "smcc_from_test": [{"kind": "p", "value": VI, "ni": B, "sign": np.sign(YI)}],
    "mean_sd_from_quantiles": [
        {"n": B, "median": YI, "q1": YI - 1, "q3": YI + 2, "minimum": YI - 3, "maximum": YI + 4}
        | {"mean_method": "wan2014", "sd_method": "shi2020"}
    ],
    "sd_of_change": [{"sd_before": VI, "sd_after": VI + 1, "r": np.full(12, 0.5)}],
    "log_odds_ratio_from_smd": [{"yi": YI, "vi": VI, "method": "normal"}],
    "smd_from_log_odds_ratio": [{"yi": YI, "vi": VI, "method": "normal"}],
    "mantel_haenszel": [{**TABLE, "measure": "OR", "drop00": True, "correct": True, "level": 0.9}],
    "mantel_haenszel_rates": [
        {
            "x1i": A,
            "x2i": C,
            **PER,
            "measure": "IRR",
            "drop00": True,
            "correct": True,
            "level": 0.9,
        }
    ],
    "peto": [{**TABLE, "level": 0.9}],
    "glmm": [
        {"measure": "PLO", "xi": A, "ni": A + B, "method": "ML", "interval": "t", "level": 0.9}
        | {"nodes": 11},
        {"measure": "OR", **TABLE, "model": "CM.EL", "nodes": 11},
        {"measure": "IRR", "x1i": A, "x2i": C, **PER, "method": "EE"},
    ],
    "beta_binomial": [{"measure": "OR", **TABLE, "level": 0.9}],
    "pool_proportions": [
        {"xi": A, "ni": A + B, "method": "PFT", "tau2_method": "DL", "interval": "z"}
        | {"level": 0.9}
    ],
    "proportion_intervals": [{"xi": A, "ni": A + B, "method": "wilson", "level": 0.9}],
    "absolute_difference": [
        {"measure": "OR", "estimate": 0.3, "ci": (0.1, 0.5), "baseline_risk": 0.2, "per": 1000}
    ],
    "number_needed": [{"risk_difference": 0.1, "ci": (0.05, 0.2), "event": "good"}],
    "small_k_policy": [{"k": 5}],
}

#: The same for every method of a public class that takes an argument.
METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Fit.predict": (FIT, {"rule": "k-2"}),
    "GlmmFit.predict": (meta.glmm("PLO", xi=A, ni=A + B, nodes=11), {"rule": "k-1"}),
    "RegressionFit.predict": (meta.regression(YI, VI, AGE), {"moderators": AGE[:1]}),
    "ThreeLevelFit.profile_interval": (
        meta.three_level(YI, VI, STUDY, EFFECT),
        {"which": "study"},
    ),
    "BayesFit.probability": (
        meta.bayes_pool(YI, VI),
        {"threshold": 0.1, "direction": "above", "of": "mu"},
    ),
    "EffectSizes.back": (meta.effect_sizes("PFT", xi=A, ni=A + B), {"values": AGE / 50}),
    "EffectSizes.back_rows": (meta.effect_sizes("PFT", xi=A, ni=A + B), {"values": AGE / 50}),
    "Scale.back": (meta.SCALES["PFT"], {"values": AGE / 50, "ni": B}),
}
