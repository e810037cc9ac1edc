"""Largest differences from metafor that a test accepts, by kind of quantity.

Each is relative to ``max(1, |reference|)``.
"""

#: Effect sizes and anything with a closed form.
CLOSED_FORM = 1e-10
#: tau2 of ML, REML, EB and PM, and the estimates, errors and intervals built on it.
ITERATIVE = 1e-8
#: Repeated fits: leave-one-out, cumulative, influence, all subsets.
REFITS = 1e-7
#: Ends of profile intervals and quantiles of a posterior.
PROFILE = 1e-6
#: Selection models and three-level models, where metafor itself stops earlier.
OPTIMISED = 1e-4
