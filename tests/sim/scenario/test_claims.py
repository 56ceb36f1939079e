"""Claims: what they say of figures, and that they are read, never run."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.claims import Held, check, figures, parsed, unusual
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Claim, Compared, Scenario

FIGURES = {
    "ndcg": 0.3, "fakes": 0.004, "plain.ndcg": 0.25, "no-defence.fakes": 0.2, "0ff.fakes": 0.1,
    "zero": 0.0, "rbo": math.nan,
}  # fmt: skip


def scenario(*claims: str, why: str = "") -> Scenario:
    others = [Compared(label="no-defence"), Compared(label="0ff"), Compared(label="no")]
    return Scenario(
        name="one", title="One", compared=tuple(others),
        claim=tuple(Claim(assert_=text, why=why) for text in claims),
    )  # fmt: skip


def held(text: str, figures: dict[str, float] = FIGURES, **more: Any) -> Held:
    (one,) = check(scenario(text, **more), figures)
    return one


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("fakes <= 0.005", True, 0.004),
        ("fakes > 0.005", False, 0.004),
        ("ndcg >= 0.95 * plain.ndcg", True, 0.3),
        ("plain.ndcg > ndcg", False, 0.25),
        ("fakes * 10 < no-defence.fakes", True, 0.04),
        ("no-defence.fakes - fakes > 0.19", True, 0.196),
        ("0ff.fakes == 0.1 and ndcg != 1", True, 0.1),
        ("ndcg > 0.1 and ndcg > 0.5 and fakes < 1", False, 0.3),
        ("0 <= fakes <= 0.004 < ndcg", True, 0.0),
        ("0 <= fakes < 0.004", False, 0.0),
        ("-(ndcg + -1) / 2 >= .35", True, 0.35),
        ("fakes-plain.ndcg < 0", True, -0.246),
        ("fakes <\n 1", True, 0.004),
    ],
)
def test_claims_hold_or_do_not(text: str, expected: bool, value: float) -> None:
    one = held(text)
    assert one.held is expected, one
    assert one.value == pytest.approx(value)
    assert one.claim == text


def test_why_is_told_and_what_is_not_so() -> None:
    assert held("ndcg > 0", why="lists are worth it").why == "lists are worth it"
    told = held("ndcg > 0.5", why="lists are worth it").why
    assert told == "0.3 > 0.5 is not so (lists are worth it)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ndgc > 0", "'ndgc'; did you mean 'ndcg'?"),
        ("no-defence.ndcg > 0", "'no-defence.ndcg'"),
        ("rbo < 2", "rbo is not known"),
        ("rbo != rbo", "rbo is not known"),
        ("1 / zero > 0", "zero"),
        ("label_9.ndcg > 0", "label_9.ndcg"),
    ],
)
def test_what_is_not_known_is_not_held_and_says_so(text: str, told: str) -> None:
    one = held(text)
    assert not one.held
    assert told in one.why


@pytest.mark.parametrize(
    "text",
    [
        "", "ndcg", "ndcg > ", "1 + 1", "ndcg > 0 or fakes < 1", "not ndcg > 1", "ndcg is 1",
        "ndcg in (1, 2)", "ndcg ** 2 < 1", "ndcg // 2 < 1", "f(1) < 2", "a[0] < 1", "a.b.c < 1",
        "(lambda: 1) < 2", "'a' < 'b'", "True < 2", "__import__('os').system('id') == 0",
        "ndcg < 1e999", "x" * 600 + " < 1", "(" * 300 + "1" + ")" * 300 + " < 2", "ndcg < 1j",
        "ndcg := 1", "[ndcg] < 1", "ndcg < 1 < None", "(ndcg < 1) < 2", "a; b", "\0 < 1",
    ],
)  # fmt: skip
def test_what_is_no_claim_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        parsed(text, [])
    with pytest.raises(ScenarioError):
        check(scenario(text), {})


@given(st.text(alphabet="ndcgfakes.01 ()+-*/<>=and'\"\\\n[]{}:,#x", max_size=40))
def test_any_text_is_refused_or_answered(text: str) -> None:
    try:
        parsed(text, ["plain"])
    except ScenarioError:
        return
    assert isinstance(held(text), Held)


def test_figures_are_found_and_slips_told() -> None:
    text = "ndcg > 2 * no-defence.ndcg and fakes < 0ff.fakes"
    assert figures(text, ["no-defence", "0ff"]) == ["ndcg", "no-defence.ndcg", "fakes", "0ff.fakes"]
    assert unusual(scenario(text, "plain.ndcg < 1")) == []
    (one, other) = unusual(scenario("fake < 1", "plane.ndcg < 1"))
    assert "did you mean 'fakes'?" in one
    assert "did you mean 'plain'?" in other
