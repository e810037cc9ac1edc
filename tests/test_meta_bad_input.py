"""Every public callable of the engine, given input that makes no sense.

The lists of callables and of their arguments come from the package, so a new one fails here
until it has a sound call of its own. Each argument of each call is then replaced in turn by
everything that is wrong, or merely odd, for its kind.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import meta
from analysis.meta import HalfNormal, InputError
from analysis.meta.posterior import Marginal
from meta_calls import CALLS, FIT, METHODS, ROWS, STUDY, VI, YI

nan, inf = math.nan, math.inf


def at_one(value: float) -> Callable[[np.ndarray], np.ndarray]:
    """Put a value into a row in the middle."""
    return lambda good: np.where(middle(good), value, good)


def middle(good: np.ndarray) -> np.ndarray:
    return np.arange(len(good)) == len(good) // 2


def of_size(size: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda good: np.full(len(good), size)


#: What no function may take for a column of numbers, whatever the column means.
NO_NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "text": lambda good: good.astype(str),
    "a None": lambda good: [None, *good[1:].tolist()],
    "empty": lambda good: [],
    "objects": lambda good: [object(), *good[1:].tolist()],
    "true and false": lambda good: good > 0.1,
    "complex": lambda good: good + 1j,
    "three dimensions": lambda good: good[None, None],
    "rows of two lengths": lambda good: [[1.0, 2.0], [3.0]],
    "pandas NA": lambda good: pd.Series([pd.NA, *good[1:].tolist()]),
    "dates": lambda good: np.array(["2020-01-01"] * len(good), dtype="datetime64[D]"),
    "a word": lambda good: "abc",
    "a dict": lambda good: {"a": 1},
    "a set": lambda good: set(good.tolist()),
    "a generator": lambda good: (x for x in good),
    "a class": lambda good: dict,
    "infinity": at_one(inf),
    "minus infinity": at_one(-inf),
    "too large for a float": lambda good: [10**400] * len(good),
    "two rows too many": lambda good: np.append(good, good[:2]),
}
#: What some columns allow and others do not; never silently, and never with another error.
ODD_NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "nan": at_one(nan),
    "only nan": of_size(nan),
    "masked": lambda good: np.ma.array(good, mask=middle(good)),
    "all masked": lambda good: np.ma.array(good, mask=True),
    "two dimensions": lambda good: np.stack([good, good]),
    "one number": lambda good: 0.5,
    "one row": lambda good: good[:1],
    "a row short": lambda good: good[:-1],
    "a zero": at_one(0.0),
    "zeros": of_size(0.0),
    "negative": at_one(-1.0),
    "all the same": lambda good: np.full(len(good), good[0]),
    "not whole": lambda good: good + 0.5,
    "one of 1e9": at_one(1e9),
    "large integers": lambda good: [2**70] * len(good),
    **{f"one of {size:g}": at_one(size) for size in (1e300, -1e300, 1e-300)},
    **{f"all {size:g}": of_size(size) for size in (1e300, 1e-300, 5e-324)},
    "times 1e150": lambda good: good * 1e150,
    "times 1e-150": lambda good: good * 1e-150,
}
#: Other clothes of the very same numbers.
SAME_NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "a list": lambda good: good.tolist(),
    "a series with an odd index": lambda good: pd.Series(good, index=range(len(good), 0, -1)),
    "read-only": lambda good: _read_only(good),
    "every second of twice as many": lambda good: np.repeat(good, 2)[::2],
    "nothing masked": lambda good: np.ma.array(good, mask=False),
}
NO_LABELS: dict[str, Any] = {
    "None": None,
    "empty": [],
    "a word": "abc",
    "a number": 3,
    "a row short": ["a"] * (ROWS - 1),
    "two dimensions": [["a"] * ROWS] * 2,
    "a missing one": [None, *"bbccddeeffg"],
    "a nan": [nan, *range(ROWS - 1)],
    "a masked one": np.ma.array(STUDY, mask=middle(STUDY)),
    "a generator": (label for label in STUDY),
}
ODD_LABELS: dict[str, Any] = {
    "all the same": ["a"] * ROWS,
    "all different": list(range(ROWS)),
    "kinds mixed": [1, 1.0, "1"] * (ROWS // 3),
}
NO_NUMBER: dict[str, Any] = {
    "text": "0.5",
    "true": True,
    "a list": [0.5],
    "an array": np.array([0.5, 0.2]),
    "complex": 0.5 + 0j,
    "an object": object(),
    "nan": nan,
    "too large for a float": 10**400,
    "infinity": inf,
}
ODD_NUMBER: dict[str, Any] = {
    str(value): value for value in (0, 1, -1, 1.5, 95, 1e300, -1e300, 1e-300, 1e-17, 1 - 1e-16)
}
NO_OPTION: dict[str, Any] = {
    "unknown": "nope",
    "in small letters": "reml",
    "empty": "",
    "a number": 3,
    "a list": ["REML"],
    "bytes": b"REML",
    "an array": np.array(["REML", "DL"]),
    "nan": nan,
}
NO_FLAG: dict[str, Any] = {"a word": "no", "None": None, "an array": np.array([True, False])}
NO_FIT: dict[str, Any] = {
    "None": None,
    "text": "fit",
    "an array": YI,
    "a batch": FIT.batch,
    "the class": meta.Fit,
}
ODD_FIT: dict[str, Any] = {
    "one study": meta.pool(YI[:1], VI[:1]),
    "two studies": meta.pool(YI[:2], VI[:2]),
    "two equal studies": meta.pool([0.1, 0.1], [0.2, 0.2]),
    "three studies": meta.pool(YI[:3], VI[:3]),
    "common effect": meta.pool(YI, VI, method="EE", ci="z"),
    "equal effects": meta.pool(np.full(ROWS, 0.3), VI),
    "equal variances": meta.pool(YI, np.full(ROWS, 0.3)),
    "nothing but zeros": meta.pool(0 * YI, np.ones(ROWS)),
    "tiny": meta.pool(YI * 1e-20, VI * 1e-40),
    "huge": meta.pool(YI * 1e20, VI * 1e40),
    "variances from 1e-20 to 1e20": meta.pool(YI, np.logspace(-20, 20, ROWS)),
}
NO_PRIOR: dict[str, Any] = {"text": "half-normal", "a number": 0.5, "the class": HalfNormal}
NO_PAIR: dict[str, Any] = {
    "None": None,
    "one limit": (0.1,),
    "three limits": (0.1, 0.2, 0.3),
    "nan": (nan, 0.5),
    "infinite": (-inf, inf),
    "swapped": (0.5, 0.1),
    "text": "ab",
    "two texts": ("a", "b"),
    "a number": 0.3,
    "complex": (0.1j, 0.5),
}
NO_NAMES: dict[str, Any] = {"a word": "age", "two": ["a", "b"], "none": [], "numbers": [1]}


def _read_only(good: np.ndarray) -> np.ndarray:
    copy = good.copy()
    copy.setflags(write=False)
    return copy


def _values(kinds: dict[str, Any], good: Any) -> Iterator[tuple[str, Any]]:
    for name, bad in kinds.items():
        made = callable(bad) and not isinstance(bad, type)
        yield name, bad(good) if made else bad


def _kinds(good: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what is wrong, odd, and the same for the kind of a sound argument."""
    if isinstance(good, np.ndarray):
        if good.dtype.kind in "fi":
            return NO_NUMBERS, ODD_NUMBERS, SAME_NUMBERS
        return NO_LABELS, ODD_LABELS, {}
    for kind, wrong, odd in (
        (bool, NO_FLAG, {}),
        (int | float, NO_NUMBER, ODD_NUMBER),
        (str, NO_OPTION, {}),
        (tuple, NO_PAIR, {}),
        (list, NO_NAMES, {}),
        (meta.Fit, NO_FIT, ODD_FIT),
    ):
        if isinstance(good, kind):
            return wrong, odd, {}
    return NO_PRIOR, {}, {}


