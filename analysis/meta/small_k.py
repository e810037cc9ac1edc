"""What may be shown for a given number of studies, and why the rest is withheld.

The limits are this project's rule, informed by: Rover, Knapp and Friede (2015), BMC Med
Res Methodol 15:99 (few studies, unequal sizes); IntHout et al. (2016), BMJ Open 6:e010247
(prediction intervals); Sterne et al. (2011), BMJ 343:d4002 (no asymmetry test below ten
studies); and the Cochrane Handbook, section 10.11.5.1 (ten studies per moderator as the
ideal; the limit of five here keeps the result exploratory).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .errors import as_count


@dataclass(frozen=True)
class Analysis:
    """One thing a reader may be shown, from how many studies on, and why not before.

    ``reliable`` is the number of studies from which it goes without the ``caution``.
    """

    name: str
    words: str
    least: int
    reason: str
    reliable: int = 0
    caution: str = ""


@dataclass(frozen=True)
class SmallKPolicy:
    """What is shown and withheld for ``k`` independent studies.

    Attributes
    ----------
    k : int
    level : {"k0", "k1", "k2", "k3-4", "k5-9", "k10+"}
    shown : tuple of str
        Names of the analyses that are shown.
    withheld : mapping of str to str
        Names of the others, each with the reason in words.
    caution : mapping of str to str
        Shown analyses that carry a warning.
    """

    k: int
    level: str
    shown: tuple[str, ...]
    withheld: Mapping[str, str]
    caution: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableRow:
    """One row of the policy as the book prints it."""

    k: str
    added: tuple[str, ...]
    withheld: Mapping[str, str]
    caution: tuple[str, ...]


_POOLING = "one study cannot be pooled with itself; its own result is shown instead"
_SPREAD = "one study says nothing about how results differ between studies"
_FEW_FOR_MODERATORS = (
    "with fewer than five studies a difference between groups of studies cannot be told "
    "from a difference between single studies"
)
_FEW_FOR_OMISSION = "with fewer than five studies leaving one out mostly shows that little remains"
_FEW_FOR_ASYMMETRY = (
    "with fewer than ten studies chance alone makes a funnel look lopsided, and the method "
    "has too little power to tell"
)

ANALYSES = (
    Analysis("row", "the study's own row", 1, "no study answers the question yet"),
    Analysis("common_effect", "common-effect estimate", 2, _POOLING),
    Analysis("random_effects", "random-effects estimate (Hartung-Knapp with floor)", 2, _POOLING),
    Analysis("bayesian", "Bayesian estimate with its prior stated", 2, _POOLING),
    Analysis("heterogeneity", "τ² with its interval, and Q", 2, _SPREAD),
    Analysis(
        "i2",
        "I² as a conclusion",
        3,
        "with two studies I² is almost all chance and may be anything",
    ),
    Analysis(
        "prediction_interval",
        "prediction interval",
        3,
        "with two studies no degree of freedom is left for where a new study would fall",
        reliable=5,
        caution="unreliable: with fewer than five studies τ² is barely known",
    ),
    Analysis("regression", "meta-regression", 5, _FEW_FOR_MODERATORS),
    Analysis("subgroups", "subgroup tests", 5, _FEW_FOR_MODERATORS),
    Analysis("leave_one_out", "leave-one-out", 5, _FEW_FOR_OMISSION),
    Analysis("influence", "influence diagnostics", 5, _FEW_FOR_OMISSION),
    Analysis("asymmetry_tests", "funnel asymmetry tests", 10, _FEW_FOR_ASYMMETRY),
    Analysis("trim_and_fill", "trim and fill", 10, _FEW_FOR_ASYMMETRY),
    Analysis("selection_model", "selection model", 10, _FEW_FOR_ASYMMETRY),
)

_LEVELS = (
    (0, "k0", "0"),
    (1, "k1", "1"),
    (2, "k2", "2"),
    (3, "k3-4", "3–4"),
    (5, "k5-9", "5–9"),
    (10, "k10+", "≥ 10"),
)


def small_k_policy(k: int) -> SmallKPolicy:
    """Return what is shown and withheld for ``k`` independent studies.

    Raises
    ------
    InputError
        If ``k`` is not a whole number of at least zero.
    """
    k = as_count(k, "k", 0)
    return SmallKPolicy(
        k=k,
        level=next(level for least, level, _ in reversed(_LEVELS) if k >= least),
        shown=tuple(item.name for item in ANALYSES if k >= item.least) or ("sentence",),
        withheld=MappingProxyType(
            {item.name: _reason(item, k) for item in ANALYSES if k < item.least}
        ),
        caution=MappingProxyType(
            {item.name: item.caution for item in ANALYSES if item.least <= k < item.reliable}
        ),
    )


def _reason(item: Analysis, k: int) -> str:
    return ANALYSES[0].reason if k == 0 else item.reason


def _table() -> tuple[TableRow, ...]:
    rows, before = [], set[str]()
    words = {item.name: item.words for item in ANALYSES} | {"sentence": "a sentence saying so"}
    for least, _, label in _LEVELS:
        policy = small_k_policy(least)
        added = tuple(words[name] for name in policy.shown if name not in before)
        before |= set(policy.shown)
        withheld = {words[name]: reason for name, reason in policy.withheld.items()}
        caution = tuple(f"{words[name]}: {why}" for name, why in policy.caution.items())
        rows.append(TableRow(label, added, MappingProxyType(withheld), caution))
    return tuple(rows)


#: The policy as a table, one row per level, made from the same definitions.
SMALL_K_TABLE = _table()
