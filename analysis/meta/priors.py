"""Prior distributions for the Bayesian normal-normal model.

A prior for the heterogeneity is a prior for tau, the standard deviation of true effects, on the
scale of ``yi``. The empirical priors were published for tau squared; halving location and scale
of a log-normal (or log-Student-t) distribution of tau squared gives that of tau.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, pi, sqrt
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .errors import LARGEST, as_number, as_positive, check_option

Array = NDArray[np.float64]

#: Natural-log distance that takes an exponentially falling tail below 1e-19 of its height.
LOG_TAIL = 45.0
#: tau squared must stay a finite float: the widest natural-log range of tau looked at.
LOG_LIMIT = 340.0


@runtime_checkable
class TauPrior(Protocol):
    """What :func:`analysis.meta.bayes.bayes_pool` asks of a prior for tau."""

    @property
    def tail(self) -> float:
        """Order of the upper tail: the density falls like ``tau**-tail``."""

    @property
    def proper(self) -> bool:
        """Whether the density integrates to one."""

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau."""

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) outside of which the prior mass is negligible."""

    def __str__(self) -> str:
        """Return the prior in the words of a methods section."""


def _at_most(value: float, name: str, largest: float) -> None:
    rule = f"must be a number from {-largest:.4g} to {largest:.4g}"
    as_number(value, name, rule, lambda x: abs(x) <= largest)


class _Usual:
    """What most priors for tau have in common."""

    @property
    def tail(self) -> float:
        """Lighter than any power."""
        return inf

    @property
    def proper(self) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class HalfNormal(_Usual):
    """Half-normal prior for tau with the given ``scale`` (not its standard deviation)."""

    scale: float

    def __post_init__(self) -> None:
        """Refuse a scale that is not positive."""
        as_positive(self.scale, "HalfNormal scale")

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau."""
        return 0.5 * log(2 / pi) - log(self.scale) - 0.5 * (tau / self.scale) ** 2

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) with all but negligible mass."""
        return log(self.scale) - LOG_TAIL, log(10 * self.scale)

    def __str__(self) -> str:
        """Return the prior in words."""
        return f"half-normal with scale {self.scale:g}"


@dataclass(frozen=True)
class HalfCauchy(_Usual):
    """Half-Cauchy prior for tau; ``scale`` is its median."""

    scale: float

    def __post_init__(self) -> None:
        """Refuse a scale that is not positive."""
        as_positive(self.scale, "HalfCauchy scale")

    @property
    def tail(self) -> float:
        """The square."""
        return 2.0

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau."""
        return log(2 / (pi * self.scale)) - np.log1p((tau / self.scale) ** 2)

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) with all but negligible mass."""
        return log(self.scale) - LOG_TAIL, log(self.scale) + LOG_TAIL

    def __str__(self) -> str:
        """Return the prior in words."""
        return f"half-Cauchy with scale {self.scale:g}"


@dataclass(frozen=True)
class Uniform(_Usual):
    """Uniform prior for tau from 0 to ``upper``; without ``upper`` it is flat and improper."""

    upper: float = inf

    def __post_init__(self) -> None:
        """Refuse an upper end that is not positive."""
        if not (isinstance(self.upper, float) and self.upper == inf):
            as_positive(self.upper, "Uniform upper")

    @property
    def tail(self) -> float:
        """None at all when bounded, flat when not."""
        return inf if self.proper else 0.0

    @property
    def proper(self) -> bool:
        """Only with an upper end."""
        return self.upper != inf

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau (0 everywhere when improper)."""
        if not self.proper:
            return np.zeros_like(tau)
        return np.where(tau <= self.upper * (1 + 1e-12), -log(self.upper), -inf)

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) with all but negligible mass."""
        if not self.proper:
            return inf, -inf
        return log(self.upper) - LOG_TAIL, log(self.upper)

    def __str__(self) -> str:
        """Return the prior in words."""
        return f"uniform from 0 to {self.upper:g}" if self.proper else "uniform (improper)"


@dataclass(frozen=True)
class LogNormal(_Usual):
    """Log-normal prior: log(tau) is normal with mean ``meanlog`` and sd ``sdlog``."""

    meanlog: float
    sdlog: float
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a spread that is not positive, or a place beyond all scales."""
        _at_most(self.meanlog, "LogNormal meanlog", log(LARGEST))
        as_positive(self.sdlog, "LogNormal sdlog")

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau."""
        with np.errstate(divide="ignore"):
            logs = np.log(tau)
        z = (logs - self.meanlog) / self.sdlog
        body = -0.5 * z**2 - logs - log(self.sdlog * sqrt(2 * pi))
        return np.where(tau > 0, body, -inf)

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) with all but negligible mass."""
        return self.meanlog - 10 * self.sdlog, self.meanlog + 10 * self.sdlog

    def __str__(self) -> str:
        """Return the prior in words."""
        origin = f" ({self.source})" if self.source else ""
        return f"log-normal with meanlog {self.meanlog:g} and sdlog {self.sdlog:g}{origin}"


