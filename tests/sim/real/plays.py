"""A play small enough for tests."""

from sim.real.part import Play, play_of
from sim.scenario.schema import Fidelity, Network, News, Planted, Scenario, Sybil, Time, World


def small(**more: object) -> Play:
    """Three people, a speaker among them, and one hostile peer with four identities."""
    told = {
        "world": World(people=3, planted=Planted(clusters=1, items=40, likes=6, friends=2)),
        "network": Network(degree=4, latency_s=0.05, jitter_s=0.0),
        "time": Time(duration_s=20, round_s=0.2),
        "news": News(items=1, from_s=2, until_s=2),
        "adversary": (Sybil(peers=1, edges=2, identities=2, fakes=3),),
    }
    scenario = Scenario(name="small", title="x", fidelities=(Fidelity.REAL,), **(told | more))
    return play_of(scenario, 1)