#: More than three words, the last of them with a full stop.
SENTENCE = r"(?s)^\S+ \S+ \S+ .+\.$"

#: Where a value of the lists above is in order after all.
ALLOWED = {
    ("pool_many", "yi", "two dimensions"),
    ("pool_many", "vi", "two dimensions"),
    ("Uniform", "upper", "infinity"),
    ("over_correlations", "correlations", "two rows too many"),
    ("step_selection", "steps", "two rows too many"),
    *((name, "values", "empty") for name in ("EffectSizes.back", "Scale.back")),
    *((name, "values", "three dimensions") for name in METHODS),
    *((name, "values", "infinity") for name in METHODS),
    *((name, "values", "minus infinity") for name in METHODS),
    *(("Scale.back", "ni", words) for words in ("three dimensions", "infinity")),
    ("EffectSizes.back", "values", "two rows too many"),
}
CASES = [
    pytest.param(name, getattr(meta, name), call, argument, id=f"{name}-{i}-{argument}")
    for name, calls in CALLS.items()
    for i, call in enumerate(calls)
    for argument in call
] + [
    pytest.param(name, getattr(of, name.split(".")[1]), call, argument, id=f"{name}-{argument}")
    for name, (of, call) in METHODS.items()
    for argument in call
]


def unsaid(result: Any, row_of: Any = None, said: bool = False) -> Iterator[Any]:
    """Yield numbers of a result that are nan or infinite without a sentence that says so.

    A table, a batch and a distribution (how many moments it has) say it in their documentation.
    """
    if dataclasses.is_dataclass(result):
        said = (
            said or bool(getattr(result, "notes", ())) or isinstance(result, meta.Batch | Marginal)
        )
        for field in dataclasses.fields(result):
            yield from unsaid(getattr(result, field.name), row_of, said)
    elif isinstance(result, dict):
        for value in result.values():
            yield from unsaid(value, row_of, said)
    elif isinstance(result, tuple):
        for value in result:
            yield from unsaid(value, row_of, said)
    elif isinstance(result, float | np.floating):
        if not (math.isfinite(result) or said):
            yield result
    elif isinstance(result, np.ndarray) and result.dtype.kind == "f" and not said:
        # a missing value stays missing in its own row
        missing = np.zeros(len(result), bool) if result.ndim else np.zeros((), bool)
        if isinstance(row_of, np.ndarray) and row_of.shape == missing.shape:
            missing = ~np.isfinite(np.ma.filled(row_of, nan))
        gaps = ~np.isfinite(result)
        yield from result[
            gaps & ~missing.reshape(missing.shape + (1,) * (gaps.ndim - missing.ndim))
        ]