@dataclass(frozen=True)
class LogStudentT(_Usual):
    """Log-Student-t prior: (log(tau) - ``location``) / ``scale`` is Student-t with ``df``."""

    location: float
    scale: float
    df: float = 5.0
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a scale or degrees of freedom that are not positive, or an odd place."""
        _at_most(self.location, "LogStudentT location", log(LARGEST))
        as_positive(self.scale, "LogStudentT scale")
        as_positive(self.df, "LogStudentT df")

    @property
    def tail(self) -> float:
        """Barely integrable: first order, times a power of log(tau)."""
        return 1.0

    def log_density(self, tau: Array) -> Array:
        """Return the log density at each tau."""
        half = (self.df + 1) / 2
        constant = gammaln(half) - gammaln(self.df / 2) - log(self.scale * sqrt(self.df * pi))
        with np.errstate(divide="ignore"):
            logs = np.log(tau)
        z = (logs - self.location) / self.scale
        return np.where(tau > 0, constant - half * np.log1p(z**2 / self.df) - logs, -inf)

    def log_range(self) -> tuple[float, float]:
        """Return the range of log(tau) that floats allow; what is outside is below 1e-10."""
        return -LOG_LIMIT, LOG_LIMIT

    def __str__(self) -> str:
        """Return the prior in words."""
        origin = f" ({self.source})" if self.source else ""
        return (
            f"log-Student-t with {self.df:g} df, location {self.location:g} "
            f"and scale {self.scale:g}{origin}"
        )


@dataclass(frozen=True)
class Normal:
    """Normal prior for the mean effect mu."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """Refuse a spread that is not positive, or a mean that is no number."""
        _at_most(self.mean, "Normal mean", LARGEST)
        as_positive(self.sd, "Normal sd")

    def __str__(self) -> str:
        """Return the prior in words."""
        return f"normal with mean {self.mean:g} and sd {self.sd:g}"


#: Turner et al. 2015, Table IV, drug against placebo or control: log-normal mean and sd of
#: tau squared on the log odds ratio scale, by type of outcome; "any" is the marginal (p. 993).
_TURNER_PLACEBO = {
    "any": (-2.56, 1.74),
    "withdrawals": (-2.99, 1.74),
    "general physical health": (-2.29, 1.53),
    "adverse events": (-1.87, 1.52),
    "signs or symptoms": (-2.06, 1.51),
    "pain": (-1.83, 1.52),
    "quality of life or functioning": (-2.54, 1.54),
    "mental health": (-2.12, 1.53),
    "subjective": (-2.70, 1.52),
}

#: Rhodes et al. 2015, Table 3, drug against placebo or control: location and scale of the
#: log-Student-t(5) of tau squared on the SMD scale; "any" is the marginal (section 3.3).
_RHODES_PLACEBO = {
    "any": (-3.44, 2.59),
    "physical health, pain, quality of life or adverse events": (-3.16, 2.50),
    "signs or symptoms": (-3.00, 2.50),
    "mental health": (-2.99, 2.16),
    "subjective": (-2.76, 2.58),
}


def turner2015(outcome: str = "any") -> LogNormal:
    """Return the empirical prior of Turner et al. for tau of a log odds ratio.

    Fitted to binary outcomes in the Cochrane Database; the entries are those for a drug against
    placebo or control, except ``"any"``, which is the marginal over all comparisons.

    Parameters
    ----------
    outcome : str
        A key of the table, for example ``"pain"`` or ``"adverse events"``.

    Returns
    -------
    LogNormal
        For tau (half the published mean and sd, which are those of log tau squared).

    Raises
    ------
    InputError
        If the outcome is not in the table.

    References
    ----------
    Turner et al. 2015, Stat Med 34:984, Table IV and p. 993. https://doi.org/10.1002/sim.6381.
    The figures were read as tabulated in the R package bayesmeta (TurnerEtAlParameters), which
    names the same table.
    """
    check_option(outcome, list(_TURNER_PLACEBO), "outcome")
    mean, sd = _TURNER_PLACEBO[outcome]
    return LogNormal(mean / 2, sd / 2, f"Turner et al. 2015, {outcome}")


def rhodes2015(outcome: str = "any") -> LogStudentT:
    """Return the empirical prior of Rhodes et al. for tau of a standardised mean difference.

    Fitted to continuous outcomes in the Cochrane Database, medical areas other than cancer and
    respiratory disease; the entries are those for a drug against placebo or control, except
    ``"any"``, which is the marginal.

    Parameters
    ----------
    outcome : str
        A key of the table, for example ``"mental health"``.

    Returns
    -------
    LogStudentT
        For tau, 5 degrees of freedom (half the published location and scale).

    Raises
    ------
    InputError
        If the outcome is not in the table.

    References
    ----------
    Rhodes, Turner & Higgins 2015, J Clin Epidemiol 68:52, Table 3 and section 3.3.
    https://doi.org/10.1016/j.jclinepi.2014.08.012. The figures were read as tabulated in the R
    package bayesmeta (RhodesEtAlParameters), which names the same table.
    """
    check_option(outcome, list(_RHODES_PLACEBO), "outcome")
    location, scale = _RHODES_PLACEBO[outcome]
    return LogStudentT(location / 2, scale / 2, 5.0, f"Rhodes et al. 2015, {outcome}")
