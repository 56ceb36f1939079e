"""Shipped scenarios, smaller than they are: they run, and what they claim holds."""

import pytest

from sim.running import load, run
from sim.scenario.reading import shipped

TOWN = ["world.people=20", "questions.people=8", "world.planted.items=120"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "smaller"),
    [
        ("meritrank-alpha", ["world.people=100", "world.planted.items=500", "questions.people=15"]),
        ("ablation-beta", ["world.people=100", "world.planted.items=500", "questions.people=15"]),
        (
            "ablation-equivocation-zero",
            ["world.people=20", "world.planted.items=120", "world.planted.likes=12",
             "questions.people=20", "time.duration_s=50", "news.items=3", "news.from_s=10",
             "news.until_s=30", "adversary.0.from_s=5", "adversary.0.rate_per_s=0.05",
             "adversary.0.vouched=14", "adversary.0.peers=5"],
        ),
        ("first-contact", ["world.people=12", "questions.people=2"]),
        (
            "equivocation",
            [*TOWN, "time.duration_s=60", "news.from_s=20", "news.until_s=40", "news.items=5",
             "adversary.0.from_s=10", "adversary.0.peers=2"],
        ),
        (
            "partition-and-heal",
            [*TOWN, "time.duration_s=300", "partition.0.at=40", "partition.0.until=200",
             "news.from_s=30", "news.until_s=190", "news.items=300"],
        ),
    ],
)  # fmt: skip
def test_claims_hold(name: str, smaller: list[str]) -> None:
    outcome = run(load(shipped()[name], smaller), 1)
    assert outcome.claims
    assert outcome.ok, [one for one in outcome.claims if not one.held]
    assert outcome.digest
