"""The small-k policy as every method for small-study effects obeys it."""

from __future__ import annotations

from .errors import InputError, check_flag
from .small_k import small_k_policy


def require_enough(k: int, analysis: str, least: int, force: bool) -> tuple[str, ...]:
    """Refuse too few studies, or return the note that a forced run must carry.

    Parameters
    ----------
    k : int
        Number of studies.
    analysis : str
        Name of the analysis in the small-k policy.
    least : int
        Studies without which there is nothing to compute, forced or not.
    force : bool
        Run although the policy withholds the analysis.

    Returns
    -------
    tuple of str
        Notes for the result.

    Raises
    ------
    InputError
        If there are too few studies.
    """
    check_flag(force, "force")
    if k < least:
        raise InputError(f"{k} studies were given; {analysis} cannot be computed below {least}.")
    reason = small_k_policy(k).withheld.get(analysis)
    if reason is None:
        return ()
    if not force:
        raise InputError(
            f"{k} studies are too few for {analysis}: {reason} (force=True runs it all the same)."
        )
    return (f"Forced with {k} studies: {reason}.",)
