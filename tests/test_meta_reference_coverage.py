"""Every kind of stored reference result is either tested or left out for a stated reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_cases import IDS, result

#: What describes a case rather than being a result.
DESCRIPTION = {
    "id", "source", "filter", "note", "input", "type", "rows", "versions", "primary_measure",
    "measure", "cumul_order", "rows_used_1based",
}  # fmt: skip
#: Results that no function here answers, each with the reason.
LEFT_OUT = {
    "bivariate_UN": "two outcomes pooled jointly; every question of the engine has one outcome",
    "fsn": "fail-safe numbers answer no question that a reader has asked",
    "tes": "the excess of significant results is covered by the selection model",
    "henmi_copas": "an interval for the common-effect mean; no question asks for it",
}
TESTS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(Path(__file__).parent.glob("test_meta_*.py"))
    if path.name != Path(__file__).name
)


def kinds() -> list[str]:
    """Return every kind of result that the reference files hold."""
    names: set[str] = set()
    for case in IDS:
        stored = result(case)
        names |= set(stored) | set(stored.get("analysis_of_primary", {}))
    return sorted(names - DESCRIPTION - {"analysis_of_primary"})


def test_the_reference_files_still_hold_what_they_did():
    assert len(kinds()) == 33


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind not in LEFT_OUT])
def test_a_stored_kind_of_result_is_read_by_a_test(kind):
    # Written out, or put together from a stem and a method as in f"baujat_{name}".
    stem = kind.rpartition("_")[0]
    assert f'"{kind}"' in TESTS or f'"{stem}_{{' in TESTS


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_is_left_out_is_still_stored_and_not_tested(kind):
    assert kind in kinds()
    assert f'"{kind}"' not in TESTS
