"""Hints: the nearest name, or what there is."""

from sim.scenario.errors import ScenarioError, nearest, spelt


def test_the_nearest_is_named_or_all_are_up_to_a_dozen() -> None:
    assert nearest("kapa", ["beta", "kappa"]) == "did you mean 'kappa'?"
    assert nearest("zzz", ["beta", "kappa"]) == "there are: beta, kappa"
    assert nearest("zzz", map(str, range(99))).endswith("10, 11 ...")
    assert nearest("zzz", []) == ""


def test_an_error_says_place_problem_hint() -> None:
    assert str(ScenarioError("odd")) == "odd"
    assert str(ScenarioError("odd", ("a", 1), hint="even", place="f:3")) == "f:3: odd; even"
    assert spelt(("a", 1, "b")) == "a.1.b"
