"""A meta-analysis engine: arrays in, immutable results out.

Nothing here reads a file, draws, or knows what is being reviewed. Names are looked up
when first used, so importing the package costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_HOME = {
    "InputError": "errors",
    "pool": "pooling",
    "Fit": "pooling",
    "pool_many": "kernel",
    "Batch": "batch",
    "PredictionInterval": "heterogeneity",
    "heterogeneity_interval": "heterogeneity",
    "leave_one_out": "deletion",
    "cumulative": "deletion",
    "influence": "deletion",
    "shrinkage": "deletion",
    "gosh": "subsets",
    "bootstrap": "resampling",
    "permutation_test": "resampling",
    "regression": "regression",
    "RegressionFit": "regression",
    "subgroups": "subgroups",
    "Subgroups": "subgroups",
    "three_level": "multilevel",
    "ThreeLevelFit": "multilevel",
    "aggregate": "dependence",
    "robust": "robust",
    "RobustFit": "robust",
    "correlated_effects": "robust",
    "egger": "small_study",
    "rank_test": "small_study",
    "peters": "small_study",
    "harbord": "small_study",
    "pet_peese": "small_study",
    "trim_and_fill": "trim_and_fill",
    "step_selection": "selection",
    "bayes_pool": "bayes",
    "BayesFit": "bayes",
    "HalfNormal": "priors",
    "HalfCauchy": "priors",
    "Uniform": "priors",
    "LogNormal": "priors",
    "LogStudentT": "priors",
    "Normal": "priors",
    "turner2015": "priors",
    "rhodes2015": "priors",
    "sequential": "sequential",
    "Sequential": "sequential",
    "information_needed": "sequential",
    "effect_sizes": "effect_sizes",
    "EffectSizes": "effect_sizes",
    "MEASURES": "effect_sizes",
    "over_correlations": "effect_sizes",
    "Scale": "scales",
    "SCALES": "scales",
    "reported_estimates": "reported",
    "smd_from_test": "reported",
    "smcc_from_test": "reported",
    "mean_sd_from_quantiles": "conversions",
    "sd_of_change": "conversions",
    "log_odds_ratio_from_smd": "conversions",
    "smd_from_log_odds_ratio": "conversions",
    "mantel_haenszel": "rare",
    "mantel_haenszel_rates": "rare",
    "peto": "rare",
    "RareFit": "rare",
    "glmm": "glmm",
    "GlmmFit": "glmm",
    "beta_binomial": "beta_binomial",
    "BetaBinomialFit": "beta_binomial",
    "pool_proportions": "proportions",
    "proportion_intervals": "proportions",
    "ProportionFit": "proportions",
    "absolute_difference": "absolute",
    "AbsoluteEffect": "absolute",
    "number_needed": "absolute",
    "NumberNeeded": "absolute",
    "small_k_policy": "small_k",
    "SMALL_K_TABLE": "small_k",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)


class _Package(ModuleType):
    """A package whose functions are not shadowed by the modules they live in.

    Importing ``analysis.meta.regression`` would otherwise put the module in the place of
    the function ``regression``.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in _HOME):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
