"""What is written reads back as the same scenario, whatever is in it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.reading import parsed, read, shipped
from sim.scenario.schema import Claim, Compared, Followers, Scenario, Sybil, World
from sim.scenario.writing import literal, toml_of


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_reads_back(name: str) -> None:
    scenario = read(shipped()[name])
    assert parsed(toml_of(scenario)) == scenario


def test_only_what_is_unusual_is_written_and_settings_keep_their_dots() -> None:
    scenario = Scenario(
        name="one",
        title='A "quoted" title',
        about='Two\nlines with a \\ and """quotes""".\n',
        peer={"trust.alpha": 1e-05, "earned": False},
        off=("beta",),
        world=World(people=50),
        adversary=(Sybil(edges=3), Followers(followers=4)),
        compared=(
            Compared(label="no-beta", method="web3recommend", set={"beta": 0.0}),
            Compared(label="b", attacked=False, off=("beta",), peer={"trust.alpha": 0.5}),
        ),
        claim=(Claim(assert_="fakes <= 0.1"),),
    )
    text = toml_of(scenario)
    assert parsed(text) == scenario
    assert "latency_s" not in text
    assert '"trust.alpha" = 1e-05' in text


@given(st.text())
def test_any_text_is_a_literal(text: str) -> None:
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        return
    assert tomllib.loads(f"a = {literal(text)}")["a"] == text
    assert parsed(toml_of(Scenario(name="a", title=text, about=f"{text}\n{text}"))).about == (
        f"{text}\n{text}"
    )


def test_what_toml_has_not_is_refused() -> None:
    with pytest.raises(TypeError):
        literal(None)
