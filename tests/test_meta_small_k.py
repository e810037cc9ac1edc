"""The small-k policy: one definition for the function, its reasons and the printed table."""

import pytest

from analysis.meta import SMALL_K_TABLE, InputError, small_k_policy
from analysis.meta.small_k import ANALYSES

LEVELS = {
    0: "k0",
    1: "k1",
    2: "k2",
    3: "k3-4",
    4: "k3-4",
    5: "k5-9",
    9: "k5-9",
    10: "k10+",
    80: "k10+",
}


@pytest.mark.parametrize(("k", "level"), LEVELS.items())
def test_every_k_has_its_level(k, level):
    assert small_k_policy(k).level == level


@pytest.mark.parametrize("k", range(12))
def test_everything_is_either_shown_or_withheld_with_a_reason(k):
    policy = small_k_policy(k)
    names = {item.name for item in ANALYSES}
    assert (set(policy.shown) - {"sentence"}) | set(policy.withheld) == names
    assert not set(policy.shown) & set(policy.withheld)
    assert all(len(reason) > 20 for reason in policy.withheld.values())


@pytest.mark.parametrize("k", range(11))
def test_another_study_never_takes_anything_away(k):
    shown = set(small_k_policy(k).shown) - {"sentence"}
    assert shown <= set(small_k_policy(k + 1).shown)


def test_the_policy_is_the_plan_of_the_review():
    def shown(k):
        return set(small_k_policy(k).shown)

    assert shown(0) == {"sentence"}
    assert shown(1) == {"row"}
    assert {"common_effect", "random_effects", "bayesian"} <= shown(2)
    assert {"prediction_interval", "i2"} <= set(small_k_policy(2).withheld)
    assert "prediction_interval" in shown(3) & set(small_k_policy(4).caution)
    assert {"regression", "subgroups"} <= set(small_k_policy(4).withheld)
    assert {"leave_one_out", "influence"} <= shown(5)
    assert not small_k_policy(5).caution
    assert set(small_k_policy(9).withheld) == {
        "asymmetry_tests",
        "trim_and_fill",
        "selection_model",
    }
    assert not small_k_policy(10).withheld


def test_the_table_says_what_the_function_does():
    assert [row.k for row in SMALL_K_TABLE] == ["0", "1", "2", "3–4", "5–9", "≥ 10"]
    words = {item.name: item.words for item in ANALYSES} | {"sentence": "a sentence saying so"}
    seen = set()
    for k, row in zip((0, 1, 2, 3, 5, 10), SMALL_K_TABLE, strict=True):
        policy = small_k_policy(k)
        assert set(row.added) == {words[name] for name in policy.shown} - seen
        assert set(row.withheld) == {words[name] for name in policy.withheld}
        assert len(row.caution) == len(policy.caution)
        seen |= set(row.added)


def test_the_record_cannot_be_changed():
    policy = small_k_policy(3)
    with pytest.raises(AttributeError):
        policy.k = 12
    with pytest.raises(TypeError):
        policy.withheld["regression"] = ""


@pytest.mark.parametrize("k", [-1, 2.5])
def test_a_number_of_studies_that_cannot_be_is_refused(k):
    with pytest.raises(InputError, match="whole number"):
        small_k_policy(k)