def same(one: Any, other: Any) -> bool:
    """Return whether two results hold the same numbers."""
    if dataclasses.is_dataclass(one):
        return all(
            same(getattr(one, field.name), getattr(other, field.name))
            for field in dataclasses.fields(one)
        )
    if isinstance(one, pd.DataFrame):
        return same(one.to_dict("list"), other.to_dict("list"))
    if isinstance(one, dict | tuple | list):
        pairs = (
            zip(one.values(), other.values(), strict=True)
            if isinstance(one, dict)
            else (zip(one, other, strict=True))
        )
        return len(one) == len(other) and all(same(a, b) for a, b in pairs)
    if isinstance(one, np.ndarray | float) and np.asarray(one).dtype.kind == "f":
        # not to the last bit: sums over memory laid out otherwise may be taken in another order
        return bool(np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other))
    return callable(one) or bool(one == other)


def test_every_public_callable_has_a_call_here():
    functions = {name for name in dir(meta) if inspect.isfunction(getattr(meta, name))}
    priors = {name for name, home in meta._HOME.items() if home == "priors"}
    assert set(CALLS) == functions | priors


def test_every_public_method_with_an_argument_has_a_call_here():
    methods = {
        f"{name}.{method}"
        for name, home in meta._HOME.items()
        if inspect.isclass(getattr(meta, name)) and home not in ("priors", "errors")
        for method, function in inspect.getmembers(getattr(meta, name), inspect.isfunction)
        if not method.startswith("_") and len(inspect.signature(function).parameters) > 1
    }
    assert set(METHODS) == methods


def test_every_argument_of_a_public_function_is_tried():
    for name, calls in CALLS.items():
        parameters = inspect.signature(getattr(meta, name)).parameters
        named = {p.name for p in parameters.values() if p.kind is not p.VAR_KEYWORD}
        tried = {argument for call in calls for argument in call}
        assert named - tried <= {"source", "mask"}, name


@pytest.mark.parametrize(("name", "function", "call", "argument"), CASES)
def test_what_makes_no_sense_is_refused_in_words(name, function, call, argument):
    wrong, _, _ = _kinds(call[argument])
    for words, bad in _values(wrong, call[argument]):
        if (name, argument, words) not in ALLOWED:
            with pytest.raises(InputError, match=SENTENCE):
                pytest.fail(f"{words}: {function(**{**call, argument: bad})!r:.200}")


@pytest.mark.parametrize(("name", "function", "call", "argument"), CASES)
def test_what_is_odd_is_refused_or_answered_without_silent_gaps(name, function, call, argument):
    _, odd, _ = _kinds(call[argument])
    for words, value in _values(odd, call[argument]):
        try:
            answer = function(**{**call, argument: value})
        except InputError:
            continue
        assert not list(unsaid(answer, value)), (words, answer)


@pytest.mark.parametrize(("name", "function", "call", "argument"), CASES)
def test_the_same_numbers_in_other_clothes_give_the_same(name, function, call, argument):
    _, _, clothes = _kinds(call[argument])
    answer = function(**call)
    for words, value in _values(clothes, call[argument]):
        assert same(answer, function(**{**call, argument: value})), words


@pytest.mark.parametrize("bad", [2, 1, nan, "yes", None])
def test_a_mask_of_anything_but_true_and_false_names_the_element(bad):
    mask = [[True] * len(YI), [bad, *[True] * (len(YI) - 1)]]
    with pytest.raises(InputError, match=r"mask\[1, 0\] is .*, but must be True or False"):
        meta.pool_many(YI, VI, mask)
