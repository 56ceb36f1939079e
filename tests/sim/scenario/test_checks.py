"""What no single value shows: values that do not go together. Lines are in test_reading.py."""

import pytest

from sim.scenario.checks import check
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import (
    Churn,
    Claim,
    Compared,
    Followers,
    News,
    Partition,
    Planted,
    Scenario,
    Speaking,
    Time,
    World,
)

FEW = Planted(friends=0, clusters=1)


def made(**more: object) -> Scenario:
    return Scenario(name="a", title="A", **more)


def test_a_quiet_world_passes() -> None:
    check(made())
    check(made(world=World(data="hetrec", people=0)))
    check(made(partition=(Partition(at=1, until=2),), churn=Churn(joining=0.5, joined_by_s=8)))


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"world": World(people=1, planted=FEW)}, ("world", "people")),
        ({"world": World(held_out=1)}, ("world", "held_out")),
        ({"world": World(planted=Planted(likes=9, items=8))}, ("world", "planted", "likes")),
        ({"world": World(people=9, planted=FEW)}, ("questions", "people")),
        ({"adversary": (Followers(followers=101),)}, ("adversary", 0, "followers")),
        ({"adversary": (Speaking(how="past", vouched=101),)}, ("adversary", 0, "vouched")),
        ({"adversary": (Speaking(how="clicks", words=1),)}, ("adversary", 0, "words")),
        ({"partition": (Partition(at=2, until=2),)}, ("partition", 0, "until")),
        ({"news": News(items=1, from_s=9, until_s=8)}, ("news", "until_s")),
        ({"news": News(items=1, until_s=99), "time": Time(duration_s=9)}, ("news", "until_s")),
        ({"churn": Churn(up_s=1, down_s=0)}, ("churn", "down_s")),
        ({"churn": Churn(joined_by_s=601)}, ("churn", "joined_by_s")),
        ({"compared": (Compared(label="a"), Compared(label="a"))}, ("compared", 1, "label")),
        (
            {"compared": tuple(Compared(label=name, reference=True) for name in "ab")},
            ("compared", 1, "reference"),
        ),
        ({"compared": (Compared(label="ndcg"),)}, ("compared", 0, "label")),
        ({"compared": (Compared(label="b", off=("bets",)),)}, ("compared", 0, "off", 0)),
        ({"compared": (Compared(label="b", off=("beta", "beta")),)}, ("compared", 0, "off")),
        (
            {"compared": (Compared(label="b", peer={"trust.bets": 1}),)},
            ("compared", 0, "peer", "trust.bets"),
        ),
        (
            {"compared": (Compared(label="b", off=("beta",), set={"alpha": 0.5}),)},
            ("compared", 0, "off"),
        ),
        ({"claim": (Claim(assert_="1"),)}, ("claim", 0, "assert")),
        ({"fidelities": ()}, ("fidelities",)),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(more: dict[str, object], key: tuple) -> None:
    with pytest.raises(ScenarioError) as raised:
        check(made(**more))
    assert raised.value.key == key
