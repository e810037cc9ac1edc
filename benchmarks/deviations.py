"""Print how far the engine is from metafor, by quantity: ``python -m benchmarks.deviations``.

Over every reference case in ``tests/reference``; each difference is relative to
``max(1, |metafor's value|)``, the scale the tests use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis import meta

from . import tools
from .data import simulate

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

INTERVALS = {"z": "z", "knha": "hksj", "knha_adhoc": "hksj_floor", "t_plain": "t"}
MODEL = {"estimate": "mu", "se": "se", "statistic": "stat", "p-value": "pval"}
SPREAD = {"Q": "q", "I2": "i2", "H2": "h2", "se of tau2": "tau2_se"}
SPREAD_KEYS = {"Q": "Q", "I2": "I2", "H2": "H2", "se of tau2": "se_tau2"}
RULES = {
    "metafor_default_z": ("z", "z"),
    "metafor_default_knha": ("hksj", "k-1"),
    "t_km2_se_z": ("z", "k-2"),
}
REFIT = {
    "estimate": "estimate",
    "se": "se",
    "ci_lb": "ci_low",
    "ci_ub": "ci_high",
    "Q": "q",
    "tau2": "tau2",
    "I2": "i2",
    "H2": "h2",
}
DIAGNOSTICS = ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "hat", "dfbetas")
SUBSETS = {"estimate": "estimate", "tau2": "tau2", "I2": "i2", "QE": "q"}

#: quantity, what it was computed on, ours, metafor's
Compared = tuple[str, str, Any, Any]


def models() -> Iterator[Compared]:
    """Yield what one fit says, for every estimator and interval."""
    from reference_cases import model_blocks, pooled_data, result

    for case, measure, method in model_blocks():
        block, where = result(case)["models"][measure][method], f"{case} {measure} {method}"
        iterative = method in ("ML", "REML", "EB", "PM")
        kind = "ML, REML, EB, PM" if iterative else "closed forms"
        name = "EE" if method == "FE" else method
        fits = {
            ci: meta.pool(*pooled_data(case, measure), method=name, ci=ci)
            for key, ci in INTERVALS.items()
            if key in block
        }
        for key, ci in INTERVALS.items():
            if key not in block:
                continue
            fit, known = fits[ci], block[key]
            ours = fit.estimate, fit.se, fit.statistic, fit.pvalue
            for quantity, value in zip(MODEL, ours, strict=True):
                yield f"{quantity} ({kind})", where, value, known[MODEL[quantity]]
            yield f"interval ({kind})", where, fit.ci, [known["ci_lb"], known["ci_ub"]]
        fit = fits["z"]
        yield f"tau2 ({kind})", where, fit.tau2, block["tau2"]
        for quantity, attribute in SPREAD.items():
            yield quantity, where, getattr(fit, attribute), block[SPREAD_KEYS[quantity]]
        if method == "FE":
            continue
        for key, (ci, rule) in RULES.items():
            interval = fits[ci].predict(rule)
            if interval is not None:
                known = block["prediction_interval"][key]
                yield "prediction interval", where, interval[:2], known
        for kind in ("QP", "PL") if method in ("ML", "REML") else ("QP",):
            known = block[f"confint_{kind}"]["tau2"]
            ours = meta.heterogeneity_interval(fit, kind).tau2
            yield f"interval of tau2 ({kind})", where, ours, [known["lb"], known["ub"]]


def refits() -> Iterator[Compared]:
    """Yield leave-one-out, cumulative, influence, shrinkage and all subsets."""
    from reference_cases import pooled_data, primaries, result

    for case in primaries():
        analysis = result(case)["analysis_of_primary"]
        data = pooled_data(case, analysis["measure"])
        for name, (method, ci) in {
            "FE": ("EE", "z"),
            "DL": ("DL", "z"),
            "REML": ("REML", "z"),
            "REML_knha": ("REML", "hksj"),
        }.items():
            fit, where = meta.pool(*data, method=method, ci=ci), f"{case} {name}"
            order = np.array(analysis["cumul"][name]["order_1based"]) - 1
            for key, table in (
                ("leave1out", meta.leave_one_out(fit)),
                ("cumul", meta.cumulative(fit, order)),
            ):
                for quantity in REFIT.keys() & analysis[key][name].keys():
                    known = analysis[key][name][quantity]
                    yield f"{key} {quantity}", where, table[REFIT[quantity]], known
            if name in analysis["influence"]:
                table = meta.influence(fit)
                for quantity in DIAGNOSTICS:
                    known = analysis["influence"][name][quantity]
                    yield f"influence {quantity}", where, table[quantity], known
        table, known = meta.shrinkage(meta.pool(*data, ci="z")), analysis["blup_REML"]
        yield "shrunken effects", case, table["estimate"], known["pred"]
        for method, known in result(case).get("gosh_of_primary", {}).items():
            name = "EE" if method == "FE" else method
            subsets = meta.gosh(meta.pool(*data, method=name))
            for quantity, column in SUBSETS.items():
                where = f"{case} {method}"
                yield f"gosh {quantity}", where, subsets[column], known[f"subset_{quantity}"]


def worst(compared: Iterator[Compared]) -> dict[str, tuple[float, str, int]]:
    """Return for each quantity the largest difference, where it is, how many were compared."""
    found: dict[str, tuple[float, str, int]] = {}
    for quantity, where, ours, known in compared:
        ours, known = (np.asarray(part, dtype=float) for part in (ours, known))
        usable = np.isfinite(known)
        error = np.abs(ours - known) / np.maximum(1.0, np.abs(known))
        error = np.where(np.isnan(error), np.inf, error)  # ours missing is as far as can be
        size = float(np.max(error, where=usable, initial=0.0))
        before = found.get(quantity, (-1.0, "", 0))
        count = before[2] + int(usable.sum())
        found[quantity] = (size, where, count) if size > before[0] else (*before[:2], count)
    return found


def left_out() -> list[str]:
    """Return the effect measures metafor computed for the reference that we do not offer."""
    from analysis.meta.effect_sizes import MEASURES
    from reference_cases import IDS, result

    known = {name.split("_")[0] for case in IDS for name in result(case)["effect_sizes"]}
    return sorted(known - set(MEASURES) - {"GEN"})


def other_tools(sets: int = 500) -> list[str]:
    """Say how far statsmodels and PyMARE are from us in tau2, on simulated sets."""
    y, v = simulate(np.random.default_rng(3), sets, 10)
    ours = {name: meta.pool_many(y, v, method=name.upper()).tau2 for name in ("dl", "pm", "reml")}
    lines = []
    for tool, fits in (("statsmodels", tools.statsmodels()), ("PyMARE", tools.pymare())):
        for name, fit in (fits or {}).items():
            theirs = fit(y, v)
            difference = np.abs(theirs - ours[name]).max()
            lines.append(
                f"{tool}, {name.upper()}: tau2 differs by up to {difference:.1e} "
                f"and is negative in {(theirs < 0.0).sum()} of {sets} simulated sets."
            )
    return lines


def main() -> None:
    """Print the table, and keep it in ``deviations.md``."""
    lines = ["| quantity | values | largest difference | where |", "| --- | --- | --- | --- |"]
    for part in (models(), refits()):
        for quantity, (size, where, count) in sorted(worst(part).items()):
            lines.append(f"| {quantity} | {count} | {size:.1e} | {where} |")
    lines += [
        "",
        "Measures of the reference that are not offered: " + ", ".join(left_out()) + ".",
        "",
    ]
    lines += [f"* {line}" for line in other_tools()]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    Path(__file__).with_name("deviations.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
